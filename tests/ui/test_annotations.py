"""Keypoints, boxes and parts on the image screen: keys, palette, names, and what is said where there are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ivpt.runfile.reader import RunFile
from ivpt.ui.app import Explorer
from ivpt.ui.card import read_card
from ivpt.ui.composing import annotations
from ivpt.ui.raster import over
from ivpt.ui.reading import read_page
from ivpt.ui.screens.annotation_lines import annotation_lines, keypoint_names, parts_seen
from ivpt.ui.session import Session
from ivpt.ui.widgets.picture import PictureView
from tests.synthetic import PARTS, write_synthetic_run
from tests.ui.driving import screen_text
from tests.ui.reading import read

BARE = {"keypoints": False, "part_masks": False}


@pytest.fixture
def at_image(session: Session) -> Session:
    read(session, "images.page")
    return session


def words(session: Session, width: int = 200) -> list[str]:
    return [line.plain for line in annotation_lines(session, width)]


def test_parts_are_named_by_letter(at_image: Session) -> None:
    assert words(at_image) == []
    assert at_image.command("overlay", "toggle_parts") and at_image.overlay.outlined
    page = at_image.images.page
    assert page is not None and page.parts is not None
    here = [PARTS[label - 1] for label in np.unique(page.parts) if label]
    assert [name for _, name in parts_seen(at_image)] == here and len(here) > 3
    (line,) = words(at_image)
    for name in here:
        assert f" {'ABCDEF'[PARTS.index(name)]}  {name}" in line
    narrow = words(at_image, 40)
    assert len(narrow) > 1 and all(len(line) <= 40 for line in narrow)
    assert "".join("".join(narrow).split()) == "".join(line.split()), "nothing is lost in folding"
    assert at_image.command("overlay", "toggle_parts") and words(at_image) == []


def test_only_parts_in_sight_are_named(at_image: Session) -> None:
    at_image.command("overlay", "toggle_parts")
    overlay, page = at_image.overlay, at_image.images.page
    assert page is not None and page.parts is not None
    overlay.zoom, overlay.centre = 4.0, (0.5, 0.5)
    height, width = page.parts.shape
    middle = page.parts[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    assert [name for _, name in parts_seen(at_image)] == [PARTS[k - 1] for k in np.unique(middle) if k]
    overlay.zoom, overlay.centre = 8.0, (1 / 16, 1 / 16)
    assert words(at_image) == ["Parts none in sight"]


def test_keypoints_are_named_from_left_to_right(at_image: Session) -> None:
    at_image.command("overlay", "toggle_annotations")
    page = at_image.images.page
    assert page is not None and page.keypoints is not None
    expected = [PARTS[k] for k in np.lexsort((page.keypoints[:, 1], page.keypoints[:, 0]))]
    assert keypoint_names(at_image) == expected
    assert words(at_image) == ["Keypoints, left to right  " + " · ".join(expected)]
    at_image.command("overlay", "toggle_parts")
    assert len(words(at_image)) == 2


def test_an_image_that_is_not_square_has_its_keypoints_in_the_right_place(tmp_path: Path) -> None:
    """The picture shows the middle of such an image, so half its width lies outside."""
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    with h5py.File(path, "r+") as file:
        file["images/size"][...] = (640, 320)
        file["images/keypoints"][:, :, 0] += 160
        file["images/keypoints"][:, 0, :2] = (20, 160)
        file["images/box"][:, 0] += 160
    with RunFile(path) as run:
        session = Session(run, read_card(run), marks=False)
        read(session, "images.page")
        page = session.images.page
        assert page is not None and page.frame == (160, 0, 320, 320) and page.keypoints is not None
        assert PARTS[0] not in keypoint_names(session), "what the picture does not show"
        with RunFile(write_synthetic_run(tmp_path / "square.h5", images=12)) as square:
            same = read_page(square, page.index)
        layer = annotations(page)
        assert page.picture is not None and same.keypoints is not None and layer is not None
        drawn = over(page.picture, layer)
        for x, y, _ in same.keypoints[1:]:
            assert (drawn[int(y / 2), int(x / 2)] == (240, 228, 66)).all()


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with RunFile(write_synthetic_run(tmp_path / "run.h5", images=12, **BARE)) as run:
        session = Session(run, read_card(run), marks=False)
        read(session, "images.page")
        assert not session.command("overlay", "toggle_parts") and not session.overlay.outlined
        assert not session.command("overlay", "toggle_annotations") and not session.overlay.annotated
        assert words(session) == [] and parts_seen(session) == []


def test_an_image_without_a_mask_and_one_with_a_damaged_one(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    for change, says in ((None, "no mask of this image"), (b"not a picture", "is not a grey 8-bit PNG")):
        with h5py.File(path, "r+") as file:
            group = file["images/part_masks"]
            stored = b"" if change is None else change
            del group["data"], group["offset"]
            group["data"] = np.frombuffer(stored * 12, np.uint8)
            group["offset"] = np.arange(13) * len(stored)
        with RunFile(path) as run:
            session = Session(run, read_card(run), marks=False)
            read(session, "images.page")
            assert session.images.page is not None and session.images.page.picture is not None
            session.command("overlay", "toggle_parts")
            (line,) = words(session, 1000)
            assert says in line


@pytest.mark.asyncio
async def test_by_key(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3")
        plain, regions = (app.screen.query_one(f"#{name}", PictureView) for name in ("plain", "regions"))
        before = [list(strip) for strip in plain._lines]
        assert not app.screen.query_one("#legend").display
        await press("O")
        assert app.session.overlay.outlined
        for view in (plain, regions):
            assert view.scene is not None and view.scene.parts is not None and "A" in view.scene.letters
        assert [list(strip) for strip in plain._lines] != before
        for name in ("head", "wing"):
            assert name in shown_legend(app)
        assert "Picture with parts" in screen_text(app)
        await press("o")
        assert "left to right" in shown_legend(app) and "Picture with keypoints and parts" in screen_text(app)
        await press("right", "z")
        page = app.session.images.page
        assert plain.scene.parts.shape[0] < page.parts.shape[0], "cut as the picture is"
        await press("0", "O", "o")
        assert plain.scene.parts is None and not app.screen.query_one("#legend").display
    async with drive(run_path, (80, 24)) as (app, press):
        await press("3", "O", "o", "d", "v")
        assert "Parts" in shown_legend(app)
        await press("v")
        assert "Keypoints" in shown_legend(app) and "Parts" not in shown_legend(app), "no letters in small pictures"
        await press("o")
        assert not app.screen.query_one("#legend").display


@pytest.mark.asyncio
async def test_by_palette(drive: Callable[..., Any], run_path: Path) -> None:
    async with drive(run_path, (120, 40)) as (app, press):
        await press("3", "ctrl+p", *"outline the annotated", "enter")
        assert app.session.overlay.outlined and "Parts" in shown_legend(app)


@pytest.mark.asyncio
async def test_the_keys_say_what_the_run_does_not_have(drive: Callable[..., Any], tmp_path: Path) -> None:
    async with drive(write_synthetic_run(tmp_path / "run.h5", images=12, **BARE), (120, 40)) as (app, press):
        await press("3", "O", "o")
        assert [n.message for n in app._notifications] == [
            "This run has no part masks: its data set has none, or it is of an older version.",
            "This run has neither keypoints nor boxes.",
        ]
        assert not app.session.overlay.outlined and not app.screen.query_one("#legend").display


def shown_legend(app: Explorer) -> str:
    legend = app.screen.query_one("#legend")
    assert legend.display
    return "\n".join("".join(s.text for s in legend.render_line(y)) for y in range(legend.size.height))
