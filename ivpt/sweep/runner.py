"""Training and evaluating the runs of a sweep, through the functions behind the commands."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ivpt.errors import DataError, Interrupted, IvptError
from ivpt.evaluation.evaluate import EvidenceOf, Means, evaluate_run
from ivpt.interfaces.dataset import Progress
from ivpt.interfaces.metric import Metric
from ivpt.runfile.reader import RunFile
from ivpt.runfile.writer import plain
from ivpt.sweep.definition import RowDefinition
from ivpt.sweep.plan import Job
from ivpt.training.observer import Observer
from ivpt.training.run import train

_log = logging.getLogger(__name__)

Step = Literal["training", "training, from where it stopped", "evaluating"]


@dataclass(frozen=True)
class RowMetrics:
    """The metrics of a row, and the parameters they were explicitly given, by name."""

    metrics: Mapping[str, Metric]
    options: Mapping[str, Mapping[str, Any]]


MetricsOf = Callable[[RowDefinition], RowMetrics]


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        job: the run.
        seconds: it took in this sitting.
        error: why it has failed; what is in its file stays.
        left_out: name of each metric that its images or its model cannot give to the reason.
    """

    job: Job
    seconds: float
    error: IvptError | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


class Displays(Protocol):
    """What shows how one run goes."""

    def training(self) -> AbstractContextManager[Observer]:
        """Watches one training."""

    def evaluating(self) -> AbstractContextManager[Progress]:
        """Watches one evaluation."""


class Steps(Protocol):
    """Told which step of which run begins, and what fails."""

    def step(self, number: int, total: int, job: Job, step: Step, left: float | None) -> None:
        """A step of run ``number`` (from 1) begins; ``left`` seconds remain in all, as far as can be told."""

    def failed(self, job: Job, error: IvptError) -> None:
        """A run has failed; the others go on."""


class Watcher(Displays, Steps, Protocol):
    """Told how a sweep goes whose runs come one after the other."""


def run_jobs(jobs: Sequence[Job], metrics_of: MetricsOf, evidence_of: EvidenceOf, watcher: Watcher) -> list[Outcome]:
    """Train what is not trained and compute what is not stored, one run after the other.

    Args:
        jobs: in order.
        metrics_of: makes the metrics of a row.
        evidence_of: makes what metrics look at.
        watcher: told how it goes.

    Returns:
        One outcome per job; a failed run does not stop the others.

    Raises:
        Interrupted: the user stopped it; what is done stays, and a run that was training can go on.
    """
    outcomes: list[Outcome] = []
    for number, job in enumerate(jobs, start=1):

        def say(step: Step, number: int = number, job: Job = job) -> None:
            watcher.step(number, len(jobs), job, step, time_left(outcomes, jobs[len(outcomes) :]))

        try:
            outcome = run_job(job, metrics_of, evidence_of, watcher, say)
        except (Interrupted, KeyboardInterrupt):
            raise interrupted(outcomes, len(jobs)) from None
        if outcome.error is not None:
            watcher.failed(job, outcome.error)
        outcomes.append(outcome)
    return outcomes


def run_job(
    job: Job, metrics_of: MetricsOf, evidence_of: EvidenceOf, displays: Displays, say: Callable[[Step], None]
) -> Outcome:
    """Train a run where it is not trained and compute what is not stored.

    Args:
        job: the run.
        metrics_of: makes the metrics of its row.
        evidence_of: makes what metrics look at.
        displays: show how it goes.
        say: called when a step begins; never when nothing is to be done.

    Raises:
        Interrupted, KeyboardInterrupt: the user stopped it. Whatever else goes wrong is in the outcome.
    """
    begun = time.monotonic()
    error: IvptError | None = None
    left_out: dict[str, str] = {}
    try:
        if job.state != "finished":
            say("training" if job.state == "new" else "training, from where it stopped")
            with displays.training() as observer:
                train(job.config, job.out, resume=job.state == "unfinished", observer=observer)
        left_out, error = _evaluate(job, metrics_of(job.row), evidence_of, displays, say)
    except Interrupted:
        raise
    except IvptError as escaped:
        error = escaped
    except Exception as escaped:
        _log.info("%s failed", job.name, exc_info=True)
        words = " ".join(f"{type(escaped).__name__}: {escaped}".split())
        error = IvptError(f"A defect of ivpt or of a plugin: {words}")
    return Outcome(job, time.monotonic() - begun, error, left_out)


def interrupted(outcomes: Sequence[Outcome], total: int) -> Interrupted:
    """What a sweep of ``total`` runs says when it is stopped."""
    done = sum(outcome.error is None for outcome in outcomes)
    return Interrupted(
        f"The sweep was interrupted; {done} of {total} runs are done.", "The same command goes on where it stopped."
    )


def _evaluate(
    job: Job, wanted: RowMetrics, evidence_of: EvidenceOf, displays: Displays, say: Callable[[Step], None]
) -> tuple[dict[str, str], IvptError | None]:
    """Compute what the run file does not hold; why metrics were left out, and the first that should have worked."""
    with RunFile(job.out) as run:
        stored = run.metrics()
    missing = {n: m for n, m in wanted.metrics.items() if not is_stored(stored.get(n), wanted.options.get(n, {}))}
    if not missing:
        return {}, None
    say("evaluating")
    try:
        with displays.evaluating() as progress:
            means = Means(root=job.config.data.root, device=job.config.training.device, progress=progress)
            failures = dict(evaluate_run(job.out, missing, evidence_of, means=means).failures)
    except DataError as error:  # none of them can be computed
        failures = dict.fromkeys(missing, error)
    left_out = {name: error.message for name, error in failures.items() if isinstance(error, DataError)}
    return left_out, next((error for name, error in failures.items() if name not in left_out), None)


def is_stored(entry: Mapping[str, Any] | None, options: Mapping[str, Any]) -> bool:
    """Whether a metric is in the run file, computed with the parameters it is given here."""
    if entry is None or "metric" not in entry:
        return False
    used = {**entry.get("parameters", {}), "layer": entry.get("layer")}
    return all(key in used and used[key] == plain(value) for key, value in options.items())


def time_left(outcomes: Sequence[Outcome], to_do: Sequence[Job]) -> float | None:
    """Seconds that these runs will take, one after the other, if they are like those done; ``None`` when none is."""
    whole = [outcome.seconds for outcome in outcomes if outcome.job.state == "new" and outcome.error is None]
    kept = [outcome.seconds for outcome in outcomes if outcome.job.state == "finished" and outcome.error is None]
    training = sum(job.state != "finished" for job in to_do)
    if training and not whole:
        return None
    if training:
        others = len(to_do) - training
        return training * sum(whole) / len(whole) + (others * sum(kept) / len(kept) if kept else 0.0)
    return len(to_do) * sum(kept) / len(kept) if kept else None


__all__ = [
    "Displays",
    "MetricsOf",
    "Outcome",
    "RowMetrics",
    "Step",
    "Steps",
    "Watcher",
    "interrupted",
    "is_stored",
    "run_job",
    "run_jobs",
    "time_left",
]
