"""Classes: what speaks for each, which are confused, how two of them differ, and why one image is this and not that."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.analysis.concepts import divided
from ivpt.analysis.importance import contrast, contributions, display_shares
from ivpt.proportions import Share, wilson
from ivpt.runfile.index import Confusion, ImageList, RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


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
    """The list of classes; reads nothing per image.

    Raises:
        RunFileError: the file is damaged.
    """
    counts, confusion, importance = index.counts(), index.confusion(split), run.importance()
    s = SPLITS.index(split)
    worst: dict[int, tuple[int, int]] = {}
    for label, predicted, count in zip(*(a.tolist() for a in _columns(confusion)), strict=True):
        if predicted != label and count > worst.get(label, (0, 0))[1]:
            worst[label] = (predicted, count)
    # scores are n times the contributions: the paper's bars are a softmax over scores
    shares = display_shares((importance * importance.shape[1]).T).T
    rows = []
    for c in range(len(run.classes)):
        judged, correct = int(counts.judged[s, c]), int(counts.correct[s, c])
        images = (int(counts.images[0, c]), int(counts.images[1, c]), int(counts.images[2, c]))
        accuracy = wilson(correct, judged) if judged else None
        rows.append(ClassRow(c, images, accuracy, importance[c], shares[c], worst.get(c)))
    return tuple(rows)


def confusion_matrix(index: RunIndex, split: str, most: int = 40) -> ConfusionMatrix:
    """The confusion matrix; of more than ``most`` classes those with the most confusions, both ways, are shown.

    Raises:
        RunFileError: the file is damaged.
    """
    labels, predictions, counts = _columns(index.confusion(split))
    classes = index.counts().images.shape[1]
    wrong = labels != predictions
    involved = sum(np.bincount(of[wrong], counts[wrong], minlength=classes) for of in (labels, predictions))
    shown = np.sort(np.argsort(-np.asarray(involved), kind="stable")[:most])
    place = np.full(classes, -1)
    place[shown] = np.arange(len(shown))
    row, column = place[labels], place[predictions]
    dense = np.zeros((len(shown), len(shown)), np.int64)
    both = (row >= 0) & (column >= 0)
    dense[row[both], column[both]] = counts[both]
    away = (row >= 0) & (column < 0)
    elsewhere = np.bincount(row[away], counts[away], minlength=len(shown)).astype(np.int64)
    return ConfusionMatrix(split, shown, dense, elsewhere, int(counts[wrong].sum()), int(dense.sum() - np.trace(dense)))


def class_differences(
    run: RunFile, index: RunIndex, first: int, second: int, window: int = 256
) -> tuple[ConceptDifference, ...]:
    """Every foreground concept in two classes, those that differ most first within each layer (coarse set first).

    Coarse concepts are ordered by how much their evidence differs between the images of the two classes, the others by
    the difference of area. Reads the scores of the images of the two classes: for a worker.

    Raises:
        RunFileError: the file is damaged.
    """
    pair = (first, second)
    evidence = [_mean_evidence(run, index.of_class(c), pair, window) for c in pair]
    images = index.class_maps()[list(pair)]
    found: list[ConceptDifference] = []
    for layer in reversed(run.layers):
        present, area = (divided(sums[list(pair)], images[:, None]) for sums in index.class_presence(layer.key))
        rows = []
        for k in layer.foreground:
            own = (float(evidence[0][k - 1]), float(evidence[1][k - 1])) if layer.block is None else None
            areas, shares = (float(area[0, k]), float(area[1, k])), (float(present[0, k]), float(present[1, k]))
            rows.append(ConceptDifference(layer.key, k, areas, shares, own))
        found += sorted(rows, key=_difference, reverse=True)
    return tuple(found)


def why(run: RunFile, image: int, this: int | None = None, that: int | None = None) -> Why:
    """Evidence in one image.

    Args:
        run: the run.
        image: one with maps.
        this: a class; default: the predicted one.
        that: another class; ``None`` for none.

    Raises:
        KeyError: the image has no maps.
        RunFileError: the file is damaged.
    """
    scores = run.scores(image)
    own = contributions(scores)
    chosen = run.prediction(image) if this is None else this
    coarse = next((layer for layer in run.layers if layer.block is None), None)
    area = np.full(len(scores), np.nan) if coarse is None else run.area(coarse.key, image)[list(coarse.foreground)]
    against = own[:, chosen] if that is None else contrast(scores, chosen, that)
    other = None if that is None else own[:, that]
    return Why(image, chosen, that, own[:, chosen], other, against, own.sum(axis=0), area)


def _columns(confusion: Confusion) -> tuple[Ints, Ints, Ints]:
    return confusion.labels, confusion.predictions, confusion.counts


def _mean_evidence(run: RunFile, images: ImageList, pair: tuple[int, int], window: int) -> Floats:
    """(n,) what each concept adds to the difference of two logits, mean over the images with maps; NaN without."""
    sums, count = np.zeros(run.coarse), 0
    chosen = images.all()
    for start in range(0, len(chosen), window):
        scores = run.maps_of(chosen[start : start + window]).scores()
        sums += contrast(scores, *pair).sum(axis=0, dtype=np.float64)
        count += len(scores)
    return divided(sums, np.full(run.coarse, count))


def _difference(row: ConceptDifference) -> float:
    first, second = row.area if row.evidence is None else row.evidence
    # what is not known comes last
    return -1.0 if math.isnan(first - second) else abs(first - second)
