"""Accuracy as entries of the run file."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.proportions import balanced, wilson


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
