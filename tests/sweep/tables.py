"""Small tables, and runs that are written in no time instead of trained."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ivpt.config import Config, load_config
from ivpt.errors import IvptError
from ivpt.evaluation.evaluate import Evaluation
from ivpt.interfaces.dataset import Progress
from ivpt.runfile.update import add_metrics
from ivpt.sweep import runner
from ivpt.sweep.definition import Definition
from ivpt.sweep.plan import Job, make_jobs
from ivpt.training.observer import Observer, Silence
from ivpt.training.run import TrainResult
from tests.analysis.scoring import entry, write_scored

TOML = """
title = "Small"
source = "nowhere, table 9"
metrics = ["accuracy", "stability"]
[settings]
training.epochs = 2
[[columns]]
name = "Sta."
metric = "stability"
[[columns]]
name = "Acc."
metric = "accuracy"
[[rows]]
name = "Without fusion"
settings.concepts.fusion = false
metric.stability.layer = "coarse"
paper = { "Sta." = 70.9 }
[[rows]]
name = "Whole"
paper = { "Sta." = 75.0, "Acc." = 90.8 }
"""
"""Two rows."""


def plan(
    definition: Definition, folder: Path, seeds: tuple[int, ...] = (0, 1), typed: Mapping[str, Any] | None = None
) -> list[Job]:
    return make_jobs(definition, seeds, typed or {}, folder, lambda values: load_config(None, "default", values))


@dataclass
class Fakes:
    """What was asked of the functions behind train and evaluate, and how they answer.

    ``failing``: name of a run file to what its training raises; ``undefined``: name of a metric to why it fails.
    """

    trained: list[tuple[str, bool]] = field(default_factory=list)
    evaluated: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    failing: dict[str, BaseException] = field(default_factory=dict)
    undefined: dict[str, IvptError] = field(default_factory=dict)

    def train(self, config: Config, out: Path, *, resume: bool = False, observer: Observer) -> TrainResult:
        self.trained.append((out.name, resume))
        if out.name in self.failing:
            raise self.failing[out.name]
        right = [1, 1, 1, int(config.concepts.fusion), 0, int(config.training.seed > 0), 0, 1]
        write_scored(out, right, seed=config.training.seed, config=config.model_dump(mode="json"))
        return TrainResult(out, {}, {}, 1, 1.0, "embedded")

    def evaluate(self, path: Path, metrics: Mapping[str, Any], evidence_of: Any, *, means: Any) -> Evaluation:
        self.evaluated.append((path.name, tuple(metrics)))
        failures = {name: self.undefined[name] for name in metrics if name in self.undefined}
        if len(failures) == len(metrics):
            raise next(iter(failures.values()))
        value = 60.0 + 4 * ("whole" in path.name) + 2 * ("seed1" in path.name)
        found = {name: {**entry(value, (50, 80), layer="coarse"), "metric": name} for name in metrics}
        add_metrics(path, {name: one for name, one in found.items() if name not in failures})
        return Evaluation({}, failures, (), None)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    found = Fakes()
    monkeypatch.setattr(runner, "train", found.train)
    monkeypatch.setattr(runner, "evaluate_run", found.evaluate)
    return found


class Ears:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, str, str]] = []
        self.left: list[float | None] = []
        self.failures: list[tuple[str, str]] = []

    def step(self, number: int, total: int, job: Job, step: str, left: float | None) -> None:
        self.steps.append((number, total, job.name, step))
        self.left.append(left)

    def failed(self, job: Job, error: IvptError) -> None:
        self.failures.append((job.name, error.message))

    @contextmanager
    def training(self) -> Iterator[Observer]:
        yield Silence()

    @contextmanager
    def evaluating(self) -> Iterator[Progress]:
        yield lambda done, total, words: None
