"""A bar with the time left on a terminal, a line now and then elsewhere; always on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from ivpt.interfaces.dataset import Progress as Told

PLAIN_SECONDS = 15.0
"""Plain lines come at most this often."""


class Bars:
    """A display of bars, or of lines where there is no terminal.

    Args:
        bars: of rich; ``None``: lines.
    """

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars

    def new(self) -> Told:
        """A function ``told(done, total, words)`` with a bar of its own, which other words begin anew."""
        return _plain() if self._bars is None else _bar(self._bars)

    def say(self, words: str) -> None:
        """A line above the bars; ``words`` may be styled by click."""
        if self._bars is None:
            click.echo(words, err=True)
        else:
            self._bars.console.print(Text.from_ansi(words))


@contextmanager
def progress_bars(*, hidden: bool = False) -> Iterator[Bars]:
    """Bars for things that go on at the same time.

    Args:
        hidden: show lines instead of bars also on a terminal.
    """
    if hidden or not sys.stderr.isatty():
        yield Bars(None)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
        # stdout is data: it must not pass through a console that writes to stderr
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bars:
        yield Bars(bars)


@contextmanager
def progress_bar(*, hidden: bool = False) -> Iterator[Told]:
    """A function ``told(done, total, words)`` to be called while something goes on; one bar at a time is shown.

    Args:
        hidden: show lines instead of a bar also on a terminal.
    """
    with progress_bars(hidden=hidden) as bars:
        yield bars.new()


def _bar(bars: Progress) -> Told:
    """One bar that keeps its place among others: hidden when it is full, and begun anew with other words."""
    bar: TaskID | None = None
    about = ""

    def told(done: int, total: int, words: str) -> None:
        nonlocal bar, about
        if bar is None:
            bar, about = bars.add_task(words, total=total), words
        elif words != about:
            bars.reset(bar, description=words, total=total, visible=True)
            about = words
        bars.update(bar, completed=done, total=total, visible=done < total)
        if done >= total:
            about = ""

    return told


def _plain() -> Told:
    began = spoke = time.monotonic()
    about = ""

    def told(done: int, total: int, words: str) -> None:
        nonlocal began, spoke, about
        now = time.monotonic()
        if words != about:
            about, began = words, now
        if now - spoke >= PLAIN_SECONDS:
            spoke = now
            left = f", about {(now - began) / done * (total - done):.0f} s left" if done and now > began else ""
            click.echo(f"{words}: {done} of {total}{left}", err=True)

    return told
