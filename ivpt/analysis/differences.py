"""Is one run better than another? Differences of means over images with their bootstrap, and of other numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
Kind = Literal["paired", "unpaired", "intervals"]

REPLICATES = 10_000
"""Resamples of the bootstrap, so that a p-value of 0.01 is known to about 0.001."""

_T95 = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
)
"""Two-sided 95 % points of Student's t with 1 to 20 degrees of freedom."""


@dataclass(frozen=True)
class Difference:
    """How far one number lies above another.

    Attributes:
        value: the difference, in the unit of the two.
        interval: 95 % interval; ``None`` where one of the two numbers has none.
        p: two-sided; probability of so large a difference by the draw of the images alone; ``None`` without a test.
        kind: ``paired``: bootstrap over the images both have seen; ``unpaired``: over the images of each by itself;
            ``intervals``: joined from the two intervals as if independent.
        why: of ``intervals``: what keeps them from being paired.
    """

    value: float
    interval: Interval | None
    p: float | None
    kind: Kind
    why: str = ""


def bootstrap(first: ArrayLike, second: ArrayLike, *, paired: bool, seed: int = 0) -> Difference:
    """Difference of two means over images.

    Images are drawn again with replacement; how often each distinct value is drawn is multinomial, which is the same
    and does not grow with the number of images. The p-value inverts the percentile interval.

    Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, chapters 13 and 15.

    Args:
        first: (n,) one value per image.
        second: (n,), of the same images in the same order where ``paired``; else (m,).
        paired: whether image i of one is image i of the other.
        seed: of the resamples.

    Returns:
        mean of ``first`` minus mean of ``second``.

    Raises:
        ValueError: there is no image, or the numbers of paired images differ.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if not len(a) or not len(b):
        raise ValueError("there is no image to resample")
    if paired and a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} images are no pairs")
    generator = np.random.default_rng(seed)
    again = _means(a - b, generator) if paired else _means(a, generator) - _means(b, generator)
    tie = 1e-12  # thirds and their like do not cancel to the last bit
    return _tested(float(a.mean() - b.mean()), again, tie, "paired" if paired else "unpaired")


def from_replicates(
    first: float, resampled: NDArray[np.floating], second: float, others: NDArray[np.floating]
) -> Difference | None:
    """Difference of two numbers that are known in the same resamples of the same images.

    Whatever the number is made of: resample b holds the same images on both sides, so the difference in it is a
    replicate of the difference. Where replicates are centred on their number, as agreement in a resample is too large,
    so are the differences, and the excess that both have cancels either way.

    Args:
        first: of all images.
        resampled: (B,) in the resamples; NaN where one does not define it.
        second: the number that is subtracted.
        others: (B,) in the same resamples.

    Returns:
        The difference, or ``None`` where fewer than half of the resamples define it.

    Raises:
        ValueError: the numbers of resamples differ.
    """
    if resampled.shape != others.shape:
        raise ValueError(f"{resampled.shape} and {others.shape} replicates are no pairs")
    a, b = np.asarray(resampled, np.float64), np.asarray(others, np.float64)
    both = np.isfinite(a) & np.isfinite(b)
    if not len(both) or 2 * both.sum() < len(both):
        return None
    largest = max(np.abs(a[both]).max(), np.abs(b[both]).max())
    # stored with 24 bits
    tie = 4 * float(np.finfo(np.float32).eps) * float(largest)
    return _tested(first - second, (a - b)[both], tie, "paired")


def _tested(value: float, again: NDArray[np.float64], tie: float, kind: Kind) -> Difference:
    """A difference with the percentile interval of its replicates, and the p-value that inverts it."""
    low, high = np.percentile(again, [2.5, 97.5]).tolist()
    tail = min(int((again <= tie).sum()), int((again >= -tie).sum()))
    return Difference(value, (low, high), min(1.0, 2 * (tail + 1) / (len(again) + 1)), kind)


def _means(values: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """(REPLICATES,) means of ``values`` (n,) drawn again."""
    distinct, counts = np.unique(values, return_counts=True)
    drawn = generator.multinomial(len(values), counts / len(values), size=REPLICATES)
    return np.asarray(drawn @ distinct / len(values))


def from_intervals(
    first: float, around: Interval | None, second: float, other: Interval | None, why: str = ""
) -> Difference:
    """Difference of two numbers of which only the intervals are known, joined as if they were independent (MOVER).

    For two runs on the same images this is cautious: what makes images hard for one mostly makes them hard for the
    other. Where a number lies outside its own interval, as resampled thresholds may, that side counts as 0.

    Source: Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    value = first - second
    if around is None or other is None:
        return Difference(value, None, None, "intervals", why)
    below = math.hypot(max(first - around[0], 0), max(other[1] - second, 0))
    above = math.hypot(max(around[1] - first, 0), max(second - other[0], 0))
    return Difference(value, (value - below, value + above), None, "intervals", why)


def over_seeds(values: Sequence[float]) -> tuple[float, float | None, Interval | None]:
    """Mean over seeds, standard deviation (n - 1), and Student's 95 % interval of the mean; ``None`` for one seed.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("there is no value")
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None, None
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    # beyond the table its last entry stands for the rest: an interval at most 7 % too wide
    half = _T95[min(len(values) - 1, len(_T95)) - 1] * sd / math.sqrt(len(values))
    return mean, sd, (mean - half, mean + half)


__all__ = [
    "REPLICATES",
    "Difference",
    "Interval",
    "Kind",
    "bootstrap",
    "from_intervals",
    "from_replicates",
    "over_seeds",
]
