"""A scene as characters with two colours each: half blocks, braille or plain ASCII."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.ui import palette, raster
from ivpt.ui.pictures import outlines
from ivpt.ui.pictures.quantise import quantise
from ivpt.ui.pictures.rungs import Rung
from ivpt.ui.pictures.scene import Scene, compose
from ivpt.ui.raster import Label, Pixels, Regions

HALF = "▀"
RAMP = " .:-=+*#%@"
"""From dark to bright."""
_PLAIN = 24
"""Brightness of a canvas without a picture under characters."""
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 + 1 / 32
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.int32)
"""What each dot of a braille character adds to its code."""
_DARK = np.array([16, 18, 22], np.uint8)


@dataclass(frozen=True)
class Cells:
    """Characters of a picture.

    Attributes:
        text: (rows, columns) one character each.
        ink, ground: (rows, columns, 3) colour of the character and behind it; None on terminals without colours.
        bold: (rows, columns).
    """

    text: NDArray[np.str_]
    ink: Pixels | None
    ground: Pixels | None
    bold: NDArray[np.bool_]


def cells(scene: Scene, columns: int, rows: int, rung: Rung, colours: str | None = "truecolor") -> Cells:
    """Draw a scene as large as fits.

    Args:
        scene: not empty.
        columns: room for it.
        rows: room for it.
        rung: graphics are drawn as half blocks.
        colours: rich's name of the terminal's colour system, None for none.

    Returns:
        At most rows x columns cells with the scene's proportions.
    """
    scene = scene.resolved()
    size = raster.fit(scene.proportions, columns, rows)
    if rung is Rung.BRAILLE:
        drawn = _braille(scene, size)
    elif rung is Rung.ASCII:
        drawn = _ascii(scene, size)
    else:
        drawn = _blocks(scene, size, colours)
    if colours is None:
        return Cells(drawn.text, None, None, drawn.bold)
    if drawn.ink is None or drawn.ground is None:
        return drawn
    return Cells(drawn.text, quantise(drawn.ink, colours), quantise(drawn.ground, colours), drawn.bold)


def _blocks(scene: Scene, size: tuple[int, int], colours: str | None) -> Cells:
    pixels, regions = compose(scene, size)
    if pixels is None:
        pixels = np.full((*size, 3), _PLAIN, np.uint8)
    pixels = quantise(pixels, colours, dither=True)
    ink, ground = pixels[0::2].copy(), pixels[1::2].copy()
    text = np.full(ink.shape[:2], HALF)
    bold = np.zeros(text.shape, np.bool_)
    taken: list[Label] = []
    if regions is None:
        pass
    elif scene.marks:
        owners = regions[0::2]
        inside = owners != scene.background
        ground[inside] = ((ink.astype(np.uint16) + ground) // 2 * 5 // 8)[inside]
        if scene.chosen is not None:
            bold = inside & (owners == scene.chosen)
            ground[bold] = 255
        ink[inside] = _ink(ground[inside])
        text[inside] = _marks(scene.background)[owners[inside]]
    elif scene.numbers and scene.opacity > 0:
        taken = _number(text, ink, ground, bold, regions, scene)
    _letter(text, ink, ground, bold, scene, taken, along=scene.marks)
    return Cells(text, ink, ground, bold)


def _braille(scene: Scene, size: tuple[int, int]) -> Cells:
    """Eight dots per character: the picture's brightness as a pattern of dots, boundaries of regions as lines."""
    rows, columns = size[0] // 2, size[1]
    light, regions = _light(scene, (4 * rows, 2 * columns))
    y, x = np.ogrid[: light.shape[0], : light.shape[1]]
    dots = light > _BAYER[y % 4, x % 4]
    if regions is not None and (scene.opacity > 0 or scene.marks):
        # a line of dots, and none beside it, so that it shows in bright parts too
        lines = raster.edges(regions, scene.background)
        dots = lines | (dots & ~outlines.beside(lines))
    parts = np.zeros_like(dots)
    if scene.parts is not None and not scene.marks:
        parts = outlines.lines(scene.parts, (4 * rows, 2 * columns))
        dots = parts | (dots & ~outlines.beside(parts))
    code = (dots.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3) * _BITS).sum((2, 3))
    text = (code + 0x2800).astype(np.uint32).view("<U1").reshape(rows, columns)
    ink, ground, bold = _tinted(scene, (2 * rows, columns))
    outlined = parts.reshape(rows, 4, columns, 2).any((1, 3))
    ink[outlined], bold[outlined] = outlines.INK, True
    taken: list[Label] = []
    if regions is not None:
        coarse = raster.enlarge(scene.regions, (2 * rows, columns)) if scene.regions is not None else regions
        if scene.marks:
            _fill(text, bold, coarse[0::2], scene)
        elif scene.numbers and scene.opacity > 0:
            taken = _number(text, ink, ground, bold, coarse, scene)
    _letter(text, ink, ground, bold, scene, taken, along=scene.marks)
    return Cells(text, ink, ground, bold)


