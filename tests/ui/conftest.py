"""Run files and a driven explorer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from ivpt.runfile.reader import RunFile
from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path
from ivpt.ui.session import Session
from tests.synthetic import write_synthetic_run
from tests.ui.driving import settle
from tests.ui.filling import fill

Driven = tuple[Explorer, Callable[..., Awaitable[None]]]


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 images of 3 classes, four layers and the coarse set, maps for val and test."""
    return write_synthetic_run(tmp_path_factory.mktemp("ui") / "run.h5", images=40, seed=4)


@pytest.fixture
def run(run_path: Path) -> Iterator[RunFile]:
    with RunFile(run_path) as opened:
        yield opened


@pytest.fixture
def session(run: RunFile) -> Session:
    made = Session(run)
    made.images.start()
    fill(made)
    return made


@pytest.fixture
def drive() -> Callable[..., AbstractAsyncContextManager[Driven]]:
    """Open a run in an explorer without a terminal; the second thing yielded presses keys and waits."""

    @asynccontextmanager
    async def driving(path: Path, size: tuple[int, int] = (80, 24), who: str | None = None) -> AsyncIterator[Driven]:
        app = Explorer(path, read_path(path), marks=False, who=who)
        async with app.run_test(size=size) as pilot:

            async def press(*keys: str) -> None:
                for key in keys:
                    await pilot.press(key)
                await settle(app, pilot)

            await settle(app, pilot)
            yield app, press
        app.close()

    return driving
