"""Outlines of annotated parts, on every rung and in files."""

import numpy as np
import pytest

from ivpt.ui.pictures import outlines
from ivpt.ui.pictures.cells import cells
from ivpt.ui.pictures.paint import paint
from ivpt.ui.pictures.rungs import Rung
from ivpt.ui.pictures.scene import Scene, compose
from ivpt.ui.raster import Label

PARTS = np.zeros((40, 40), np.uint8)
PARTS[4:20, 6:34] = 1
PARTS[20:36, 6:22] = 2
PARTS[25:27, 30:38] = 3
LETTERS = ("A", "B", "C")
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
PICTURE = np.full((40, 40, 3), 100, np.uint8)
REGIONS = np.zeros((10, 10), np.uint8)
REGIONS[1:5, 2:8] = 7


def slow_lines(parts: np.ndarray) -> np.ndarray:
    """Pixels of a part beside no part, or beside one with a lower number."""
    found = np.zeros(parts.shape, bool)
    for y in range(parts.shape[0]):
        for x in range(parts.shape[1]):
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                if 0 <= y + dy < parts.shape[0] and 0 <= x + dx < parts.shape[1]:
                    found[y, x] |= parts[y, x] > parts[y + dy, x + dx]
    return found


def test_the_line_runs_inside_each_part_however_thin() -> None:
    np.testing.assert_array_equal(outlines.lines(PARTS, (40, 40)), slow_lines(PARTS))
    assert outlines.lines(PARTS, (40, 40))[25:27, 30:38].all(), "two rows are all line"
    wide = outlines.lines(PARTS, (600, 600))
    assert wide.sum() > 2 * slow_lines(np.kron(PARTS, np.ones((15, 15), np.uint8))).sum(), "thicker in large pictures"


@pytest.mark.parametrize("grey", [0, 100, 150, 170, 255])
@pytest.mark.parametrize("side", [40, 120])
def test_lines_are_seen_on_every_colour(grey: int, side: int) -> None:
    picture = np.full((side, side, 3), grey, np.uint8)
    drawn = outlines.draw(picture, PARTS)
    changed = (drawn != picture).any(axis=2)
    assert (picture == grey).all(), "the picture itself stays"
    assert not changed[~outlines.lines(PARTS, (side, side))].any()
    contrast = np.abs(drawn.astype(int) - grey).max(axis=2)[outlines.lines(PARTS, (side, side))]
    assert (contrast >= 85).mean() > 0.3


def test_letters_stay_with_their_parts_where_there_are_enough() -> None:
    assert outlines.letters(3, [2, 3]) == LETTERS
    many = outlines.letters(100, [7, 40, 99])
    assert [many[label - 1] for label in (7, 40, 99)] == ["A", "B", "C"] and sum(map(bool, many)) == 3
    crowd = outlines.letters(200, list(range(1, 61)))
    assert len({letter for letter in crowd if letter}) == 52 and crowd[51] == "z" and crowd[52] == ""


def test_each_letter_lies_in_its_part_and_not_on_a_number() -> None:
    places = {label.channel: label for label in outlines.places(PARTS)}
    assert set(places) == {1, 2, 3}
    for channel, label in places.items():
        assert channel in PARTS[2 * label.row : 2 * label.row + 2, label.column]
    moved = {label.channel: label for label in outlines.places(PARTS, [Label(places[1].row, places[1].column, 7)])}
    assert abs(moved[1].row - places[1].row) > 1 or abs(moved[1].column - places[1].column) > 2
    assert PARTS[2 * moved[1].row, moved[1].column] == 1
    everywhere = [Label(row, column, 7) for row in range(20) for column in range(40)]
    assert outlines.places(PARTS, everywhere) == [], "half a number says something else"
    free = [label for label in everywhere if (label.row, label.column) != (places[2].row, places[2].column)]
    assert [(p.row, p.column, p.channel) for p in outlines.places(PARTS, free)] == [
        (places[2].row, places[2].column, 2)
    ]