def _ascii(scene: Scene, size: tuple[int, int]) -> Cells:
    """One of ten characters per brightness; regions are filled with their number or letter, faint ones to a half."""
    light, regions = _light(scene, size)
    level = np.clip((light[0::2] + light[1::2]) / 2 * len(RAMP), 0, len(RAMP) - 1).astype(np.intp)
    text = np.array(list(RAMP))[level]
    ink, ground, bold = _tinted(scene, size)
    if regions is not None and (scene.opacity > 0 or scene.marks):
        owners = regions[0::2]
        strong = scene.marks or scene.opacity > 0.5
        y, x = np.ogrid[: owners.shape[0], : owners.shape[1]]
        _fill(text, bold, owners, scene, None if strong else (x + y) % 2 == 0)
    _letter(text, ink, ground, bold, scene, (), along=True)
    return Cells(text, ink, ground, bold)


def _fill(
    text: NDArray[np.str_],
    bold: NDArray[np.bool_],
    owners: Regions,
    scene: Scene,
    where: NDArray[np.bool_] | None = None,
) -> None:
    """Write each region's mark into its cells; beside a chosen concept the others keep only their boundary."""
    inside = owners != scene.background
    if where is not None:
        inside &= where
    if scene.chosen is not None:
        own = owners == scene.chosen
        inside &= own | raster.edges(owners, scene.background)
        bold |= inside & own
    text[inside] = _marks(scene.background)[owners[inside]]


def _light(scene: Scene, size: tuple[int, int]) -> tuple[NDArray[np.float32], Regions | None]:
    """Brightness from 0 to 1, stretched over the picture, the background dimmed; without a picture regions are grey."""
    regions = None if scene.regions is None else raster.enlarge(scene.regions, size)
    if scene.picture is None:
        light = np.zeros(size, np.float32)
        if regions is not None:
            light[regions != scene.background] = 0.3
        return light, regions
    pixels = raster.resize(scene.picture, size)
    if scene.annotations is not None:
        pixels = raster.over(pixels, scene.annotations)
    pixels = pixels.astype(np.float32)
    light = (0.2126 * pixels[..., 0] + 0.7152 * pixels[..., 1] + 0.0722 * pixels[..., 2]) / 255
    low, high = np.percentile(light, (2, 98))
    if high - low > 0.05:
        light = np.clip((light - low) / (high - low), 0, 1)
    if regions is not None:
        light[regions == scene.background] *= 1 - (1 - raster.DIMMED) * scene.opacity
    return light.astype(np.float32), regions


def _tinted(scene: Scene, size: tuple[int, int]) -> tuple[Pixels, Pixels, NDArray[np.bool_]]:
    """Ink of characters that stand for brightness: the mixed colour, made bright; the ground is dark."""
    pixels, _ = compose(scene, size, edges=False)
    rows, columns = size[0] // 2, size[1]
    ground = np.broadcast_to(_DARK, (rows, columns, 3)).copy()
    bold = np.zeros((rows, columns), np.bool_)
    if pixels is None:
        return np.full((rows, columns, 3), 216, np.uint8), ground, bold
    mean = (pixels[0::2].astype(np.float32) + pixels[1::2]) / 2
    peak = np.maximum(mean.max(-1, keepdims=True), 1)
    return np.rint(mean * np.maximum(200 / peak, 1)).clip(0, 255).astype(np.uint8), ground, bold


def _number(
    text: NDArray[np.str_], ink: Pixels, ground: Pixels, bold: NDArray[np.bool_], regions: Regions, scene: Scene
) -> list[Label]:
    """Write each concept's number into its region, in black or white on the concept's colour; where they are."""
    width = text.shape[1]
    found = raster.labels(regions, scene.background)
    for label in found:
        word = str(label.channel)
        start = max(min(label.column - (len(word) - 1) // 2, width - len(word)), 0)
        on = palette.colour(label.channel, scene.background)
        place = np.s_[label.row, start : start + len(word)]
        word = word[: width - start]
        text[place] = list(word)
        ink[place], ground[place], bold[place] = palette.ink(on), on, True
    return found


def _letter(
    text: NDArray[np.str_],
    ink: Pixels,
    ground: Pixels,
    bold: NDArray[np.bool_],
    scene: Scene,
    taken: Collection[Label],
    *,
    along: bool,
) -> None:
    """Write the letters of parts: along their outlines, where no lines are drawn, or one into each part."""
    if scene.parts is None:
        return
    rows, columns = text.shape
    if along:
        parts = raster.enlarge(scene.parts, (rows, columns))
        found = [(place, int(parts[place])) for place in zip(*np.nonzero(raster.edges(parts, thin=True)), strict=True)]
    else:
        parts = raster.enlarge(scene.parts, (2 * rows, columns))
        found = [((label.row, label.column), label.channel) for label in outlines.places(parts, taken)]
    for place, label in found:
        letter = scene.letters[label - 1] if label <= len(scene.letters) else ""
        if letter:
            text[place], ink[place], ground[place], bold[place] = letter, outlines.INK, outlines.GROUND, True


def _marks(background: int) -> NDArray[np.str_]:
    return np.array([palette.mark(k, background) for k in range(256)])


def _ink(on: Pixels) -> Pixels:
    """Black or white for each of (n, 3) colours, as :func:`ivpt.ui.palette.ink` does."""
    light = on @ np.array([0.299, 0.587, 0.114]) > 110
    return np.where(light[:, None], np.uint8(0), np.uint8(255)).repeat(3, 1)
