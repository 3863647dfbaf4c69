"""The prune screen driven by keys; the job that asks the model is played by a list of events."""

import asyncio
import queue
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ivpt.jobs.lines import Event, Failed, Finished, Noted, Progressed
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.edits import read_edits
from ivpt.runfile.reader import RunFile
from ivpt.ui import trial as part
from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path
from ivpt.ui.screens.prune import PruneScreen
from tests.synthetic import write_synthetic_run
from tests.ui.driving import screen_text, settle, type_in

pytestmark = pytest.mark.asyncio


class Played:
    """In the place of a job: says what it is told to say, and ends when it is stopped."""

    def __init__(self, drops: Any, out: Path, refit: bool, why: str) -> None:
        self.drops, self.out, self.refit, self.why = [str(c) for c in drops], out, refit, why
        self._events: queue.Queue[Event] = queue.Queue()
        self.killed = False

    def say(self, *events: Event) -> None:
        for event in events:
            self._events.put(event)

    def events(self) -> Iterator[Event]:
        while True:
            event = self._events.get(timeout=60)
            yield event
            if isinstance(event, Finished | Failed):
                return

    def cancel(self) -> None:
        self.say(Failed("Stopped.", "", 130, cancelled=True))

    def kill(self) -> None:
        self.killed = True
        self.cancel()


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Played]:
    jobs: list[Played] = []

    def start(run: Path, concepts: Any, out: Path, *, refit_head: bool, overwrite: bool, who: str, why: str) -> Played:
        jobs.append(Played(concepts, out, refit_head, why))
        return jobs[-1]

    monkeypatch.setattr(part, "start_pruning", start)
    return jobs


@pytest.fixture
def path(run_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(run_path, tmp_path / "run.h5"))


async def until(app: Explorer, words: str) -> str:
    """Wait until something stands on the screen."""
    for _ in range(1000):
        if words in (text := screen_text(app)):
            return text
        await asyncio.sleep(0.01)
    raise AssertionError(f"{words!r} not shown in:\n{screen_text(app)}")


def answer(run: RunFile, after: float) -> dict[str, Any]:
    share = {"interval": [0.2, 0.9], "correct": 2}
    flips = [
        {"image": 7, "id": "lost.png", "label": "creature 1", "before": "creature 1", "after": "creature 2"},
        {"image": 11, "id": "won.png", "label": "creature 2", "before": "creature 0", "after": "creature 2"},
    ]
    return {
        "images": 8,
        "before": {"accuracy": 0.75, **share},
        "after": {"accuracy": after, **share},
        "flipped": 2,
        "lost": 1,
        "won": 1,
        "worst_groups": {},
        "per_class": [{"class": name, "images": 4, "before": 3, "after": 1} for name in run.classes],
        "flips": flips,
    }


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_two_answers_that_cannot_be_mistaken(
    drive: Callable[..., Any], path: Path, played: list[Played], size: tuple[int, int]
) -> None:
    async with drive(path, size) as (app, press):
        session = app.session
        await press("5")
        text = screen_text(app)
        assert "A  EVIDENCE REMOVED" in text and "B  REMOVED FROM THE MODEL" in text
        session.choose_layer("L6")
        await press("down", "space")
        text = screen_text(app)
        assert "L6:2 has no class scores" in text and "ask B" in text and "[x]" in text
        session.choose_layer("coarse")
        await press("space")
        text = await until(app, "Stored scores without coarse:1")
        found = session.part_named("prune").answers[0]
        assert f"{found['after']['accuracy']:.1%}" in text and f"{found['flipped']} flip" in text
        assert "L6:2 has no scores and no part in A" in text and "Not a model trained without it." in text
        assert "Not asked yet" in text
        commands = " ".join(text.split())  # folded, wherever a long path ends
        assert "--drop coarse:1 --evidence" in commands and "--drop L6:2 --drop coarse:1 -o" in commands
        await press("r")
        await until(app, "loading the model")
        assert played[0].drops == ["L6:2", "coarse:1"] and not played[0].refit
        played[0].say(Progressed("test images", 4, 8, 61.0), Noted("as stored"))
        text = await until(app, "1:01 left")
        assert "50%" in text and "test images 4/8" in text
        played[0].say(Finished({"splits": {"test": answer(session.run, 0.25)}}))
        text = await until(app, "25.0%")
        assert "-50.0" in text and "Nothing was trained anew" in text
        await press("down", "space")
        assert "25.0%" not in screen_text(app), "that was the answer about other marks"
        assert "Not asked" in screen_text(app)
        await press("u")
        assert "25.0%" in screen_text(app)
        await press("h")
        assert "25.0%" not in screen_text(app) and "head fitted anew" in screen_text(app)


async def test_classes_and_flips_of_both_answers(drive: Callable[..., Any], path: Path, played: list[Played]) -> None:
    async with drive(path, (120, 40)) as (app, press):
        session = app.session
        await press("5")
        session.choose_layer("coarse")
        await press("space", "r")
        await until(app, "loading the model")
        played[0].say(Finished({"splits": {"test": answer(session.run, 0.25)}}))
        await until(app, "25.0%")
        await press("v")
        text = screen_text(app)
        assert text.count("per class") == 2 and "creature 1" in text and "-50.0" in text
        await press("v")
        text = screen_text(app)
        assert "✗ creature 1 → creature 2" in text and "✓ creature 0 → creature 2" in text
        await press("a", "a", "down", "enter")
        assert app.current_mode == "image" and session.view.image == 11
        await press("5", "up", "enter")
        assert session.view.image == 7
        await press("5", "a", "enter")
        assert app.current_mode == "concepts" and session.view.concept == 1
        assert "coarse:1" in screen_text(app)


