"""Bootstrap of ratios of sums."""

import numpy as np
import pytest

from ivpt.metrics.ratios import by_class, divided, draws, figure, interval, mean, ratio


def test_a_ratio_is_the_ratio_of_the_sums_and_not_the_mean_of_ratios():
    found = ratio([1, 0, 3], [2, 0, 10], draws(3), scale=100)
    assert found.value == pytest.approx(100 * 4 / 12)


def test_images_that_do_not_count_do_not_move_the_mean():
    values = np.array([0.2, np.nan, 0.6])
    assert mean(values, draws(3)).value == pytest.approx(0.4)
    assert mean(np.array([np.nan]), draws(1), why="empty").why == "empty"
    assert mean(np.array([np.nan]), draws(1)).value is None
    assert ratio([], [], draws(0)).value is None


def test_the_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = mean(values, draws(400, 2000)).interval
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)


def test_resamples_hold_as_many_images_and_are_repeatable():
    counts = draws(7, 50)
    assert (counts.sum(1) == 7).all() and len(np.unique(counts, axis=0)) > 40
    np.testing.assert_array_equal(counts, draws(7, 50))


def test_an_interval_that_most_resamples_do_not_define_is_none():
    assert interval(np.array([np.nan, np.nan, 1.0])) is None
    assert figure(1.0, np.array([np.nan, np.nan, 1.0])).value == 1.0
    assert interval(np.array([])) is None


def test_scores_that_resamples_inflate_are_centred():
    low, high = figure(10, np.array([12.0, 14, 16] * 20), centred=(9, 100)).interval
    assert (low, high) == pytest.approx((9, 12))  # 8, 10, 12 and not below the bound
    assert figure(10, np.array([12.0, 14, 16] * 20)).interval == pytest.approx((12, 16))


def test_division_and_classes():
    np.testing.assert_array_equal(divided([1, 1], [2, 0]), [0.5, np.nan])
    found = by_class([1, 0, 1], [1, 1, 1], np.array([0, 0, 2]), 3, 100)
    np.testing.assert_array_equal(found, [50, np.nan, 100])
