"""The widget, with a terminal that writes down what reaches it."""

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Label

from ivpt.ui.pictures import kitty
from ivpt.ui.pictures.rungs import Rung, Terminal, sixel_library
from ivpt.ui.pictures.scene import Scene
from ivpt.ui.widgets.picture import PictureView
from tests.ui.pictures.test_graphics import decoded, messages, unsixel

pytestmark = pytest.mark.asyncio
PICTURE = np.zeros((30, 40, 3), np.uint8)
PICTURE[:, 20:] = (200, 40, 90)


async def painted(view: PictureView, pilot: Pilot[None]) -> None:
    """Wait until graphics are shown."""
    for _ in range(400):
        await pilot.pause(0.01)
        if view.settled:
            break
    assert view.settled
    await pilot.pause()


class Pictures(Screen[None]):
    def compose(self) -> ComposeResult:
        yield PictureView(id="picture")


class Words(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Label("words")


class Question(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Label("sure?")


class Gallery(App[None]):
    """Two screens, one with a picture."""

    CSS = "PictureView { width: 40; height: 12; border: round white; }"
    MODES: ClassVar = {"pictures": Pictures, "words": Words}
    DEFAULT_MODE = "pictures"

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal
        self.written: list[str] = []

    def on_mount(self) -> None:
        assert self._driver is not None
        self._driver.write = self.written.append  # type: ignore[method-assign]

    def view(self) -> PictureView:
        return next(iter(self.get_mode_screens()))

    def get_mode_screens(self) -> Iterator[PictureView]:
        for stack in self._screen_stacks.values():
            for screen in stack:
                yield from screen.query(PictureView)


def alive(written: list[str]) -> set[int]:
    """Pictures that have been sent and not deleted."""
    found: set[int] = set()
    # Textual itself writes the shape of the pointer
    for keys, _ in messages("".join(word for word in written if word.startswith("\x1b_G"))):
        if keys.get("a") == "t":
            found.add(int(keys["i"]))
        elif keys.get("a") == "d":
            found.discard(int(keys["i"]))
    return found


async def test_kitty_pictures_live_as_long_as_their_screen_is_shown() -> None:
    app = Gallery(Terminal(Rung.KITTY))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        view = app.view()
        view.draw(PICTURE)
        assert not app.written and any("▀" in line.text for line in view._lines), "half blocks at once"
        await painted(view, pilot)
        (number,) = alive(app.written)
        _, pixels = decoded("".join(app.written))
        assert pixels.shape[0] * 4 == pytest.approx(pixels.shape[1] * 3, abs=100)
        assert tuple(pixels[5, -5]) == (200, 40, 90)
        # the cells name the picture by their colour
        segments = [s for line in view._lines for s in line if kitty.PLACEHOLDER in s.text]
        assert len(segments) == 27 * 10
        assert {s.style.color.triplet.hex for s in segments if s.style and s.style.color} == {f"#{number:06x}"}
        view.draw(PICTURE)
        assert alive(app.written) == {number}, "the same picture is not sent twice"
        view.draw(PICTURE[::-1])
        await painted(view, pilot)
        assert len(alive(app.written)) == 1 and alive(app.written) != {number}
        await app.switch_mode("words")
        await pilot.pause()
        assert alive(app.written) == set()
        await app.switch_mode("pictures")
        await painted(view, pilot)
        assert len(alive(app.written)) == 1
        await app.push_screen(Question())
        await pilot.pause()
        assert len(alive(app.written)) == 1, "it is still there behind a dialog"
        app.pop_screen()
        view.draw(None)
        assert alive(app.written) == set()
        view.draw(PICTURE)
        await painted(view, pilot)
        assert len(alive(app.written)) == 1
        await view.remove()
        assert alive(app.written) == set()


async def test_kitty_pictures_are_freed_on_leaving() -> None:
    app = Gallery(Terminal(Rung.KITTY))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.view().draw(PICTURE)
        await painted(app.view(), pilot)
        assert len(alive(app.written)) == 1
    assert alive(app.written) == set()


async def test_pictures_that_are_leafed_through_are_not_sent() -> None:
    app = Gallery(Terminal(Rung.KITTY))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        for n in range(20):
            app.view().draw(np.full((30, 40, 3), n, np.uint8))
        await painted(app.view(), pilot)
        sent = [m for m in messages("".join(w for w in app.written if w.startswith("\x1b_G"))) if m[0].get("a") == "t"]
        assert len(sent) == 1
        assert (decoded("".join(w for w in app.written if w.startswith("\x1b_G")))[1] == 19).all()


async def test_inside_tmux_everything_is_wrapped() -> None:
    app = Gallery(Terminal(Rung.KITTY, tmux=True))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.view().draw(PICTURE)
        await painted(app.view(), pilot)
        assert app.written and all(word.startswith("\x1bPtmux;\x1b\x1b_G") for word in app.written)


@pytest.mark.skipif(not sixel_library(), reason="textual-image (the extra sixel) is not installed")
async def test_sixels_are_drawn_over_their_cells_unless_a_dialog_is_open() -> None:
    app = Gallery(Terminal(Rung.SIXEL))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        view = app.view()
        view.draw(PICTURE)
        await painted(view, pilot)
        strips = view.render_lines(view.size.region)
        last = strips[-1]._segments[-1]
        found = re.fullmatch(r"\x1b7\x1b\[(\d+);(\d+)H(.*)\x1b8", last.text, re.DOTALL)
        assert last.control and found is not None
        # inside the border, in the middle of what is left
        assert (int(found[1]), int(found[2])) == (2, 2 + (38 - 27) // 2)
        assert np.abs(unsixel(found[3])[5, -5].astype(int) - (200, 40, 90)).max() <= 3
        assert strips[-1].cell_length == view.size.width
        await app.push_screen(Question())
        await pilot.pause()
        assert not any("\x1bP" in s.text for strip in view.render_lines(view.size.region) for s in strip)
        assert any("▀" in strip.text for strip in view._lines), "half blocks meanwhile"


@pytest.mark.parametrize(("rung", "character"), [(Rung.BLOCKS, "▀"), (Rung.BRAILLE, "⣿"), (Rung.ASCII, "@")])
async def test_characters_fill_the_room_there_is(rung: Rung, character: str) -> None:
    app = Gallery(Terminal(rung))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        view = app.view()
        view.show(Scene(np.full((10, 10, 3), 255, np.uint8)))
        await pilot.pause()
        shown = [strip.text for strip in view._lines]
        assert [len(line) for line in shown] == [38] * 10
        assert all(line.strip() == character * 20 for line in shown)
        assert not app.written


async def test_without_colours_no_colour_is_written() -> None:
    app = Gallery(Terminal(Rung.BRAILLE, colours=None))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        view = app.view()
        regions = np.array([[0, 1], [1, 1]], np.uint8)
        view.draw(PICTURE, regions)
        await pilot.pause()
        drawn = [s for strip in view._lines for s in strip if s.text.strip()]
        assert drawn and all(s.style is None or (s.style.color is None and s.style.bgcolor is None) for s in drawn)