async def test_a_job_is_cancelled_killed_and_asked_again(
    drive: Callable[..., Any], path: Path, played: list[Played]
) -> None:
    async with drive(path) as (app, press):
        await press("5", "space", "r")
        await until(app, "loading the model")
        await press("r")
        assert len(played) == 1, "one at a time"
        # the clock goes on by itself while the process says nothing
        app.session.part_named("prune").trial.began -= 75
        await until(app, "1:16 so far")
        await press("escape")
        await until(app, "Cancelled: no answer")
        await press("r")
        await until(app, "loading the model")
        played[1].say(Failed("The run file has no weights.", "Give them.", 6))
        await until(app, "The run file has no weights.")
        await press("r")
        await until(app, "loading the model")
        played[2].say(Progressed("weighing", 1, 2, None))
        await until(app, "weighing 1/2")
        await press("K")
        await until(app, "Cancelled: no answer")
        assert played[2].killed
        await press("r")
        await until(app, "loading the model")
        assert [job.out for job in played] == list(dict.fromkeys(job.out for job in played))
    assert played[3].killed, "the explorer ends, and the job with it"


async def test_a_trial_is_kept_and_compared(drive: Callable[..., Any], path: Path, played: list[Played]) -> None:
    async with drive(path, (120, 40)) as (app, press):
        await press("7", "t")
        type_in(app, "only in snow")
        await press("enter", "5", "space", "o", "r")
        await until(app, "loading the model")
        assert played[0].why == f"{played[0].drops[0]}: only in snow"
        shutil.copy(path, played[0].out)
        played[0].say(Finished({"splits": {"test": answer(app.session.run, 0.25)}}))
        await until(app, "w keeps it")
        await press("w")
        await until(app, "run-pruned.h5")
        await press("enter")
        await until(app, "Kept as")
        assert RunFile(path.with_name("run-pruned.h5")).num_images == 40 and len(played) == 1
        await press("w")
        await until(app, "run-pruned2.h5")
        await press("escape", "o")
        assert app.current_mode == "compare"
        assert app.session.part_named("compare").place == path.with_name("run-pruned.h5")


async def test_without_a_trial_a_kept_run_is_made_by_a_job(
    drive: Callable[..., Any], path: Path, played: list[Played]
) -> None:
    async with drive(path, (100, 30)) as (app, press):
        await press("5", "w")
        assert isinstance(app.screen, PruneScreen) and not played, "nothing is marked"
        await press("space", "w")
        await until(app, "Keep the pruned run as")
        type_in(app, ".x")
        await press("enter")
        await until(app, "loading the model")
        assert played[0].out == path.with_name("run-pruned.h5.x")


async def test_sets_undo_and_what_others_mark(drive: Callable[..., Any], path: Path) -> None:
    async with drive(path, (120, 40)) as (app, press):
        await press("5", "E", "space", "down", "space", "e")
        type_in(app, "two")
        await press("enter")
        assert "sets: two" in screen_text(app)
        await press("X")
        assert app.session.edits.drops == () and "Marked: 0" in screen_text(app)
        await press("E", "enter")
        assert len(app.session.edits.drops) == 2
        await press("u", "u", "U")
        assert app.session.edits.drops == ()
        with RunFile(path) as run:
            EditLog(run, "Bo").drop(next(iter(app.session.part_named("prune").edits.now.state.sets["two"])))
        app.look()
        await until(app, "Marked: 1")
    assert [e.who for e in read_edits(path)][-1] == "Bo"


async def test_a_log_that_cannot_be_written_or_read_is_said(drive: Callable[..., Any], path: Path) -> None:
    async with drive(path) as (app, press):
        await press("5")
        path.with_name("run.h5.edits.jsonl").write_text("no edit\n")
        await press("space")
        assert any("is not an edit" in n.message for n in app._notifications)
        app.look()
        await press("down")
        assert app.is_running and app.session.edits.drops == ()


async def test_the_mouse_chooses_marks_and_looks(path: Path) -> None:
    app = Explorer(path, read_path(path), marks=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        await pilot.click("TopLine", offset=(screen_text(app).splitlines()[0].index("5 Prune") + 2, 0))
        await settle(app, pilot)
        assert app.current_mode == "prune"
        for marks in (0, 1):
            await pilot.click("#prune-list", offset=(6, 3))
            await settle(app, pilot)
            assert app.session.view.concept == 3 and len(app.session.edits.drops) == marks
        app.session.choose_layer("coarse")
        await pilot.press("space", "v", "v")
        await settle(app, pilot)
        found = app.session.part_named("prune").answers[0]
        row = next(n for n, line in enumerate(screen_text(app).splitlines()) if found["flips"][0]["id"] in line)
        await pilot.click(offset=(60, row))
        await settle(app, pilot)
        assert app.current_mode == "image" and app.session.view.image == found["flips"][0]["image"]
    app.close()


@pytest.mark.parametrize(
    "without",
    [
        {"images": 0},
        {"images": 12, "classes": 1, "coarse": 1, "thumbnails": False, "attributes": False, "groups": False},
    ],
)
async def test_poor_runs(
    drive: Callable[..., Any], tmp_path: Path, played: list[Played], without: dict[str, Any]
) -> None:
    run = write_synthetic_run(tmp_path / "poor.h5", **without)
    for size in ((80, 24), (20, 6)):
        async with drive(run, size) as (app, press):
            for screen in ("5", "7", "6"):
                await press(
                    screen, "space", "down", "v", "v", "enter", screen, "a", "left_square_bracket", "space", "v"
                )
            app.compare_with(run)
            await press("v", "down", "v", "down", "v", "7", "b", "enter", "escape", "escape")
            assert app.is_running and app.return_code is None
            await press("5", "r")
    assert all(job.killed for job in played)
