"""Evidence spread over maps; masks counted by cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation, distance_transform_edt
from scipy.stats import entropy

from ivpt.metrics.attribution import attribution, complexity, gini, order, rank_accuracy, spread
from ivpt.metrics.cells import cell_counts, distance, part_masks, peak_pixel

values = arrays(np.float64, (3, 6), elements=st.integers(-9, 9).map(float))


def test_maps_are_spread_to_sum_one_and_negative_parts_are_dropped():
    maps = np.array([[[[1, 3]], [[-5, 2]], [[-1, 0]]]], np.float32)
    np.testing.assert_allclose(spread(maps)[0], [[[0.25, 0.75]], [[0, 1]], [[0, 0]]])


@given(st.integers(0, 10**6))
def test_evidence_sums_to_the_logit(seed):
    random = np.random.default_rng(seed)
    maps, weights = random.random((2, 3, 4, 5)).astype(np.float32), random.normal(size=(2, 3))
    found = attribution(spread(maps), weights)
    np.testing.assert_allclose(found.sum((1, 2)), weights.sum(1), atol=1e-5)
    np.testing.assert_allclose(attribution(spread(maps), -weights), -found, atol=1e-6)


def test_of_equal_cells_the_first_comes_first():
    np.testing.assert_array_equal(order(np.array([[1, 3, 3, 2, 3.0]])), [[1, 2, 4, 3, 0]])
    many = np.arange(400) % 2
    np.testing.assert_array_equal(order(many[None]), [[*range(1, 400, 2), *range(0, 400, 2)]])


@given(values, st.permutations(range(6)), st.floats(0.1, 9))
def test_sparseness_and_complexity(table, cells, scale):
    used = np.abs(table).sum(1) > 0
    for score in (gini, complexity):
        found = score(table)
        assert np.isnan(found[~used]).all()
        np.testing.assert_allclose(score(table[:, cells] * -scale), found, atol=1e-9)
    np.testing.assert_allclose(complexity(table)[used], [entropy(abs(row)) for row in table[used]], atol=1e-9)
    # the mean absolute difference, halved and divided by the mean
    for row, found in zip(np.abs(table)[used], gini(table)[used], strict=True):
        pairs = np.abs(row[:, None] - row).mean()
        assert found == pytest.approx(pairs / 2 / row.mean()) and 0 <= found <= 5 / 6 + 1e-9


def test_gini_by_hand():
    np.testing.assert_allclose(gini(np.array([[0, 0, 0, 1], [2, 2, 2, 2]])), [0.75, 0], atol=1e-12)


def test_rank_accuracy_by_hand():
    pixels = np.array([[4, 4, 4]])
    inside = np.array([[4, 2, 0]])  # six pixels
    best = np.array([[3.0, 2, 1]])
    # all of the first cell and two of the four of the second, half of which are in the object
    assert rank_accuracy(best, inside, pixels) == pytest.approx((4 + 1) / 6)
    # all of the third cell, of the second half again
    assert rank_accuracy(-best, inside, pixels) == pytest.approx((0 + 1) / 6)
    assert np.isnan(rank_accuracy(best, inside * 0, pixels))


@given(st.integers(0, 10**6))
def test_rank_accuracy_is_that_of_pixels_where_cells_are_pixels(seed):
    random = np.random.default_rng(seed)
    evidence, mask = random.permutation(20).astype(float), random.random(20) < 0.4
    mask[0] = True
    top = np.argsort(-evidence)[: mask.sum()]
    found = rank_accuracy(evidence[None], mask[None].astype(float), np.ones((1, 20)))
    assert found == pytest.approx(mask[top].mean())


@given(
    st.integers(1, 5), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12), st.floats(-2, 3), st.floats(0.5, 12)
)
def test_each_shown_pixel_is_counted_in_the_cell_of_its_middle(h, w, height, width, start, length):
    masks = np.random.default_rng(0).random((2, height, width)) < 0.5
    inside, every = cell_counts(masks, np.array([start, 0, length, height]), (h, w))
    expected, total = np.zeros((2, h, w)), np.zeros((h, w))
    for y in range(height):
        for x in range(width):
            if start <= x + 0.5 < start + length:
                cell = int((y + 0.5) / height * h), int((x + 0.5 - start) / length * w)
                total[cell] += 1
                expected[:, cell[0], cell[1]] += masks[:, y, x]
    np.testing.assert_array_equal(inside, expected)
    np.testing.assert_array_equal(every, total)


def test_parts_are_dilated_and_may_overlap():
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 3], mask[4, 5] = 1, 3
    plain, wide = part_masks(mask, 3), part_masks(mask, 3, dilate=5)
    assert plain.sum((1, 2)).tolist() == [1, 0, 1]
    for part in (0, 2):
        np.testing.assert_array_equal(wide[part], binary_dilation(plain[part], np.ones((5, 5))))
    assert (wide[0] & wide[2]).any() and not wide[1].any()


def test_where_a_cell_is_and_how_far_the_mask():
    assert peak_pixel(5, np.array([10, 20, 40, 30]), (3, 4)) == (10 + 15, 20 + 15)
    mask = np.zeros((6, 8), bool)
    mask[1, 2] = mask[4, 6] = True
    away = distance_transform_edt(~mask)
    for y in range(6):
        for x in range(8):
            assert distance(mask, x + 0.5, y + 0.5) == pytest.approx(away[y, x])
    assert distance(mask, 2.9, 1.1) == 0 and distance(mask & False, 1, 1) == np.inf
    assert distance(mask, -1.0, 1.5) == pytest.approx(3.5)
