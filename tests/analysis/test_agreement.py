"""Agreement of annotators: published examples, scikit-learn, and sums by hand."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from ivpt.analysis.agreement import cohen, fleiss, names_agree, ratings_agree


def test_the_published_example_of_fleiss() -> None:
    # Fleiss 1971, ten subjects, fourteen raters, as it is commonly reprinted
    table = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    assert fleiss(np.array(table)) == pytest.approx(0.20993, abs=1e-5)


def test_fleiss_of_two_is_scotts_pi_by_hand() -> None:
    # three of four agree; "a" was said 5 times of 8
    counts = np.array([[2, 0], [2, 0], [0, 2], [1, 1]])
    chance = (5 / 8) ** 2 + (3 / 8) ** 2
    assert fleiss(counts) == pytest.approx((0.75 - chance) / (1 - chance))


@pytest.mark.parametrize("seed", range(5))
def test_cohen_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(1, 6, 30)
    second = np.where(rng.random(30) < 0.5, first, rng.integers(1, 6, 30))
    scale = [1, 2, 3, 4, 5]
    assert cohen(first.tolist(), second.tolist()) == pytest.approx(cohen_kappa_score(first, second))
    weighted = cohen_kappa_score(first, second, weights="quadratic", labels=scale)
    assert cohen(first.tolist(), second.tolist(), scale) == pytest.approx(weighted)


def test_kappa_is_undefined_where_chance_explains_everything() -> None:
    assert cohen([], []) is None and cohen(["a", "a"], ["a", "a"]) is None
    assert fleiss(np.array([[3], [3]])) is None and fleiss(np.zeros((0, 2), int)) is None
    assert fleiss(np.array([[1, 0]])) is None
    assert cohen(["a", "b"], ["a", "b"]) == 1 and cohen(["a", "b"], ["b", "a"]) == -1


def test_names_are_compared_without_case_and_blanks() -> None:
    found = names_agree(
        {
            "zoe": {"L6:1": " Left  wing", "L6:2": "beak", "L6:3": "sky", "L6:4": "x"},
            "al": {"L6:1": "left wing", "L6:2": "eye", "L6:3": "SKY", "L6:4": "  "},
            "bo": {"L6:1": "LEFT WING", "L6:2": "tail", "L6:3": "branch"},
        }
    )
    assert found.people == ("al", "bo", "zoe") and (found.items, found.common) == (4, 3)
    assert found.same == pytest.approx(1 / 3) and found.disputed == ("L6:2", "L6:3")
    pairs = {(p.first, p.second): p for p in found.pairs}
    assert [(p.items, p.same) for p in pairs.values()] == [(3, 1 / 3), (3, 2 / 3), (3, 1 / 3)]
    names = [("left wing", "left wing"), ("eye", "beak"), ("sky", "sky")]
    expected = cohen_kappa_score(*zip(*names, strict=True))
    assert pairs["al", "zoe"].kappa == pytest.approx(expected)
    assert found.fleiss is not None and 0 < found.fleiss < 1


def test_one_person_agrees_with_nobody() -> None:
    found = names_agree({"al": {"L6:1": "wing"}})
    assert (found.items, found.common, found.same, found.fleiss, found.pairs, found.disputed) == (
        1,
        1,
        None,
        None,
        (),
        (),
    )
    nobody = names_agree({})
    assert nobody.people == () and nobody.common == 0
    apart = names_agree({"al": {"L6:1": "wing"}, "bo": {"L6:2": "wing"}})
    assert apart.common == 0 and apart.same is apart.fleiss is None
    assert apart.pairs[0].items == 0 and apart.pairs[0].same is apart.pairs[0].kappa is None


def test_ratings() -> None:
    given = {
        "al": {"1": {"detail": 5, "natural": 4}, "2": {"detail": 4}, "3": {"detail": 2}},
        "bo": {"1": {"detail": 5}, "2": {"detail": 5}, "3": {"detail": 1}},
        "cy": {},
    }
    detail, natural = ratings_agree(given)
    assert detail.question == "detail" and detail.count == 6
    assert detail.mean == pytest.approx(22 / 6) and detail.sd == pytest.approx(np.std([5, 4, 2, 5, 5, 1], ddof=1))
    assert detail.distribution == {1: 1, 2: 1, 3: 0, 4: 1, 5: 3}
    assert detail.agreement.people == ("al", "bo") and detail.agreement.common == 3
    assert detail.agreement.same == pytest.approx(1 / 3)
    expected = cohen_kappa_score([5, 4, 2], [5, 5, 1], weights="quadratic", labels=[1, 2, 3, 4, 5])
    assert detail.agreement.pairs[0].kappa == pytest.approx(expected)
    assert natural.count == 1 and natural.mean == 4 and natural.sd is None and natural.agreement.pairs == ()


def test_a_rating_beside_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="6 is not a rating from 1 to 5"):
        ratings_agree({"al": {"1": {"detail": 6}}})
