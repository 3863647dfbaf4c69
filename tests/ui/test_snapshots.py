"""What some screens look like, as pictures; ``pytest --snapshot-update tests/ui/test_snapshots.py`` takes new ones.

The run has no thumbnails: photographs would make the pictures depend on the versions of image libraries.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from ivpt.runfile.concept import Concept
from ivpt.ui.app import Explorer
from tests.synthetic import write_synthetic_run

pytestmark = pytest.mark.asyncio
Driven = tuple[Explorer, Callable[..., Awaitable[None]]]


class Svg(SingleFileSnapshotExtension):
    """A picture per file."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Svg)


@pytest.fixture
def open_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Callable[..., AbstractAsyncContextManager[Driven]]
) -> Callable[[tuple[int, int]], AbstractAsyncContextManager[Driven]]:
    """A run whose path is the same on every machine, opened by Ada."""
    monkeypatch.chdir(tmp_path)
    write_synthetic_run("run.h5", images=40, seed=4, thumbnails=False)
    write_synthetic_run("other.h5", images=40, seed=9, layers=(17, 14, 9, 8), thumbnails=False)

    return lambda size: drive(Path("run.h5"), size, "Ada")


async def test_prune_in_a_small_terminal(open_run: Callable[..., Any], picture: SnapshotAssertion) -> None:
    async with open_run((80, 24)) as (app, press):
        await press("5", "space")
        app.session.choose(layer="coarse", concept=2)
        await press("space")
        assert app.export_screenshot(simplify=True) == picture


async def test_prune_in_a_large_terminal(open_run: Callable[..., Any], picture: SnapshotAssertion) -> None:
    async with open_run((120, 40)) as (app, press):
        app.session.choose(layer="coarse", concept=2)
        await press("5", "space", "v")
        assert app.export_screenshot(simplify=True) == picture


async def test_importance_of_two_runs(open_run: Callable[..., Any], picture: SnapshotAssertion) -> None:
    async with open_run((120, 40)) as (app, press):
        app.compare_with(Path("other.h5"))
        await press("v")
        assert app.export_screenshot(simplify=True) == picture


async def test_naming(open_run: Callable[..., Any], picture: SnapshotAssertion) -> None:
    async with open_run((80, 24)) as (app, press):
        edits = app.session.edits
        await press("7")
        edits.written(edits.write(lambda log: log.name(Concept(app.session.view.layer, 1), "beak")))
        await press("down")
        assert app.export_screenshot(simplify=True) == picture


async def test_explained(open_run: Callable[..., Any], picture: SnapshotAssertion) -> None:
    async with open_run((80, 24)) as (app, press):
        await press("5", "f1")
        assert app.export_screenshot(simplify=True) == picture
