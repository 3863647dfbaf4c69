"""Concepts used per decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy

from ivpt.errors import DataError
from ivpt.metrics.sparsity import Sparsity, above_share, covering, effective
from tests.metrics.making import layer, one_hot, with_maps

weights = arrays(np.float64, (5, 4), elements=st.integers(-20, 20).map(float))


def test_counts_by_hand():
    table = np.array([[10.0, -10, 0, 0], [96, 2, 1, 1], [90, -5, 5, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    np.testing.assert_array_equal(above_share(table, 0.05), [2, 1, 1, 0, 4])  # 5 of 100 does not exceed 5 %
    np.testing.assert_array_equal(covering(table, 0.95), [2, 1, 2, 0, 4])
    np.testing.assert_allclose(effective(table)[[0, 3, 4]], [2, 0, 4])


@given(weights, st.permutations(range(4)), st.floats(0.1, 50))
def test_bounds_scale_and_names_of_concepts(table, order, scale):
    used = np.abs(table).sum(1) > 0
    for count in (lambda w: above_share(w, 0.05), lambda w: covering(w, 0.95), effective):
        found = count(table)
        np.testing.assert_allclose(count(table[:, order]), found, atol=1e-9)
        assert (found[used] >= 1 - 1e-9).all() and (found <= 4 + 1e-9).all() and (found[~used] == 0).all()
    np.testing.assert_allclose(effective(table * scale), effective(table), atol=1e-9)
    expected = np.exp(entropy(np.abs(table[used]), axis=1)) if used.any() else []
    np.testing.assert_allclose(effective(table)[used], expected)
    assert (covering(table, 0.5) <= covering(table, 0.95)).all()


def run_of(scores: np.ndarray, regions: np.ndarray, **more):
    info = layer(3, (2, 2), block=None)
    return with_maps(one_hot(regions, 3), size=(2, 2), info=info, scores=scores, coarse=2, **more)


def test_the_metric_by_hand():
    # contributions are half the scores; the predictions are class 1, class 0 and (all zero) class 0
    scores = np.array([[[0, 8], [0, 0]], [[6, 0], [6, 0.001]], [[0, 0], [0, 0]]])
    regions = np.array([[[0, 1], [2, 2]], [[2, 2], [2, 2]], [[0, 0], [0, 2]]])
    result = Sparsity().compute(run_of(scores, regions, classes=2, labels=[1, 0, 0]))
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert figures["effective number"] == pytest.approx((1 + 2 + 0) / 3)
    assert figures["above 5 %"] == pytest.approx(1) and figures["covering 95 %"] == pytest.approx(1)
    assert figures["above 0.001, predicted class"] == pytest.approx(1)
    assert figures["above 0.001, any class"] == pytest.approx(1)
    assert figures["share of images with a largest class score of exactly 0"] == pytest.approx(1 / 3)
    assert figures["regions in the image, coarse"] == pytest.approx((2 + 0 + 1) / 3)
    np.testing.assert_allclose(result.per_class["effective number"], [1, 1])
    np.testing.assert_allclose(result.per_concept["mean size of contribution"], [7 / 3, 1])


def test_without_coarse_maps_it_says_so():
    with pytest.raises(DataError, match="coarse"):
        Sparsity().compute(with_maps(np.zeros((1, 3, 2, 2)), size=(2, 2), scores=np.zeros((1, 2, 3)), coarse=2))
    with pytest.raises(ValueError, match="cover"):
        Sparsity(cover=0)
