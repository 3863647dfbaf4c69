"""What agreement with keypoints and with part masks share: NMI and ARI of tables of images, and parameters."""

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Figure, Metric
from ivpt.metrics.clusters import ari, nmi
from ivpt.metrics.layers import view_of
from ivpt.metrics.ratios import Draws, figure


class LabelAgreement(Metric):
    """Agreement of the regions of one layer with annotated parts, and of a fixed grid as its control.

    Args:
        split: val or test.
        layer: key of the layer; ``""`` for the second to last prompted one.
        grid: the control is a fixed grid of this many cells squared.

    Raises:
        ValueError: a parameter out of range.
    """

    def __init__(self, *, split: str = "test", layer: str = "", grid: int = 4) -> None:
        self.view = view_of(split)
        if grid < 1:
            raise ValueError("grid must be at least 1")
        self.layer, self.grid = layer, grid


def agreement(tables: NDArray[np.floating], resamples: Draws, prefix: str = "") -> dict[str, Figure]:
    """NMI and ARI in % of the sum of tables (n, T, P) of images."""
    flat = tables.reshape(len(tables), -1).astype(np.float32)
    again = (resamples @ flat).reshape(len(resamples), *tables.shape[1:])
    whole = tables.sum(0, dtype=np.float64)
    return {
        f"{prefix}{name}": figure(100 * float(score(whole)), 100 * score(again), "no image has what it takes", bounds)
        for name, score, bounds in (("NMI", nmi, (0.0, 100.0)), ("ARI", ari, (-100.0, 100.0)))
    }
