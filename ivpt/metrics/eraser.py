"""Comprehensiveness and sufficiency: the prediction without the patches that matter most, and with them alone."""

import numpy as np

from ivpt.interfaces.metric import Evidence, Metric, MetricResult
from ivpt.metrics.attribution import order
from ivpt.metrics.insertion_deletion import Asked, Floats, Ranks, asked_by_lot, probability, ranks_of
from ivpt.metrics.layers import coarse_layer, view_of
from ivpt.metrics.pointing import class_evidence
from ivpt.metrics.ratios import draws, mean

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of the patches that are taken for the rationale, as in ERASER."""


def losses(asked: Asked, before: Floats, ranks: Ranks) -> tuple[Floats, Floats]:
    """(b,) probability lost without the first patches, and with them alone; mean over :data:`SHARES`."""
    cells, classes = ranks.shape[1], asked.classes
    without, alone = np.zeros(len(ranks)), np.zeros(len(ranks))
    for share in SHARES:
        first = (ranks < max(1, round(share * cells))).reshape(-1, *asked.grid)
        for keep, lost in ((~first, without), (first, alone)):
            answers = asked.probe.masked(asked.indices.tolist(), keep, "blur")
            lost += (before - probability(answers, classes)) / len(SHARES)
    return without, alone


class Eraser(Metric):
    """ERASER's comprehensiveness and sufficiency on patches that are blurred.

    The patches are ordered by evidence for the predicted class (contribution times map, summed over coarse concepts).
    Comprehensiveness is the probability lost when the first ones are blurred (higher is better), sufficiency the one
    lost when all others are (lower is better), each a mean over 1, 5, 10, 20 and 50 % of the patches, at least one. The
    control takes patches by lot; what an explanation is worth is the difference to it.

    Source: DeYoung et al., ERASER, ACL 2020, section 4.3; on text there, where words are deleted.

    Args:
        split: val or test.
        images: how many images are asked about, drawn by lot; 0 for all.
        seed: of the lots.
    """

    summary = "probability of the predicted class without the patches of most evidence, and with them alone"
    needs_probe = True

    def __init__(self, *, split: str = "test", images: int = 64, seed: int = 0) -> None:
        if images < 0:
            raise ValueError("images must be at least 0")
        self.view, self.images, self.seed = view_of(split), images, seed

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures are differences of probabilities, -1 to 1."""
        view, layer = self.view, coarse_layer(evidence)
        who = "Comprehensiveness and sufficiency"
        asked, rows, chances = asked_by_lot(evidence, view, layer.grid, self.images, self.seed, who)
        whole = np.ones((len(rows), *layer.grid), bool)
        before = probability(asked.probe.masked(asked.indices.tolist(), whole, "blur"), asked.classes)
        best = order(class_evidence(evidence, view)[rows].reshape(len(rows), -1))
        drawn = np.stack([chance.permutation(best.shape[1]) for chance in chances])
        found: dict[str, Floats] = {}
        for name, at in (("", best), ("control, patches by lot: ", drawn)):
            without, alone = losses(asked, before, ranks_of(at))
            found |= {f"{name}comprehensiveness": without, f"{name}sufficiency": alone}
        lot = "control, patches by lot: "
        found["comprehensiveness, above control"] = found["comprehensiveness"] - found[f"{lot}comprehensiveness"]
        found["sufficiency, below control"] = found[f"{lot}sufficiency"] - found["sufficiency"]
        resamples = draws(len(rows))
        parameters = {
            "split": view.split,
            "class": "predicted on the untouched image",
            "images": self.images,
            "shares": list(SHARES),
            "fill": "blurred by 11 x 11 pixels, sigma 5",
            "grid": list(layer.grid),
            "seed": self.seed,
        }
        figures = {name: mean(values, resamples) for name, values in found.items()}
        return MetricResult(figures, "", True, len(rows), parameters, layer=layer.key, judged=asked.indices)


__all__ = ["SHARES", "Eraser", "losses"]
