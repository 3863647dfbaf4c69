"""Messages of the Kitty graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/).

A picture is sent once and shown by placeholder characters whose colour is its number and whose accents say which part
of it they are. So whatever writes over these characters hides the picture, as it hides any text.
"""

import base64
import os
import zlib
from collections.abc import Iterator
from itertools import count

from ivpt.ui.raster import Pixels

CHUNK = 4096
"""Most characters of a payload that may be sent at once."""
PLACEHOLDER = "\U0010eeee"
# the protocol's rowcolumn-diacritics.txt: combining marks above that no canonical decomposition uses (Unicode 6.0)
_RANGES = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9 5ab-5ac "
    "5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d 73f-741 743 745 "
    "747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 "
    "1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 "
    "20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 "
    "aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"
)


def _diacritics() -> Iterator[str]:
    for part in _RANGES.split():
        first, _, last = part.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


DIACRITICS = tuple(_diacritics())
"""The mark that stands for row or column 0, 1, ..."""
_numbers = count(1)


def new_number() -> int:
    """A number for a picture: 24 bits, as many as a colour has. Other programs in the terminal begin elsewhere."""
    return (os.getpid() * 0x1003D + next(_numbers)) % 0xFFFFFF + 1


def sent(number: int, pixels: Pixels, columns: int, rows: int) -> str:
    """Hand a picture to the terminal and say how many cells it fills; nothing is shown yet.

    Args:
        number: of the picture.
        pixels: (h, w, 3).
        columns: of cells, at most as many as there are :data:`DIACRITICS`.
        rows: of cells, likewise.
    """
    height, width = pixels.shape[:2]
    payload = base64.b64encode(zlib.compress(pixels.tobytes(), 1)).decode("ascii")
    head = f"a=t,q=2,f=24,o=z,t=d,i={number},s={width},v={height},"
    messages = []
    for start in range(0, len(payload), CHUNK):
        more = int(start + CHUNK < len(payload))
        messages.append(f"\x1b_G{head}m={more};{payload[start : start + CHUNK]}\x1b\\")
        head = "q=2,"
    placed = f"\x1b_Ga=p,U=1,q=2,i={number},c={columns},r={rows}\x1b\\"
    return "".join(messages) + placed


def deleted(number: int) -> str:
    """Take a picture away and free its memory in the terminal."""
    return f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\"


def placeholders(columns: int, rows: int) -> list[list[str]]:
    """The characters that show a picture, per row; each of them is one cell wide."""
    return [[PLACEHOLDER + DIACRITICS[row] + DIACRITICS[column] for column in range(columns)] for row in range(rows)]


def wrapped(sequence: str) -> str:
    """Through tmux to the terminal behind it; tmux needs ``set -g allow-passthrough on``."""
    parts = [part + "\x1b\\" for part in sequence.split("\x1b\\") if part]
    return "".join("\x1bPtmux;" + part.replace("\x1b", "\x1b\x1b") + "\x1b\\" for part in parts)
