"""Pictures and regions as pixels."""

import numpy as np
import pytest

from ivpt.ui import palette, raster


def slow_mean(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mean of the source pixels between the edges of each new one, by loops."""
    height, width = pixels.shape[:2]
    out = np.zeros((*size, 3))
    for y in range(size[0]):
        for x in range(size[1]):
            rows = range(y * height // size[0], (y + 1) * height // size[0])
            columns = range(x * width // size[1], (x + 1) * width // size[1])
            out[y, x] = np.mean([[pixels[r, c] for c in columns] for r in rows], axis=(0, 1))
    return out


@pytest.mark.parametrize("size", [(5, 7), (20, 31), (1, 1), (13, 2)])
def test_smaller_pictures_are_means(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8)
    assert np.abs(raster.resize(pixels, size) - slow_mean(pixels, size)).max() <= 0.51


def test_larger_pictures_keep_flat_colours_and_order() -> None:
    ramp = np.repeat(np.array([[[0, 0, 0], [200, 100, 50]]], np.uint8), 2, axis=0)
    large = raster.resize(ramp, (6, 11))
    assert large.shape == (6, 11, 3)
    assert (large[:, 0] == 0).all() and (large[:, -1] == (200, 100, 50)).all()
    assert (np.diff(large[0, :, 0].astype(int)) >= 0).all()


def test_fit_keeps_proportions_and_fills_whole_cells() -> None:
    assert raster.fit((100, 100), 40, 10) == (20, 20)
    assert raster.fit((100, 200), 40, 40) == (20, 40)
    height, width = raster.fit((3, 1000), 80, 24)
    assert height == 2 and width == 80


def test_enlarging_regions_is_nearest_cell() -> None:
    regions = np.array([[1, 2], [3, 4]], np.uint8)
    assert raster.enlarge(regions, (4, 4)).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


def test_overlay_colours_regions_and_dims_the_background() -> None:
    pixels = np.full((2, 2, 3), 100, np.uint8)
    regions = np.array([[0, 1], [2, 2]], np.uint8)
    drawn = raster.overlay(pixels, regions, palette.colours(3), opacity=1.0)
    assert tuple(drawn[0, 1]) == palette.colour(1) and tuple(drawn[1, 0]) == palette.colour(2)
    assert (drawn[0, 0] == 45).all()
    assert (raster.overlay(pixels, regions, palette.colours(3), opacity=0.0) == pixels).all()


def test_the_chosen_concept_stands_out() -> None:
    pixels = np.full((1, 2, 3), 100, np.uint8)
    drawn = raster.overlay(pixels, np.array([[1, 2]], np.uint8), palette.colours(3), opacity=1.0, chosen=2)
    assert tuple(drawn[0, 1]) == palette.colour(2)
    assert np.abs(drawn[0, 0].astype(int) - 100).max() < np.abs(np.array(palette.colour(1)) - 100).max()


def test_labels_lie_inside_their_regions_and_skip_the_background() -> None:
    regions = np.zeros((12, 10), np.uint8)
    regions[2:8, 1:6] = 3
    regions[8:10, 7:9] = 1
    found = {label.channel: label for label in raster.labels(regions)}
    assert set(found) == {1, 3}
    for channel, label in found.items():
        assert regions[2 * label.row, label.column] == channel


def test_a_ring_gets_its_label_on_the_ring() -> None:
    regions = np.full((20, 20), 2, np.uint8)
    regions[4:16, 4:16] = 0
    (label,) = raster.labels(regions)
    assert regions[2 * label.row, label.column] == 2


def test_cutting_out_holds_the_region() -> None:
    pixels = np.zeros((60, 40, 3), np.uint8)
    regions = np.zeros((6, 4), np.uint8)
    regions[5, 3] = 2
    part, here = raster.cut_out(pixels, regions, 2)
    assert part.shape[0] == part.shape[1] == here.shape[0]
    assert (here == 2).sum() == 100
    whole, _ = raster.cut_out(pixels, regions, 1)
    assert whole.shape == pixels.shape
