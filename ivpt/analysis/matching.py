"""Two runs side by side by their concepts: which are the same, which appeared, which vanished (paper, Fig. 10)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.reader import RunFile

SAME = 0.25
"""Overlap below which two concepts are not the same."""

How = Literal["regions", "prototypes"]


@dataclass(frozen=True)
class Match:
    """A concept of the first run and the one of the second it was matched with.

    Attributes:
        first, second: channels.
        overlap: pooled intersection over union of their regions on the common images, 0 to 1; by prototypes, their
            cosine, -1 to 1.
        chance: overlap of regions of the same areas laid independently; ``None`` by prototypes.
    """

    first: int
    second: int
    overlap: float
    chance: float | None


@dataclass(frozen=True)
class Matching:
    """The concepts of one layer of each run.

    Attributes:
        first, second: keys of the layers.
        how: ``regions`` on common images, or ``prototypes`` where the runs share none.
        images: number of images compared; ``common``: with maps in both runs.
        common: see ``images``.
        overlap: (m_first, m_second) of all channels, NaN for those that never have a region.
        matches: of overlap ``same`` or more, the greatest first.
        vanished: foreground channels of the first run without a match.
        appeared: of the second.
        same: the threshold.
        notes: what a reader has to know, in sentences.
    """

    first: str
    second: str
    how: How
    images: int
    common: int
    overlap: NDArray[np.floating]
    matches: tuple[Match, ...]
    vanished: tuple[int, ...]
    appeared: tuple[int, ...]
    same: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SideBySide:
    """Importance of matched coarse concepts for one class.

    Attributes:
        name: of the class; in both runs.
        first: (matches,) mean contribution in the first run, in the order of the matches; then ``first_only`` and
            ``second_only`` those of concepts without a match.
        second: the same in the second run.
        first_only: (vanished,).
        second_only: (appeared,).
    """

    name: str
    first: NDArray[np.floating]
    second: NDArray[np.floating]
    first_only: NDArray[np.floating]
    second_only: NDArray[np.floating]


def match_concepts(
    first: RunFile,
    second: RunFile,
    first_key: str,
    second_key: str,
    *,
    same: float = SAME,
    most: int | None = None,
    window: int = 256,
    progress: Callable[[float], None] = lambda share: None,
) -> Matching:
    """Match the concepts of a layer of each run one to one, so that the sum of their overlaps is greatest.

    Images are the same when their ids are. Maps of different grids are read at the cells of the larger one. Without
    common images prototypes are compared, if both are of the same block of the same backbone.

    Args:
        first, second: open runs.
        first_key, second_key: layers.
        same: overlap from which matched concepts are the same.
        most: compare only so many common images, spread evenly.
        window: rows in memory at a time.
        progress: told the share that is done.

    Raises:
        RunFileError: the runs have neither common images nor comparable prototypes.
    """
    raise NotImplementedError


def importance_side_by_side(first: RunFile, second: RunFile, matching: Matching) -> tuple[SideBySide, ...]:
    """Importance per class that both runs have, by name, for a matching of the two coarse sets."""
    raise NotImplementedError
