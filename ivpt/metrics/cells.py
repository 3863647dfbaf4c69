"""Masks of an image counted by the cells of a map that lies over it."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from ivpt.metrics.bilinear import shown_pixels


def _cell_of(start: float, length: float, pixels: int, cells: int) -> tuple[slice, NDArray[np.intp]]:
    shown = shown_pixels(start, length, pixels)
    places = (np.arange(shown.start, shown.stop) + 0.5 - start) / length * cells
    return shown, np.clip(places.astype(np.intp), 0, cells - 1)


def _members(cells: int, of: NDArray[np.intp]) -> NDArray[np.float32]:
    return np.asarray(np.arange(cells)[:, None] == of, np.float32)


def cell_counts(
    masks: NDArray[np.bool_], frame: NDArray[np.floating], grid: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How many pixels of each mask each cell holds; a pixel belongs to the cell that its middle lies in.

    Args:
        masks: (P, H, W) of one image.
        frame: x, y, width, height of the part of the image that the map lies over.
        grid: rows and columns of the map.

    Returns:
        (P, h, w) pixels of each mask, (h, w) all pixels.
    """
    x, y, width, height = (float(value) for value in frame)
    lines, rows = _cell_of(y, height, masks.shape[1], grid[0])
    across, columns = _cell_of(x, width, masks.shape[2], grid[1])
    down, right = _members(grid[0], rows), _members(grid[1], columns)
    inside = masks[:, lines, across].astype(np.float32)
    return np.asarray(down @ inside @ right.T), np.asarray(np.outer(down.sum(1), right.sum(1)), np.float32)


def part_masks(mask: NDArray[np.uint8], parts: int, dilate: int = 1) -> NDArray[np.bool_]:
    """(parts, H, W) mask of each part, dilated by a maximum filter of ``dilate`` x ``dilate`` pixels.

    Args:
        mask: (H, W) 0 no part, i + 1 part i.
        parts: P.
        dilate: odd; 1 for none.
    """
    each = mask[None] == np.arange(1, parts + 1, dtype=np.uint8)[:, None, None]
    if dilate > 1:
        each = maximum_filter(each, size=(1, dilate, dilate), mode="constant", cval=0)
    return np.asarray(each)


def peak_pixel(place: int, frame: NDArray[np.floating], grid: tuple[int, int]) -> tuple[float, float]:
    """X and y, in pixels of the original image, of the middle of a cell in row-major order."""
    row, column = divmod(place, grid[1])
    x, y, width, height = (float(value) for value in frame)
    return x + (column + 0.5) / grid[1] * width, y + (row + 0.5) / grid[0] * height


def distance(mask: NDArray[np.bool_], x: float, y: float) -> float:
    """Pixels from a point to the middle of the nearest pixel of the mask: 0 inside; infinite for an empty mask."""
    line, column = int(np.floor(y)), int(np.floor(x))
    if 0 <= line < mask.shape[0] and 0 <= column < mask.shape[1] and mask[line, column]:
        return 0.0
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return float("inf")
    return float(np.sqrt(((rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2).min()))
