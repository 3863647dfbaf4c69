"""Run files whose regions are given, cell by cell."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent
from ivpt.runfile.writer import write_run


def write_placed(
    path: Path,
    regions: Mapping[str, Any],
    *,
    channels: Mapping[str, int],
    scores: Any = None,
    labels: Sequence[int] | None = None,
    predictions: Sequence[int] | None = None,
    splits: Sequence[int] | None = None,
    groups: Mapping[str, Any] | None = None,
    ids: Sequence[str] | None = None,
    classes: Sequence[str] = ("a", "b"),
    coarse: int = 2,
    prototypes: Mapping[str, Any] | None = None,
    attention: Mapping[str, Any] | None = None,
    images: Mapping[str, Any] | None = None,
    info: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    removed: Mapping[str, tuple[int, ...]] | None = None,
    image_size: Sequence[int] | None = None,
    weights: str = "00",
) -> Path:
    """Write a run: per layer key (``L6``, ``coarse``) the regions (N, h, w) of all images, which all have maps.

    Attention is 0.75 where a channel owns a cell and the rest shared evenly, unless it is given.
    """
    rng = np.random.default_rng(0)
    maps = {key: np.asarray(value) for key, value in regions.items()}
    n = len(next(iter(maps.values())))
    labels = [0] * n if labels is None else labels
    made = {}
    for key, value in maps.items():
        m = channels[key]
        own = value[:, None] == np.arange(m)[:, None, None]
        made[key] = np.where(own, 0.75, 0.25 / (m - 1)).astype(np.float32)
    made.update({key: np.asarray(value, np.float32) for key, value in (attention or {}).items()})
    layers = [
        LayerContent(
            None if key == "coarse" else int(key[1:]),
            np.asarray((prototypes or {}).get(key, rng.normal(size=(channels[key], 4))), np.float32),
            np.zeros((channels[key], *value.shape[1:]), np.float32),
            removed=(removed or {}).get(key, ()),
        )
        for key, value in maps.items()
    ]
    table = ImageTable(
        ids=ids or [f"{i}.png" for i in range(n)], labels=labels, splits=splits or [2] * n, **(images or {})
    )
    size = {} if image_size is None else {"image_size": list(image_size)}
    content = RunContent(
        config={},
        versions={},
        seed=0,
        split_sha256="",
        info={"name": "placed", "classes": list(classes), **(info or {})},
        backbone={"name": "b", "weights": {"source": "file", "name": "w", "sha256": weights}, **size},
        coarse=coarse,
        layers=layers,
        images=table,
        metrics=metrics or {},
    )
    scores = rng.normal(size=(n, coarse, len(classes))) if scores is None else scores
    batch = MapBatch(
        np.arange(n),
        made,
        np.asarray(scores, np.float32),
        np.asarray(labels if predictions is None else predictions),
        {key: np.asarray(value) for key, value in (groups or {}).items()},
    )
    return write_run(path, content, [batch] if n else [])
