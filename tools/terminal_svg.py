"""A terminal screen as one small SVG that looks the same everywhere.

Coloured cells and half blocks become one embedded PNG, so that no font can leave gaps between them; bars of eighths and
braille dots become shapes; everything else is text stretched to its cells.
"""

import base64
import io
from collections.abc import Iterable
from html import escape

from PIL import Image
from rich.cells import cell_len
from rich.segment import Segment

WIDTH, HEIGHT = 8, 16
"""Pixels of a character cell."""
Rgb = tuple[int, int, int]
FOREGROUND: Rgb = (0xD8, 0xDE, 0xE9)
BACKGROUND: Rgb = (0x0E, 0x11, 0x16)
_EIGHTHS = "▏▎▍▌▋▊▉"
_LINES = {"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "▔": "lr", "▁": "lr"}
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def terminal_svg(lines: Iterable[Iterable[Segment]], size: tuple[int, int], title: str) -> str:
    """Draw a screen.

    Args:
        lines: segments of each row.
        size: columns and rows.
        title: for those who cannot see it.
    """
    columns, rows = size
    pixels = Image.new("RGB", (columns * WIDTH, rows * HEIGHT), BACKGROUND)
    shapes: list[str] = []
    for y, line in enumerate(lines):
        x = 0
        for segment in line:
            ink, ground, bold = _colours(segment)
            width = cell_len(segment.text)
            pixels.paste(ground, (x * WIDTH, y * HEIGHT, (x + width) * WIDTH, (y + 1) * HEIGHT))
            _write(segment.text, x, y, ink, bold, pixels, shapes)
            x += width
    stream = io.BytesIO()
    pixels.save(stream, "PNG", optimize=True)
    picture = base64.b64encode(stream.getvalue()).decode()
    wide, high = columns * WIDTH, rows * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" role="img"><title>{escape(title)}</title>'
        f'<image width="{wide}" height="{high}" href="data:image/png;base64,{picture}"/>'
        '<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="13" xml:space="preserve">'
        + "".join(shapes)
        + "</g></svg>\n"
    )


def _colours(segment: Segment) -> tuple[Rgb, Rgb, bool]:
    style = segment.style
    if style is None:
        return FOREGROUND, BACKGROUND, False
    front = style.color.triplet if style.color else None
    ink: Rgb = FOREGROUND if front is None else (front.red, front.green, front.blue)
    back = style.bgcolor.triplet if style.bgcolor else None
    ground: Rgb = BACKGROUND if back is None else (back.red, back.green, back.blue)
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        ink = ((ink[0] + ground[0]) // 2, (ink[1] + ground[1]) // 2, (ink[2] + ground[2]) // 2)
    return ink, ground, bool(style.bold)


def _write(text: str, x: int, y: int, ink: Rgb, bold: bool, pixels: Image.Image, shapes: list[str]) -> None:
    """Write one segment: blocks into the picture, words as text, a word at a time so that blanks cannot shift it."""
    word, start = "", x
    colour = "#{:02x}{:02x}{:02x}".format(*ink)

    def finish() -> None:
        nonlocal word
        if word:
            length = cell_len(word) * WIDTH
            weight = ' font-weight="bold"' if bold else ""
            shapes.append(
                f'<text x="{start * WIDTH}" y="{y * HEIGHT + 12}" fill="{colour}"{weight} textLength="{length}" '
                f'lengthAdjust="spacingAndGlyphs">{escape(word)}</text>'
            )
        word = ""

    for character in text:
        left, top, cells = x * WIDTH, y * HEIGHT, cell_len(character)
        if character in "▀█" or character in _EIGHTHS:
            finish()
            wide = WIDTH * (_EIGHTHS.index(character) + 1) // 8 if character in _EIGHTHS else WIDTH
            pixels.paste(ink, (left, top, left + wide, top + (HEIGHT // 2 if character == "▀" else HEIGHT)))
        elif "\u2800" <= character <= "\u28ff":
            finish()
            for bit, (column, row) in enumerate(_DOTS):
                if ord(character) - 0x2800 >> bit & 1:
                    dot = (left + 1 + 4 * column, top + 1 + 4 * row)
                    pixels.paste(ink, (*dot, dot[0] + 2, dot[1] + 2))
        elif character in _LINES:
            finish()
            middle, centre = left + WIDTH // 2, top + HEIGHT // 2
            for towards in _LINES[character]:
                end = {
                    "l": (left, centre),
                    "r": (left + WIDTH, centre),
                    "u": (middle, top),
                    "d": (middle, top + HEIGHT),
                }
                across, down = end[towards]
                box = (min(middle, across), min(centre, down), max(middle + 1, across), max(centre + 1, down))
                pixels.paste(ink, box)
        elif character == " ":
            finish()
        else:
            if not word:
                start = x
            word += character
        x += cells
    finish()
