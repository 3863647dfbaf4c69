"""Run files with given predictions and metrics, for comparisons."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ivpt.runfile.content import MapBatch
from ivpt.runfile.writer import write_run
from tests.runfile import small


def entry(value: float | None, interval: Sequence[float] | None = None, **more: Any) -> dict[str, Any]:
    """A metric as ``ivpt evaluate`` stores it; its headline is called ``main``."""
    main = {"value": value, "interval": interval, **({"why": "nothing is annotated"} if value is None else {})}
    values = {
        "metric": "",
        "split": "test",
        "value": value,
        "interval": interval,
        "headline": "main",
        "unit": "%",
        "higher_is_better": True,
        "figures": {"main": main, "control": {"value": 12.0, "interval": None}},
        "parameters": {"threshold": 0.8},
    }
    return {**values, **more}


def write_scored(
    path: Path,
    right: Sequence[int],
    *,
    seed: int = 0,
    metrics: Mapping[str, dict[str, Any]] | None = None,
    dataset: str = "small",
    names: str = "{}.png",
    sha: str = "ab",
    config: Mapping[str, Any] | None = None,
    val: Sequence[int] = (),
    keypoints: Sequence[str] = ("beak",),
) -> Path:
    """A run whose test images are recognised as ``right`` (1 or 0) says; ``val`` likewise; one train image first.

    That there are ``keypoints`` is said, but where they are is not stored.
    """
    judged = np.array([*right, *val], int)
    n = len(judged) + 1
    labels = np.arange(n) % 2
    splits = [0, *[2] * len(right), *[1] * len(val)]
    content = small.content(
        seed=seed,
        split_sha256=sha * 32,
        config={"training": {"epochs": 2, "seed": seed}, **(config or {})},
        backbone={"name": "b", "weights": {"source": "file", "name": "w", "sha256": "00"}, "image_size": [28, 28]},
        info={"name": dataset, "classes": ["a", "b"], "licence": "", "keypoints": list(keypoints)},
        images=small.ImageTable(ids=[names.format(i) for i in range(n)], labels=labels, splits=splits),
        metrics={name: {**found, "metric": found["metric"] or name} for name, found in (metrics or {}).items()},
    )
    predictions = np.where(judged == 1, labels[1:], 1 - labels[1:])
    batch: MapBatch = small.batch(list(range(1, n)), predictions=predictions)
    return write_run(path, content, [batch])
