"""What of a run file enters a comparison: its metrics, its predictions, and what tells it from another run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.proportions import wilson
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS

PLACES = {"data": ("root", "workers"), "backbone": ("weights",), "training": ("seed", "device")}
"""Settings by which runs may differ and still differ in nothing but the seed; weights are compared by their hash."""

ACCURACY = "accuracy"
"""The metric that every run file with predictions has, evaluated or not."""


@dataclass(frozen=True)
class Number:
    """One figure of one run.

    Attributes:
        value: ``None`` when it is undefined; ``why`` then says why.
        interval: 95 %, over images.
        unit: ``%``, ``nats``, ``share`` or ``""``.
        higher_is_better: ``None`` where neither is, or it is a variant or control.
        parameters: its protocol.
        why: one sentence.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    unit: str = ""
    higher_is_better: bool | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class ScoredRun:
    """One run, closed.

    Attributes:
        path: of its file.
        dataset: its name.
        seed: of the run.
        settings: hash of everything that was set or removed but the seed and where files lie; equal for runs that
            differ in the seed only.
        split: on whose images.
        split_sha256: of the whole split table.
        ids: of the judged images of the split.
        labels: (n,) their classes.
        right: (n,) whether each is recognised.
        entries: metrics of the split by name, as stored.
        layers: keys of its layers.
        replicates: of metrics that have them, the headline in each resample of the images its entry's ``judged`` is
            the hash of.
    """

    path: Path
    dataset: str
    seed: int
    settings: str
    split: str
    split_sha256: str
    ids: tuple[str, ...]
    labels: NDArray[np.integer]
    right: NDArray[np.bool_]
    entries: Mapping[str, Mapping[str, Any]]
    layers: tuple[str, ...] = ()
    replicates: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)

    def same_images(self, other: "ScoredRun") -> bool:
        """Whether both were judged on the same images, so that they can be compared image by image.

        The split tables may differ, as each seed draws its own val images: it is the judged images that have to be
        the same, by name and class, in data sets of one name.
        """
        return (
            self.dataset == other.dataset
            and self.split == other.split
            and self.ids == other.ids
            and np.array_equal(self.labels, other.labels)
        )

    def has(self, metric: str) -> bool:
        """Whether a metric is there to be shown, though perhaps undefined."""
        return metric in self.entries or (metric == ACCURACY and len(self.ids) > 0)

    def figures(self, metric: str) -> list[str]:
        """Names of the figures of a metric."""
        return list(self.entries.get(metric, {}).get("figures", {}))

    def number(self, metric: str, figure: str = "") -> Number | None:
        """A figure of a metric; ``""`` for its headline. ``None`` when it is not stored."""
        if metric == ACCURACY and not figure and len(self.ids):
            share = wilson(int(self.right.sum()), len(self.right))
            return Number(100 * share.value, (100 * share.low, 100 * share.high), "%", True)
        entry = self.entries.get(metric)
        if entry is None:
            return None
        figures = entry.get("figures", {})
        headline = entry.get("headline")
        if figure and figure not in figures:
            return Number(None, why=f"the metric has no figure {figure!r} here")
        found = figures.get(figure or headline, entry)
        value, interval = found.get("value"), found.get("interval")
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return Number(
            float(value) if known else None,
            (float(interval[0]), float(interval[1])) if known and interval else None,
            str(entry.get("unit", "")),
            entry.get("higher_is_better") if figure in ("", headline) else None,
            entry.get("parameters", {}),
            "" if known else str(found.get("why") or "it is undefined on these images"),
        )


def read_scored(path: Path, split: str = "test") -> ScoredRun:
    """Read what a comparison needs.

    Raises:
        RunFileError: it is not a run file, or damaged.
    """
    with RunFile(path) as run:
        judged = np.flatnonzero((run.splits == SPLITS.index(split)) & (run.predictions >= 0))
        ids, metrics = run.ids(), run.metrics()
        stored = _stored_names(metrics, split)
        found = {name: again for name, own in stored.items() if (again := run.replicates(own)) is not None}
        return ScoredRun(
            path=path,
            dataset=str(run.info.get("name", "")),
            seed=run.seed,
            settings=_settings(run),
            split=split,
            split_sha256=run.split_sha256,
            ids=tuple(ids[i] for i in judged),
            labels=run.labels[judged],
            right=run.predictions[judged] == run.labels[judged],
            entries={name: metrics[own] for name, own in stored.items()},
            layers=tuple(layer.key for layer in run.layers),
            replicates=found,
        )


def _stored_names(metrics: Mapping[str, Mapping[str, Any]], split: str) -> dict[str, str]:
    """Metrics of a split: own to stored name; those that training stored say neither, and keep their names."""
    found = {}
    for name, entry in metrics.items():
        own = entry.get("split", entry.get("parameters", {}).get("split", "test"))
        if own == split:
            found[str(entry.get("metric", name))] = name
    return found


def _settings(run: RunFile) -> str:
    config = {
        section: {key: value for key, value in values.items() if key not in PLACES.get(section, ())}
        if isinstance(values, Mapping)
        else values
        for section, values in run.config.items()
    }
    words: list[Any] = [config, run.info.get("name", ""), run.backbone.get("weights", {}).get("sha256", "")]
    if run.origin:
        words += [[layer.removed for layer in run.layers], [bool(step.get("refit")) for step in run.origin]]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


__all__ = ["ACCURACY", "Number", "ScoredRun", "read_scored"]
