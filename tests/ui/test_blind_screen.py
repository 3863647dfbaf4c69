"""Blind naming driven by keys."""

from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from ivpt.runfile.reader import RunFile
from ivpt.ui import app as explorer
from ivpt.ui.blind import Blind
from ivpt.ui.screens.blind import BlindScreen
from ivpt.ui.study import SURE, Task, draw_tasks, in_order_of
from ivpt.ui.study_log import begin, read_studies
from tests.synthetic import write_synthetic_run

pytestmark = pytest.mark.asyncio


class Host(App[None]):
    CSS_PATH = Path(explorer.__file__).with_name("explore.tcss")

    def on_mount(self) -> None:
        # the colours that only the explorer's theme has
        self.register_theme(explorer.THEME)
        self.theme = "ivpt"


async def settled(app: App[None], pilot: "Pilot[None]") -> BlindScreen:
    screen = app.screen
    assert isinstance(screen, BlindScreen)
    for _ in range(1000):
        await pilot.pause(0.01)
        if screen.exhibit is not None and screen.exhibit.task == screen.blind.task:
            return screen
    raise AssertionError("nothing is shown")


def text(app: App[None]) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_describing_rating_and_going_on_another_time(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_synthetic_run(tmp_path / "r.h5", images=30)
    with RunFile(path) as run:
        drawn = draw_tasks(run, 1)
        tasks = in_order_of("Ada", 1, (*drawn[:2], drawn[-1]))
        study = begin(path, "Ada", 1, tasks)
        app = Host()
        async with app.run_test(size=size) as pilot:
            await app.push_screen(BlindScreen(run, Blind(study)))
            await settled(app, pilot)
            for task in tasks:
                assert task.concept not in text(app) and f"{task.image:05d}" not in text(app)
            assert "What does the region show" in text(app) and "0 of 3" in text(app)
            await pilot.press(*"a wing 5q", "enter")
            await settled(app, pilot)
            assert "You said: a wing 5q" in text(app) and "strongly agree" in text(app)
            await pilot.press("9", "4")
            screen = await settled(app, pilot)
            assert screen.blind.at == 1 and screen.query_one(Input).value == "" and "1 of 3" in text(app)
            await pilot.press(*"half a wo", "pagedown")
            await settled(app, pilot)
            assert text(app).count("▸") == 1 and "Coarser" in text(app)
            await pilot.press("5", "4", "3")
            await settled(app, pilot)
            assert screen.blind.at == 1 and screen.blind.typing
            await pilot.press("escape")
            await pilot.pause()
            assert not isinstance(app.screen, BlindScreen)
            kept = read_studies(path)["Ada"]
            assert kept.answers[0].text == "a wing 5q" and kept.answers[0].ratings == {SURE: 4}
            assert list(kept.answers[2].ratings.values()) == [5, 4, 3] and kept.open == 1
            await app.push_screen(BlindScreen(run, Blind(kept), marks=True))
            screen = await settled(app, pilot)
            assert screen.blind.at == 1
            await pilot.press(*"tail", "enter", "1")
            await settled(app, pilot)
            assert "3 of 3" in text(app)
            await pilot.press("pageup", "e", *"s", "enter")
            await settled(app, pilot)
        assert read_studies(path)["Ada"].answers[0].text == "a wing 5qs"


async def test_what_cannot_be_shown_or_stored_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_synthetic_run(tmp_path / "r.h5", images=30)
    with RunFile(path) as run:
        study = begin(path, "Ada", 1, (Task(0, "L99", 1), draw_tasks(run, 1)[0]))
        app = Host()
        async with app.run_test(size=(100, 30)) as pilot:
            await app.push_screen(BlindScreen(run, Blind(study)))
            for _ in range(500):
                await pilot.pause(0.01)
                if "no longer has this region" in text(app):
                    break
            assert "no longer has this region" in text(app)
            await pilot.press("pagedown")
            screen = await settled(app, pilot)
            monkeypatch.setattr(run, "path", tmp_path / "gone" / "r.h5")
            await pilot.press(*"x", "enter")
            await pilot.pause(0.2)
            assert screen.blind.typing and app._notifications and screen.blind.study.done == 0
