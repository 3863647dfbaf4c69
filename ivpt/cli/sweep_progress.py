"""What ``ivpt sweep`` says while it works: a line for each step of each run, and the displays of train and evaluate."""

from contextlib import AbstractContextManager

import click

from ivpt.cli.info import printable
from ivpt.cli.progress import progress_bar
from ivpt.cli.train_progress import make_observer
from ivpt.errors import IvptError
from ivpt.interfaces.dataset import Progress
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import Step
from ivpt.training.observer import Observer


class SweepProgress:
    """A :class:`ivpt.sweep.runner.Watcher` on stderr."""

    def step(self, number: int, total: int, job: Job, step: Step, left: float | None) -> None:
        """One line."""
        time = "" if left is None else f" (about {duration(left)} left in all)"
        click.secho(printable(f"[{number}/{total}] {job.name}: {step}{time}"), bold=True, err=True)

    def failed(self, job: Job, error: IvptError) -> None:
        """The error's sentence and its way out."""
        click.echo(f"{click.style('Failed:', fg='red', bold=True)} {printable(f'{job.name}. {error}')}", err=True)

    def training(self) -> AbstractContextManager[Observer]:
        """As ``ivpt train`` shows it."""
        return make_observer()

    def evaluating(self) -> AbstractContextManager[Progress]:
        """As ``ivpt evaluate`` shows it."""
        return progress_bar()


def duration(seconds: float) -> str:
    """``40 s``, ``12 min`` or ``2 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
