"""Which coarse concepts a decision needs, and which are enough for it alone: arithmetic of stored scores."""

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Figure, Metric, MetricResult
from ivpt.metrics.attribution import order
from ivpt.metrics.insertion_deletion import probability
from ivpt.metrics.layers import coarse_layer, view_of
from ivpt.metrics.ratios import by_class, draws, mean
from ivpt.runfile.evidence import contributions

Scores = NDArray[np.float32]


def without_each(scores: Scores) -> Scores:
    """(b, n, C) sum of the scores of all concepts but k, for each k."""
    return np.asarray(scores.sum(1, keepdims=True) - scores)


def only(scores: Scores, kept: NDArray[np.bool_]) -> Scores:
    """(b, 1, C) mean over the kept (b, n) concepts of their scores, as the logits of a decision made of them alone."""
    total = (scores * kept[:, :, None]).sum(1, keepdims=True)
    return np.asarray(total / np.maximum(kept.sum(1), 1)[:, None, None])


class Necessity(Metric):
    """Necessity and sufficiency of single concepts for the predicted class.

    A concept is *necessary* for a decision when another class is predicted from the mean of the other concepts'
    scores, and *sufficient* when its own scores alone predict the class. "p lost without it" and "p lost with it alone"
    are the drops of the predicted class's probability, ERASER's comprehensiveness (higher is better) and sufficiency
    (lower is better) of the concept that contributes most. The control is a concept drawn by lot.

    This is about what the sum of evidence does. Every prompt has seen the whole image through attention, so a concept
    that is not needed here may have helped others; what happens to the model without it is another question
    (``ivpt prune``), and what happens without its pixels a third (``eraser``).

    Source: DeYoung et al., ERASER, ACL 2020, section 4.3; for concepts it is ivpt's own.

    Args:
        split: val or test.
        seed: of the lots.
    """

    summary = "share of decisions that change without their strongest concept, or stay with it alone"

    def __init__(self, *, split: str = "test", seed: int = 0) -> None:
        self.view, self.seed = view_of(split), seed

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %; the probabilities lost in percentage points."""
        view, layer = self.view, coarse_layer(evidence)
        indices = evidence.indices(view)
        if not len(indices):
            raise DataError(f"There is no {view.split} image.")
        scores, predicted = evidence.scores(view), evidence.predictions(view)
        rows, concepts = np.arange(len(indices)), scores.shape[1]
        if concepts < 2:
            raise DataError("One concept alone decides everything: necessity needs at least two.")
        necessary = without_each(scores).argmax(2) != predicted[:, None]
        sufficient = scores.argmax(2) == predicted[:, None]
        own = np.take_along_axis(contributions(scores), predicted[:, None, None], 2)[:, :, 0]
        drawn = np.array([np.random.default_rng([self.seed, int(i)]).integers(concepts) for i in indices])
        before, resamples = probability(scores, predicted), draws(len(indices))
        figures: dict[str, Figure] = {}
        for name, k in (("", order(own)[:, 0]), ("control, concept by lot: ", drawn)):
            chosen = np.zeros(own.shape, bool)
            chosen[rows, k] = True
            lost = before - probability(only(scores, ~chosen), predicted)
            alone = before - probability(only(scores, chosen), predicted)
            figures |= {
                f"{name}necessary": mean(necessary[rows, k].astype(np.float64), resamples, 100),
                f"{name}sufficient": mean(sufficient[rows, k].astype(np.float64), resamples, 100),
                f"{name}p lost without it": mean(lost, resamples, 100),
                f"{name}p lost with it alone": mean(alone, resamples, 100),
            }
        figures["any concept necessary"] = mean(necessary.any(1).astype(np.float64), resamples, 100)
        labels = np.asarray(evidence.labels)[indices]
        strongest = necessary[rows, order(own)[:, 0]]
        return MetricResult(
            figures,
            "%",
            None,
            len(indices),
            {"split": view.split, "class": "predicted", "others": "mean of the other concepts", "seed": self.seed},
            per_concept={"necessary": 100 * necessary.mean(0), "sufficient": 100 * sufficient.mean(0)},
            per_class={"necessary": by_class(strongest, np.ones(len(rows)), labels, len(evidence.classes), 100)},
            layer=layer.key,
            judged=indices,
        )


__all__ = ["Necessity", "only", "without_each"]
