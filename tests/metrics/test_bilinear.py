"""Enlarging maps, against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ivpt.metrics.bilinear import at_points, chunks, corner_aligned, enlarged, half_pixel, shown_pixels, weights


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_torch_enlarges_the_same(h, w, height, width, corners):
    maps = np.random.default_rng(h * 100 + w).normal(size=(2, h, w)).astype(np.float32)
    if corners:
        places = corner_aligned(slice(0, height), h), corner_aligned(slice(0, width), w)
    else:
        places = half_pixel(0, height, slice(0, height), h), half_pixel(0, width, slice(0, width), w)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(maps)[None], size=(height, width), mode="bilinear", align_corners=corners
    )[0]
    np.testing.assert_allclose(enlarged(maps, weights(places[0], h), weights(places[1], w)), expected, atol=1e-5)


def test_points_are_pixels_of_the_enlarged_map():
    maps = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype(np.float32)
    pixels = np.random.default_rng(1).integers(0, (30, 20), (3, 7, 2))
    places = (pixels + 0.5) / (30, 20) * (6, 5) - 0.5
    rows = weights(half_pixel(0, 20, slice(0, 20), 5), 5), weights(half_pixel(0, 30, slice(0, 30), 6), 6)
    found = at_points(maps, places)
    for image in range(3):
        whole = enlarged(maps[image], *rows)
        expected = whole[:, pixels[image, :, 1], pixels[image, :, 0]].T
        np.testing.assert_allclose(found[image], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 6, [0, 1, 2, 3, 4, 5]), (1.5, 3, [1, 2, 3]), (1.6, 3, [2, 3, 4]), (4, 9, [4, 5]), (9, 2, [])],
)
def test_pixels_whose_middle_is_shown(start, length, expected):
    found = shown_pixels(start, length, 6)
    assert list(range(found.start, found.stop)) == expected
    assert expected == [i for i in range(6) if start <= i + 0.5 < start + length]


def test_chunks_cover_everything_once():
    assert [i for c in chunks(7, 10, 25) for i in range(c.start, c.stop)] == list(range(7))
    assert [c.stop - c.start for c in chunks(3, 100, 10)] == [1, 1, 1]
