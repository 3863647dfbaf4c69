"""How often the model is right: overall, per class, and where it is right least often."""

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics.ratios import by_class, divided, draws, figure
from ivpt.proportions import Share, balanced, wilson, worst_group

TRAIN = 0


def ranks(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """(N,) number of classes that stand before the true one; of equal scores the lower index stands first."""
    own = np.take_along_axis(logits, labels[:, None], 1)
    earlier = np.arange(logits.shape[1]) < labels[:, None]
    return np.asarray(((logits > own) | ((logits == own) & earlier)).sum(1))


def _percent(share: Share) -> Figure:
    if not np.isfinite(share.value):
        return Figure(None, None, "there is no image")
    return Figure(100 * share.value, (100 * share.low, 100 * share.high))


def weighted(right: NDArray[np.bool_], group: NDArray[np.integer], shares: NDArray[np.floating]) -> Figure:
    """Accuracies of groups, averaged with given weights.

    Groups without images do not count, and the weights of the others are scaled up.

    Args:
        right: (n,) of the judged images.
        group: (n,) of each.
        shares: (G,) weights, at least 0.
    """
    member = (group[:, None] == np.arange(len(shares))).astype(np.float32)
    hits = member * right[:, None]

    def average(above: NDArray[np.floating], below: NDArray[np.floating]) -> NDArray[np.float64]:
        weight = np.where(below > 0, shares, 0.0)
        return divided((weight * np.nan_to_num(divided(above, below))).sum(-1), weight.sum(-1)) * 100

    resamples = draws(len(right))
    value = average(hits.sum(0), member.sum(0))
    return figure(
        float(value), average(resamples @ hits, resamples @ member), "no group of the training images is here"
    )


class Accuracy(Metric):
    """Top-1, top-k, macro and worst-group accuracy.

    *Weighted as train* averages the groups' accuracies with their shares of the training images, for data sets whose
    val and test groups are balanced by construction (the published average of Waterbirds).

    A group is a pair of class and value of an attribute; a pair without images is skipped. The worst group's interval
    is that of its own images; being chosen as the worst, it is too low on average where groups are small.

    Source: Sagawa et al., Distributionally robust neural networks, ICLR 2020 (worst group); Wilson (intervals).

    Args:
        split: val or test.
        top: k of top-k.
        min_images: groups with fewer images do not compete for the worst.
    """

    summary = "share of images whose class is recognised; per class; worst class x attribute group"

    uses = frozenset[Annotation]({"attributes"})

    def __init__(self, *, split: str = "test", top: int = 5, min_images: int = 1) -> None:
        if split not in ("val", "test"):
            raise ValueError(f"split must be val or test, not {split!r}")
        if top < 1 or min_images < 1:
            raise ValueError("top and min_images must be at least 1")
        self.split, self.top, self.min_images = split, top, min_images

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %, with Wilson intervals."""
        view = View(split="val" if self.split == "val" else "test")
        indices = evidence.indices(view)
        labels = np.asarray(evidence.labels)[indices]
        logits = evidence.scores(view).mean(1)
        # what is stored as the prediction is the prediction, also where two logits are equal
        predictions, rank = evidence.predictions(view), ranks(logits, labels)
        right = predictions == labels
        count = len(labels)
        figures = {
            "top-1": _percent(wilson(int(right.sum()), count)),
            f"top-{self.top}": _percent(wilson(int((rank < self.top).sum()), count)),
            "macro": _percent(balanced(labels, predictions)),
        }
        parameters = {
            "split": self.split,
            "top": self.top,
            "min_images": self.min_images,
            "interval": "95 %, Wilson; macro: per class, joined by MOVER; weighted: bootstrap",
        }
        for name, values in evidence.attributes.items():
            own = evidence.attribute(name)
            more, words = self._groups(name, values, own[indices], labels, right, evidence.classes)
            groups = np.where(own >= 0, np.asarray(evidence.labels) * len(values) + own, -1)
            trained = groups[(evidence.splits == TRAIN) & (groups >= 0)]
            shares = np.bincount(trained, minlength=len(evidence.classes) * len(values)) / max(len(trained), 1)
            figures |= more | {f"weighted as train by {name}": weighted(right, groups[indices], shares)}
            parameters |= words
        share = by_class(right, np.ones(count), labels, len(evidence.classes), 100)
        return MetricResult(figures, "%", True, count, parameters, per_class={"top-1": share})

    def _groups(
        self,
        name: str,
        names: tuple[str, ...],
        values: NDArray[np.integer],
        labels: NDArray[np.integer],
        right: NDArray[np.bool_],
        classes: tuple[str, ...],
    ) -> tuple[dict[str, Figure], dict[str, str | int]]:
        figures = {
            f"{name} = {value}": _percent(wilson(int(right[values == v].sum()), int((values == v).sum())))
            for v, value in enumerate(names)
        }
        title = f"worst group by {name}"
        worst = worst_group(labels, values, right, self.min_images)
        if worst is None:
            why = f"no group of class and {name} has {self.min_images} images"
            return {title: Figure(None, None, why), **figures}, {}
        share = worst.share
        error = 100 * float(np.sqrt(share.value * (1 - share.value) / worst.count))
        whose = f"{classes[worst.label]} with {name} {names[worst.value]}"
        words: dict[str, str | int] = {
            title: f"{whose}: {worst.count} images, standard error {error:.1f} %",
            f"groups by {name}": worst.competing,
        }
        return {title: _percent(share), **figures}, words


__all__ = ["Accuracy", "ranks", "weighted"]
