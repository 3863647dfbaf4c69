"""Maps enlarged bilinearly, as products with two thin matrices, over the part of the image that they show."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def shown_pixels(start: float, length: float, pixels: int) -> slice:
    """Pixels of one axis of an image whose middle lies in a frame; pixel i spans i to i + 1.

    Args:
        start: of the frame in pixels.
        length: of the frame in pixels.
        pixels: of the image.
    """
    first, stop = np.ceil([start - 0.5, start + length - 0.5]).astype(int).tolist()
    return slice(max(first, 0), max(min(stop, pixels), max(first, 0)))


def half_pixel(start: float, length: float, shown: slice, cells: int) -> NDArray[np.float64]:
    """Middles of pixels in cells, 0 being the middle of the first cell (``align_corners=False``)."""
    return (np.arange(shown.start, shown.stop) + 0.5 - start) / length * cells - 0.5


def corner_aligned(shown: slice, cells: int) -> NDArray[np.float64]:
    """Pixels in cells, the first and last pixel in the middle of the first and last cell (``align_corners=True``)."""
    return np.linspace(0.0, cells - 1.0, shown.stop - shown.start)


def weights(places: NDArray[np.float64], cells: int) -> Floats:
    """(len(places), cells) linear interpolation between the middles of cells; beyond the last ones, their value."""
    inside = np.clip(places, 0, cells - 1)
    low = np.minimum(inside.astype(int), max(cells - 2, 0))
    share = inside - low
    table = np.zeros((len(places), cells), np.float32)
    rows = np.arange(len(places))
    table[rows, np.minimum(low + 1, cells - 1)] = share
    table[rows, low] += 1 - share
    return table


def enlarged(maps: Floats, rows: Floats, columns: Floats) -> Floats:
    """(m, h, w) maps at the places of two tables of :func:`weights` (H, h) and (W, w): (m, H, W)."""
    return np.asarray(rows @ maps @ columns.T)


def at_points(maps: Floats, places: NDArray[np.float64]) -> Floats:
    """Maps of each image at points of their own.

    Args:
        maps: (b, m, h, w).
        places: (b, p, 2) column and row in cells, 0 being the middle of the first cell.

    Returns:
        (b, p, m).
    """
    b, p = places.shape[:2]
    across = weights(places[..., 0].ravel(), maps.shape[3]).reshape(b, p, -1)
    down = weights(places[..., 1].ravel(), maps.shape[2]).reshape(b, p, -1)
    return np.asarray(np.einsum("bpy,bpx,bmyx->bpm", down, across, maps, optimize=True))


def chunks(count: int, floats_each: int, budget: int = 1 << 22) -> Iterator[slice]:
    """Slices of ``count`` things of ``floats_each`` numbers each that stay within ``budget`` numbers."""
    step = max(1, budget // max(floats_each, 1))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
