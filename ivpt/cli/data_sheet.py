"""Contact sheets: images with their keypoints, boxes and part masks drawn on top, as a picture and in the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ivpt.cli.info import printable
from ivpt.interfaces.dataset import Annotations, DatasetInfo
from ivpt.ui.palette import COLOURS, Rgb, ink

if TYPE_CHECKING:
    from rich.text import Text

SIDE = 256
"""Of a tile in pixels."""
COLUMNS = 4
_TITLE = 34
_LINE = 18
_OPACITY = 0.5
_BOX: Rgb = (255, 255, 255)
_PAPER, _INK, _WRONG = (255, 255, 255), (20, 20, 20), (200, 0, 0)


@dataclass(frozen=True)
class Tile:
    """One image of a sheet.

    Attributes:
        image: (height, width, 3).
        annotations: on it.
        title: two lines at most.
        wrong: what cannot be true of it; empty if nothing.
    """

    image: NDArray[np.uint8]
    annotations: Annotations
    title: tuple[str, ...]
    wrong: tuple[str, ...] = ()


def tile_picture(tile: Tile, side: int) -> Image.Image:
    """The image in a square, with what is annotated drawn on top at the size that the picture has.

    A keypoint (x, y) is drawn in the middle of the pixel in column x and row y; part masks as colours, one per part.
    """
    height, width = tile.image.shape[:2]
    scale = side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    smooth = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    shown = np.asarray(Image.fromarray(tile.image).resize(size, smooth))
    found = tile.annotations
    if found.part_mask is not None and found.part_mask.any():
        mask = np.asarray(Image.fromarray(found.part_mask).resize(size, Image.Resampling.NEAREST))
        paint = np.array(COLOURS, np.float32)[(mask.astype(np.int64) - 1) % len(COLOURS)]
        share = np.where(mask > 0, _OPACITY, 0.0)[..., None]
        shown = np.rint(shown * (1 - share) + paint * share).astype(np.uint8)
    square = Image.new("RGB", (side, side), _PAPER)
    corner = (side - size[0]) // 2, (side - size[1]) // 2
    square.paste(Image.fromarray(np.ascontiguousarray(shown)), corner)
    pen = ImageDraw.Draw(square)
    if found.box is not None:
        x, y, w, h = (value * scale for value in found.box)
        ends = corner[0] + x, corner[1] + y, corner[0] + x + w - 1, corner[1] + y + h - 1
        if ends[2] > ends[0] and ends[3] > ends[1]:
            if side >= SIDE:
                pen.rectangle(ends, outline=(0, 0, 0), width=3)
            pen.rectangle(ends, outline=_BOX, width=1)
    if found.keypoints is not None:
        _dots(pen, found.keypoints, scale, corner, side)
    return square


def _dots(
    pen: ImageDraw.ImageDraw, keypoints: NDArray[np.float32], scale: float, corner: tuple[int, int], side: int
) -> None:
    for number, (x, y, visible) in enumerate(keypoints.tolist()):
        if not visible:
            continue
        fill = COLOURS[number % len(COLOURS)]
        # a point outside is drawn at the border, so that it is seen
        px = min(max(corner[0] + (x + 0.5) * scale, 0), side - 1)
        py = min(max(corner[1] + (y + 0.5) * scale, 0), side - 1)
        if side < SIDE:
            pen.point((px, py), fill=fill)
        else:
            pen.ellipse((px - 7, py - 7, px + 7, py + 7), fill=fill, outline=(0, 0, 0))
            pen.text((px, py), str(number + 1), fill=ink(fill), font=ImageFont.load_default(9), anchor="mm")


def sheet(tiles: Sequence[Tile], info: DatasetInfo, heading: str) -> Image.Image:
    """All tiles in rows of four, with a heading, a title below each, and a legend of keypoints and parts."""
    rows = -(-len(tiles) // COLUMNS)
    legend = [f"{i}  {name}" for i, name in enumerate(info.keypoints, 1)]
    parts = list(info.parts)
    lines = -(-(len(legend) + len(parts)) // COLUMNS)
    height = 30 + rows * (SIDE + _TITLE + 8) + lines * _LINE + 12
    made = Image.new("RGB", (COLUMNS * (SIDE + 8) + 8, height), _PAPER)
    pen = ImageDraw.Draw(made)
    pen.text((10, 8), printable(heading), fill=_INK, font=ImageFont.load_default(15))
    for number, tile in enumerate(tiles):
        x, y = 8 + number % COLUMNS * (SIDE + 8), 30 + number // COLUMNS * (SIDE + _TITLE + 8)
        made.paste(tile_picture(tile, SIDE), (x, y))
        for line, words in enumerate(tile.wrong[:1] + tile.title[: 2 - bool(tile.wrong)]):
            fill = _WRONG if tile.wrong and line == 0 else _INK
            pen.text((x, y + SIDE + 2 + 15 * line), _fitting(pen, words), fill=fill, font=ImageFont.load_default(12))
    top = 30 + rows * (SIDE + _TITLE + 8)
    for number, words in enumerate([*legend, *parts]):
        x, y = 8 + number % COLUMNS * (SIDE + 8), top + number // COLUMNS * _LINE
        place = number if number < len(legend) else number - len(legend)
        shape = pen.ellipse if number < len(legend) else pen.rectangle
        shape((x, y + 2, x + 12, y + 14), fill=COLOURS[place % len(COLOURS)], outline=(0, 0, 0))
        pen.text((x + 18, y + 1), _fitting(pen, words), fill=_INK, font=ImageFont.load_default(12))
    return made


def _fitting(pen: ImageDraw.ImageDraw, words: str) -> str:
    """As much of the end of a line as fits below a tile: ends of paths tell more than their beginnings."""
    words, font = printable(words), ImageFont.load_default(12)
    if pen.textlength(words, font=font) <= SIDE - 20:
        return words
    while words and pen.textlength("..." + words, font=font) > SIDE - 20:
        words = words[1:]
    return "..." + words


def in_terminal(tiles: Sequence[Tile], columns: int) -> "list[Text]":
    """Lines of half blocks, two pixels each, one above the other; tiles side by side.

    Args:
        tiles: to be shown.
        columns: of the terminal.
    """
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    across = max(min(len(tiles), columns // 26), 1)
    side = max(min((columns - across + 1) // across, 48) // 2 * 2, 2)
    lines = []
    for start in range(0, len(tiles), across):
        row = [np.asarray(tile_picture(tile, side)) for tile in tiles[start : start + across]]
        gap = np.full((side, 1, 3), 0, np.uint8)
        pixels = np.concatenate([part for picture in row for part in (picture, gap)][:-1], axis=1)
        for y in range(0, side, 2):
            line = Text()
            for upper, lower in zip(pixels[y].tolist(), pixels[y + 1].tolist(), strict=True):
                line.append("▀", Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
            lines.append(line)
        lines += [Text(printable("  ".join(tile.title))) for tile in tiles[start : start + across]]
    return lines


__all__ = ["Tile", "in_terminal", "sheet", "tile_picture"]
