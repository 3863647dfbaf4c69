"""Colours of terminals that have few: the nearest one as the eye sees it.

Distances are Euclidean in Oklab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), where equal steps look
about equally large; nearest in RGB turns skin green and shadows blue.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich._palettes import EIGHT_BIT_PALETTE, STANDARD_PALETTE
from rich.color import Color, ColorSystem

from ivpt.ui.raster import Pixels

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_BITS = 5
"""Bits per channel that tell colours apart before they are looked up."""
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 15 / 32
_DITHER = 72.0
"""Span of the pattern that mixes neighbouring colours where there are only sixteen, in steps of 0 to 255."""


def oklab(rgb: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
    """(..., 3) sRGB from 0 to 255 as Oklab."""
    share = np.asarray(rgb, np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    # sums instead of matrix products: BLAS threads would wait for each other longer than this takes
    lms = np.cbrt((linear[..., None, :] * _TO_LMS).sum(-1))
    lab: NDArray[np.float64] = (lms[..., None, :] * _TO_LAB).sum(-1)
    return lab


@cache
def available(system: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours of a colour system.

    Returns:
        (n, 3) as the terminal shows them, and (n, 3) what has to be written so that rich, which passes colours on by
        rules of its own, arrives at each of them.
    """
    if system == "256":
        # the first sixteen are what the user has made of them
        palette, target, numbers = EIGHT_BIT_PALETTE, ColorSystem.EIGHT_BIT, range(16, 256)
    else:
        palette, target, numbers = STANDARD_PALETTE, ColorSystem.STANDARD, range(16)
    written: dict[int, tuple[int, int, int]] = {}
    for red, green, blue in [(v, v, v) for v in range(256)] + [palette[number] for number in numbers]:
        number = Color.from_rgb(red, green, blue).downgrade(target).number
        if number is not None and (number not in written or (red, green, blue) == palette[number]):
            written[number] = (red, green, blue)
    return np.array([tuple(palette[n]) for n in written], np.uint8), np.array(list(written.values()), np.uint8)


def quantise(pixels: Pixels, system: str | None, *, dither: bool = False) -> Pixels:
    """The nearest colours that a terminal has.

    Args:
        pixels: (h, w, 3).
        system: rich's name of the terminal's colour system; truecolor and None change nothing.
        dither: where there are only sixteen, let neighbouring pixels mix them.
    """
    if system in (None, "truecolor"):
        return pixels
    if system != "256":
        system = "standard"
        if dither:
            rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
            shift = _DITHER * _BAYER[rows % 4, columns % 4][..., None]
            pixels = np.clip(pixels + shift, 0, 255).astype(np.uint8)
    shown, written = available(system)
    table = _table(system)
    coarse = (pixels >> (8 - _BITS)).astype(np.intp)
    places = (coarse[..., 0] << _BITS | coarse[..., 1]) << _BITS | coarse[..., 2]
    new = np.unique(places[table[places] < 0])
    if len(new):
        mask, half = (1 << _BITS) - 1, 1 << (7 - _BITS)
        centres = np.stack([new >> 2 * _BITS, new >> _BITS & mask, new & mask], -1) * (1 << (8 - _BITS)) + half
        wanted, have = oklab(centres), oklab(shown)
        distance = sum((wanted[:, None, c] - have[None, :, c]) ** 2 for c in range(3))
        table[new] = np.asarray(distance).argmin(1)
    found: Pixels = written[table[places]]
    return found


@cache
def _table(system: str) -> NDArray[np.int16]:
    """Index of the nearest colour for each coarse colour; -1 where nobody has asked yet."""
    return np.full(1 << 3 * _BITS, -1, np.int16)
