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


@dataclass(frozen=True)
class Group:
    """Images of one class that share a value of an attribute; ``correct`` of ``count`` are recognised.

    ``competing`` groups were looked at.
    """

    label: int
    value: int
    correct: int
    count: int
    competing: int

    @property
    def share(self) -> Share:
        """The recognised share, with the 95 % interval of these images alone."""
        return wilson(self.correct, self.count)


def worst_group(
    labels: NDArray[np.integer], values: NDArray[np.integer], right: NDArray[np.bool_], min_images: int = 1
) -> Group | None:
    """The pair of class and attribute value that is recognised least often; of equally bad ones the largest.

    Source: Sagawa et al., Distributionally robust neural networks, ICLR 2020.

    Args:
        labels: (N,) classes.
        values: (N,) value of the attribute; images with a negative one are left out.
        right: (N,) whether each image is recognised.
        min_images: groups with fewer images do not compete.
    """
    pairs = np.stack([labels, values], axis=1)[values >= 0]
    groups, place, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    hits = np.bincount(place.ravel(), right[values >= 0], len(groups)).astype(np.int64)
    competing = np.flatnonzero(counts >= min_images).tolist()
    if not competing:
        return None
    worst = min(competing, key=lambda k: (hits[k] / counts[k], -counts[k], k))
    label, value = groups[worst].tolist()
    return Group(label, value, int(hits[worst]), int(counts[worst]), len(competing))
