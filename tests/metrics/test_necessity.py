"""Necessity and sufficiency of concepts, by hand and against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.metrics.necessity import Necessity
from tests.metrics.making import layer, with_maps


def run_of(scores, **more):
    scores = np.array(scores, np.float32)
    maps = np.ones((len(scores), scores.shape[1] + 1, 2, 2))
    info = layer(maps.shape[1], (2, 2), block=None)
    more = {"classes": scores.shape[2], **more}
    return with_maps(maps, size=(8, 8), info=info, scores=scores, coarse=scores.shape[1], **more)


def test_by_hand():
    # image 0: concept 0 decides alone, without it class 1 wins; image 1: both say class 1
    result = Necessity().compute(run_of([[[4, 0], [0, 1]], [[0, 2], [0, 3]]]))
    value = {name: figure.value for name, figure in result.figures.items()}
    assert value["necessary"] == 50
    assert value["sufficient"] == 100
    assert value["any concept necessary"] == 50
    sigmoid = lambda x: 100 / (1 + np.exp(-x))  # noqa: E731
    first = sigmoid(1.5) - sigmoid(-1), sigmoid(1.5) - sigmoid(4)  # logits (2, 0.5); without: (0, 1); alone: (4, 0)
    second = sigmoid(2.5) - sigmoid(2), sigmoid(2.5) - sigmoid(3)  # the strongest is concept 1
    assert value["p lost without it"] == pytest.approx((first[0] + second[0]) / 2, abs=1e-4)
    assert value["p lost with it alone"] == pytest.approx((first[1] + second[1]) / 2, abs=1e-4)
    np.testing.assert_allclose(result.per_concept["necessary"], [50, 0])
    np.testing.assert_allclose(result.per_concept["sufficient"], [100, 50])


@given(st.integers(0, 1000), st.integers(2, 5), st.integers(2, 4))
def test_shares_are_those_of_loops(seed, concepts, classes):
    scores = np.random.default_rng(seed).normal(size=(9, concepts, classes)).astype(np.float32)
    result = Necessity().compute(run_of(scores))
    necessary, sufficient = np.zeros((9, concepts), bool), np.zeros((9, concepts), bool)
    for i, image in enumerate(scores):
        predicted = image.mean(0).argmax()
        for k in range(concepts):
            others = [image[j] for j in range(concepts) if j != k]
            necessary[i, k] = np.mean(others, 0).argmax() != predicted
            sufficient[i, k] = image[k].argmax() == predicted
    np.testing.assert_allclose(result.per_concept["necessary"], 100 * necessary.mean(0))
    np.testing.assert_allclose(result.per_concept["sufficient"], 100 * sufficient.mean(0))
    assert result.figures["any concept necessary"].value == pytest.approx(100 * necessary.any(1).mean())


def test_it_says_what_is_missing():
    with pytest.raises(DataError, match="at least two"):
        Necessity().compute(run_of([[[1, 0]]]))
    with pytest.raises(DataError, match="no test image"):
        Necessity().compute(run_of([[[1, 0], [0, 1]]], train=1))
