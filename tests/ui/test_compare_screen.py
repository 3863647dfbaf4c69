"""The compare and naming screens driven by keys."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.edits import append_edit, read_edits
from ivpt.runfile.names import export_names
from ivpt.runfile.reader import RunFile
from ivpt.ui.app import Explorer
from ivpt.ui.export.shown import screen_tables
from ivpt.ui.opening import read_path
from ivpt.ui.screens.blind import BlindScreen
from ivpt.ui.study_log import read_studies
from ivpt.ui.widgets.picture import PictureView
from tests.synthetic import write_synthetic_run
from tests.ui.driving import screen_text, settle, type_in

pytestmark = pytest.mark.asyncio


@pytest.fixture
def path(run_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(run_path, tmp_path / "run.h5"))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_synthetic_run(tmp_path / "other.h5", images=40, seed=9, layers=(17, 14, 9, 8))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_second_run_is_laid_beside(
    drive: Callable[..., Any], path: Path, other: Path, size: tuple[int, int]
) -> None:
    async with drive(path, size) as (app, press):
        await press("6")
        assert "o lays a second run" in " ".join(screen_text(app).split())
        assert "does not have it" not in screen_text(app)
        await press("o")
        assert app.screen.query_one(Input).value == f"{path.parent}/"
        type_in(app, "other.h5")
        await press("enter")
        compare = app.session.part_named("compare")
        assert compare.place == other and compare.rows
        text = screen_text(app)
        assert "other.h5" in text and f"{len(compare.matching.value.matches)} matched" in text
        assert app.screen.query_one("#compare-a-0", PictureView)._lines
        await press("down", "down")
        assert compare.row == 2 and app.session.wish("compare.examples") is None
        await press("v")
        assert app.session.view.layer == "coarse" and "creature 1" in screen_text(app)
        await press("v")
        found = compare.predictions.value
        text = screen_text(app)
        assert f"{found.first_right / found.judged:.1%}" in text and f"{found.judged} images" in text
        await press("down", "enter")
        assert app.current_mode == "image" and app.session.view.image == compare.changes[1].image
        await press("6", "v", "enter")
        assert app.current_mode == "concepts"


async def test_each_run_has_its_own_names(path: Path) -> None:
    other = Path(shutil.copy(path, path.with_name("twin.h5")))
    app = Explorer(path, read_path(path), marks=False, other=other)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        compare = app.session.part_named("compare")
        pair = next(row for row in compare.rows if row.kind == "match")
        key = compare.matching.value
        append_edit(path, "name", {"concept": f"{key.first}:{pair.first}", "name": "beak"}, who="Ada")
        append_edit(other, "name", {"concept": f"{key.second}:{pair.second}", "name": "bill"}, who="Bob")
        app.look()
        compare.again()
        app.changed()
        await settle(app, pilot)
        text = screen_text(app)
        assert "beak / bill" in text and f" {pair.first} beak" in text and f" {pair.second} bill" in text
        (table,) = screen_tables(app.session, "compare")
        row = dict(zip(table.columns, table.rows[compare.rows.index(pair)], strict=True))
        assert (row["first_name"], row["second_name"]) == ("beak", "bill")
    app.close()


async def test_explore_with_a_second_run(path: Path, other: Path) -> None:
    app = Explorer(path, read_path(path), marks=False, other=other, who="Ada")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(app, pilot)
        assert app.current_mode == "compare" and "other.h5" in screen_text(app)
        assert app.session.edits.who == "Ada"
    app.close()


async def test_a_second_run_that_is_none_is_said(drive: Callable[..., Any], path: Path) -> None:
    async with drive(path, (100, 30)) as (app, press):
        await press("6", "o")
        type_in(app, "none.h5")
        await press("enter")
        (told,) = app._notifications
        assert "no run file" in told.message
        await press("v", "v", "v", "down", "enter", "o", "escape")
        assert app.is_running


async def test_a_wrong_path_leaves_the_comparison(drive: Callable[..., Any], path: Path, other: Path) -> None:
    async with drive(path, (100, 30)) as (app, press):
        await press("6", "o")
        type_in(app, "other.h5")
        await press("enter", "down")
        compare = app.session.part_named("compare")
        pairs = compare.rows
        await press("o")
        app.screen.query_one(Input).value = str(other.with_name("none.h5"))
        await press("enter")
        assert (compare.place, compare.rows, compare.row) == (other, pairs, 1) and pairs
        (told,) = app._notifications
        assert "no run file" in told.message and "no run file" not in compare.other.trouble
        app.clear_notifications()
        await press()
        assert "matched from" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_naming_a_concept_is_seen_everywhere(
    drive: Callable[..., Any], path: Path, size: tuple[int, int]
) -> None:
    async with drive(path, size) as (app, press):
        await press("7", "n")
        type_in(app, "beak [red]")
        await press("enter", "t")
        type_in(app, "in every bird")
        await press("enter")
        layer = app.session.view.layer
        text = screen_text(app)
        assert "beak [red]" in text and "note: in every bird" in text and "*" in text
        await press("2")
        assert "beak [red]" in screen_text(app)
        await press("5")
        assert "beak" in screen_text(app)
        await press("7", "down", "down", "n")
        type_in(app, "tail")
        await press("enter", "u")
        assert "tail" not in screen_text(app) and "beak [red]" in screen_text(app)
    edits = read_edits(path)
    assert [e.what for e in edits] == ["name", "note", "name", "undo"]
    assert edits[0].arguments == {"concept": f"{layer}:1", "name": "beak [red]"}
    async with drive(path, size) as (app, press):
        await press("7", "U")
        assert "tail" in screen_text(app), "in another session"


async def test_names_travel_to_a_second_annotator(drive: Callable[..., Any], path: Path, tmp_path: Path) -> None:
    with RunFile(path) as run:
        bo = EditLog(run, "Bo")
        from ivpt.runfile.concept import Concept

        layer = "L6"
        for k, name in enumerate(("beak", "wing", "leg"), 1):
            bo.name(Concept(layer, k), name)
        (tmp_path / "bo.json").write_text(json.dumps(export_names(bo)))
    path.with_name("run.h5.edits.jsonl").unlink()
    async with drive(path, (120, 40)) as (app, press):
        app.session.edits.who = "Ada"
        app.session.choose(layer=layer, concept=1)
        await press("7", "n")
        type_in(app, "beak")
        await press("enter", "down", "n")
        type_in(app, "tail")
        await press("enter")
        await press("c")
        type_in(app, "bo.json")
        await press("enter")
        text = screen_text(app)
        assert "Bo: 3 named" in text and "Ada (you): 2 named" in text and "same on 50% of 2 concepts" in text
        assert app.session.edits.name(layer, 3) == "", "nothing is taken over"
        await press("x", "enter")
        written = json.loads(path.with_name("run-names-Ada.json").read_text())
        assert written["concepts"] == {
            f"{layer}:1": {"name": "beak", "note": ""},
            f"{layer}:2": {"name": "tail", "note": ""},
        }
        await press("x", "enter")
        assert any("exists already" in n.message for n in app._notifications)
        await press("i")
        type_in(app, "bo.json")
        await press("enter")
        assert app.session.edits.name(layer, 2) == "wing" and app.session.edits.name(layer, 3) == "leg"
        await press("down")
        assert app.session.view.concept == 3
        text = " ".join(screen_text(app).split())
        assert "taken over from bo.json: leg" in text and "nobody has named it" not in text
        assert "bo.json: 2 taken over" in text
        await press("i")
        type_in(app, "other")
        await press("enter", "c")
        type_in(app, "other")
        await press("enter")
        assert app.is_running


async def test_blind_naming_from_the_naming_screen(drive: Callable[..., Any], path: Path) -> None:
    async with drive(path, (100, 30)) as (app, press):
        app.session.edits.who = "Ada"
        await press("7", "b", "backspace")
        type_in(app, "x")
        await press("enter")
        assert any("whole number" in n.message for n in app._notifications)
        await press("b", "enter")
        assert isinstance(app.screen, BlindScreen)
        type_in(app, "a wing")
        await press("enter", "5", "escape")
        assert "Ada: 1 of 130 answered" in screen_text(app)
        await press("b")
        assert isinstance(app.screen, BlindScreen) and app.screen.blind.at == 1, "the study goes on"
        await press("escape", "r", "enter")
        assert "a wing" in path.with_name("run-blind.csv").read_text()
    assert read_studies(path)["Ada"].done == 1


async def test_paths_are_completed(drive: Callable[..., Any], path: Path, other: Path) -> None:
    async with drive(path, (100, 30)) as (app, press):
        await press("6", "o")
        type_in(app, "oth")
        for _ in range(200):
            if "other.h5" in screen_text(app):
                break
            await press()
        await press("right", "enter")
        assert app.session.part_named("compare").place == other


async def test_a_box_that_is_answered_twice_is_closed_once(drive: Callable[..., Any], path: Path) -> None:
    async with drive(path) as (app, press):
        for screen, opens in (("7", "n"), ("3", "slash"), ("5", "question_mark"), ("2", "f1")):
            await press(screen, opens)
            for _ in range(3):
                app.simulate_key("enter")
            await press()
            assert app.is_running and len(app.screen_stack) <= 2
            await press("escape")
