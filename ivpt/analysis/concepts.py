"""What is known about each concept: how large, how frequent, how important, how good, and what looks wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.index import RunIndex
from ivpt.runfile.reader import RunFile

ALIKE = 0.95
"""Cosine of two prototypes' attention maps (all cells, images spread evenly) from which they count as duplicates."""
RARE = 0.01
"""A concept with a region in fewer images than this share is rare."""
DOMINANT = 0.9
"""A layer in which one concept owns more than this share of the foreground has collapsed."""
OUTSIDE = 0.5
"""A concept with more than this share of its cells outside the objects' boxes is suspected to be spurious."""


@dataclass(frozen=True)
class Flag:
    """Something to look at in a concept.

    Attributes:
        kind: ``silent`` (never has a region), ``rare``, ``duplicate``, ``dominant`` (owns nearly all the foreground of
            its layer) or ``outside`` (lies mostly outside the objects' boxes).
        words: for people, one clause with the number.
        other: the channel it duplicates.
    """

    kind: str
    words: str
    other: int | None = None


@dataclass(frozen=True)
class ConceptFacts:
    """One row of the list of concepts.

    Attributes:
        key, channel: layer and prototype.
        area: mean share of the map over all images with maps; NaN without maps.
        images: number of images in which it has a region; ``share`` is that over the images with maps.
        share: see ``images``.
        importance: mean over classes of its mean contribution to the logit of the true class (val and test), signed;
            ``None`` for prototypes of a block, because only coarse concepts have class scores.
        feeds: the group it is assigned to most often where it has a region (0 background, k coarse concept k), and in
            what share of these images; ``None`` for coarse concepts and layers without groups.
        part: name of the keypoint that lies in its regions most often, left and right merged, and the share of the
            keypoints in its regions that it makes up; ``None`` without keypoints or hits.
        metrics: stored per-concept figures of its layer: ``metric: figure`` to value; absent where undefined.
        units: unit of each of ``metrics``.
        flags: what looks wrong.
    """

    key: str
    channel: int
    area: float
    images: int
    share: float
    importance: float | None = None
    feeds: tuple[int, float] | None = None
    part: tuple[str, float] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()

    @property
    def name(self) -> str:
        """``L6:3`` or ``coarse:2``."""
        return f"{self.key}:{self.channel}"


@dataclass(frozen=True)
class OverClasses:
    """How one concept is spread over the classes.

    Attributes:
        images: (C,) images with maps of each class.
        present: (C,) those in which it has a region.
        area: (C,) mean share of the map; NaN without images.
        importance: (C,) mean contribution to the logit of the class over its val and test images; ``None`` for
            prototypes of a block.
    """

    images: NDArray[np.integer]
    present: NDArray[np.integer]
    area: NDArray[np.floating]
    importance: NDArray[np.floating] | None


def concept_facts(run: RunFile, index: RunIndex) -> dict[str, tuple[ConceptFacts, ...]]:
    """Foreground concepts of every layer in the order of their channels; reads nothing per image."""
    raise NotImplementedError


def over_classes(run: RunFile, index: RunIndex, key: str, channel: int) -> OverClasses:
    """The distribution of a concept over classes; reads nothing per image."""
    raise NotImplementedError


def warnings(run: RunFile, index: RunIndex, facts: Mapping[str, tuple[ConceptFacts, ...]]) -> tuple[str, ...]:
    """Sentences for the overview: concepts that never fire, duplicates, layers that collapsed, concepts outside."""
    raise NotImplementedError
