"""Several runs of a sweep at the same time, each in a process of its own.

A worker process takes a run, says what it does over a pipe, hands back the outcome and takes the next. It leads a
session of its own, so that Ctrl-C reaches this process alone, which asks every worker once to stop: the run that is
training then saves what it needs to go on. A worker whose sweep is gone notices at its next word and ends.
"""

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol, cast

from ivpt.errors import Interrupted, IvptError
from ivpt.evaluation.evaluate import EvidenceOf
from ivpt.interfaces.dataset import Progress
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import MetricsOf, Outcome, Step, Steps, interrupted, run_job, time_left
from ivpt.training.interrupt import StopRequest
from ivpt.training.observer import Observer, Setup, Silence, StepReport

POLL = 0.2
"""Seconds after which a request to stop is noticed."""


@dataclass(frozen=True)
class Moved:
    """How far a run has come with what it does."""

    done: int
    total: int
    words: str


class TogetherWatcher(Steps, Protocol):
    """Told how a sweep goes, several runs of which go on at the same time."""

    def moved(self, job: Job, moved: Moved) -> None:
        """A run has come a little further."""

    def ended(self, job: Job) -> None:
        """A run has ended, one way or the other."""


class _Worker:
    """A process, the pipe to it, and what it does."""

    def __init__(self, metrics_of: MetricsOf, evidence_of: EvidenceOf, prepare: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        pipe, far = context.Pipe()
        self.pipe: Connection = pipe
        self.at: int | None = None
        # until the worker stands in its own session, Ctrl-C must not end it with a traceback
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process = context.Process(target=_work, args=(far, metrics_of, evidence_of, prepare))
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        self.process: BaseProcess = process
        far.close()

    def take(self, at: int, job: Job) -> None:
        self.at = at
        # a worker that has died meanwhile is noticed where it is listened to
        with suppress(OSError):
            self.pipe.send(job)

    def stop(self) -> None:
        """Ask once; on Windows, where there is no such session, Ctrl-C has reached it already."""
        if sys.platform != "win32" and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)


def run_jobs_together(
    jobs: Sequence[Job],
    metrics_of: MetricsOf,
    evidence_of: EvidenceOf,
    watcher: TogetherWatcher,
    *,
    processes: int,
    prepare: Callable[[], None],
) -> list[Outcome]:
    """As :func:`~ivpt.sweep.runner.run_jobs`, ``processes`` runs at a time; to be called in the main thread.

    Args:
        jobs: taken in order.
        metrics_of: makes the metrics of a row; sent to other processes, so a function of a module or a partial of one.
        evidence_of: makes what metrics look at; sent likewise.
        watcher: told how it goes.
        processes: at least 1.
        prepare: called first in each process; sent likewise.

    Returns:
        One outcome per job, in their order; a failed run does not stop the others, nor does a process that dies.

    Raises:
        Interrupted: the user stopped it; what is done stays, and runs that were training can go on.
    """
    outcomes: dict[int, Outcome] = {}
    to_do = deque(enumerate(jobs))
    workers: dict[Connection, _Worker] = {}

    def hire() -> None:
        worker = _Worker(metrics_of, evidence_of, prepare)
        workers[worker.pipe] = worker
        worker.take(*to_do.popleft())

    def over(worker: _Worker, outcome: Outcome) -> None:
        assert worker.at is not None
        outcomes[worker.at], worker.at = outcome, None
        watcher.ended(outcome.job)
        if outcome.error is not None:
            watcher.failed(outcome.job, outcome.error)

    def hear(worker: _Worker, said: "Step | Moved | Outcome") -> None:
        assert worker.at is not None
        job = jobs[worker.at]
        if isinstance(said, Outcome):
            over(worker, said)
        elif isinstance(said, Moved):
            watcher.moved(job, said)
        else:
            rest = [one for at, one in enumerate(jobs) if at not in outcomes]
            left = time_left(list(outcomes.values()), rest)
            watcher.step(worker.at + 1, len(jobs), job, said, None if left is None else left / processes)

    def part(worker: _Worker) -> None:
        """The worker is gone, or is to go: nothing is left for it."""
        del workers[worker.pipe]
        worker.pipe.close()
        worker.process.join()

    try:
        with StopRequest() as stop:
            stopping = False
            while len(workers) < processes and to_do:
                hire()
            while workers:
                for pipe in wait(list(workers), POLL):
                    worker = workers[cast(Connection, pipe)]
                    try:
                        hear(worker, worker.pipe.recv())
                    except (EOFError, OSError, pickle.UnpicklingError):
                        part(worker)
                        if worker.at is not None and not stopping:
                            words = f"Its process ended with code {worker.process.exitcode}."
                            over(worker, Outcome(jobs[worker.at], 0.0, IvptError(words, "Is there enough memory?")))
                            if to_do:
                                hire()
                        continue
                    if worker.at is None:
                        if to_do and not stopping:
                            worker.take(*to_do.popleft())
                        else:
                            part(worker)
                if stop.asked and not stopping:
                    stopping = True
                    for worker in workers.values():
                        worker.stop()
    except KeyboardInterrupt:  # asked twice
        stopping = True
    finally:
        for worker in workers.values():
            worker.process.kill()
    if stopping:
        raise interrupted(list(outcomes.values()), len(jobs))
    return [outcomes[at] for at in range(len(jobs))]


def _work(pipe: Connection, metrics_of: MetricsOf, evidence_of: EvidenceOf, prepare: Callable[[], None]) -> None:
    """What a worker process does: runs, until there are none."""
    if sys.platform != "win32":
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(EOFError, BrokenPipeError, Interrupted, KeyboardInterrupt):
        prepare()
        while True:
            job: Job = pipe.recv()
            pipe.send(run_job(job, metrics_of, evidence_of, _Sent(pipe), pipe.send))


class _Sent:
    """:class:`~ivpt.sweep.runner.Displays` at the other end of a pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    @contextmanager
    def training(self) -> Iterator[Observer]:
        yield _SentTraining(self._moved)

    @contextmanager
    def evaluating(self) -> Iterator[Progress]:
        yield self._moved

    def _moved(self, done: int, total: int, words: str) -> None:
        self._pipe.send(Moved(done, total, words))


class _SentTraining(Silence):
    """An observer that says how many steps are done; what else a training says is in its run file."""

    def __init__(self, moved: Progress) -> None:
        self._moved = moved
        self._setup: Setup | None = None

    def preparing(self, done: int, total: int, words: str) -> None:
        self._moved(done, total, words)

    def ready(self, setup: Setup) -> None:
        self._setup = setup

    def step(self, report: StepReport) -> None:
        assert self._setup is not None
        steps = self._setup.steps
        self._moved(report.epoch * steps + report.step, self._setup.epochs * steps, "training")

    def evaluating(self, split: str, done: int, total: int) -> None:
        self._moved(done, total, f"evaluating {split}")


__all__ = ["Moved", "TogetherWatcher", "run_jobs_together"]
