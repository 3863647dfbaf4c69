"""Whether the stored numbers of two rows may be compared resample by resample, and what keeps them from it."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ivpt.analysis.scored import ScoredRun

NOT_STORED = "no resampled values are stored (by earlier versions never, by ivpt evaluate now for most metrics)"
NOT_THE_HEADLINE = "resampled values are stored of headlines only"
OTHER_IMAGES = "not the same images in the same order were judged"
OTHER_PARAMETERS = "protocol parameters differ"
UNDEFINED = "too few resamples define both"

Floats = NDArray[np.floating]


def obstacle(runs: Sequence[ScoredRun], metric: str, figure: str, protocol: Iterable[str]) -> str:
    """What keeps a figure of some runs from being paired; ``""`` where nothing does.

    Args:
        runs: all of both rows.
        metric: its name.
        figure: ``""`` for the headline.
        protocol: parameters that have to be equal; without any, all that are stored but the layer, which has another
            name in each backbone.
    """
    entries = [run.entries.get(metric, {}) for run in runs]
    if any(figure not in ("", entry.get("headline")) for entry in entries):
        return NOT_THE_HEADLINE
    if any(metric not in run.replicates for run in runs):
        return NOT_STORED
    if len({entry.get("judged") for entry in entries}) > 1:
        return OTHER_IMAGES
    parameters = [entry.get("parameters", {}) for entry in entries]
    names = list(protocol) or sorted({name for each in parameters for name in each} - {"layer"})
    if len({run.replicates[metric].shape for run in runs}) > 1 or any(
        each.get(name) != parameters[0].get(name) for each in parameters for name in names
    ):
        return OTHER_PARAMETERS
    return ""


def averaged(runs: Iterable[ScoredRun], metric: str) -> Floats:
    """(B,) mean over runs of a headline in each resample; NaN where one of them is not defined."""
    return np.asarray(np.mean([run.replicates[metric].astype(np.float64) for run in runs], axis=0))


__all__ = [
    "NOT_STORED",
    "NOT_THE_HEADLINE",
    "OTHER_IMAGES",
    "OTHER_PARAMETERS",
    "UNDEFINED",
    "averaged",
    "obstacle",
]
