"""Scenes side by side with titles and legends, as one PNG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from ivpt.ui.pictures.paint import disk, font, paint, square
from ivpt.ui.pictures.scene import Scene

SIDE = 384
"""Least longest side of a picture in pixels; smaller ones are enlarged by a whole number."""
_MARGIN, _TITLE, _LINE, _BADGE = 12, 26, 22, 18
_ACROSS = 4
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


@dataclass(frozen=True)
class Panel:
    """One picture of a figure.

    Attributes:
        title: above it.
        scene: not empty.
        legend: per concept its channel and what it is called.
        parts: per annotated part its letter and its name.
        keypoints: names of the keypoints that are drawn, from left to right.
    """

    title: str
    scene: Scene
    legend: tuple[tuple[int, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    keypoints: tuple[str, ...] = ()


def figure(panels: Sequence[Panel]) -> bytes:
    """PNG bytes of panels, four in a row.

    Args:
        panels: at least one.
    """
    drawn = [_panel(panel) for panel in panels]
    rows = [drawn[at : at + _ACROSS] for at in range(0, len(drawn), _ACROSS)]
    width = max(sum(image.width for image in row) for row in rows)
    sheet = Image.new("RGB", (width, sum(max(image.height for image in row) for row in rows)), _PAPER)
    y = 0
    for row in rows:
        x = 0
        for image in row:
            sheet.paste(image, (x, y))
            x += image.width
        y += max(image.height for image in row)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _panel(panel: Panel) -> Image.Image:
    height, width = panel.scene.proportions
    times = max(-(-SIDE // max(height, width)), 1)
    size = height * times, width * times
    picture = np.asarray(paint(_whole(panel.scene), size, _BADGE))
    columns = 1 if size[1] < 300 else 2
    entries: list[tuple[int | str, str]] = [*panel.legend, *panel.parts]
    lines = -(-len(entries) // columns)
    words = _folded("Keypoints, left to right: " + ", ".join(panel.keypoints), size[1]) if panel.keypoints else []
    below = (lines + len(words)) * _LINE
    image = Image.new("RGB", (size[1] + 2 * _MARGIN, size[0] + _TITLE + below + 2 * _MARGIN), _PAPER)
    image.paste(Image.fromarray(picture), (_MARGIN, _TITLE))
    pen = ImageDraw.Draw(image)
    pen.text((_MARGIN, _TITLE // 2), _cut(pen, panel.title, size[1], 14), fill=_INK, font=font(14), anchor="lm")
    top = _TITLE + size[0] + _LINE // 2 + 4
    for number, (sign, name) in enumerate(entries):
        x = _MARGIN + number % columns * (size[1] // columns)
        y = top + _LINE * (number // columns)
        if isinstance(sign, str):
            square(pen, (x + _BADGE / 2, y), sign, _BADGE - 2)
        else:
            disk(pen, (x + _BADGE / 2, y), sign, panel.scene.background, _BADGE)
        room = size[1] // columns - _BADGE - 12
        pen.text((x + _BADGE + 6, y), _cut(pen, name, room, 12), fill=_INK, font=font(12), anchor="lm")
    for number, line in enumerate(words, start=lines):
        pen.text((_MARGIN, top + _LINE * number), line, fill=_INK, font=font(12), anchor="lm")
    return image


def _folded(words: str, width: int) -> list[str]:
    """Lines no longer than a width in pixels, as far as words allow."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font(12).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _whole(scene: Scene) -> Scene:
    """With numbers: a figure is printed and photographed, colours alone get lost."""
    return replace(scene, numbers=True) if scene.regions is not None else scene


def _cut(pen: ImageDraw.ImageDraw, words: str, width: int, size: int) -> str:
    if pen.textlength(words, font=font(size)) <= width:
        return words
    while words and pen.textlength(words + "...", font=font(size)) > width:
        words = words[:-1]
    return words + "..."
