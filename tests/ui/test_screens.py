"""Every screen by keys, by palette and by mouse, with what the session then holds."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from ivpt.ui.actions import ENTRIES
from ivpt.ui.app import Explorer
from ivpt.ui.explanations import EXPLAINED
from ivpt.ui.opening import read_path
from ivpt.ui.screens.commands import Commands
from ivpt.ui.screens.help import ExplainScreen
from ivpt.ui.session import Session
from ivpt.ui.widgets.picture import PictureView
from tests.ui.driving import screen_text, settle

AROUND = {"strip": "strip", "example": "class-examples"}
"""Panels that are explained together."""

pytestmark = pytest.mark.asyncio


async def test_every_screen_by_key_and_by_palette(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        for entry in ENTRIES:
            await press(entry.key)
            assert app.current_mode == entry.name
        for entry in ENTRIES:
            command = next(c for c in app.get_system_commands(app.screen) if c.title == entry.help.rstrip("."))
            command.callback()
            await press()
            assert app.current_mode == entry.name


async def test_the_palette_itself_runs_an_action(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("ctrl+p", *"classes what speaks")
        for _ in range(1500):
            options = app.screen.query(OptionList)
            if options and options.first().option_count == 1:
                break
            await asyncio.sleep(0.02)
        await press("enter")
        for _ in range(1500):
            if app.current_mode == "classes":
                break
            await asyncio.sleep(0.02)
        assert app.current_mode == "classes"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_concepts_from_fine_to_coarse(drive: Callable[..., Any], run_path: Path, size: tuple[int, int]) -> None:
    async with drive(run_path, size) as (app, press):
        session = app.session
        await press("2", "down")
        key, at = session.view.layer, session.concepts.at
        gallery = session.concepts.gallery
        assert (gallery.key, gallery.channel) == (key, at) and f"Regions of {key}:{at}" in screen_text(app)
        for rank in ("strongest", "median", "weakest"):
            assert rank in screen_text(app)
        await press("v")
        assert "median" not in screen_text(app)
        parent = session.concepts.detail.parents[0].coarse
        await press("v", "v", "v", "right")
        assert (session.view.layer, session.view.concept) == parent
        await press("backspace")
        assert (session.view.layer, session.view.concept) == (key, at)
        shown = session.concepts.rows()
        await press("f")
        assert session.concepts.shown == "flagged" and len(session.concepts.rows()) < len(shown)


async def test_classes_and_their_images(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        classes = app.session.classes
        await press("4", "down")
        assert classes.at == 1 and "What speaks for creature 1" in screen_text(app)
        row = classes.row
        assert all(f"{value:+.2f}" in screen_text(app) for value in row.importance)
        await press("v")
        true, said, count = classes.confusions()[0]
        assert classes.shown == "confusion" and f"{count}×" in screen_text(app)
        await press("down", "up", "enter")
        assert app.current_mode == "image" and app.session.images.page.label == true
        assert app.session.images.page.prediction == said
        assert f"creature {true} taken for creature {said}" in screen_text(app)
        await press("4", "v")
        assert classes.differences.value is not None and "beside" in screen_text(app)
        await press("w", *"creature 2", "enter")
        assert classes.at == 2
        await press("W", *"creature 0", "enter")
        assert classes.compared == 0 and "creature 2 beside creature 0" in screen_text(app)
        await press("f")
        assert classes.split == "train" and classes.lists.value is not None


async def test_why_this_and_not_that(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3", "W", *"creature 2", "enter")
        evidence = app.session.evidence
        assert evidence.contrast and "not creature 2" in screen_text(app)
        own, other = evidence.contributions(evidence.explained), evidence.contributions(2)
        assert f"{float((own - other).sum()):+.2f}" in screen_text(app)
        await press("x")
        assert "not creature 2" not in screen_text(app)


async def test_drawing_one_image(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        session, overlay = app.session, app.session.overlay
        await press("3")
        view, plain = app.screen.query_one("#regions", PictureView), app.screen.query_one("#plain", PictureView)
        before = [strip.text for strip in view._lines], [list(strip) for strip in plain._lines]
        await press("h")
        assert overlay.heat and session.evidence.attentions.value is not None
        assert "heat 0 █████ 1 · picture 40%" in screen_text(app), "the scale whole, whatever else has room"
        await press("v")
        at = f"{app.session.view.layer}:{app.session.view.concept}"
        await press("z")
        assert f"heat {at} 0 █████ 1 · picture 40% · 1.5×" in screen_text(app)
        await press("0", "v", "v")
        assert not any(c.isdigit() for strip in view._lines for c in strip.text), "heat has no numbers"
        await press("h", "o")
        assert [list(strip) for strip in plain._lines] != before[1], "annotations are drawn"
        await press("o", "z", "z", "shift+right")
        assert overlay.zoom == 2 and overlay.centre[0] > 0.5 and "zoom 2×" in screen_text(app)
        await press("0")
        assert [strip.text for strip in view._lines] == before[0]
        widths = []
        for _ in range(3):
            widths.append(app.screen.query_one("#regions").size.width)
            await press("v")
        assert widths[1] > 2 * widths[0] and widths[2] == 0, "beside, alone, all layers"
        await pilot_click(app, "#strip-coarse")
        assert session.view.layer == "coarse"


async def pilot_click(app: Explorer, selector: str) -> None:
    """Click into the middle of a widget."""
    from textual.pilot import Pilot

    pilot: Pilot[None] = Pilot(app)
    await pilot.click(selector)
    await settle(app, pilot)


async def test_a_region_of_the_gallery_opens_its_image(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        await press("2")
        cutting = app.session.concepts.gallery.rows["median"][1]
        await pilot_click(app, "#tile-1-1")
        assert app.current_mode == "image" and app.session.view.image == cutting.image
        await press("4")
        example = app.session.classes.examples.value[1]
        await pilot_click(app, "#example-1")
        assert app.current_mode == "image" and app.session.view.image == example.image


async def test_back_leads_to_the_screen_before(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("2", "down", "enter")
        image = app.session.view.image
        assert app.current_mode == "image"
        await press("backspace")
        assert app.current_mode == "concepts" and app.session.concepts.at == 2
        await press("B")
        assert app.current_mode == "image" and app.session.view.image == image
        await press(*["backspace"] * 6)
        assert app.current_mode == "overview"


async def test_f1_explains_the_panel_in_focus(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        for entry in ENTRIES:
            await press(entry.key)
            panels = [w for w in app.screen.query(".panel") if w.can_focus]
            assert panels
            for panel in panels:
                named = panel.id if panel.id in EXPLAINED else AROUND.get(panel.id.split("-")[0], "")
                assert named, f"nothing explains {panel.id} of {entry.name}"
                panel.focus()
                await press("f1")
                assert isinstance(app.screen, ExplainScreen)
                assert EXPLAINED[named][0] in screen_text(app)
                await press("escape")


async def test_tab_moves_from_panel_to_panel(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("2")
        assert app.focused is None
        await press("tab")
        first = app.focused
        await press("tab")
        assert first is not None and app.focused not in (None, first)
        await press("down")
        assert app.session.view.concept == 2, "keys of the screen work wherever the focus is"


async def test_a_concept_is_found_by_its_number(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("slash", *"coarse:3", "enter")
        assert (app.session.view.layer, app.session.view.concept) == ("coarse", 3)
        assert app.current_mode == "concepts"


async def test_workers_read_and_handlers_own_the_state(
    drive: Callable[..., Any], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, takers = set(), set()
    read, take = Session.read, Session.take

    def spied_read(self: Session, *given: Any) -> object:
        readers.add(threading.get_ident())
        return read(self, *given)

    def spied_take(self: Session, *given: Any) -> bool:
        takers.add(threading.get_ident())
        return take(self, *given)

    monkeypatch.setattr(Session, "read", spied_read)
    monkeypatch.setattr(Session, "take", spied_take)
    async with drive(run_path) as (_, press):
        await press("2", "down", "3", "right", "4")
    assert takers == {threading.get_ident()} and readers and not readers & takers


async def test_page_keys_in_a_palette_that_is_being_filled(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path) as (app, press):
        await press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Commands)
        options = palette.query_one(OptionList)
        options.clear_options()
        options.add_options(["one", "two", *map(str, range(30))])
        options.highlighted = 0
        # Textual's own page keys ask where the lines are before there are any
        for way, then in ((1, 10), (1, 20), (1, 30), (1, 31), (-1, 21)):
            palette.action_page(way)
            assert options.highlighted == then
        assert {b.action for key in ("pageup", "pagedown") for b in palette._bindings.key_to_bindings[key]} == {
            "page(1)",
            "page(-1)",
        }


async def test_classes_count_the_images_of_the_split(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        run = app.session.run
        await press("4")
        for split in (2, 0, 1):
            name = ("train", "val", "test")[split]
            text = screen_text(app)
            assert f"3 classes, {name} images" in text
            for c in range(3):
                many = int(((run.splits == split) & (run.labels == c)).sum())
                (line,) = [line for line in text.splitlines() if line.startswith(f"│ creature {c} ")]
                assert line.split("│")[1].split()[3] == str(many), line
            await press("f")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_head_of_a_table_is_cut(drive: Callable[..., Any], run_path: Path, size: tuple[int, int]) -> None:
    async with drive(run_path, size) as (app, press):
        for keys in (("2",), ("4",), ("v", "v"), ("5", "space", "v"), ("7",)):
            await press(*keys)
            # beside the list of concepts stand names of images, which may be cut
            heads = [line[: 39 if keys == ("2",) else None] for line in screen_text(app).splitlines()[1:4]]
            assert not any("…" in line for line in heads), heads


async def test_names_stand_everywhere(tmp_path: Path, run_path: Path) -> None:
    from ivpt.runfile.edits import append_edit

    path = tmp_path / "named.h5"
    path.write_bytes(run_path.read_bytes())
    append_edit(path, "name", {"concept": "coarse:2", "name": "[b]be\x1bak"}, who="Ada")
    append_edit(path, "name", {"concept": "L4:16", "name": "nothing"}, who="Ada")
    app = Explorer(path, read_path(path), marks=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        assert "16 (nothing) never fires" in screen_text(app)
        for key in ("2", "5"):
            # what prototypes of a block feed
            await pilot.press(key)
            app.action_layer("L6")
            await settle(app, pilot)
            assert "[b]be\ufffda" in screen_text(app), key
        app.action_layer("coarse")
        for key in ("2", "3", "4", "5", "7"):
            await pilot.press(key)
            await settle(app, pilot)
            assert "[b]be\ufffdak" in screen_text(app), key
        await pilot.press("slash", *"be\ufffdak"[:2])
        await settle(app, pilot)
        assert "[b]be\ufffdak (coarse:2)" in screen_text(app)
    app.close()
