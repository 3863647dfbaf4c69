"""Escape sequences of graphics, decoded back into pixels."""

import base64
import re
import unicodedata
import zlib

import numpy as np
import pytest
from rich.cells import cell_len

from ivpt.ui import palette
from ivpt.ui.pictures import kitty
from ivpt.ui.pictures.paint import paint
from ivpt.ui.pictures.rungs import sixel_library
from ivpt.ui.pictures.scene import Scene

MESSAGE = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")


def messages(sequence: str) -> list[tuple[dict[str, str], str]]:
    """Keys and payload of each message; nothing may stand between them."""
    assert MESSAGE.sub("", sequence) == ""
    return [(dict(p.split("=") for p in m[1].split(",")), m[2] or "") for m in MESSAGE.finditer(sequence)]


def decoded(sequence: str) -> tuple[int, np.ndarray]:
    """Number and pixels of what a sequence hands to the terminal."""
    found = [m for m in messages(sequence) if m[0].get("a") != "p"]
    head = found[0][0]
    assert (head["a"], head["f"], head["o"], head["t"]) == ("t", "24", "z", "d")
    assert all(len(payload) <= kitty.CHUNK and len(payload) % 4 == 0 for _, payload in found)
    assert [m["m"] for m, _ in found] == ["1"] * (len(found) - 1) + ["0"]
    assert all(set(m) <= {"m", "q"} for m, _ in found[1:])
    raw = zlib.decompress(base64.b64decode("".join(payload for _, payload in found)))
    return int(head["i"]), np.frombuffer(raw, np.uint8).reshape(int(head["v"]), int(head["s"]), 3)


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (120, 200)])
def test_kitty_pictures_come_back(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (*size, 3), np.uint8)
    sequence = kitty.sent(77, pixels, 10, 4)
    number, back = decoded(sequence)
    assert number == 77 and (back == pixels).all()
    placed, payload = messages(sequence)[-1]
    assert placed == {"a": "p", "U": "1", "q": "2", "i": "77", "c": "10", "r": "4"} and not payload


def test_no_message_asks_the_terminal_for_an_answer() -> None:
    sequence = kitty.sent(5, np.zeros((90, 90, 3), np.uint8), 3, 3) + kitty.deleted(5)
    assert all(keys["q"] == "2" for keys, _ in messages(sequence))
    assert messages(kitty.deleted(5))[0][0] == {"a": "d", "d": "I", "q": "2", "i": "5"}


def test_the_marks_of_rows_and_columns_follow_the_protocols_rule() -> None:
    """297 marks above, in order, that no canonical composition takes away."""
    assert len(kitty.DIACRITICS) == 297 == len(set(kitty.DIACRITICS))
    assert list(kitty.DIACRITICS) == sorted(kitty.DIACRITICS)
    assert all(unicodedata.combining(c) == 230 for c in kitty.DIACRITICS)
    assert kitty.DIACRITICS[:4] == ("\u0305", "\u030d", "\u030e", "\u0310")
    for mark in kitty.DIACRITICS:
        assert unicodedata.normalize("NFC", "a" + mark) == "a" + mark


def test_placeholders_are_one_cell_wide_and_say_where_they_are() -> None:
    rows = kitty.placeholders(297, 3)
    assert len(rows) == 3 and all(len(row) == 297 for row in rows)
    assert {cell_len(text) for row in rows for text in row} == {1}
    assert rows[2][5] == "\U0010eeee" + kitty.DIACRITICS[2] + kitty.DIACRITICS[5]


def test_numbers_fit_into_a_colour_and_do_not_come_twice() -> None:
    numbers = [kitty.new_number() for _ in range(1000)]
    assert len(set(numbers)) == 1000 and all(0 < n <= 0xFFFFFF for n in numbers)


def test_tmux_passes_wrapped_messages_on_unchanged() -> None:
    sequence = kitty.sent(9, np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8), 4, 4)
    outer = re.findall(r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\", kitty.wrapped(sequence))
    assert "".join(part.replace("\x1b\x1b", "\x1b") for part in outer) == sequence
    assert len(outer) == len(messages(sequence))


def unsixel(sequence: str) -> np.ndarray:
    """A small decoder of sixels, for tests: (h, w, 3)."""
    body = re.fullmatch(r"\x1bP[0-9;]*q(.*)\x1b\\", sequence, re.DOTALL)
    assert body is not None
    attributes = re.match(r'"1;1;(\d+);(\d+)', body[1])
    assert attributes is not None
    width, height = int(attributes[1]), int(attributes[2])
    canvas = np.zeros((height + 6, width, 3), np.uint8)
    colours: dict[int, np.ndarray] = {}
    colour, x, band = np.zeros(3), 0, 0
    tokens = re.compile(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)")
    for m in tokens.finditer(body[1][attributes.end() :]):
        if m[1]:
            colours[int(m[1])] = np.array([round(int(v) * 2.55) for v in m.group(2, 3, 4)])
            colour = colours[int(m[1])]
        elif m[5]:
            colour = colours[int(m[5])]
        elif m[9]:
            x = 0
        elif m[10]:
            x, band = 0, band + 1
        else:
            many, bits = int(m[6] or 1), ord(m[7] or m[8]) - 63
            for row in range(6):
                if bits >> row & 1:
                    canvas[6 * band + row, x : x + many] = colour
            x += many
    return canvas[:height]


@pytest.mark.skipif(not sixel_library(), reason="textual-image (the extra sixel) is not installed")
def test_sixels_come_back() -> None:
    from ivpt.ui.pictures.sixel import sixels

    pixels = np.zeros((13, 20, 3), np.uint8)
    for k in range(8):
        pixels[k : 13 - k // 2, 2 * k : 2 * k + 3] = palette.COLOURS[k]
    assert np.abs(unsixel(sixels(pixels)).astype(int) - pixels).max() <= 2


def test_painted_scenes_have_numbers_on_their_regions() -> None:
    picture = np.full((40, 40, 3), 90, np.uint8)
    regions = np.zeros((4, 4), np.uint8)
    regions[1:3, 1:3] = 3
    numbered = paint(Scene(picture, regions, opacity=1.0), (160, 160))
    bare = paint(Scene(picture, regions, opacity=1.0, numbers=False), (160, 160))
    changed = (numbered != bare).any(2)
    rows, columns = np.nonzero(changed)
    assert changed.any() and (raster_of(regions)[rows, columns] == 3).all()
    assert tuple(bare[60, 60]) == palette.colour(3)
    assert (paint(Scene(picture, regions, opacity=0.0), (40, 40)) == picture).all()
    with pytest.raises(ValueError, match="empty"):
        paint(Scene(None), (10, 10))


def raster_of(regions: np.ndarray) -> np.ndarray:
    return regions.repeat(40, 0).repeat(40, 1)
