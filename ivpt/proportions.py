"""Shares of counted images and how sure one may be of them."""

import math
from dataclasses import dataclass

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