def test_no_letter_lies_on_a_digit_of_a_number() -> None:
    """A number of two digits begins where its label is, one of three a cell before."""
    parts = np.zeros((4, 8), np.uint8)
    parts[:2, 3:5] = 1
    assert [(p.row, p.column) for p in outlines.places(parts, [Label(0, 4, 1)])] == [(0, 3)]
    assert outlines.places(parts, [Label(0, 3, 10)]) == []
    assert outlines.places(parts, [Label(0, 4, 100)]) == []
    assert len(outlines.places(parts, [Label(0, 2, 10)])) == 1 == len(outlines.places(parts, [Label(1, 3, 10)]))


def test_half_blocks_have_lines_letters_and_numbers() -> None:
    scene = Scene(PICTURE, REGIONS, parts=PARTS, letters=LETTERS)
    drawn, plain = cells(scene, 40, 20, Rung.BLOCKS), cells(Scene(PICTURE, REGIONS), 40, 20, Rung.BLOCKS)
    assert drawn.ink is not None and drawn.ground is not None and plain.ink is not None
    assert {"A", "B", "C", "7"} <= set(drawn.text.ravel())
    for letter in LETTERS:
        (place,) = zip(*np.nonzero(drawn.text == letter), strict=True)
        assert tuple(drawn.ink[place]) == WHITE and tuple(drawn.ground[place]) == BLACK and drawn.bold[place]
    assert (drawn.ink != plain.ink).any(axis=2).sum() > 20
    bare = cells(Scene(PICTURE, REGIONS, parts=PARTS), 40, 20, Rung.BLOCKS)
    assert not set("ABC") & set(bare.text.ravel()), "lines alone"


@pytest.mark.parametrize("rung", [Rung.ASCII, Rung.BLOCKS])
def test_where_characters_fill_regions_letters_run_along_the_outlines(rung: Rung) -> None:
    scene = Scene(PICTURE, REGIONS, marks=True, parts=PARTS, letters=LETTERS)
    text = cells(scene, 40, 20, rung, colours=None).text
    parts = PARTS[1::2]
    line = slow_lines(parts)
    expected = np.array(["", *LETTERS])[parts]
    assert (text[line] == expected[line]).all()
    assert not np.isin(text[~line], LETTERS).any()
    assert "7" in text[~line], "regions are filled between them"


def test_braille_has_lines_of_dots_and_letters() -> None:
    scene = Scene(np.zeros((40, 40, 3), np.uint8), parts=PARTS, letters=LETTERS)
    drawn = cells(scene, 40, 20, Rung.BRAILLE)
    assert set("ABC") <= set(drawn.text.ravel()) and drawn.ink is not None
    row = list(drawn.text[2, 8:32])
    assert all(ord(c) >= 0x2800 and ord(c) & 0x09 for c in row), "the upper dots of each cell along the upper edge"
    assert (drawn.ink[2, 8:32] == 255).all()
    assert drawn.text[18, 38] == "⠀"


@pytest.mark.parametrize("regions", [None, REGIONS])
def test_graphics_and_files_have_lines_and_letters_on_squares(regions: np.ndarray | None) -> None:
    scene = Scene(PICTURE, regions, parts=PARTS, letters=LETTERS)
    drawn = paint(scene, (400, 400))
    lines, _ = compose(scene, (400, 400))
    assert lines is not None
    at = outlines.lines(PARTS, (400, 400))
    assert {tuple(rgb) for rgb in lines[at]} == {WHITE, BLACK}
    changed = (drawn != lines).any(axis=2)
    if regions is None:
        large = np.kron(PARTS, np.ones((10, 10), np.uint8))
        for part in (1, 2, 3):
            assert (changed & (large == part)).sum() > 40, "its letter"
    assert (drawn[changed] == 0).all(axis=1).sum() > 200 and (drawn[changed] == 255).all(axis=1).sum() > 100
    assert (paint(Scene(PICTURE, regions), (400, 400)) != drawn).any()


def test_a_scene_is_another_with_other_parts_or_letters() -> None:
    scene = Scene(PICTURE, parts=PARTS, letters=LETTERS)
    assert scene.same(Scene(PICTURE, parts=PARTS, letters=LETTERS))
    assert not scene.same(Scene(PICTURE, parts=PARTS))
    assert not scene.same(Scene(PICTURE, letters=LETTERS))
    assert not scene.same(Scene(PICTURE, parts=PARTS.copy(), letters=LETTERS))
