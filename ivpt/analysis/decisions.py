"""What the stored predictions themselves say against trusting a run, from counts by class alone."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ivpt.proportions import wilson

LEAST_IMAGES = 5
"""Of a class, before anything is said of it: of fewer an interval reaches nearly everywhere."""

FAR = 0.1
"""How far below the accuracy of all images a class must lie, its interval included. Of a few hundred classes some have
intervals that miss the accuracy by chance alone; by this much more hardly any has."""

WIDE = 0.2
"""Width of the interval of an accuracy that says little."""


def majority(judged: NDArray[np.integer]) -> float:
    """The accuracy of whoever always says the most frequent class.

    Args:
        judged: (C,) images of each class.

    Returns:
        A share in [0, 1]; NaN without images.
    """
    return float(judged.max() / judged.sum()) if judged.sum() else math.nan


def warnings(
    split: str, classes: Sequence[str], judged: NDArray[np.integer], correct: NDArray[np.integer]
) -> tuple[str, ...]:
    """Sentences for the overview.

    Args:
        split: name of the images.
        classes: (C) names.
        judged: (C,) images of each class that have a prediction.
        correct: (C,) those of them whose prediction is their class.
    """
    total = int(judged.sum())
    if not total:
        return ()
    share = wilson(int(correct.sum()), total)
    span = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    found = []
    if share.low <= majority(judged):
        often = int(judged.argmax())
        found.append(
            f"Accuracy on {split} images is {100 * share.value:.1f} % ({span}): not clearly better than always saying "
            f"{classes[often]}, which is right for {100 * majority(judged):.1f} %."
        )
    elif share.high - share.low > WIDE:
        found.append(f"There are only {total} {split} images: the accuracy lies between {span.replace('to', 'and')}.")
    found += _worst_class(split, classes, judged, correct, share.value)
    return tuple(found)


def _worst_class(
    split: str, classes: Sequence[str], judged: NDArray[np.integer], correct: NDArray[np.integer], accuracy: float
) -> list[str]:
    """The class recognised least, if it lies far below the others; how many more there are."""
    far = [
        c
        for c in np.flatnonzero(judged >= LEAST_IMAGES).tolist()
        if wilson(int(correct[c]), int(judged[c])).high < accuracy - FAR
    ]
    if not far:
        return []
    worst = min(far, key=lambda c: correct[c] / judged[c])
    missed = int(judged[worst] - correct[worst])
    more = len(far) - 1
    others = f" So are many of {more} more class{'es' if more > 1 else ''}." if more else ""
    return [f"{classes[worst]}: {missed} of {int(judged[worst])} {split} images are taken for another class.{others}"]


__all__ = ["majority", "warnings"]
