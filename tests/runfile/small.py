"""The smallest run with known arrays: four images, two classes, one prompted block of three prototypes, two coarse."""

from typing import Any

import numpy as np

from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent

N, CLASSES, COARSE, GRID = 4, 2, 2, (3, 5)


def content(**changes: Any) -> RunContent:
    rng = np.random.default_rng(0)
    values: dict[str, Any] = {
        "config": {"training": {"epochs": 2}},
        "versions": {"ivpt": "0.1.0"},
        "seed": 7,
        "split_sha256": "ab" * 32,
        "info": {"name": "small", "classes": ["a", "ü"], "licence": ""},
        "backbone": {"name": "b", "weights": {"source": "file", "name": "w", "sha256": "00"}},
        "coarse": COARSE,
        "layers": [
            LayerContent(3, rng.normal(size=(3, 4)).astype(np.float32), np.zeros((3, *GRID), np.float32), background=1),
            LayerContent(None, rng.normal(size=(3, 4)).astype(np.float32), np.ones((3, *GRID), np.float32)),
        ],
        "images": ImageTable(ids=["0.png", "1.png", "2.png", "3.png"], labels=[0, 1, 0, 1], splits=[0, 1, 2, 2]),
    }
    return RunContent(**{**values, **changes})


def batch(indices: list[int], seed: int = 1, **changes: Any) -> MapBatch:
    rng = np.random.default_rng(seed)
    b = len(indices)
    values: dict[str, Any] = {
        "indices": np.array(indices),
        "attention": {key: rng.random((b, 3, *GRID)).astype(np.float32) for key in ("L3", "coarse")},
        "scores": rng.normal(size=(b, COARSE, CLASSES)).astype(np.float32),
        "predictions": np.zeros(b, np.int64),
        "groups": {"L3": np.tile([1, 0, 2], (b, 1))},
    }
    return MapBatch(**{**values, **changes})
