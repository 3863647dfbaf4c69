"""Figures over (class, concept) pairs: what each pair reaches, for B ways to weigh the images at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.metrics.ratios import Draws, divided, known_mean

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Counts of B ways to weigh the images of one class (or of all together).

    Attributes:
        rates: (B, K, J) share of the images with part j visible in which concept k is near it; 0 where it never is.
        visible: (B, J) number of images with part j visible.
        images: (B,) number of images.
    """

    rates: NDArray[np.float64]
    visible: NDArray[np.float64]
    images: NDArray[np.float64]


def pairs(hits: Bools, visible: Bools, weights: NDArray[np.floating]) -> Pairs:
    """Count.

    Args:
        hits: (n, K, J) whether concept k is near part j.
        visible: (n, J).
        weights: (B, n) how often each image counts, whole numbers.
    """
    n, concepts, parts = hits.shape
    # sums of fewer than 2^24 ones are exact in 32 bits
    counted = weights.astype(np.float32)
    seen = (counted @ visible.astype(np.float32)).astype(np.float64)
    found = (counted @ hits.reshape(n, -1).astype(np.float32)).reshape(-1, concepts, parts)
    return Pairs(found / np.maximum(seen, 1)[:, None], seen, counted.sum(axis=1, dtype=np.float64))


def consistent(found: Pairs, threshold: float, support: int = 0) -> NDArray[np.float64]:
    """(B, K) 1 for consistent, 0 for not, NaN where no image (or no part with enough images) decides.

    Args:
        found: counts.
        threshold: least rate of the best part.
        support: a part counts only where it is visible in at least so many images; 0 for the published rule, by which a
            part that is visible once can decide, and a class without visible parts is inconsistent.
    """
    enough = found.visible >= support
    best = np.where(enough[:, None], found.rates, -1).max(axis=2, initial=-1)
    decided = (found.images > 0) & (enough.any(axis=1) | (support == 0))
    return np.where(decided[:, None], best >= threshold, np.nan)


def consistent_pairs(
    hits: Bools, visible: Bools, labels: NDArray[np.integer], weights: Draws, threshold: float, support: int = 0
) -> NDArray[np.float64]:
    """(B, classes with images, K) as :func:`consistent`, class by class."""
    result = []
    for c in np.unique(labels):
        own = np.flatnonzero(labels == c)
        result.append(consistent(pairs(hits[own], visible[own], weights[:, own]), threshold, support))
    return np.stack(result, axis=1)


def share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B,) mean in % over what is defined of (B, ...)."""
    return 100 * known_mean(values.reshape(len(values), -1))


def mean_pairs(
    above: NDArray[np.float64], below: NDArray[np.float64], labels: NDArray[np.integer], weights: Draws
) -> NDArray[np.float64]:
    """(B, classes with images, K) sums of ``above`` divided by sums of ``below``, both (n, K); NaN where that is 0."""
    result = []
    for c in np.unique(labels):
        own = np.flatnonzero(labels == c)
        counted = weights[:, own].astype(np.float64)
        result.append(divided(counted @ above[own], counted @ below[own]))
    return np.stack(result, axis=1)
