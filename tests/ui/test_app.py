"""The explorer driven by keys."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.ui import palette
from ivpt.ui.actions import ACTIONS, ENTRIES, on_screen
from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path, reading_card
from ivpt.ui.screens.commands import ActionCommands
from ivpt.ui.screens.find import FindScreen
from ivpt.ui.screens.help import help_lines
from ivpt.ui.widgets.picture import PictureView
from tests.synthetic import write_synthetic_run
from tests.ui.driving import screen_colours, screen_text, settle

SIZES = [(80, 24), (120, 40)]
pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_screen_tells_the_truth_about_the_run(
    drive: Callable[..., Any], run_path: Path, size: tuple[int, int]
) -> None:
    async with drive(run_path, size) as (app, press):
        text = screen_text(app)
        await press("end")
        text += screen_text(app)
        assert size == (80, 24) or "40 images · 3 classes" in text
        for words in ("40 images", "vit_mini", "5 of 5 epochs", "region nmi", "Accuracy", "Loss"):
            assert words in text
        assert app.session.summary.facts is not None
        for split in app.session.summary.facts.splits:
            assert not split.judged or f"{100 * split.accuracy.value:.1f}" in text


@pytest.mark.parametrize("size", SIZES)
async def test_a_walk_through_every_screen(drive: Callable[..., Any], run_path: Path, size: tuple[int, int]) -> None:
    async with drive(run_path, size) as (app, press):
        session = app.session
        await press("2")
        assert app.current_mode == "concepts" and session.concepts.gallery is not None
        assert f"Regions of {session.view.layer}:1" in screen_text(app)
        await press("down", "down")
        assert session.view.concept == 3 and session.concepts.gallery.channel == 3
        await press("right_square_bracket")
        assert session.view.concept is None and session.concepts.gallery.key == session.view.layer
        await press("s")
        assert session.concepts.sort == "area"
        await press("down", "enter")
        assert app.current_mode == "image"
        assert session.images.page.index == session.view.image == session.concepts.gallery.rows["strongest"][0].image
        await press("escape", "home")
        first = session.view.image
        await press("right")
        assert session.images.page.index == session.view.image > first
        assert session.images.page.name in screen_text(app)
        await press("left", "m")
        assert session.images.page.wrong and "✗" in screen_text(app)
        await press("t")
        assert session.evidence.explained == session.images.page.label and "(true)" in screen_text(app)
        await press("minus", "minus")
        assert session.overlay.opacity == pytest.approx(0.2)
        await press("f")
        assert session.view.filter != "all"
        await press("1")
        assert (app.current_mode == "overview" and "Look out for" in screen_text(app)) or size == (80, 24)


async def test_the_region_map_is_drawn_in_the_concepts_colours(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3", "plus", "plus")
        assert app.session.overlay.opacity == 1.0
        present = app.session.evidence.present()
        colours = screen_colours(app)
        assert present and all(palette.colour(p.channel) in colours for p in present)
        await press("minus", "minus", "minus", "minus", "minus")
        view = app.screen.query_one("#regions", PictureView)
        assert {c for line in view._lines for segment in line for c in segment.text} <= {"▀", " "}


async def test_without_colours_regions_are_filled_with_marks(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("3", "d")
        view = app.screen.query_one("#regions", PictureView)
        drawn = {character for line in view._lines for segment in line for character in segment.text}
        present = app.session.evidence.present()
        assert {palette.mark(p.channel) for p in present[:3]} <= drawn


@pytest.mark.parametrize(
    ("environment", "marks"),
    [
        ({"NO_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm"}, True),
        ({"TERM": "xterm", "COLORTERM": ""}, True),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, False),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, False),
    ],
)
async def test_few_colours_start_with_marks(
    run_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], marks: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Explorer(run_path, read_path(run_path)).marks is marks


async def test_finding_an_image_and_a_class(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("slash")
        assert isinstance(app.screen, FindScreen)
        await press(*"00007")
        assert [hit.index for hit in app.screen.hits][:1] == [7]
        await press("enter")
        assert app.current_mode == "image" and app.session.images.page.index == 7
        await press("slash", *"creature", "space", "2", "enter")
        assert app.session.images.page.label == 2
        await press("w", *"creature", "space", "1", "enter")
        assert app.session.evidence.explained == 1
        image = app.session.view.image
        await press("slash", *"nothing like it", "enter")
        assert app.session.view.image == image and not isinstance(app.screen, FindScreen)
        await press("slash", "q", "escape")
        assert app.is_running and not isinstance(app.screen, FindScreen)


async def test_help_lists_every_action() -> None:
    text = "\n".join(line.plain for line in help_lines("image", {}))
    for action in ACTIONS:
        assert action.help in text


async def test_palette_offers_the_actions_of_the_screen(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("3")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert titles == {a.help.rstrip(".") for a in on_screen("image") if a.id != "palette"}
        command = next(c for c in app.get_system_commands(app.screen) if c.title.startswith("Last image"))
        command.callback()
        await press()
        assert app.session.images.position[0] == app.session.images.position[1]
        await press("question_mark")
        assert "Keys" in screen_text(app)
        await press("escape", "ctrl+p", *"concepts of")
        for _ in range(1500):
            options = app.screen.query_one(OptionList)
            if options.option_count == 1 and "Concepts of each layer" in screen_text(app):
                break
            await asyncio.sleep(0.02)
        await press("enter")
        for _ in range(1500):
            if app.current_mode == "concepts":
                break
            await asyncio.sleep(0.02)
        assert app.current_mode == "concepts"


async def test_tabs_and_rows_can_be_clicked(run_path: Path) -> None:
    app = Explorer(run_path, read_path(run_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.click("TopLine", offset=(20, 0))
        await settle(app, pilot)
        assert app.current_mode == "concepts"
        await pilot.click("#list", offset=(6, 4))
        await settle(app, pilot)
        assert app.session.view.concept == 3
    app.close()


async def test_hostile_names_are_shown_literally(drive: Callable[..., Any], tmp_path: Path) -> None:
    names = ("[red]evil[/red]", "\x1b]0;owned\x07[bold", "[/][@click=app.quit]x[/]")
    ids = [f"[blink]{i}\x1b[2J\r\n\u202e.png" for i in range(40)]
    path = write_synthetic_run(tmp_path / "[b]run.h5", images=40, class_names=names, ids=ids)
    async with drive(path, (120, 40)) as (app, press):
        for keys in (("2",), ("l", "l", "w"), ("escape", "3", "right"), ("slash", *"[bl"), ("escape", "question_mark")):
            await press(*keys)
            text = screen_text(app)
            assert not any(c in text for c in "\x1b\x07\r\u202e\x9b")
        await press("escape")
        assert "[blink]" in screen_text(app)
        assert any(name in screen_text(app) for name in ("[red]evil[/red]", "[bold", "[/][@click"))


@pytest.mark.parametrize(
    "without",
    [
        {"thumbnails": False, "keypoints": False, "part_masks": False, "attributes": False, "groups": False},
        {"images": 0},
        {"images": 4},
        {"layers": (40,), "epochs": 0},
        {"images": 12, "classes": 1, "coarse": 1, "grid": (3, 20)},
    ],
)
async def test_poor_runs_are_usable(drive: Callable[..., Any], tmp_path: Path, without: dict[str, Any]) -> None:
    path = write_synthetic_run(tmp_path / "poor.h5", **without)
    async with drive(path) as (app, press):
        for entry in ENTRIES:
            # what opens a box is left out: it would take the keys after it
            own = [a.keys[0] for a in ACTIONS if entry.name in a.screens and a.keys and a.command]
            await press(entry.key, *own)
            assert app.is_running and app.return_code is None, entry.name
        await press("2", "enter", "4", "enter", "3", "right", "down", "h", "o", "z", "1")
        assert app.is_running and app.return_code is None
    async with drive(path, (20, 6)) as (app, press):
        await press("2", "down", "3", "right", "h", "4", "v", "5", "6", "7", "1")
        assert app.is_running and app.return_code is None


async def test_a_damaged_thumbnail_is_said_not_fatal(
    drive: Callable[..., Any], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunFile, "thumbnail", lambda self, i: b"\xff\xd8 not a picture")
    async with drive(run_path) as (app, press):
        await press("3")
        assert app.session.images.page.picture is None and "damaged" in app.session.images.page.trouble
        await press("2")
        assert app.is_running


async def test_a_run_that_is_published_anew_is_followed(drive: Callable[..., Any], tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=24, epochs=2)
    async with drive(path) as (app, press):
        assert "2 of 2 epochs" in screen_text(app)
        write_synthetic_run(path, images=32, epochs=7)
        app.look()
        for _ in range(1500):
            await asyncio.sleep(0.01)
            if app.session.version:
                break
        await press()
        assert app.session.run.num_images == 32
        assert "7 of 7 epochs" in screen_text(app) and "32 images" in screen_text(app)
        path.write_bytes(b"half a file")
        app.look()
        await asyncio.sleep(0.2)
        await press("3", "right")
        assert app.is_running and app.session.run.num_images == 32


async def test_holding_a_key_ends_at_the_last_image(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("3", "home")
        for _ in range(60):
            app.simulate_key("right")
        await press("right")
        images = app.session.images
        assert app.session.view.image == images.order[len(images.order) - 1] == images.page.index


async def test_slow_reads_do_not_block_keys(
    drive: Callable[..., Any], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with drive(run_path) as (app, press):
        await press("3", "home")
        real = RunFile.regions

        def slow(self: RunFile, key: str, i: int) -> Any:
            time.sleep(0.1)
            return real(self, key, i)

        monkeypatch.setattr(RunFile, "regions", slow)
        before = app.session.images.page
        app.simulate_key("right")
        app.simulate_key("d")
        deadline = time.monotonic() + 5
        while not app.session.overlay.marks and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        assert app.session.overlay.marks and app.session.images.page is before, (
            "keys work while the page is still being read"
        )


async def test_resizing_while_loading(run_path: Path) -> None:
    app = Explorer(run_path, read_path(run_path))
    async with app.run_test(size=(120, 40)) as pilot:
        for size in ((80, 24), (30, 10), (200, 60), (80, 24)):
            await pilot.press("3", "right")
            await pilot.resize_terminal(*size)
        await settle(app, pilot)
        await pilot.press("3", "right")
        await settle(app, pilot)
        assert app.session.images.page is not None and app.session.images.page.name in screen_text(app)
    app.close()


async def test_the_card_read_by_the_child_is_the_card(run_path: Path, tmp_path: Path) -> None:
    with reading_card(run_path) as reader:
        assert reader.card() == read_path(run_path)
    with reading_card(tmp_path / "none.h5") as reader, pytest.raises(RunFileError, match="no run file"):
        reader.card()
    with reading_card(run_path):
        pass


async def test_a_run_that_vanishes_after_its_card_was_read_ends_in_words(run_path: Path, tmp_path: Path) -> None:
    app = Explorer(tmp_path / "gone.h5", read_path(run_path))
    async with app.run_test() as pilot:
        for _ in range(1500):
            await pilot.pause(0.01)
            if app.return_code is not None:
                break
    assert app.return_code == 7


async def test_keys_pressed_before_the_run_is_open_are_not_lost(run_path: Path) -> None:
    app = Explorer(run_path, read_path(run_path))
    async with app.run_test() as pilot:
        app.simulate_key("2")
        await settle(app, pilot)
        for _ in range(100):
            if app.current_mode == "concepts":
                break
            await pilot.pause(0.02)
        assert app.current_mode == "concepts"
    app.close()


async def test_an_index_is_made_with_progress_and_given_up_when_the_explorer_is_left(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import h5py

    from ivpt.runfile.index import INDEX
    from ivpt.ui import fetching
    from ivpt.ui.parts import summary

    path = tmp_path / "old.h5"
    path.write_bytes(run_path.read_bytes())
    with h5py.File(path, "r+") as file:
        del file[INDEX]
    ended: list[str] = []

    def slow(_run: RunFile, report: Callable[[float], None]) -> object:
        try:
            for step in range(2000):
                report(0.25 + step / 8000)
                time.sleep(0.01)
        finally:
            ended.append("given up")
        raise AssertionError("nobody left")

    monkeypatch.setattr(summary, "compute_index", slow)
    monkeypatch.setattr(fetching, "SAID_EVERY", 0.0)
    app = Explorer(path, read_path(path), marks=False)
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(400):
            await pilot.pause(0.02)
            if app.opened and "summing up all images… 2" in screen_text(app):
                break
        assert "summing up all images… 2" in screen_text(app)
        await pilot.press("3", "right")
        await pilot.pause(0.3)
        assert app.session.images.page is not None, "images can be seen meanwhile"
    for _ in range(200):
        if ended:
            break
        await asyncio.sleep(0.02)
    assert ended
    app.close()


@pytest.mark.asyncio
async def test_the_palette_puts_a_command_first_whose_name_is_typed(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, _):
        found = ActionCommands(app.screen)
        titles = dict(app.commands())
        for name, command in titles.items():
            for typed in (name, name.replace("_", " ").title()):
                hits = [hit async for hit in found.search(typed)]
                best = max(hits, key=lambda hit: hit.score)
                assert str(best.match_display) == command.title, typed
        assert "theme" in titles
