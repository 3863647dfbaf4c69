"""The integer polygon against scikit-image's."""

import numpy as np
from skimage.draw import polygon

from ivpt.data.paperbirds.raster import covered, snapped


def test_same_samples_as_scikit_image() -> None:
    draws = np.random.default_rng(0)
    for _ in range(60):
        grid = snapped(draws.uniform(-0.3, 1.3, (draws.integers(3, 20), 2)), 90)
        rows, columns = covered(grid, 90)
        expected = polygon(grid[:, 1] / 64, grid[:, 0] / 64, shape=(90, 90))
        ours, theirs = (set(zip(*pair, strict=True)) for pair in ((rows, columns), expected))
        # A sample exactly on a slanted edge is theirs and may not be ours.
        assert len(ours ^ theirs) <= 2


def test_outside_and_tiny_polygons_are_empty() -> None:
    corners = np.array([(1.2, 1.2), (1.5, 1.2), (1.4, 1.6)])
    for outline in (corners, corners - 2, corners / 1e4 + 0.5004):
        rows, columns = covered(snapped(outline, 50), 50)
        assert rows.size == columns.size == 0
