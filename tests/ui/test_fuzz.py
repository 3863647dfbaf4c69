"""A thousand random keys: nothing crashes the explorer."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.command import CommandPalette

from ivpt.jobs.lines import Event, Failed, Progressed
from ivpt.ui import trial as part
from ivpt.ui.actions import ACTIONS
from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path
from tests.synthetic import write_synthetic_run
from tests.ui.driving import settle

EXAMPLES, KEYS_EACH = 10, 100
LEAVING = {"q", "ctrl+q"}
KEYS = [
    *sorted({key for action in ACTIONS for key in action.keys} | {"tab", "shift+tab", "6", "9", "ctrl+e"}),
    *(("enter", "escape", "down", "space", "5", "6", "7", "v", "right_square_bracket") * 2),
]


class Quick:
    """In the place of a job that needs the model: fails soon."""

    def events(self) -> Iterator[Event]:
        yield Progressed("x", 1, 2, 0.1)
        yield Failed("No.", "", 1)

    def cancel(self) -> None:
        pass

    kill = cancel


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("fuzz") / "run.h5", images=12, layers=(5, 4), coarse=2)


async def press(path: Path, size: tuple[int, int], keys: list[str]) -> None:
    app = Explorer(path, read_path(path), marks=False)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for n, key in enumerate(keys):
            # Textual's own list of commands cannot be paged through while it is being filled (KeyError)
            if key.startswith("page") and CommandPalette.is_open(app):
                continue
            app.simulate_key(key)
            if n % 5 == 4 or key == "ctrl+p":
                await pilot.pause()
        await settle(app, pilot)
        assert app.is_running and app.return_code is None
    app.close()


@given(
    st.lists(st.sampled_from([key for key in KEYS if key not in LEAVING]), min_size=KEYS_EACH, max_size=KEYS_EACH),
    st.sampled_from([(80, 24), (120, 40), (40, 12)]),
)
@settings(max_examples=EXAMPLES)
def test_random_keys(tiny: Path, keys: list[str], size: tuple[int, int]) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(part, "start_pruning", lambda *_args, **_more: Quick())
        # whatever is written is written there
        patch.chdir(folder)
        asyncio.run(press(Path(shutil.copy(tiny, Path(folder) / "run.h5")), size, keys))


def test_there_are_a_thousand() -> None:
    assert EXAMPLES * KEYS_EACH == 1000
    everywhere: set[Any] = {key for action in ACTIONS for key in action.keys} - LEAVING
    assert everywhere <= set(KEYS)
