"""Outlines of annotated parts: dashes of white and black, which are seen on every colour and are no region's line.

A part is told by a letter, as a concept is by its number: white on black, in the part or along its outline.
"""

from collections.abc import Collection, Sequence
from string import ascii_lowercase, ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from ivpt.ui import raster
from ivpt.ui.raster import Label, Pixels, Regions

INK, GROUND = (255, 255, 255), (0, 0, 0)
"""Colours of a part's letter and behind it."""
_THICK = 200
"""Pixels of a picture's shorter side for each pixel of a line's thickness."""
_DASH = 3
"""Length of a dash in units of its thickness."""
_SMALL = 64
"""Shorter side in pixels below which outlines are dotted."""


def letters(parts: int, present: Sequence[int]) -> tuple[str, ...]:
    """The letter of each part; empty where it has none.

    The same ones in every image where the alphabet has enough capitals for all parts; else in the order of the parts
    that are in the picture, capitals first, and from the 53rd on none.

    Args:
        parts: of the data set.
        present: labels in the picture, ascending; part k has label k + 1.
    """
    if parts <= len(ascii_uppercase):
        return tuple(ascii_uppercase[:parts])
    known = dict(zip(present, ascii_uppercase + ascii_lowercase, strict=False))
    return tuple(known.get(label, "") for label in range(1, parts + 1))


def lines(parts: Regions, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where the outlines run: one pixel wide, in large pictures more.

    Args:
        parts: (h, w) labels, 0 is no part.
        size: (height, width) of the result in pixels.
    """
    at = raster.edges(raster.enlarge(parts, size), thin=True)
    for _ in range(_thickness(size) - 1):
        at = at | beside(at)
    return at


def draw(pixels: Pixels, parts: Regions) -> Pixels:
    """A copy of (h, w, 3) pixels with the outlines of parts.

    Small pictures show between white dashes, or black ones where they are light: black and white would cover them.
    """
    height, width = pixels.shape[:2]
    thick = _thickness((height, width))
    y, x = np.ogrid[:height, :width]
    at = lines(parts, (height, width))
    drawn = pixels.copy()
    if min(height, width) < _SMALL:
        at &= (x + y) % 2 == 0
        dark = pixels.mean(axis=2) < 160
        drawn[at & dark], drawn[at & ~dark] = INK, GROUND
        return drawn
    # a slope that no usual line has: along it the dashes would not change
    light = (x + 2 * y) // (_DASH * thick) % 2 == 0
    drawn[at & light], drawn[at & ~light] = INK, GROUND
    return drawn


def _thickness(size: tuple[int, int]) -> int:
    return max(round(min(size) / _THICK), 1)


def beside(at: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels above, below, left and right of those given."""
    wide = np.pad(at, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]


def places(parts: Regions, taken: Collection[Label] = ()) -> list[Label]:
    """Where to write each part's letter: the innermost character cell, away from what is written already.

    Args:
        parts: (2 * rows, columns) labels at pixel resolution.
        taken: numbers and letters that are there.

    Returns:
        One place per part that owns a cell with nothing written in it; ``channel`` is its label. Large parts first.
    """
    upper, lower = parts[0::2], parts[1::2]
    owners = np.where(upper > 0, upper, lower)
    found: list[Label] = []
    written = np.zeros(owners.shape, np.bool_)
    for other in taken:
        many = len(str(other.channel))
        start = max(min(other.column - (many - 1) // 2, owners.shape[1] - many), 0)
        written[other.row, start : start + many] = True
    present, counts = np.unique(owners[owners > 0], return_counts=True)
    for label in present[np.argsort(counts, kind="stable")]:
        depth = raster.depth(owners == label)
        for other in (*taken, *found):
            near = np.s_[max(other.row - 1, 0) : other.row + 2, max(other.column - 2, 0) : other.column + 3]
            depth[near] *= 1e-3  # still its own, where there is no other place
        # half a number, or a letter over another, would say something else
        depth[written] = 0
        if depth.any():
            row, column = divmod(int(depth.argmax()), depth.shape[1])
            written[row, column] = True
            found.append(Label(row, column, int(label)))
    return found[::-1]
