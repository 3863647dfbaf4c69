"""A scene at the resolution of pixels, with numbers in disks: for terminals that show graphics, and for files."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ivpt.ui import palette, raster
from ivpt.ui.pictures import outlines
from ivpt.ui.pictures.scene import Scene, compose
from ivpt.ui.raster import Pixels

_ROWS = 24
"""Rows in which places for numbers are looked for."""


def paint(scene: Scene, size: tuple[int, int], badge: int = 16) -> Pixels:
    """Draw a scene.

    Args:
        scene: not empty. Marks are drawn as numbered colours: here nothing hides what a colour cannot tell.
        size: (height, width) in pixels.
        badge: diameter of a number's disk in pixels.

    Returns:
        (height, width, 3).
    """
    scene = _coloured(scene.resolved())
    pixels, _ = compose(scene, size)
    if pixels is None:
        raise ValueError("the scene is empty")
    numbered = scene.regions is not None and scene.numbers and scene.opacity > 0
    if not (numbered or scene.letters) or min(size) < 2 * badge:
        return pixels
    columns = max(round(2 * _ROWS * size[1] / size[0]), 1)
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)

    def centre(label: raster.Label) -> tuple[float, float]:
        return (label.column + 0.5) * size[1] / columns, (label.row + 0.5) * size[0] / _ROWS

    taken: list[raster.Label] = []
    if scene.regions is not None and numbered:
        taken = raster.labels(raster.enlarge(scene.regions, (2 * _ROWS, columns)), scene.background)
    for label in taken:
        disk(pen, centre(label), label.channel, scene.background, badge)
    if scene.parts is not None:
        for label in outlines.places(raster.enlarge(scene.parts, (2 * _ROWS, columns)), taken):
            if label.channel <= len(scene.letters) and scene.letters[label.channel - 1]:
                square(pen, centre(label), scene.letters[label.channel - 1], round(0.8 * badge))
    return np.asarray(image)


def disk(pen: ImageDraw.ImageDraw, centre: tuple[float, float], channel: int, background: int, size: int) -> None:
    """A concept's number on a disk in its colour."""
    fill, half = palette.colour(channel, background), size / 2
    x, y = centre
    pen.ellipse((x - half, y - half, x + half, y + half), fill=fill, outline=palette.ink(fill))
    word = palette.mark(channel, background) if channel == background else str(channel)
    pen.text(
        (x, y), word, fill=palette.ink(fill), font=font(round(size * (0.7 if len(word) < 2 else 0.6))), anchor="mm"
    )


def square(pen: ImageDraw.ImageDraw, centre: tuple[float, float], letter: str, size: int) -> None:
    """A part's letter on a square, which no concept has."""
    (x, y), half = centre, size / 2
    pen.rectangle((x - half, y - half, x + half, y + half), fill=outlines.GROUND, outline=outlines.INK)
    pen.text((x, y), letter, fill=outlines.INK, font=font(round(size * 0.8)), anchor="mm")


@lru_cache(32)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font."""
    return ImageFont.load_default(max(size, 6))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG bytes of (h, w, 3) pixels."""
    import io

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _coloured(scene: Scene) -> Scene:
    from dataclasses import replace

    return replace(scene, marks=False) if scene.marks else scene
