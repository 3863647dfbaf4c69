"""Draw the pictures of the explorer that the documentation shows.

    python tools/screenshots.py RUN.h5 [--with OTHER.h5] [--out docs/images] [--only NAME ...]

Every screen is driven by the keys a user would press, at 120 x 40 cells (and the image at 80 x 24), and drawn as SVG.
What is marked, named and pruned is a copy.
"""

import argparse
import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textual.pilot import Pilot
from textual.widgets import Input

from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path
from tools.terminal_svg import terminal_svg

WALK: tuple[tuple[str, tuple[int, int], tuple[str, ...]], ...] = (
    ("explorer-overview", (120, 40), ()),
    ("explorer-concepts", (120, 40), ("2", "down", "down")),
    ("explorer-coarse", (120, 40), ("2", "LAYER coarse")),
    ("explorer-image", (120, 40), ("3", "right", "right")),
    ("explorer-parts", (120, 40), ("3", "right", "right", "v", "O")),
    ("explorer-mistake", (120, 40), ("3", "m", "x", "down", "h")),
    ("explorer-classes", (120, 40), ("4", "down", "down")),
    ("explorer-confusions", (120, 40), ("4", "v")),
    ("explorer-marks", (120, 40), ("3", "right", "right", "d")),
    ("explorer-small", (80, 24), ("3", "right", "right")),
    ("explorer-help", (120, 40), ("3", "question_mark")),
    ("explorer-prune", (120, 40), ("LAYER coarse", "5", "space", "r", "WAIT Nothing was trained anew")),
    ("explorer-compare", (120, 40), ("WITH",)),
    ("explorer-naming", (120, 40), ("7", "NAME", "down", "NAME", "down", "NAME", "down")),
    ("explorer-blind", (120, 40), ("7", "b", "enter")),
)
"""Name, size in cells and keys of each picture; ``LAYER x`` chooses a layer, ``WITH`` lays the second run beside the
first, ``NAME`` names the concept after the keypoint that lies in its regions most often, ``WAIT x`` waits until x is
shown."""

LONGEST_WAIT = 600.0
"""Seconds."""


async def settle(app: Explorer, pilot: "Pilot[None]") -> None:
    """Wait until nothing is being read; between two reads the fetcher is idle for a moment."""
    quiet = 0
    for _ in range(2000):
        await pilot.pause(0.01)
        quiet = quiet + 1 if app.opened and app.fetcher.idle else 0
        if quiet == 5:
            break
    await pilot.pause(0.05)


async def wait_for(app: Explorer, pilot: "Pilot[None]", words: str) -> None:
    """Wait until words are shown.

    Raises:
        SystemExit: they are not shown in time.
    """
    until = time.monotonic() + LONGEST_WAIT
    while not any(words in strip.text for strip in app.screen._compositor.render_strips(app.size)):
        if time.monotonic() > until:
            raise SystemExit(f"{words!r} is not shown")
        await pilot.pause(0.1)
    app.clear_notifications()
    await settle(app, pilot)


async def draw(
    run: Path, other: Path | None, out: Path, name: str, size: tuple[int, int], keys: tuple[str, ...]
) -> Path:
    """Press the keys in a fresh explorer and write what is shown.

    Args:
        run: the run file.
        other: a second one.
        out: folder.
        name: of the file, without ending.
        size: columns and rows.
        keys: to press.
    """
    app = Explorer(run, read_path(run), marks=False, other=other if "WITH" in keys else None, who="Ada")
    app.shown_path = run.name
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for key in keys:
            word, _, rest = key.partition(" ")
            match word:
                case "LAYER":
                    if app.session.choose_layer(rest):
                        app.changed()
                case "NAME":
                    facts = app.session.summary.of(app.session.view.layer, app.session.part_named("naming").concept)
                    await pilot.press("n")
                    app.screen.query_one(Input).value = facts.part[0]
                    await pilot.press("enter")
                case "WAIT":
                    await wait_for(app, pilot, rest)
                case "WITH":
                    pass
                case _:
                    await pilot.press(key)
            await settle(app, pilot)
        target = out / f"{name}.svg"
        lines = app.screen._compositor.render_strips(app.size)
        target.write_text(terminal_svg(lines, size, f"ivpt explore {run.name}: {name}"), encoding="utf-8")
    app.close()
    return target


def main() -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--with", dest="other", type=Path, help="second run, for the screen that compares")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "images")
    parser.add_argument("--only", nargs="*", help="names of pictures")
    given = parser.parse_args()
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    given.out.mkdir(parents=True, exist_ok=True)
    out, other = given.out.resolve(), given.other.resolve() if given.other else None
    run = given.run.resolve()
    for name, size, keys in WALK:
        if (given.only and name not in given.only) or ("WITH" in keys and other is None):
            continue
        with TemporaryDirectory() as folder:
            os.chdir(folder)
            copy = Path(shutil.copy(run, run.name))
            second = Path(shutil.copy(other, other.name)) if other and "WITH" in keys else None
            print(asyncio.run(draw(copy, second, out, name, size, keys)))
            os.chdir(out)


if __name__ == "__main__":
    main()
