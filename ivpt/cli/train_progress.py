"""What ``ivpt train`` shows while it works: a live display on a terminal, plain lines elsewhere; always on stderr."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from ivpt.training.observer import EpochReport, Observer, Setup, StepReport

PLAIN_SECONDS = 15.0
"""Plain lines come at most this often between epochs."""


class ClosableObserver(Observer, Protocol):
    """An observer with a display to put away."""

    def close(self) -> None:
        """Put the display away; may be called twice."""


@contextmanager
def make_observer() -> Iterator[ClosableObserver]:
    """The observer for this terminal, put away at the end whatever happens."""
    observer: ClosableObserver = LiveObserver() if sys.stderr.isatty() else PlainObserver()
    try:
        yield observer
    finally:
        observer.close()


def describe_setup(setup: Setup) -> list[str]:
    """What is about to be trained, in lines."""
    images = ", ".join(f"{count} {name}" for name, count in setup.images.items())
    counts = ", ".join(f"{count:,} {name}" for name, count in setup.parameters.items())
    blocks = ", ".join(map(str, setup.blocks)) or "none"
    height, width = setup.image_size
    shared = f" x {setup.processes} processes" if setup.processes > 1 else ""
    lines = [
        f"Data:       {setup.dataset}, {setup.classes} classes, images: {images}",
        f"Backbone:   {setup.backbone}, weights: {setup.weights}, {width}x{height} pixels, prompted blocks: {blocks}",
        f"Parameters: {counts}",
        f"Training:   {setup.epochs} epochs of {setup.steps} steps on {setup.device}{shared}",
    ]
    if setup.resumed is not None:
        epoch, step = setup.resumed
        lines.append(f"Going on after epoch {epoch}, step {step}.")
    return lines


def describe_epoch(report: EpochReport, epochs: int) -> str:
    """One line about a finished epoch."""
    row = report.row
    return (
        f"Epoch {report.epoch + 1:>{len(str(epochs))}}/{epochs}  loss {row['train_total']:.3f}"
        f"  train {row['train_accuracy']:.1%}  val {row['val_accuracy']:.1%}  {row['seconds']:.0f} s"
        + ("  kept" if report.kept else "")
    )


def describe_terms(terms: Mapping[str, float]) -> str:
    """The terms of a step, the sum first."""
    named = {"loss": terms["total"], **{name: value for name, value in terms.items() if name != "total"}}
    return "   ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in named.items())


def warn_of_random_weights(setup: Setup) -> str | None:
    """The warning about random weights, if there is reason for it."""
    from ivpt.cli.train import RANDOM_WEIGHTS

    return RANDOM_WEIGHTS if setup.weights == "none" else None


class PlainObserver:
    """Lines for logs and pipes."""

    def __init__(self) -> None:
        self._setup: Setup | None = None
        self._spoke = time.monotonic()
        self._started = self._spoke
        self._first = 0

    def _say(self, words: str) -> None:
        self._spoke = time.monotonic()
        click.echo(words, err=True)

    def preparing(self, done: int, total: int, words: str) -> None:
        """A line now and then."""
        if time.monotonic() - self._spoke > PLAIN_SECONDS:
            self._say(f"{words}: {done} of {total}")

    def note(self, words: str) -> None:
        """A line."""
        self._say(words)

    def ready(self, setup: Setup) -> None:
        """What is about to be trained."""
        self._setup, self._started = setup, time.monotonic()
        self._first = _done(setup, *setup.resumed) if setup.resumed else 0
        for line in describe_setup(setup):
            self._say(line)
        if warning := warn_of_random_weights(setup):
            self._say(warning)

    def step(self, report: StepReport) -> None:
        """A line now and then."""
        if self._setup is None or time.monotonic() - self._spoke < PLAIN_SECONDS:
            return
        done, setup = _done(self._setup, report.epoch, report.step), self._setup
        left = (time.monotonic() - self._started) / (done - self._first) * (setup.epochs * setup.steps - done)
        self._say(
            f"Epoch {report.epoch + 1}/{setup.epochs} step {report.step}/{setup.steps}"
            f"  {describe_terms(report.terms)}   accuracy {report.accuracy:.1%}   about {left:.0f} s left"
        )

    def evaluating(self, split: str, done: int, total: int) -> None:
        """A line now and then."""
        self.preparing(done, total, f"evaluating {split}")

    def epoch(self, report: EpochReport) -> None:
        """A line."""
        assert self._setup is not None
        self._say(describe_epoch(report, self._setup.epochs))

    def close(self) -> None:
        """Nothing to put away."""


class LiveObserver:
    """Bars for epoch, step and time left, and the terms of the latest step below them."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._terms = Text(style="dim")
        self._live = Live(Group(self._bars, self._terms), console=self._console, refresh_per_second=8, transient=True)
        self._live.start()
        self._setup: Setup | None = None
        self._training: TaskID | None = None
        self._other: TaskID | None = None
        self._other_name = ""

    def preparing(self, done: int, total: int, words: str) -> None:
        """A bar of its own while it lasts."""
        if self._other is not None and self._other_name != words:
            self._drop()
        if self._other is None:
            self._other, self._other_name = self._bars.add_task(words.capitalize(), total=total, words=""), words
        self._bars.update(self._other, completed=done, total=total)
        if done >= total:
            self._drop()

    def _drop(self) -> None:
        if self._other is not None:
            self._bars.remove_task(self._other)
            self._other = None

    def note(self, words: str) -> None:
        """A line above the bars."""
        self._console.print(Text(words, style="yellow"))

    def ready(self, setup: Setup) -> None:
        """What is about to be trained, above the bars."""
        self._setup = setup
        self._drop()
        for line in describe_setup(setup):
            self._console.print(Text(line))
        if warning := warn_of_random_weights(setup):
            self._console.print(Text(warning, style="bold white on red"))
        done = _done(setup, *setup.resumed) if setup.resumed else 0
        self._training = self._bars.add_task("Training", total=setup.epochs * setup.steps, completed=done, words="")

    def step(self, report: StepReport) -> None:
        """Move the bar and show the terms."""
        assert self._setup is not None and self._training is not None
        self._drop()
        self._bars.update(
            self._training,
            completed=_done(self._setup, report.epoch, report.step),
            words=f"epoch {report.epoch + 1}/{self._setup.epochs}  step {report.step}/{self._setup.steps}",
        )
        self._terms.plain = f"{describe_terms(report.terms)}   accuracy {report.accuracy:.1%}"

    def evaluating(self, split: str, done: int, total: int) -> None:
        """A bar of its own while it lasts."""
        self.preparing(done, total, f"evaluating {split}")

    def epoch(self, report: EpochReport) -> None:
        """A line above the bars."""
        assert self._setup is not None
        self._drop()
        self._console.print(Text(describe_epoch(report, self._setup.epochs)))

    def close(self) -> None:
        """Take the bars away; what was printed above them stays."""
        self._live.stop()


def _done(setup: Setup, epoch: int, step: int) -> int:
    return epoch * setup.steps + step
