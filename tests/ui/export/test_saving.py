"""Saving from the running explorer."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ivpt.runfile.reader import RunFile
from ivpt.ui.pictures.rungs import Rung, Terminal

pytestmark = pytest.mark.asyncio


async def test_the_screen_and_its_pictures(
    drive: Callable[..., Any], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3", "f8")
        await app.workers.wait_for_complete()
        await press("f8")
        await app.workers.wait_for_complete()
    assert {path.name for path in tmp_path.iterdir()} == {
        "run-image.svg",
        "run-image.png",
        "run-image-2.svg",
        "run-image-2.png",
    }
    text = "".join(ElementTree.parse(tmp_path / "run-image.svg").getroot().itertext())
    assert "Picture" in text and "▀" in text
    with Image.open(tmp_path / "run-image.png") as opened:
        assert min(opened.size) > 400


async def test_graphics_are_half_blocks_in_the_saved_screen(drive: Callable[..., Any], run_path: Path) -> None:
    from ivpt.ui.export.saving import screen_svg

    async with drive(run_path, (120, 40)) as (app, press):
        app.terminal = Terminal(Rung.KITTY)
        await press("3")
        view = app.screen.query_one("#regions")

        async def graphics() -> bool:
            for _ in range(400):
                await press()
                if view.settled:
                    break
            return "\U0010eeee" in "".join(strip.text for strip in view._lines)

        assert await graphics()
        svg = screen_svg(app)()
        assert "▀" in svg and "\U0010eeee" not in svg
        assert app.terminal.rung is Rung.KITTY
        assert await graphics()


@pytest.mark.parametrize("ending", ["csv", "json"])
async def test_the_evidence_saved_adds_up_to_the_logit(
    drive: Callable[..., Any], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3", "f9")
        await app.workers.wait_for_complete()
        image, c = app.session.view.image, app.session.evidence.explained
    text = (tmp_path / f"run-evidence-{image}.{ending}").read_text(encoding="utf-8")
    rows = json.loads(text) if ending == "json" else list(csv.DictReader(io.StringIO(text)))
    with RunFile(run_path) as run:
        logit = run.scores(image)[:, c].mean()
    assert np.isclose(sum(float(row["adds"]) for row in rows), logit, atol=1e-5)


async def test_every_screen_has_its_table_or_says_so(
    drive: Callable[..., Any], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with drive(run_path, (120, 40)) as (app, press):
        for key in "1234567":
            await press(key, "f9")
            await app.workers.wait_for_complete()
        layer = app.session.view.layer
        prototypes = len(app.session.run.layer(layer).foreground)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"run-metrics.csv", f"run-concepts-{layer}.csv", "run-classes.json"} <= names
    rows = list(csv.DictReader(io.StringIO((tmp_path / f"run-concepts-{layer}.csv").read_text(encoding="utf-8"))))
    assert [row["concept"] for row in rows] == [f"{layer}:{k}" for k in range(1, prototypes + 1)]
    classes = json.loads((tmp_path / "run-classes.json").read_text(encoding="utf-8"))
    assert len(classes) == 3 and {"class", "images.test"} <= set(classes[0])


async def test_a_folder_that_cannot_be_written_is_said(
    drive: Callable[..., Any], run_path: Path, tmp_path: Path
) -> None:
    from ivpt.ui.export.saving import save_tables

    async with drive(run_path, (120, 40)) as (app, press):
        await press("2")
        save_tables(app, tmp_path / "gone")
        await app.workers.wait_for_complete()
        await press()
        said = [note.message for note in app._notifications]
        assert any("cannot be written" in words for words in said), said
