"""How many concepts does a decision rest on?"""

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Evidence, Metric, MetricResult
from ivpt.metrics.layers import coarse_layer, view_of
from ivpt.metrics.ratios import draws, mean
from ivpt.runfile.evidence import contributions
from ivpt.runfile.schema import LayerInfo

Floats = NDArray[np.floating]


def above_share(weights: Floats, share: float) -> NDArray[np.int64]:
    """(n,) number of concepts whose contribution exceeds a share of all contributions' size; weights (n, K)."""
    size = np.abs(weights)
    return np.asarray((size > share * size.sum(1, keepdims=True)).sum(1))


def covering(weights: Floats, share: float) -> NDArray[np.int64]:
    """(n,) smallest number of concepts whose contributions make up a share of the size of all; 0 where all are 0."""
    size = np.abs(np.asarray(weights, np.float64))
    largest_first = -np.sort(-size, axis=1)
    total = size.sum(1, keepdims=True)
    short = np.cumsum(largest_first, axis=1) < share * total * (1 - 1e-12)
    return np.where(total[:, 0] > 0, short.sum(1) + 1, 0)


def effective(weights: Floats) -> NDArray[np.float64]:
    """(n,) exp of the entropy of the contributions' sizes, 1 to K; 0 where all are 0."""
    size = np.abs(np.asarray(weights, np.float64))
    total = size.sum(1, keepdims=True)
    shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.where(total[:, 0] > 0, np.exp(-(shares * logs).sum(1)), 0.0)


class Sparsity(Metric):
    """Concepts used per decision: of the coarse concepts' signed contributions to the predicted class.

    There is no standard, so all are given: the effective number exp(H(abs(w) / sum abs(w))); the number above 5 % of
    the sum of sizes; the smallest number that covers 95 % of it; the numbers above PIP-Net's threshold, for the
    predicted class and for any class; and the number of regions in the image, by layer. PIP-Net's figures about
    trained class weights have no counterpart where one head is shared by all concepts.

    Source: Nauta et al., PIP-Net, CVPR 2023 (explanation size, abstention); the effective number is Hill's of order 1,
    Ecology 54 (1973) 427-432.

    Args:
        split: val or test.
        share: contributions above this share of the sum of sizes count.
        cover: share that the smallest number has to cover.
        threshold: PIP-Net's, of the contribution itself.
    """

    summary = "number of concepts that a decision rests on"

    def __init__(
        self, *, split: str = "test", share: float = 0.05, cover: float = 0.95, threshold: float = 1e-3
    ) -> None:
        self.view = view_of(split)
        if not (0 <= share < 1 and 0 < cover <= 1 and threshold >= 0):
            raise ValueError("share must be in [0, 1), cover in (0, 1], threshold at least 0")
        self.share, self.cover, self.threshold = share, cover, threshold

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures are numbers of concepts, but for abstention, which is a share of images."""
        view, coarse = self.view, coarse_layer(evidence)
        indices, predictions, scores = evidence.indices(view), evidence.predictions(view), evidence.scores(view)
        every = contributions(scores)
        own = np.take_along_axis(every, predictions[:, None, None], 2)[:, :, 0]
        counts: dict[str, Floats | NDArray[np.int64]] = {
            "effective number": effective(own),
            f"above {100 * self.share:g} %": above_share(own, self.share),
            f"covering {100 * self.cover:g} %": covering(own, self.cover),
            f"above {self.threshold:g}, predicted class": (np.abs(own) > self.threshold).sum(1),
            f"above {self.threshold:g}, any class": (np.abs(every) > self.threshold).any(2).sum(1),
            "share of images with a largest class score of exactly 0": scores.mean(1).max(1) == 0,
        }
        for layer in evidence.layers:
            counts[f"regions in the image, {layer.key}"] = self._regions(evidence, layer, len(indices))
        resamples = draws(len(indices))
        figures = {
            name: mean(np.asarray(value, np.float64), resamples, why="there is no image")
            for name, value in counts.items()
        }
        labels = np.asarray(evidence.labels)[indices]
        per_class = np.full(len(evidence.classes), np.nan)
        for c in np.unique(labels):
            per_class[c] = effective(own[labels == c]).mean()
        parameters = {
            "split": view.split,
            "concepts": len(coarse.foreground),
            "class": "predicted",
            "share": self.share,
            "cover": self.cover,
            "threshold": self.threshold,
        }
        return MetricResult(
            figures,
            "",
            None,
            len(indices),
            parameters,
            per_concept={"mean size of contribution": np.abs(own).mean(0)} if len(own) else {},
            per_class={"effective number": per_class},
            layer=coarse.key,
            judged=indices,
        )

    def _regions(self, evidence: Evidence, layer: LayerInfo, images: int) -> NDArray[np.int64]:
        found = np.zeros(images, np.int64)
        for rows, regions in evidence.regions(self.view, layer.key):
            present = (regions[:, None] == np.array(layer.foreground)[:, None, None]).any((2, 3))
            found[rows] = present.sum(1)
        return found
