"""What ``ivpt sweep`` says while it works: a line for each step of each run, and the displays of train and evaluate."""

from contextlib import AbstractContextManager

import click

from ivpt.cli.info import printable
from ivpt.cli.progress import Bars, progress_bar
from ivpt.cli.train_progress import make_observer
from ivpt.errors import IvptError
from ivpt.interfaces.dataset import Progress as Told
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import Step
from ivpt.sweep.together import Moved
from ivpt.training.observer import Observer


class SweepProgress:
    """A :class:`ivpt.sweep.runner.Watcher` on stderr."""

    def step(self, number: int, total: int, job: Job, step: Step, left: float | None) -> None:
        """One line."""
        click.echo(step_line(number, total, job, step, left), err=True)

    def failed(self, job: Job, error: IvptError) -> None:
        """The error's sentence and its way out."""
        click.echo(failure_line(job, error), err=True)

    def training(self) -> AbstractContextManager[Observer]:
        """As ``ivpt train`` shows it."""
        return make_observer()

    def evaluating(self) -> AbstractContextManager[Told]:
        """As ``ivpt evaluate`` shows it."""
        return progress_bar()


class TogetherProgress:
    """A :class:`ivpt.sweep.together.TogetherWatcher` on stderr: as many bars as runs that go on."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._told: dict[str, Told] = {}
        self._free: list[Told] = []

    def step(self, number: int, total: int, job: Job, step: Step, left: float | None) -> None:
        """One line."""
        self._bars.say(step_line(number, total, job, step, left))

    def failed(self, job: Job, error: IvptError) -> None:
        """The error's sentence and its way out."""
        self._bars.say(failure_line(job, error))

    def moved(self, job: Job, moved: Moved) -> None:
        """Move the bar of the run."""
        if job.name not in self._told:
            self._told[job.name] = self._free.pop() if self._free else self._bars.new()
        self._told[job.name](moved.done, moved.total, printable(f"{job.name}: {moved.words}"))

    def ended(self, job: Job) -> None:
        """The next run has the bar."""
        if job.name in self._told:
            self._free.append(self._told.pop(job.name))


def step_line(number: int, total: int, job: Job, step: Step, left: float | None) -> str:
    """``[3/10] whole, seed 1: training (about 40 min left in all)``, in bold."""
    time = "" if left is None else f" (about {duration(left)} left in all)"
    return click.style(printable(f"[{number}/{total}] {job.name}: {step}{time}"), bold=True)


def failure_line(job: Job, error: IvptError) -> str:
    """What has failed, and why."""
    return f"{click.style('Failed:', fg='red', bold=True)} {printable(f'{job.name}. {error}')}"


def duration(seconds: float) -> str:
    """``40 s``, ``12 min`` or ``2 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
