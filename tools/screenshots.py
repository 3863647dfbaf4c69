"""Draw the pictures of the explorer that the documentation shows.

    python tools/screenshots.py RUN.h5 [--out docs/images]

Every screen is driven by the keys a user would press, at 120 x 40 cells (and the image at 80 x 24), and drawn as SVG.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
os.environ.pop("NO_COLOR", None)

from textual.pilot import Pilot

from ivpt.ui.app import Explorer
from ivpt.ui.opening import read_path
from tools.terminal_svg import terminal_svg

WALK: tuple[tuple[str, tuple[int, int], tuple[str, ...]], ...] = (
    ("explorer-overview", (120, 40), ()),
    ("explorer-concepts", (120, 40), ("2", "down", "down")),
    ("explorer-coarse", (120, 40), ("2", "LAYER coarse")),
    ("explorer-image", (120, 40), ("3", "right", "right")),
    ("explorer-mistake", (120, 40), ("3", "m", "x", "down", "h")),
    ("explorer-classes", (120, 40), ("4", "down", "down")),
    ("explorer-confusions", (120, 40), ("4", "v")),
    ("explorer-marks", (120, 40), ("3", "right", "right", "d")),
    ("explorer-small", (80, 24), ("3", "right", "right")),
    ("explorer-help", (120, 40), ("3", "question_mark")),
)
"""Name, size in cells and keys of each picture; ``LAYER x`` goes on through the layers until x is shown."""


async def settle(app: Explorer, pilot: "Pilot[None]") -> None:
    """Wait until nothing is being read; between two reads the fetcher is idle for a moment."""
    quiet = 0
    for _ in range(2000):
        await pilot.pause(0.01)
        quiet = quiet + 1 if app.opened and app.fetcher.idle else 0
        if quiet == 5:
            break
    await pilot.pause(0.05)


async def draw(run: Path, out: Path, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> Path:
    """Press the keys in a fresh explorer and write what is shown.

    Args:
        run: the run file.
        out: folder.
        name: of the file, without ending.
        size: columns and rows.
        keys: to press.
    """
    app = Explorer(run, read_path(run), marks=False)
    app.shown_path = run.name
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for key in keys:
            if key.startswith("LAYER "):
                app.action_layer(key.removeprefix("LAYER "))
            else:
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
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "images")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, size, keys in WALK:
        print(asyncio.run(draw(given.run, given.out, name, size, keys)))


if __name__ == "__main__":
    main()
