"""Metrics and observers for the tests of evaluation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics.evidence import RunEvidence

BOX = View(crop="box")
NOISE = View(noise_seed=4)
CROPPED_NOISE = View(crop="box", noise_seed=0)


def evidence_of(run: Any, part_mask: Any, probe: Any) -> RunEvidence:
    return RunEvidence(run, part_mask=part_mask, probe=probe)


@dataclass
class Counting(Metric):
    """Counts the images of its views that are recognised."""

    wanted: Sequence[View] = ()
    layers: Sequence[str] | None = None
    needs: frozenset[Annotation] = frozenset()  # type: ignore[misc]
    needs_probe: bool = False  # type: ignore[misc]
    seen: list[Evidence] = field(default_factory=list)
    then: Callable[[Evidence], None] = lambda evidence: None

    def views(self, evidence: Evidence) -> Sequence[View]:
        return self.wanted

    def view_layers(self, evidence: Evidence) -> Sequence[str] | None:
        return self.layers

    def compute(self, evidence: Evidence) -> MetricResult:
        self.seen.append(evidence)
        self.then(evidence)
        right, count = 0, 0
        for view in self.wanted or (View(),):
            indices = evidence.indices(view)
            right += int((evidence.predictions(view) == evidence.labels[indices]).sum())
            count += len(indices)
        per_class = np.full(len(evidence.classes), np.nan)
        figures = {"right": Figure(100 * right / count, (0.0, 100.0)), "nothing": Figure(None, why="There is nothing.")}
        return MetricResult(figures, "%", True, count, {"seed": 3}, per_class={"right": per_class})


def refuse(evidence: Evidence) -> None:
    raise DataError("These images are too small.")


class Told:
    """Remembers progress."""

    def __init__(self) -> None:
        self.words: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, words: str) -> None:
        self.words.append((done, total, words))

    def about(self, words: str) -> list[tuple[int, int]]:
        return [(done, total) for done, total, said in self.words if said == words]
