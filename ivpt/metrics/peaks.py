"""Where a map peaks once it is enlarged, without enlarging it.

Published evaluations enlarge each map to the evaluation frame by bicubic interpolation and take the first maximum. Here
the same position is found from the map itself: no value between four cells can exceed a bound that the 4 x 4 cells
around them give, first a loose one that is quick, then a tight one, and only places whose bounds reach the best value
found are enlarged.

Enlarging means: cubic convolution with a = -0.75, half-pixel centres, replicated border, no antialiasing; what OpenCV's
``INTER_CUBIC`` and ``torch.nn.functional.interpolate(mode="bicubic", align_corners=False)`` compute.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

A = -0.75
"""Parameter of the cubic kernel."""

TIE = 1e-12
"""Values that differ by less than this share of the map's largest magnitude are equal: rounding is not data."""

OVERSHOOT = 0.1875
"""Largest summed weight, as a magnitude, of the two outer taps: ``-A t (1 - t)`` at t = 1/2."""

SLACK = 1e-5
"""Share of a map's magnitude by which rounding to 32 bits could at the very most lower a bound."""

CHUNK = 128
"""Maps looked at together: their bounds fit the processor's cache."""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Axis:
    """Output pixels of one axis, put together by the four cells they read.

    Attributes:
        first: (cells + 1,) first pixel of each group; group g reads cells g - 2 to g + 1, the border replicated.
        taken: (cells + 1,) whether the group has pixels.
        taps: (cells + 1, most, 4) weights of its pixels; the last pixel is repeated to the width of the widest group.
    """

    first: Places
    taken: NDArray[np.bool_]
    taps: NDArray[np.float64]


def taps(cells: int, size: int) -> tuple[Places, NDArray[np.float64]]:
    """Weights of bicubic interpolation along one axis.

    Args:
        cells: length of the axis before.
        size: length of the axis after.

    Returns:
        (size,) cell at or to the left of each output pixel (-1 is possible), and (size, 4) weights of the cells from
        one before it to two after it.
    """
    whole = 2 * size
    numerator = cells * (2 * np.arange(size) + 1) - size
    left = numerator // whole
    right_share = numerator - left * whole
    t, u = right_share / whole, (whole - right_share) / whole
    weights = [A * t * u * u, _inner(t), _inner(u), A * u * t * t]
    return left.astype(np.int64), np.stack(weights, axis=1)


def _inner(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return ((A + 2) * distance - (A + 3)) * distance * distance + 1


@lru_cache(maxsize=16)
def _axis(cells: int, size: int) -> _Axis:
    left, weights = taps(cells, size)
    groups = np.arange(-1, cells)
    first = np.searchsorted(left, groups)
    counts = np.searchsorted(left, groups, side="right") - first
    pixels = first[:, None] + np.minimum(np.arange(counts.max()), np.maximum(counts - 1, 0)[:, None])
    return _Axis(first, counts > 0, weights[np.minimum(pixels, size - 1)])


def peaks(maps: NDArray[np.floating], size: int = 224) -> Places:
    """First maximum, in row-major order, of each map enlarged to ``size`` x ``size``.

    Args:
        maps: (..., h, w), finite, of any range.
        size: side of the evaluation frame in pixels.

    Returns:
        (..., 2) row and column, 0 to ``size - 1``. A constant map peaks at (0, 0).

    Raises:
        ValueError: a map holds a value that is not finite.
    """
    flat = maps.reshape(-1, *maps.shape[-2:])
    if flat.dtype not in (np.float32, np.float64):  # bounds are computed in the precision of the maps
        flat = flat.astype(np.float32)
    found = np.zeros((len(flat), 2), np.int64)
    for start in range(0, len(flat), CHUNK):
        part = flat[start : start + CHUNK]
        highest, lowest = part.max(axis=(1, 2)), part.min(axis=(1, 2))
        if not (np.isfinite(highest).all() and np.isfinite(lowest).all()):
            raise ValueError("a map holds a value that is not finite")
        uneven = np.flatnonzero(highest > lowest)
        if len(uneven):
            magnitude = np.maximum(highest, -lowest)[uneven].astype(np.float64)
            found[start + uneven] = _peaks(part[uneven], magnitude, size)
    return found.reshape(*maps.shape[:-2], 2)


def _peaks(maps: NDArray[np.floating], magnitude: NDArray[np.float64], size: int) -> Places:
    """As :func:`peaks`, for (b, h, w) maps of which none is constant, and (b,) their largest magnitudes."""
    rows, columns = (_axis(cells, size) for cells in maps.shape[1:])
    padded = np.pad(maps, ((0, 0), (2, 2), (2, 2)), mode="edge")
    cells = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(1, 2))
    bounds = _bounds(padded)
    bounds[:, ~rows.taken] = -np.inf
    bounds[:, :, ~columns.taken] = -np.inf
    every = np.arange(len(maps))
    slack = SLACK * magnitude + np.finfo(maps.dtype).tiny  # below that rounding is no longer a share of the value
    row, column = np.divmod(bounds.reshape(len(maps), -1).argmax(axis=1), bounds.shape[2])
    reached = _values(cells, every, row, column, rows, columns).max(axis=(1, 2)) - slack
    which, place = np.divmod(np.flatnonzero(bounds >= reached.astype(maps.dtype)[:, None, None]), bounds[0].size)
    row, column = np.divmod(place, bounds.shape[2])
    tight = (cells[which, row, column].reshape(-1, 16) @ _net(maps.dtype)).max(axis=1)
    top = np.flatnonzero(tight == np.maximum.reduceat(tight, np.searchsorted(which, every))[which])
    top = top[np.searchsorted(which[top], every)]
    reached = np.maximum(reached, _values(cells, every, row[top], column[top], rows, columns).max(axis=(1, 2)) - slack)
    kept = np.flatnonzero(tight >= reached[which])
    which, row, column = which[kept], row[kept], column[kept]
    values = _values(cells, which, row, column, rows, columns)
    starts = np.searchsorted(which, every)
    best = np.maximum.reduceat(values.max(axis=(1, 2)), starts)
    equal = values >= (best - TIE * magnitude)[which][:, None, None]
    inside = equal.reshape(len(equal), -1).argmax(axis=1)
    r = rows.first[row] + inside // values.shape[2]
    q = columns.first[column] + inside % values.shape[2]
    position = np.where(equal.any(axis=(1, 2)), r * size + q, size * size)
    return np.stack(np.divmod(np.minimum.reduceat(position, starts), size), axis=1)


