"""Pictures and region maps as small arrays of pixels, ready for half-block characters.

A character cell is about twice as high as wide and shows two pixels, one above the other, so pixels are square.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ivpt.ui.palette import BACKGROUND, Rgb

Pixels = NDArray[np.uint8]
"""(rows, columns, 3) RGB."""
S = TypeVar("S", bound=np.generic)

Regions = NDArray[np.uint8]
"""(h, w) channel of the prototype that owns each cell of the map."""

DIMMED = 0.45
"""Brightness of the background region where the overlay is fully opaque."""
UNCHOSEN = 0.25
"""Share of the overlay's opacity left to the other concepts while one is chosen."""


EDGE = 0.6
"""Brightness of a strong region's boundary, as a share of the region's colour."""
LINE = 0.8
"""Least opacity of a boundary, so that faint regions have a visible one."""


@dataclass(frozen=True)
class Label:
    """A number written onto the picture.

    Attributes:
        row, column: of the character cell it is centred on.
        channel: the prototype it names.
    """

    row: int
    column: int
    channel: int


def fit(source: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Largest (height, width) in pixels with the source's proportions inside ``columns`` x ``rows`` character cells.

    The height is even, so that every character cell is full.
    """
    height, width = max(source[0], 1), max(source[1], 1)
    scale = min(columns / width, 2 * rows / height)
    return max(2, min(2 * rows, round(height * scale / 2) * 2)), max(1, min(columns, round(width * scale)))


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resample: mean of the pixels that fall into each new one, or linear interpolation where there are too few.

    No matrix products: the threads of a BLAS library wait for each other longer than this takes.

    Args:
        pixels: (H, W, 3), or with opacity (H, W, 4).
        size: (h, w) wanted.
    """
    if pixels.shape[:2] == size:
        return pixels
    both = _resample(_resample(pixels.astype(np.float32), size[0], 0), size[1], 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def over(pixels: Pixels, layer: Pixels) -> Pixels:
    """Lay something over a picture.

    Args:
        pixels: (h, w, 3).
        layer: (H, W, 4) of any size; its colours are 0 where its opacity is 0.
    """
    small = resize(layer, (pixels.shape[0], pixels.shape[1])).astype(np.float32)
    # where colours and opacity are means over pixels, the colours have been multiplied by it
    return np.rint(pixels * (1 - small[..., 3:] / 255) + small[..., :3]).clip(0, 255).astype(np.uint8)


def _resample(values: NDArray[np.float32], size: int, axis: int) -> NDArray[np.float32]:
    source = values.shape[axis]
    shape = [1, 1, 1]
    shape[axis] = size
    if size <= source:
        edges = np.arange(size + 1) * source // size
        sums: NDArray[np.float32] = np.add.reduceat(values, edges[:-1], axis=axis)
        means: NDArray[np.float32] = sums / np.diff(edges).reshape(shape).astype(np.float32)
        return means
    place = np.clip((np.arange(size) + 0.5) * source / size - 0.5, 0, source - 1)
    left = place.astype(np.intp)
    share = (place - left).astype(np.float32).reshape(shape)
    right = np.minimum(left + 1, source - 1)
    mixed: NDArray[np.float32] = np.take(values, left, axis) * (1 - share) + np.take(values, right, axis) * share
    return mixed


def enlarge(cells: NDArray[S], size: tuple[int, int]) -> NDArray[S]:
    """Nearest cell of the map for each pixel: hard regions stay hard."""
    h, w = cells.shape
    rows = (np.arange(size[0]) * 2 + 1) * h // (2 * size[0])
    columns = (np.arange(size[1]) * 2 + 1) * w // (2 * size[1])
    return cells[np.ix_(rows, columns)]


def overlay(
    pixels: Pixels | None,
    regions: Regions,
    colours: tuple[Rgb, ...],
    *,
    background: int = 0,
    opacity: float = 0.6,
    chosen: int | None = None,
) -> Pixels:
    """Colour each region over the picture; the background is darkened instead.

    Args:
        pixels: (h, w, 3), or None for a plain canvas on which the colours are shown fully.
        regions: (h, w) as large as the picture.
        colours: per channel.
        background: the channel that is background.
        opacity: 0 shows the picture alone, 1 the colours alone.
        chosen: this concept stands out, the others step back.

    Returns:
        (h, w, 3).
    """
    table = np.array(colours, np.float32)[np.minimum(regions, len(colours) - 1)]
    if pixels is None:
        base = np.broadcast_to(np.array(BACKGROUND, np.float32), table.shape)
        opacity = 1.0
    else:
        base = pixels.astype(np.float32)
    share = np.full(regions.shape, opacity, np.float32)
    if chosen is not None:
        share[regions != chosen] *= UNCHOSEN
    ground = regions == background
    share = share[..., None]
    mixed = base * (1 - share) + table * share
    mixed[ground] = base[ground] * (1 - (1 - DIMMED) * opacity)
    return np.rint(mixed).astype(np.uint8)


def edges(regions: Regions, background: int = 0, *, thin: bool = False) -> NDArray[np.bool_]:
    """Boundaries one pixel wide, inside the foreground region, between two of them inside that with the higher number.

    Args:
        regions: (h, w).
        background: never holds a boundary.
        thin: also of regions of which a third or more are boundary; else these have none, as it would hide them.
    """
    found = np.zeros(regions.shape, np.bool_)
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = regions[first], regions[second]
        differ = a != b
        own = (a != background) & ((b == background) | (a > b))
        found[first] |= differ & own
        found[second] |= differ & ~own
    if thin:
        return found
    size = np.bincount(regions.ravel(), minlength=256)
    hidden = np.bincount(regions[found], minlength=256) * 3 >= size
    return found & ~hidden[regions]


def outline(
    mixed: Pixels,
    regions: Regions,
    colours: tuple[Rgb, ...],
    *,
    background: int = 0,
    opacity: float = 0.6,
    chosen: int | None = None,
) -> None:
    """Draw the boundaries of regions into a picture: in their colour where they are faint, else in a darker one.

    Args:
        mixed: (h, w, 3), what :func:`overlay` returned; changed in place.
        regions: (h, w) as large.
        colours: per channel.
        background: has no boundary of its own.
        opacity: of the overlay, more than 0.
        chosen: the others' boundaries step back with them.
    """
    at = edges(regions, background)
    owners = regions[at]
    ink = np.array(colours, np.float32)[np.minimum(owners, len(colours) - 1)]
    share = np.full(len(owners), opacity, np.float32)
    if chosen is not None:
        share[owners != chosen] *= UNCHOSEN
    ink[share > 0.5] *= EDGE
    line = np.maximum(share, LINE if chosen is None else LINE * np.where(owners == chosen, 1, 0.5))[:, None]
    mixed[at] = np.rint(mixed[at] * (1 - line) + ink * line).astype(np.uint8)


def cut_out(
    pixels: Pixels, regions: Regions, channel: int, margin: float = 1.5, least: float = 0.4
) -> tuple[Pixels, Regions]:
    """A square around a region, with the map of the same square.

    Args:
        pixels: (H, W, 3).
        regions: (h, w).
        channel: whose region.
        margin: side of the square in sides of the region's bounding box.
        least: smallest side as a share of the picture's shorter side, so that the surroundings stay recognisable.

    Returns:
        The part of the picture and, as large as it, the regions; the whole picture when the region is empty.
    """
    height, width = pixels.shape[:2]
    large = enlarge(regions, (height, width))
    rows, columns = np.flatnonzero((large == channel).any(1)), np.flatnonzero((large == channel).any(0))
    if not len(rows):
        return pixels, large
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = int(min(max(extent * margin, least * min(height, width)), height, width))
    top = int(np.clip((rows[0] + rows[-1] + 1 - side) // 2, 0, height - side))
    left = int(np.clip((columns[0] + columns[-1] + 1 - side) // 2, 0, width - side))
    window = np.s_[top : top + side, left : left + side]
    return pixels[window], large[window]


def labels(regions: Regions, background: int = 0) -> list[Label]:
    """Where to write each concept's number: the innermost character cell of its region.

    Args:
        regions: (2 * rows, columns) at pixel resolution.
        background: gets no number.

    Returns:
        One label per concept that owns a whole character cell somewhere, largest region first.
    """
    upper, lower = regions[0::2], regions[1::2]
    same = np.where(upper == lower, upper.astype(np.int16), -1)
    channels, counts = np.unique(same[same >= 0], return_counts=True)
    found = []
    for channel in channels[np.argsort(-counts, kind="stable")]:
        if channel == background:
            continue
        inner = depth(same == channel)
        row, column = divmod(int(inner.argmax()), inner.shape[1])
        found.append(Label(row, column, int(channel)))
    return found


def depth(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far inside the region each cell is, in steps of erosion; ties prefer the region's centre of mass."""
    found = mask.astype(np.float32)
    inner = mask
    while True:
        padded = np.pad(inner, 1)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        if not inner.any():
            break
        found += inner
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    away = np.hypot(2 * (rows - rows[mask].mean()), columns - columns[mask].mean())
    # outside the region depth is 0 and stays below every cell inside
    tied: NDArray[np.float32] = np.where(mask, found + 0.9 * (1 - away / (away.max() + 1)), 0)
    return tied
