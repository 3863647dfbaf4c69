"""Figures that are a ratio of two sums over images, with their bootstrap interval.

A mean over images, over keypoints, over tests: all are a sum over images of what each image adds above, divided by a
sum of what it adds below. Images are drawn again with replacement and both sums made anew.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivpt.interfaces.metric import Figure

Draws = NDArray[np.float32]
"""(B, n): how often each of n images is in each of B resamples."""


@lru_cache(maxsize=1)
def draws(images: int, replicates: int = 1000, seed: int = 0) -> Draws:
    """(replicates, images) resamples of images with replacement; the same for the same arguments. Read-only.

    The last is kept: metrics of one run mostly draw the same images again, some several times.
    """
    if images == 0:
        return np.zeros((replicates, 0), np.float32)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(images, np.full(images, 1 / images), size=replicates).astype(np.float32)
    drawn.flags.writeable = False
    return drawn


def interval(values: NDArray[np.floating]) -> tuple[float, float] | None:
    """The middle 95 % of resampled values; ``None`` where fewer than half of the resamples define one."""
    defined = values[np.isfinite(values)]
    if len(defined) * 2 < len(values) or not len(defined):
        return None
    low, high = np.percentile(defined, [2.5, 97.5]).tolist()
    return low, high


def divided(above: ArrayLike, below: ArrayLike) -> NDArray[np.float64]:
    """``above / below``, NaN where ``below`` is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0))


def known_mean(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean over the last axis of what is not NaN; NaN where all is."""
    known = np.isfinite(values)
    return divided(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def figure(
    value: float,
    resampled: NDArray[np.floating],
    why: str = "no image defines it",
    centred: tuple[float, float] | None = None,
) -> Figure:
    """A figure with its interval, undefined where the value is NaN.

    Args:
        value: of all images.
        resampled: (B,) of the resamples.
        why: said when it is undefined.
        centred: for scores that a resample inflates (agreement, the best of several). It holds some images several
            times, so that fewer different ones speak; the mean of resamples then lies above the value, often by more
            than an interval is wide. What is wanted of them is how widely they spread: they are shifted so that their
            mean is the value, and kept within these bounds.
    """
    if not np.isfinite(value):
        return Figure(None, None, why)
    defined = resampled[np.isfinite(resampled)]
    if centred is not None and len(defined):
        resampled = np.clip(resampled + (value - defined.mean()), *centred)
    return Figure(float(value), interval(resampled), replicates=np.asarray(resampled, np.float32))


def ratio(above: ArrayLike, below: ArrayLike, resamples: Draws, scale: float = 1.0, why: str = "") -> Figure:
    """``scale * sum(above) / sum(below)``.

    Args:
        above: (n,) what each image adds above; must be 0 where the image does not count.
        below: (n,) what each image adds below.
        resamples: (B, n).
        scale: 100 for per cent.
        why: said when the lower sum is 0.
    """
    top, bottom = np.asarray(above, np.float64), np.asarray(below, np.float64)
    value = divided(top.sum(), bottom.sum()) * scale
    again = divided(resamples @ top, resamples @ bottom) * scale
    return figure(float(value), again, why or "no image defines it")


def mean(values: NDArray[np.floating], resamples: Draws, scale: float = 1.0, why: str = "") -> Figure:
    """Mean over the images where ``values`` (n,) is not NaN."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0), known, resamples, scale, why)


def by_class(
    above: ArrayLike, below: ArrayLike, labels: NDArray[np.integer], classes: int, scale: float = 1.0
) -> NDArray[np.float64]:
    """(classes,) the ratio over the images of each class alone."""
    top = np.bincount(labels, np.asarray(above, np.float64), classes)
    return divided(top, np.bincount(labels, np.asarray(below, np.float64), classes)) * scale
