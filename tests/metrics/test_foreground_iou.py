"""Overlap of all concepts together with the object."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.metrics.foreground_iou import ForegroundIou
from tests.metrics.making import layer, one_hot, with_maps


def test_sums_over_images_come_before_the_division():
    # cells are pixels; channel 2 is background
    regions = np.array([[[0, 2], [1, 2]], [[0, 0], [0, 0]]])
    masks = {0: np.array([[1, 1], [0, 0]], np.uint8), 1: np.array([[2, 1], [0, 2]], np.uint8)}
    run = with_maps(one_hot(regions, 3), size=(2, 2), masks=masks, parts=("a", "b"), labels=[0, 2])
    figures = ForegroundIou().compute(run).figures
    # foreground: image 0 meets in 1 of 3, image 1 in 3 of 4; background: 1 of 3, 0 of 1
    assert figures["foreground IoU"].value == pytest.approx(100 * 4 / 7)
    assert figures["background IoU"].value == pytest.approx(100 * 1 / 4)
    assert figures["mIoU"].value == pytest.approx(50 * (4 / 7 + 1 / 4))
    assert figures["control, everything is foreground: foreground IoU"].value == pytest.approx(100 * 5 / 8)
    # of the pixels of concept 0, one of image 0 and four of image 1, all but one lie on the object
    np.testing.assert_allclose(ForegroundIou().compute(run).per_concept["pixels on the object"], [80, 0])
    np.testing.assert_allclose(ForegroundIou().compute(run).per_class["foreground IoU"], [100 / 3, np.nan, 75])


def test_background_is_marked_and_not_assumed_to_be_last():
    regions = np.array([[[0, 1], [0, 1]]])
    masks = {0: np.array([[0, 1], [0, 1]], np.uint8)}
    run = with_maps(one_hot(regions, 2), size=(2, 2), masks=masks, info=layer(2, (2, 2), background=0))
    assert ForegroundIou().compute(run).figures["mIoU"].value == 100


def test_the_corners_of_the_map_are_the_corners_of_the_image():
    # two cells over five pixels, corner-aligned: shares of the right cell are 0, .25, .5, .75, 1 (with half-pixel
    # centres they would be 0, .1, .5, .9, 1); background is larger from a share of 1 / 1.22 on
    maps = np.array([[[[1, 0]], [[0, 0.22]]]], np.float32)
    masks = {0: np.array([[1, 1, 1, 1, 0]], np.uint8)}
    assert ForegroundIou().compute(with_maps(maps, size=(5, 1), masks=masks)).figures["mIoU"].value == 100


def test_undefined_halves_say_so():
    masks = {0: np.ones((2, 2), np.uint8)}
    run = with_maps(one_hot(np.zeros((1, 2, 2), int), 2), size=(2, 2), masks=masks)
    figures = ForegroundIou().compute(run).figures
    assert figures["foreground IoU"].value == 100 and figures["background IoU"].value is None
    assert figures["mIoU"].value is None and figures["mIoU"].why
    with pytest.raises(DataError, match="part mask"):
        ForegroundIou().compute(with_maps(one_hot(np.zeros((1, 2, 2), int), 2), size=(2, 2)))


@given(st.integers(0, 10**6), st.permutations(range(4)))
def test_bounds_order_and_more_overlap_is_better(seed, order):
    random = np.random.default_rng(seed)
    regions = random.integers(0, 3, (4, 3, 3))
    masks = {i: random.integers(0, 2, (3, 3)).astype(np.uint8) for i in range(4)}
    masks[0][0, 0], regions[0, 0, 0] = 1, 2  # one pixel of the object is taken for background
    more = {"size": (3, 3), "masks": masks}
    one = ForegroundIou().compute(with_maps(one_hot(regions, 3), **more)).figures
    two = ForegroundIou().compute(with_maps(one_hot(regions, 3), order=order, **more)).figures
    for name, figure in one.items():
        if figure.value is not None:
            assert 0 <= figure.value <= 100
            assert two[name].value == pytest.approx(figure.value)
    regions[0, 0, 0] = 0
    better = ForegroundIou().compute(with_maps(one_hot(regions, 3), **more)).figures
    assert better["foreground IoU"].value > one["foreground IoU"].value
