"""How fast the explorer is: cold start beside a bare Textual app, next image, longest block of the event loop, memory.

    python benchmarks/explorer.py [RUN.h5] [--images 6000] [--runs 15]

Without RUN a synthetic run file is written (6,000 images, 37 x 37 maps, five sets of concepts). The cold start is the
time from starting the interpreter in a pseudo-terminal of 80 x 24 to the first bytes that show the number of images
(explorer) or the label (bare app). The loop is watched from the first paint on, through all screens. "Evidence removed"
is the time until there is an answer about a coarse concept. The aims: at most 1.5 times the bare app, next image in
less than 50 ms, no block above 50 ms. The explorer reads the card in a second process meanwhile, so a second core must
be free for the ratio to mean anything.
"""

import argparse
import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

BARE = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("bare-label-shown")
Bare().run()
"""

KEYS = ("2", "down", "right", "right_square_bracket", "v", "4", "down", "v", "v", "1", "3", "h", "z", "v")
KEYS += ("5", "v", "6", "7", "1")
"""Through all screens."""


def first_paint(words: list[str], shown: bytes, limit: float = 20.0) -> float:
    """Seconds from the start of a program in a fresh pseudo-terminal until it has written ``shown``."""
    started = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, [sys.executable, *words])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, found = b"", 0.0
    try:
        while not found and time.perf_counter() - started < limit:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    seen += os.read(terminal, 65536)
                except OSError:
                    break
                if shown in seen:
                    found = time.perf_counter() - started
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
    if not found:
        raise SystemExit(f"{words[:3]} never showed {shown!r}:\n" + seen[-2000:].decode(errors="replace"))
    return found


async def driving(path: Path, steps: int) -> dict[str, float]:
    """Walk through images and concepts by keys; time to the drawn image, and the loop's longest delay."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    from ivpt.ui.app import Explorer
    from ivpt.ui.opening import read_path

    delays: list[float] = []
    next_image: list[float] = []

    async def watch() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.002)
            delays.append(time.perf_counter() - asked - 0.002)

    app = Explorer(path, read_path(path))
    async with app.run_test(size=(120, 40)) as pilot:
        watcher = asyncio.create_task(watch())
        while not app.opened:
            await pilot.pause(0.01)
        await pilot.press("3")
        while app.session.images.page is None or not app.fetcher.idle:
            await pilot.pause(0.01)
        for _ in range(steps):
            before = app.session.images.page
            started = time.perf_counter()
            app.simulate_key("right")
            while app.session.images.page is before or app.screen._dirty_widgets:
                await asyncio.sleep(0.0005)
            next_image.append(time.perf_counter() - started)
            await pilot.pause(0.01)
        for key in KEYS:
            await pilot.press(key)
            await pilot.pause(0.05)
        watcher.cancel()
    app.close()
    return {
        "next image ms (median)": 1000 * statistics.median(next_image),
        "next image ms (worst)": 1000 * max(next_image),
        "event loop blocked ms (worst)": 1000 * max(delays),
        "resident MB": resident(),
    }


def removing(path: Path) -> float:
    """Seconds until the explorer has an answer about the first coarse concept without its evidence; 0 without one."""
    from ivpt.runfile.concept import Concept
    from ivpt.runfile.reader import RunFile
    from ivpt.runfile.schema import COARSE
    from ivpt.ui.parts.prune import read_evidence

    with RunFile(path) as run:
        coarse = next((layer for layer in run.layers if layer.key == COARSE), None)
        if coarse is None or len(coarse.present) < 2:
            return 0.0
        started = time.perf_counter()
        read_evidence(run, ((Concept(COARSE, coarse.present[0]),), "test"), lambda _share: None)
        return time.perf_counter() - started


def resident() -> float:
    """Resident memory of this process in MB; 0 where /proc is missing."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def main() -> None:
    """Take turns between the two programs, so that a busy moment of the machine hits both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--images", type=int, default=6000, help="of the synthetic run")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.run
        if path is None:
            from benchmarks.big_run import write_big_run

            path = write_big_run(Path(folder) / "run.h5", given.images)
        from ivpt.runfile.reader import RunFile

        with RunFile(path) as run:
            shown = f"{run.num_images:,} images".encode()
        times = [
            (first_paint(["-c", BARE], b"bare-label-shown"), first_paint(["-m", "ivpt", "explore", str(path)], shown))
            for _ in range(given.runs + 1)
        ][1:]
        bare, explorer = (statistics.median(column) for column in zip(*times, strict=True))
        figures = {
            "bare app s": bare,
            "explorer s": explorer,
            "cold start ratio": statistics.median(b / a for a, b in times),
            **asyncio.run(driving(path, given.steps)),
            "evidence removed ms": 1000 * removing(path),
        }
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
