"""Accuracy and how sure one may be of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(correct: int, count: int) -> Share:
    """A proportion with its Wilson score interval; an empty count is wholly unknown.

    Source: Wilson, JASA 22 (1927) 209-212.
    """
    if count == 0:
        return Share(math.nan, 0.0, 1.0)
    p = correct / count
    spread = Z95 * math.sqrt(p * (1 - p) / count + Z95**2 / (4 * count**2))
    centre = p + Z95**2 / (2 * count)
    scale = 1 + Z95**2 / count
    return Share(p, max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0))


def balanced(labels: NDArray[np.integer], predictions: NDArray[np.integer]) -> Share:
    """Mean over classes of the share that is recognised, with its 95 % interval.

    Classes without images are left out. The interval joins the classes' Wilson intervals (MOVER; Zou and Donner,
    Statistics in Medicine 27 (2008) 1693-1702): it is sound also where a class is recognised always or never.
    """
    parts = [
        wilson(int((predictions[labels == c] == c).sum()), int((labels == c).sum())) for c in np.unique(labels).tolist()
    ]
    if not parts:
        return Share(math.nan, 0.0, 1.0)
    value = sum(p.value for p in parts) / len(parts)
    below = math.sqrt(sum((p.value - p.low) ** 2 for p in parts)) / len(parts)
    above = math.sqrt(sum((p.high - p.value) ** 2 for p in parts)) / len(parts)
    return Share(value, max(value - below, 0.0), min(value + above, 1.0))


def accuracy_metrics(
    split: str, labels: NDArray[np.integer], predictions: NDArray[np.integer], parameters: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Entries for the run file: ``<split>_accuracy`` and ``<split>_balanced_accuracy``.

    Args:
        split: val or test.
        labels: (N,) class indices.
        predictions: (N,) class indices.
        parameters: of the protocol, stored with each value.
    """
    correct = int((labels == predictions).sum())
    plain, fair = wilson(correct, len(labels)), balanced(labels, predictions)
    counts = {"correct": correct, "count": len(labels)}
    return {
        f"{split}_accuracy": {
            "value": plain.value,
            "interval": [plain.low, plain.high],
            **counts,
            "parameters": {**parameters, "split": split, "interval": "95 %, Wilson"},
        },
        f"{split}_balanced_accuracy": {
            "value": fair.value,
            "interval": [fair.low, fair.high],
            **counts,
            "parameters": {**parameters, "split": split, "interval": "95 %, Wilson per class joined by MOVER"},
        },
    }
