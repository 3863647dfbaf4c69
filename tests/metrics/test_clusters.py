"""Agreement from tables of counts, against scikit-learn on label lists and against counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from ivpt.metrics.clusters import ari, best_iou, nmi

tables = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda s: st.lists(st.lists(st.integers(0, 6), min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0])
)


def labels_of(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = np.indices(table.shape)
    return np.repeat(true.ravel(), table.ravel()), np.repeat(predicted.ravel(), table.ravel())


@given(tables)
def test_scikit_learn_says_the_same(rows):
    table = np.array(rows)
    if not table.sum():
        assert np.isnan(nmi(table)) and np.isnan(ari(table))
        return
    true, predicted = labels_of(table)
    assert nmi(table) == pytest.approx(normalized_mutual_info_score(true, predicted), abs=1e-9)
    assert ari(table) == pytest.approx(adjusted_rand_score(true, predicted), abs=1e-9)


@given(tables, st.randoms(use_true_random=False))
def test_names_of_labels_mean_nothing(rows, random):
    table = np.array(rows)
    order = random.sample(range(table.shape[1]), table.shape[1])
    for score in (nmi, ari):
        np.testing.assert_allclose(score(table[:, order]), score(table), atol=1e-12)
    np.testing.assert_array_equal(best_iou(table[:, order]), best_iou(table)[order])


def test_tables_of_many_at_once():
    stack = np.random.default_rng(0).integers(0, 9, (2, 3, 4, 5))
    for score in (nmi, ari):
        np.testing.assert_allclose(score(stack), [[score(t) for t in row] for row in stack], atol=1e-12)


def test_counts_of_all_pixels_of_a_large_data_set_do_not_overflow():
    table = np.array([[10**9, 3 * 10**8], [10**8, 10**9]])
    small = table // 10**8
    assert nmi(table) == pytest.approx(nmi(small), rel=1e-9)
    # with so many things pairs are drawn as if with replacement
    p = table / table.sum()
    a, b = (p.sum(1) ** 2).sum(), (p.sum(0) ** 2).sum()
    assert ari(table) == pytest.approx(((p**2).sum() - a * b) / ((a + b) / 2 - a * b), rel=1e-6)


def test_best_iou_by_hand():
    #                   p0 p1 p2
    table = np.array([[6, 0, 0], [2, 1, 0], [0, 3, 0]])
    # p0 with t0: 6 / (6 + 8 - 6); p1 with t2: 3 / (3 + 4 - 3); p2 is never predicted
    np.testing.assert_allclose(best_iou(table), [6 / 8, 3 / 4, np.nan])
    # t0 may not be matched, its pixels still count in the union: p0 with t1: 2 / (3 + 8 - 2)
    np.testing.assert_allclose(best_iou(table, slice(1, None)), [2 / 9, 3 / 4, np.nan])
