"""Comprehensiveness and sufficiency, with a model whose answers are known."""

import numpy as np
import pytest

from ivpt.errors import DataError
from ivpt.metrics.eraser import SHARES, Eraser
from tests.metrics.test_insertion_deletion import Cells, example, run_of, sigmoid


def test_by_hand():
    # ten cells in a row; cell 0 is worth 2 for class 0, cell 1 is worth 1, the others nothing
    worth = np.zeros((1, 2, 1, 10))
    worth[0, 0, 0, :2] = [2, 1]
    concept = np.array([3, 1, *[0] * 8])
    maps = [[[concept], [np.zeros(10)], [concept == 0]]]
    probe = Cells(worth)
    result = Eraser().compute(run_of(maps, [[[4, 0], [0, 0]]], probe))
    # 1, 5, 10 % are one cell of ten (at least one), 20 % two, 50 % five
    whole = sigmoid(3)
    without = [whole - sigmoid(1)] * 3 + [whole - sigmoid(0)] * 2
    alone = [whole - sigmoid(2)] * 3 + [0.0] * 2
    assert len(SHARES) == 5
    assert result.figures["comprehensiveness"].value == pytest.approx(np.mean(without), abs=1e-6)
    assert result.figures["sufficiency"].value == pytest.approx(np.mean(alone), abs=1e-6)
    assert {fill for _, fill in probe.asked} == {"blur"}


def test_an_honest_explanation_beats_chance_and_a_wrong_one_does_not():
    good = Eraser().compute(example()).figures
    bad = Eraser().compute(example(honest=False)).figures
    for name in ("comprehensiveness, above control", "sufficiency, below control"):
        assert good[name].interval[0] > 0
        assert bad[name].interval[1] < 0


def test_the_order_of_images_means_nothing():
    order = list(np.random.default_rng(0).permutation(12))
    one, two = Eraser(images=7).compute(example()), Eraser(images=7).compute(example(order=order))
    assert one.images == 7
    for name, figure in one.figures.items():
        assert two.figures[name].value == pytest.approx(figure.value, abs=1e-9)


def test_it_says_what_is_missing():
    with pytest.raises(DataError, match="model"):
        Eraser().compute(run_of(np.ones((1, 3, 2, 2)), np.ones((1, 2, 2)), None))
    with pytest.raises(DataError, match="no test image"):
        Eraser().compute(run_of(np.ones((1, 3, 2, 2)), np.ones((1, 2, 2)), Cells(np.ones(1)), train=1))
    with pytest.raises(ValueError, match="images"):
        Eraser(images=-1)
