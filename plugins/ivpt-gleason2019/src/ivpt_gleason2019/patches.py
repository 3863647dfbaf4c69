"""Cores cut into square patches that show one grade."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt_gleason2019.consensus import GRADES, WEIGHTS, Consensus, read_map, vote
from ivpt_gleason2019.cores import Core

TISSUE = 220
"""A pixel is tissue if its darkest channel is below: the glass beside it is white in all three."""


class Rule(NamedTuple):
    """Which patches are taken.

    Attributes:
        side: in pixels of the core; patches lie side by side from its top left corner on.
        purity: least share of pixels that are of the patch's grade by consensus.
        tissue: least share of pixels that are tissue.
        consensus: how the experts' maps become one.
    """

    side: int
    purity: float
    tissue: float
    consensus: Consensus


class Patch(NamedTuple):
    """One patch: where its top left corner is, its grade (3 to 5), its pixels."""

    x: int
    y: int
    grade: int
    image: NDArray[np.uint8]


def cut(core: Core, rule: Rule) -> Iterator[Patch]:
    """The patches of a core that the rule takes, row by row.

    Raises:
        DataError: the core or a map cannot be read, or they do not fit.
    """
    image = read_image(core.image)
    height, width = image.shape[:2]
    maps = [read_map(path, (width, height)) for _, path in core.maps]
    weights = [WEIGHTS[rule.consensus][expert - 1] for expert, _ in core.maps]
    side = rule.side
    for y in range(0, height - side + 1, side):
        for x in range(0, width - side + 1, side):
            seen = [drawn[y : y + side, x : x + side] for drawn in maps]
            if max(int(part.max()) for part in seen) < min(GRADES):
                continue  # nobody sees cancer here
            agreed = np.bincount(vote(seen, weights).ravel(), minlength=max(GRADES) + 1)
            grade = max(GRADES, key=lambda value: agreed[value])
            shown = image[y : y + side, x : x + side]
            if agreed[grade] >= rule.purity * side**2 and (shown.min(axis=2) < TISSUE).mean() >= rule.tissue:
                yield Patch(x, y, grade, shown)


__all__ = ["TISSUE", "Patch", "Rule", "cut"]
