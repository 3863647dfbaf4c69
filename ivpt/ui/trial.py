"""A job that removes prototypes from the model, as the prune screen follows it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivpt.jobs.job import Job
from ivpt.jobs.lines import Event, Failed, Finished, Noted, Progressed
from ivpt.jobs.prune import start_pruning
from ivpt.runfile.concept import Concept

Question = tuple[tuple[Concept, ...], bool]
"""What is removed from the model, in order, and whether the head is fitted anew."""

Answer = dict[str, Any]
"""Of one split, as :func:`ivpt.analysis.pruning.describe_change` and the report of a job have it."""


LOADING = "loading the model, usually 5 to 10 s"
"""Until the process, which has to import torch first, says something itself."""


@dataclass
class Trial:
    """A job that removes prototypes from the model: running, or over.

    Attributes:
        question: what it answers.
        out: the run file it writes.
        kept: whether ``out`` was chosen by a person; else it vanishes with the explorer.
        why: stored in the history of what it writes.
        job: the process; ``None`` until it is started.
        began: when it was asked for, by the monotonic clock.
        stage: what it does now, in words; ``done`` of ``total`` with ``seconds_left`` (``None`` while unknown).
        notes: what a person should know.
        report: its result.
        failure: why there is none.
    """

    question: Question
    out: Path
    kept: bool
    why: str = ""
    job: Job | None = None
    began: float = field(default_factory=time.monotonic)
    stage: str = LOADING
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    notes: list[str] = field(default_factory=list)
    report: dict[str, Any] | None = None
    failure: Failed | None = None

    @property
    def running(self) -> bool:
        """Whether nothing has come of it yet."""
        return self.report is None and self.failure is None

    @property
    def seconds(self) -> float:
        """Since it was asked for."""
        return time.monotonic() - self.began

    def start(self, run: Path, who: str) -> Job:
        """Start the process; in a thread, as that may take a moment.

        Raises:
            OSError: no process can be started.
        """
        drops, refit = self.question
        self.job = start_pruning(run, drops, self.out, refit_head=refit, overwrite=not self.kept, who=who, why=self.why)
        return self.job

    def hear(self, event: Event) -> None:
        """What the process says."""
        match event:
            case Progressed():
                self.stage, self.done, self.total = event.stage, event.done, event.total
                self.seconds_left = event.seconds_left
            case Noted():
                self.notes.append(event.words)
            case Finished():
                self.report = event.report
            case Failed():
                self.failure = event

    def answer(self, split: str) -> Answer | None:
        """What it found about a split; ``None`` while it has not, or when the run has no such images."""
        found = (self.report or {}).get("splits", {}).get(split)
        return found if found and found["images"] else None
