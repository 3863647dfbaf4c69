"""Sentences about the predictions, on counts that are made up."""

import numpy as np
import pytest

from ivpt.analysis.decisions import majority, warnings


def said(judged: list[int], correct: list[int]) -> tuple[str, ...]:
    names = [f"c{k}" for k in range(len(judged))]
    return warnings("test", names, np.array(judged), np.array(correct))


def test_nothing_is_said_of_a_good_run_or_of_none() -> None:
    assert said([20] * 20, [20] * 19 + [16]) == ()
    assert said([0, 0], [0, 0]) == ()


def test_an_accuracy_at_chance_is_held_against_the_most_frequent_class() -> None:
    (words,) = said([4, 4, 4], [2, 1, 1])
    # Wilson's interval of 4 of 12
    assert words == (
        "Accuracy on test images is 33.3 % (13.8 to 60.9 %): not clearly better than always saying c0, which is right "
        "for 33.3 %."
    )
    # 78 % look good, until one knows that 75 of 100 images are of one class
    (words,) = said([75, 25], [68, 10])[:1]
    assert "always saying c0, which is right for 75.0 %" in words
    assert not any("always saying" in words for words in said([750, 250], [720, 180]))


def test_few_images_are_said() -> None:
    assert said([6, 6], [6, 5]) == ("There are only 12 test images: the accuracy lies between 64.6 and 98.5 %.",)


def test_a_class_that_is_hardly_recognised_is_named() -> None:
    # 590 of 700 are right; 57 of 164 is 34.8 %, at most 42.3 %
    assert said([536, 164], [533, 57]) == ("c1: 107 of 164 test images are taken for another class.",)
    assert said([100, 20, 20], [99, 5, 8])[-1] == (
        "c1: 15 of 20 test images are taken for another class. So are many of 1 more class."
    )
    # of four images nothing is known
    assert said([60, 60, 4], [60, 59, 0]) == ()


def test_the_most_frequent_class() -> None:
    assert majority(np.array([30, 10])) == pytest.approx(0.75)
    assert np.isnan(majority(np.array([0, 0])))
