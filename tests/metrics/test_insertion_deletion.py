"""Insertion and deletion, with a model whose answers are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.metrics.insertion_deletion import InsertionDeletion, area, probability, ranks_of
from tests.metrics.making import layer, one_hot, with_maps


class Cells:
    """A model that adds up, of each class, what the cells it sees are worth; remembers how it was asked."""

    def __init__(self, worth: np.ndarray) -> None:
        self.worth = worth  # (N, C, h, w)
        self.asked: list[tuple[int, str]] = []

    def masked(self, indices, keep, fill):
        self.asked += [(int(keep[i].sum()), fill) for i in range(len(keep))]
        logits = (self.worth[list(indices)] * keep[:, None]).sum((2, 3))
        return np.stack([logits - 1, logits + 1], 1).astype(np.float32)  # two concepts, mean = logits


def run_of(maps, scores, probe, **more):
    maps = np.array(maps, np.float32)
    info = layer(maps.shape[1], maps.shape[2:], block=None)
    return with_maps(maps, size=(8, 8), info=info, scores=np.array(scores), coarse=2, classes=2, probe=probe, **more)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.array(x, float)))


def test_the_area_is_that_of_rise_when_steps_are_equal():
    q = np.array([[0.9, 0.5, 0.2, 0.1]])
    assert area(q, np.array([[0, 1 / 3, 2 / 3, 1]])) == pytest.approx((q.sum() - 0.45 - 0.05) / 3)
    assert area(q, np.array([[0, 0, 0.5, 1]])) == pytest.approx(0.5 * (0.5 + 0.2) / 2 + 0.5 * (0.2 + 0.1) / 2)


def test_probability_is_the_softmax_of_the_mean_over_concepts():
    scores = np.array([[[1000.0, 998], [1000, 1000]]])
    assert probability(scores, np.array([0])) == pytest.approx(sigmoid(1))


def test_ranks_undo_an_order():
    np.testing.assert_array_equal(ranks_of(np.array([[2, 0, 1]])), [[1, 2, 0]])


def test_both_curves_by_hand():
    # four cells in a row; cell 0 is worth 2 for class 0, cell 1 is worth 1, the others nothing
    worth = np.zeros((1, 2, 1, 4))
    worth[0, 0, 0] = [2, 1, 0, 0]
    maps = [[[[3, 1, 0, 0]], [[0, 0, 0, 0]], [[0, 0, 1, 1]]]]
    probe = Cells(worth)
    result = InsertionDeletion(steps=4).compute(run_of(maps, [[[4, 0], [0, 0]]], probe))
    insertion, deletion = sigmoid([0, 2, 3, 3, 3]), sigmoid([3, 1, 0, 0, 0])
    for name, q in (("insertion", insertion), ("deletion", deletion)):
        assert result.figures[name].value == pytest.approx((q.sum() - q[0] / 2 - q[-1] / 2) / 4, abs=1e-6)
    assert [kept for kept, fill in probe.asked[:5]] == [0, 1, 2, 3, 4] and probe.asked[0][1] == "blur"
    assert [kept for kept, fill in probe.asked[5:10]] == [4, 3, 2, 1, 0] and probe.asked[5][1] == "mean"
    # whole regions: concept 0 has cells 0 and 1, concept 1 none, background the rest; over the share of the area
    expected = 0.5 * (0.5 + sigmoid(3)) / 2 + 0.5 * sigmoid(3)
    assert result.figures["by concepts: insertion"].value == pytest.approx(expected, abs=1e-6)
    assert result.images == 1 and result.parameters["patches per step"] == 1


def test_evidence_against_the_class_comes_last():
    worth = np.zeros((1, 2, 1, 3))
    worth[0, 0, 0] = [-5, 4, 0]
    maps = [[[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]]]
    # class 0 is predicted; concept 0 speaks against it
    result = InsertionDeletion(steps=3).compute(run_of(maps, [[[-4, -6], [5, 0]]], Cells(worth)))
    q = sigmoid([0, 4, 4, -1])  # cell 1, cell 2 (nothing), cell 0
    assert result.figures["insertion"].value == pytest.approx((q.sum() - q[0] / 2 - q[-1] / 2) / 3, abs=1e-6)
    q = sigmoid([0, 4, -1, -1])  # concept 1, concept 0, background
    assert result.figures["by concepts: insertion"].value == pytest.approx(
        (q.sum() - q[0] / 2 - q[-1] / 2) / 3, abs=1e-6
    )


def test_ties_are_row_major_and_the_last_step_may_be_smaller():
    worth = np.zeros((1, 2, 2, 2))
    worth[0, 0] = [[0, 0], [0, 6]]
    maps = np.ones((1, 3, 2, 2))
    figures = InsertionDeletion(steps=2).compute(run_of(maps, [[[1, 0], [0, 0]]], Cells(worth))).figures
    q = sigmoid([0, 0, 6])
    assert figures["insertion"].value == pytest.approx((q.sum() - q[0] / 2 - q[-1] / 2) / 2, abs=1e-6)
    result = InsertionDeletion(steps=3).compute(run_of(maps, [[[1, 0], [0, 0]]], Cells(worth)))
    assert result.parameters["steps"] == 2 and result.parameters["patches per step"] == 2


def example(n=12, seed=0, honest=True, **more):
    random = np.random.default_rng(seed)
    regions = random.integers(0, 3, (n, 4, 4))
    maps = one_hot(regions, 3)
    scores = np.zeros((n, 2, 2))
    scores[:, 0, 0] = 4  # class 0 because of concept 0
    worth = np.zeros((n, 2, 4, 4))
    worth[:, 0] = (regions == (0 if honest else 2)) * 1.0
    return run_of(maps, scores, Cells(worth), **more)


def test_an_honest_explanation_beats_chance_and_a_wrong_one_does_not():
    good = InsertionDeletion().compute(example()).figures
    assert good["insertion, above control"].interval[0] > 0 and good["deletion, below control"].interval[0] > 0
    bad = InsertionDeletion().compute(example(honest=False)).figures
    assert bad["insertion, above control"].interval[1] < 0 and bad["deletion, below control"].interval[1] < 0


@given(st.permutations(range(12)), st.integers(0, 3))
def test_the_order_of_images_means_nothing_and_shares_are_shares(order, seed):
    metric = InsertionDeletion(images=7, seed=seed)
    one, two = metric.compute(example()), metric.compute(example(order=order))
    assert one.images == two.images == 7
    for name, figure in one.figures.items():
        assert two.figures[name].value == pytest.approx(figure.value, abs=1e-9)
        assert name.endswith("control") or 0 <= figure.value <= 1


def test_it_says_what_is_missing():
    with pytest.raises(DataError, match="model"):
        InsertionDeletion().compute(run_of(np.ones((1, 3, 2, 2)), np.ones((1, 2, 2)), None))
    with pytest.raises(DataError, match="no test image"):
        InsertionDeletion().compute(run_of(np.ones((1, 3, 2, 2)), np.ones((1, 2, 2)), Cells(np.ones(1)), train=1))
    with pytest.raises(ValueError, match="steps"):
        InsertionDeletion(steps=0)
