"""Scenes as characters, against slow drawings of them."""

import numpy as np
import pytest

from ivpt.ui import palette, raster
from ivpt.ui.pictures.cells import RAMP, cells
from ivpt.ui.pictures.rungs import Rung
from ivpt.ui.pictures.scene import Scene, compose

RNG = np.random.default_rng(5)
PICTURE = RNG.integers(0, 256, (16, 16, 3), np.uint8)
REGIONS = np.zeros((4, 4), np.uint8)
REGIONS[0:2, 0:2], REGIONS[2:4, 1:4] = 1, 11
SCENE = Scene(PICTURE, REGIONS)


def test_half_blocks_hold_two_pixels_each() -> None:
    drawn = cells(Scene(PICTURE), 8, 4, Rung.BLOCKS)
    assert (drawn.text == "▀").all() and drawn.ink is not None and drawn.ground is not None
    for row in range(4):
        for column in range(8):
            for pixels, y in ((drawn.ink, 2 * row), (drawn.ground, 2 * row + 1)):
                block = PICTURE[2 * y : 2 * y + 2, 2 * column : 2 * column + 2].reshape(-1, 3).astype(float)
                assert np.abs(pixels[row, column] - block.mean(0)).max() <= 0.51


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize("shape", [(30, 60), (60, 30), (1, 1), (7, 500)])
def test_proportions_are_kept_on_every_rung(rung: Rung, shape: tuple[int, int]) -> None:
    drawn = cells(Scene(np.zeros((*shape, 3), np.uint8)), 40, 20, rung)
    rows, columns = drawn.text.shape
    assert rows <= 20 and columns <= 40 and (rows == 20 or columns == 40)
    # a cell is two pixels high and one wide; rounding is to whole cells
    assert abs(columns - 2 * rows * shape[1] / shape[0]) <= max(2 * shape[1] / shape[0], 1)


def test_braille_dots_are_those_of_the_unicode_block() -> None:
    light = np.zeros((4, 2, 3), np.uint8)
    order = {0: (0, 0), 1: (1, 0), 2: (2, 0), 3: (0, 1), 4: (1, 1), 5: (2, 1), 6: (3, 0), 7: (3, 1)}
    for bit, (row, column) in order.items():
        one = light.copy()
        one[row, column] = 255
        assert ord(cells(Scene(one), 1, 1, Rung.BRAILLE, None).text[0, 0]) == 0x2800 + (1 << bit)
    assert cells(Scene(light + 255), 1, 1, Rung.BRAILLE, None).text[0, 0] == "⣿"
    assert cells(Scene(light), 1, 1, Rung.BRAILLE, None).text[0, 0] == "\u2800"


def test_more_light_is_more_dots_and_denser_characters() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 3, 2).repeat(16, 0)
    drawn = cells(Scene(ramp), 16, 2, Rung.BRAILLE, None).text
    dots = [sum((ord(c) - 0x2800).bit_count() for c in drawn[:, x]) for x in range(16)]
    assert dots[0] == 0 and dots[-1] == 16 and dots == sorted(dots)
    levels = [RAMP.index(c) for c in cells(Scene(ramp), 16, 2, Rung.ASCII, None).text[0]]
    assert levels[0] == 0 and levels[-1] == len(RAMP) - 1 and levels == sorted(levels)


@pytest.mark.parametrize("rung", [Rung.BLOCKS, Rung.BRAILLE, Rung.ASCII])
def test_marks_fill_exactly_the_regions(rung: Rung) -> None:
    drawn = cells(Scene(PICTURE, REGIONS, marks=True), 8, 4, rung, None)
    for row in range(4):
        for column in range(8):
            channel = int(REGIONS[row, column // 2])
            assert (drawn.text[row, column] == palette.mark(channel)) == (channel != 0)
    assert drawn.ink is None and drawn.ground is None


def test_ascii_is_ascii_and_tells_concepts_apart_without_colour() -> None:
    for scene in (Scene(PICTURE), SCENE, Scene(None, REGIONS), Scene(PICTURE, REGIONS, chosen=11)):
        text = cells(scene, 8, 4, Rung.ASCII, None).text
        assert "".join(text.ravel().tolist()).isascii()
    text = cells(SCENE, 8, 4, Rung.ASCII, None).text
    assert (text == "1").sum() == 8 and (text == "b").sum() == 12


def test_numbers_stand_in_their_regions_also_without_colours() -> None:
    for rung in (Rung.BLOCKS, Rung.BRAILLE):
        drawn = cells(SCENE, 16, 8, rung, None)
        words = ["".join(row) for row in drawn.text.tolist()]
        (row,) = (y for y, word in enumerate(words) if "11" in word)
        assert REGIONS[row // 2, (words[row].index("11") + 1) // 4] == 11


def test_only_leaves_one_concept() -> None:
    text = cells(Scene(PICTURE, REGIONS, chosen=1, only=True, marks=True), 8, 4, Rung.ASCII, None).text
    assert (text == "1").sum() == 8 and not (text == "b").any()


def slow_edges(regions: np.ndarray, background: int) -> set[tuple[int, int]]:
    found = set()
    height, width = regions.shape
    for y in range(height):
        for x in range(width):
            own = regions[y, x]
            for v, u in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x)):
                if own == background or not (0 <= v < height and 0 <= u < width) or regions[v, u] == own:
                    continue
                if regions[v, u] == background or own > regions[v, u]:
                    found.add((y, x))
    sizes = {int(k): int((regions == k).sum()) for k in np.unique(regions)}
    lines = {k: sum(regions[at] == k for at in found) for k in sizes}
    return {at for at in found if 3 * lines[int(regions[at])] < sizes[int(regions[at])]}


@pytest.mark.parametrize("cell", [1, 3, 8])
def test_boundaries_are_those_of_a_slow_search(cell: int) -> None:
    regions = raster.enlarge(np.random.default_rng(1).integers(0, 4, (5, 6)).astype(np.uint8), (5 * cell, 6 * cell))
    drawn = {(int(y), int(x)) for y, x in zip(*np.nonzero(raster.edges(regions, 2)), strict=True)}
    assert drawn == slow_edges(regions, 2)
    assert bool(drawn) == (cell == 8)


def test_concepts_that_share_a_colour_have_different_patterns() -> None:
    many = len(palette.COLOURS)
    drawn = []
    for round_ in range(4):
        regions = np.full((8, 8), 1 + round_ * many, np.uint8)
        pixels, _ = compose(Scene(None, regions), (8, 8))
        assert pixels is not None
        assert tuple(pixels.max((0, 1))) == palette.colour(1)
        drawn.append((pixels != np.array(palette.colour(1))).any(2))
    assert not drawn[0].any()
    for first in range(4):
        for second in range(first):
            assert (drawn[first] != drawn[second]).any()


def test_colours_are_quantised_to_what_the_terminal_has() -> None:
    from ivpt.ui.pictures.quantise import available

    for system in ("256", "standard"):
        drawn = cells(SCENE, 8, 4, Rung.BLOCKS, system)
        have = {tuple(rgb) for rgb in available(system)[1].tolist()}
        assert drawn.ink is not None and drawn.ground is not None
        for pixels in (drawn.ink, drawn.ground):
            assert {tuple(rgb) for rgb in pixels.reshape(-1, 3).tolist()} <= have


def test_scenes_are_compared_by_identity_of_their_arrays() -> None:
    assert SCENE.same(Scene(PICTURE, REGIONS))
    assert not SCENE.same(Scene(PICTURE.copy(), REGIONS)) and not SCENE.same(None)
    assert not SCENE.same(Scene(PICTURE, REGIONS, opacity=0.4))
