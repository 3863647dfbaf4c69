"""Saving what the explorer shows; the work is done by a worker, and its end is said."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.segment import Segment, Segments
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from ivpt.errors import OutputError
from ivpt.ui.actions import IMAGE
from ivpt.ui.export.files import save, stem
from ivpt.ui.pictures.rungs import Rung
from ivpt.ui.widgets.picture import PictureView

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer
    from ivpt.ui.export.figures import Panel

Content = tuple[str, str, bytes]
"""Name without ending, ending, bytes."""


def save_figure(app: "Explorer", folder: Path | None = None) -> None:
    """Save the screen as SVG, and its pictures as one PNG.

    Args:
        app: the explorer.
        folder: where to; by default the working directory.
    """
    svg = screen_svg(app)
    panels = screen_panels(app)
    name = stem(app.path.stem, app.current_mode)

    def make() -> list[Content]:
        made: list[Content] = [(name, ".svg", svg().encode())]
        if panels:
            from ivpt.ui.export.figures import figure

            made.append((name, ".png", figure(panels)))
        return made

    _start(app, make, folder)


def save_tables(app: "Explorer", folder: Path | None = None) -> None:
    """Save the tables of the screen, each as CSV and as JSON.

    Args:
        app: the explorer.
        folder: where to; by default the working directory.
    """
    from ivpt.ui.export.shown import screen_tables

    tables = screen_tables(app.session, app.current_mode)
    if not tables:
        app.notify("There is no table on this screen.", severity="warning", markup=False)
        return

    def make() -> list[Content]:
        names = [stem(app.path.stem, one.name) for one in tables]
        made = [(name, ".csv", one.csv()) for name, one in zip(names, tables, strict=True)]
        return made + [(name, ".json", one.json()) for name, one in zip(names, tables, strict=True)]

    _start(app, make, folder)


def screen_svg(app: "Explorer") -> Callable[[], str]:
    """What makes the screen an SVG, as it is at this moment; to be called in a worker, as it takes a while.

    Graphics, which only a terminal can draw, become half blocks.
    """
    terminal, title = app.terminal, f"ivpt {app.path.name}"
    if terminal.rung not in (Rung.KITTY, Rung.SIXEL):
        return partial(_svg, app.screen._compositor.render_strips(app.size), app.size, title)
    views = list(app.screen.query(PictureView))
    app.terminal = replace(terminal, rung=Rung.BLOCKS)
    try:
        for view in views:
            view.redraw()
        return partial(_svg, app.screen._compositor.render_strips(app.size), app.size, title)
    finally:
        app.terminal = terminal
        for view in views:
            view.redraw()


def _svg(lines: list[Strip], size: Size, title: str) -> str:
    console = Console(
        width=size.width,
        height=size.height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    segments: list[Segment] = []
    for line in lines:
        # the meta data of clickable text means nothing in a picture
        segments += [Segment(s.text, s.style and s.style.clear_meta_and_links()) for s in line]
        segments.append(Segment.line())
    console.print(Segments(segments), end="")
    return console.export_svg(title=title)


def screen_panels(app: "Explorer") -> "tuple[Panel, ...]":
    """The pictures that the screen shows, with what their concepts are called."""
    from ivpt.ui.export.figures import Panel
    from ivpt.ui.screens.annotation_lines import keypoint_names, parts_seen

    found = []
    for view in app.screen.query(PictureView):
        scene = view.scene
        if scene is None or scene.empty or not view.size.area or not _visible(view):
            continue
        key = _layer(app, view)
        parts = tuple(parts_seen(app.session)) if scene.parts is not None and scene.letters else ()
        if key is None:
            dots = app.current_mode == IMAGE and view.id == "plain" and app.session.overlay.annotated
            keypoints = tuple(keypoint_names(app.session)) if dots else ()
            found.append(Panel(str(view.border_title or view.id or "").strip(), scene, (), parts, keypoints))
            continue
        here = [] if scene.regions is None else np.unique(scene.regions).tolist()
        legend = tuple((k, app.session.label(key, k)) for k in here if k != scene.background)
        found.append(Panel(f"Regions of {key}", scene, legend if not scene.only else (), parts))
    return tuple(found)


def _layer(app: "Explorer", view: PictureView) -> str | None:
    """The layer whose regions a picture of the image screen shows; None for every other picture."""
    name = view.id or ""
    heat = app.session.overlay.heat and app.session.view.concept is not None
    if app.current_mode != IMAGE or (name == "regions" and heat):
        return None
    return app.session.view.layer if name == "regions" else name.removeprefix("strip-") if "strip-" in name else None


def _visible(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def _start(app: "Explorer", make: Callable[[], list[Content]], folder: Path | None) -> None:
    place = Path.cwd() if folder is None else folder

    def work() -> None:
        try:
            paths = [save(place, *content) for content in make()]
        except OutputError as error:
            app.call_from_thread(app.notify, str(error), severity="error", markup=False)
            return
        words = "Saved " + ", ".join(path.name for path in paths)
        app.call_from_thread(app.notify, words, markup=False)

    app.run_worker(work, name="save", thread=True)