def _bounds(padded: NDArray[np.floating]) -> NDArray[np.floating]:
    """(b, h + 1, w + 1) what no enlarged value between four cells exceeds, from (b, h + 4, w + 4) padded maps.

    Along one axis the inner two weights are in [0, 1], the outer two at most 0, all four sum to one, and the outer two
    to at least ``-OVERSHOOT``. A value is therefore at most the larger inner cell plus ``OVERSHOOT`` times what the
    smaller outer cell lies below it. Rows are bounded from both sides first, then columns.
    """
    inner, outer = (padded[..., 1:-2], padded[..., 2:-1]), (padded[..., :-3], padded[..., 3:])
    above, below = np.maximum(*inner), np.minimum(*inner)
    over = above + OVERSHOOT * np.maximum(above - np.minimum(*outer), 0)
    under = below - OVERSHOOT * np.maximum(np.maximum(*outer) - below, 0)
    highest = np.maximum(over[:, 1:-2], over[:, 2:-1])
    lowest = np.minimum(under[:, :-3], under[:, 3:])
    return np.asarray(highest + OVERSHOOT * np.maximum(highest - lowest, 0))


def _net(kind: "np.dtype[np.floating]") -> NDArray[np.floating]:
    """(16, 16) from the 4 x 4 cells around a place to what the enlarged map lies below there.

    Between cells the enlarged map is a cubic in each direction, and a cubic nowhere exceeds its Bezier control points,
    which are sums of the four cells in a row: the two inner ones, and each of them a third of its slope further in.
    """
    third = -A / 3
    net = np.array([[0, 1, 0, 0], [-third, 1, third, 0], [0, third, 1, -third], [0, 0, 1, 0]])
    return np.kron(net, net).T.astype(kind)


def _values(
    cells: NDArray[np.floating], which: Places, row: Places, column: Places, rows: _Axis, columns: _Axis
) -> NDArray[np.float64]:
    """(p, most rows, most columns) enlarged values of p groups chosen from the (b, h + 1, w + 1, 4, 4) cells of all."""
    across = rows.taps[row] @ cells[which, row, column].astype(np.float64)
    return np.asarray(across @ np.ascontiguousarray(columns.taps.transpose(0, 2, 1))[column])


def centroids(maps: NDArray[np.floating], size: int = 224) -> Places:
    """Mean position of each map's positive part, in the evaluation frame.

    Args:
        maps: (..., h, w).
        size: side of the evaluation frame in pixels.

    Returns:
        (..., 2) row and column of the pixel that holds it, 0 to ``size - 1``; the centre for a map without a positive
        value.
    """
    weight = np.maximum(maps, 0)
    places = []
    for axis in (-1, -2):  # summed over columns: rows; and the other way round
        profile = weight.sum(axis=axis, dtype=np.float64)
        total = profile.sum(axis=-1)
        centres = (np.arange(profile.shape[-1]) + 0.5) / profile.shape[-1]
        mean = np.divide(profile @ centres, total, out=np.full_like(total, 0.5), where=total > 0)
        places.append(np.minimum((mean * size).astype(np.int64), size - 1))
    return np.stack(places, axis=-1)
