"""Classes: what speaks for each, which are confused, how two of them differ, and why one image is this and not that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.proportions import Share
from ivpt.runfile.index import RunIndex
from ivpt.runfile.reader import RunFile

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class ClassRow:
    """One row of the list of classes.

    Attributes:
        c: the class.
        images: (3,) images of each split.
        accuracy: on the split asked for; ``None`` without predictions.
        importance: (n,) mean contribution of each coarse concept to the logit of the class over its val and test
            images, signed (paper, Fig. 5 and 7); NaN without any.
        shares: (n,) the same as shares that sum to 1, a softmax over the concepts as in the paper's bars; NaN likewise.
        taken_for: the class it is most often mistaken for and how often; ``None`` without mistakes.
    """

    c: int
    images: tuple[int, int, int]
    accuracy: Share | None
    importance: Floats
    shares: Floats
    taken_for: tuple[int, int] | None


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of one split, dense over the classes chosen.

    Attributes:
        split: its name.
        classes: (k,) the classes shown, ascending by class.
        counts: (k, k) images by true class (rows) and predicted class.
        elsewhere: (k,) images of each shown class that were predicted as a class that is not shown.
        mistakes: all mistakes of the split; ``shown``: those in ``counts``.
        shown: see ``mistakes``.
    """

    split: str
    classes: NDArray[np.integer]
    counts: NDArray[np.integer]
    elsewhere: NDArray[np.integer]
    mistakes: int
    shown: int


@dataclass(frozen=True)
class ConceptDifference:
    """A concept in two classes.

    Attributes:
        key, channel: the concept.
        area: mean share of the map in the images of either class.
        present: share of the images of either class in which it has a region.
        evidence: coarse concepts only: what it adds to ``logit[first] - logit[second]``, mean over the images with maps
            of the first class and of the second.
    """

    key: str
    channel: int
    area: tuple[float, float]
    present: tuple[float, float]
    evidence: tuple[float, float] | None


@dataclass(frozen=True)
class Why:
    """Why this class and not that, for one image; exact.

    Attributes:
        image: position in the image table.
        this, that: classes; ``that`` is ``None`` when only ``this`` was asked for.
        for_this: (n,) what each coarse concept adds to the logit of ``this``, signed; the sum is the logit.
        for_that: the same for ``that``.
        contrast: (n,) ``for_this - for_that`` (``for_this`` without ``that``); the sum is the difference of the logits.
        logits: (C,) all logits.
        area: (n,) share of the map that each coarse concept's region covers in this image.
    """

    image: int
    this: int
    that: int | None
    for_this: Floats
    for_that: Floats | None
    contrast: Floats
    logits: Floats
    area: Floats


def class_rows(run: RunFile, index: RunIndex, split: str = "test") -> tuple[ClassRow, ...]:
    """The list of classes; reads nothing per image."""
    raise NotImplementedError


def confusion_matrix(index: RunIndex, split: str, most: int = 40) -> ConfusionMatrix:
    """The confusion matrix; of more than ``most`` classes those with the most confusions, both ways, are shown."""
    raise NotImplementedError


def class_differences(run: RunFile, index: RunIndex, first: int, second: int) -> tuple[ConceptDifference, ...]:
    """Every foreground concept in two classes, those that differ most first within each layer (coarse set first).

    Coarse concepts are ordered by evidence, the others by the difference of area. Reads the scores of the images of the
    two classes: for a worker.
    """
    raise NotImplementedError


def why(run: RunFile, image: int, this: int | None = None, that: int | None = None) -> Why:
    """Evidence in one image.

    Args:
        run: the run.
        image: one with maps.
        this: a class; default: the predicted one.
        that: another class; ``None`` for none.

    Raises:
        KeyError: the image has no maps.
    """
    raise NotImplementedError
