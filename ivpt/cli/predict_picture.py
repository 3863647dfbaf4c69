"""One layer's regions drawn over an image: a colour and a number for each concept, with a legend."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import measure

from ivpt.ui.palette import colour, colours, ink
from ivpt.ui.raster import enlarge, labels, overlay

SIDE = 480
"""Longest side of the picture in pixels, legend not counted."""
LEGEND = 210
"""Width of the legend in pixels."""
OPACITY = 0.5
_BADGE = 18
"""Diameter of a number's disk in pixels; smaller pieces of a region have their colour alone."""
_FINE = 64
"""Half the rows in which places for numbers are looked for."""
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


@dataclass(frozen=True)
class Line:
    """One line of the legend.

    Attributes:
        channel: the prototype it is about.
        words: what stands beside its colour and number.
    """

    channel: int
    words: str


def draw(
    picture: NDArray[np.uint8],
    regions: NDArray[np.integer],
    prototypes: int,
    background: int,
    title: str,
    legend: Sequence[Line],
) -> bytes:
    """PNG bytes.

    Args:
        picture: (height, width, 3) what the model was shown.
        regions: (h, w) the prototype that owns each cell.
        prototypes: number of channels, background included.
        background: the channel that is background; it is darkened instead of coloured.
        title: above the legend.
        legend: one line per concept.
    """
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = max(round(height * scale), 1), max(round(width * scale), 1)
    enlarged = np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BICUBIC))
    cells = np.asarray(regions, np.uint8)
    mixed = overlay(
        enlarged, enlarge(cells, size), colours(prototypes, background), background=background, opacity=OPACITY
    )
    sheet = Image.new("RGB", (size[1] + LEGEND, max(size[0], 40 + 22 * len(legend))), _PAPER)
    sheet.paste(Image.fromarray(mixed), (0, 0))
    pen = ImageDraw.Draw(sheet)
    _number(pen, cells, size, background)
    _explain(pen, size[1] + 10, title, legend, background)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _number(pen: ImageDraw.ImageDraw, cells: NDArray[np.uint8], size: tuple[int, int], background: int) -> None:
    """Write a concept's number into every piece of its region that is large enough for it."""
    rows, columns = 2 * _FINE, max(round(2 * _FINE * size[1] / size[0]), 1)
    pieces = measure.label(cells, background=-1, connectivity=1)  # type: ignore[no-untyped-call]
    for piece in range(1, int(pieces.max()) + 1):
        inside = pieces == piece
        if inside.mean() * size[0] * size[1] < _BADGE**2:
            continue
        alone = np.where(inside, cells, background).astype(np.uint8)
        for label in labels(enlarge(alone, (rows, columns)), background):
            x, y = (label.column + 0.5) * size[1] / columns, (2 * label.row + 1) * size[0] / rows
            _badge(pen, x, y, label.channel, background)


def _badge(pen: ImageDraw.ImageDraw, x: float, y: float, channel: int, background: int) -> None:
    fill = colour(channel, background)
    pen.ellipse((x - _BADGE / 2, y - _BADGE / 2, x + _BADGE / 2, y + _BADGE / 2), fill=fill, outline=ink(fill))
    number = "·" if channel == background else str(channel)
    # one digit in 13 pixels, two in 11, three in 9: so they stay inside the disk
    pen.text((x, y), number, fill=ink(fill), font=_font(15 - 2 * len(number)), anchor="mm")


def _explain(pen: ImageDraw.ImageDraw, x: int, title: str, legend: Sequence[Line], background: int) -> None:
    pen.text((x, 10), _cut(pen, title, LEGEND - 20), fill=_INK, font=_font(14))
    for number, line in enumerate(legend):
        y = 46 + 22 * number
        _badge(pen, x + 9, y, line.channel, background)
        pen.text((x + 26, y), _cut(pen, line.words, LEGEND - 44), fill=_INK, font=_font(13), anchor="lm")


def _cut(pen: ImageDraw.ImageDraw, words: str, width: int) -> str:
    if pen.textlength(words, font=_font(14)) <= width:
        return words
    while words and pen.textlength(words + "...", font=_font(14)) > width:
        words = words[:-1]
    return words + "..."


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
