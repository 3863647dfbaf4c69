"""Figures over all stored images: how large, how frequent and how important each concept is, and what looks wrong."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS, LayerInfo

RARE = 0.01
"""A concept with a region in fewer images than this share is called rare."""
DOMINANT = 0.9
"""A layer in which one concept owns more than this share of the foreground has collapsed."""
SAMPLED = 64
"""Images looked at to say which coarse concept a prototype feeds."""


@dataclass(frozen=True)
class Concept:
    """One row of the list of concepts.

    Attributes:
        key, channel: layer and prototype.
        area: mean share of the map that its region covers, over all images with maps.
        images: share of those images in which it has a region at all.
        importance: mean contribution to the true class per class, (C,), NaN without images; None for prototypes of a
            block, because only coarse concepts have class scores.
        feeds: the coarse concept it is grouped with most often (0 = background), and in what share of the images
            looked at; None for coarse concepts and for layers without groups.
    """

    key: str
    channel: int
    area: float
    images: float
    importance: NDArray[np.float32] | None = None
    feeds: tuple[int, float] | None = None

    @property
    def name(self) -> str:
        """``L6:3`` or ``coarse:2``."""
        return f"{self.key}:{self.channel}"


@dataclass(frozen=True)
class Accuracy:
    """Accuracy of the stored predictions on one split, with a 95 % Wilson interval."""

    split: str
    correct: int
    total: int

    @property
    def value(self) -> float:
        """Share that is correct."""
        return self.correct / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        z = 1.959964
        n, p = self.total, self.value
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


@dataclass(frozen=True)
class Survey:
    """Figures over all images of one run.

    Attributes:
        splits: name and number of images of each split.
        with_maps: number of images with stored maps.
        accuracies: of the stored predictions, per split.
        concepts: foreground concepts of each layer, in the order of their channels.
        warnings: what an analyst should look at first.
    """

    splits: tuple[tuple[str, int], ...]
    with_maps: int
    accuracies: tuple[Accuracy, ...]
    concepts: dict[str, tuple[Concept, ...]]
    warnings: tuple[str, ...]


def read_survey(run: RunFile) -> Survey:
    """Read and sum up; takes time in proportion to the number of images, so it belongs in a worker.

    Raises:
        RunFileError: the file is damaged.
    """
    splits = tuple((name, int((run.splits == k).sum())) for k, name in enumerate(SPLITS))
    seen = run.predictions >= 0
    accuracies = []
    for k, name in enumerate(SPLITS):
        chosen = seen & (run.splits == k)
        if chosen.any():
            correct = int((run.predictions[chosen] == run.labels[chosen]).sum())
            accuracies.append(Accuracy(name, correct, int(chosen.sum())))
    images = run.map_images
    importance = run.importance() if len(images) else None
    concepts = {layer.key: _concepts(run, layer, importance) for layer in run.layers}
    return Survey(splits, len(images), tuple(accuracies), concepts, _warnings(concepts, len(images)))


def _concepts(run: RunFile, layer: LayerInfo, importance: NDArray[np.float32] | None) -> tuple[Concept, ...]:
    areas = run.areas(layer.key)
    known = len(areas) > 0
    share = areas.mean(axis=0) if known else np.full(layer.prototypes, np.nan)
    present = (areas > 0).mean(axis=0) if known else np.full(layer.prototypes, np.nan)
    feeds = _feeds(run, layer)
    found = []
    for channel in layer.foreground:
        own = None
        if layer.block is None and importance is not None and 1 <= channel <= importance.shape[1]:
            own = importance[:, channel - 1]
        found.append(
            Concept(layer.key, channel, float(share[channel]), float(present[channel]), own, feeds.get(channel))
        )
    return tuple(found)


def _feeds(run: RunFile, layer: LayerInfo) -> dict[int, tuple[int, float]]:
    images = run.map_images
    chosen = images[np.unique(np.linspace(0, len(images) - 1, min(SAMPLED, len(images))).astype(int))]
    groups = [g for i in chosen if (g := run.groups(layer.key, int(i))) is not None]
    feeds = {}
    for channel in layer.foreground if groups else ():
        group, count = Counter(int(g[channel]) for g in groups).most_common(1)[0]
        feeds[channel] = (group, count / len(groups))
    return feeds


def _warnings(concepts: dict[str, tuple[Concept, ...]], images: int) -> tuple[str, ...]:
    if not images:
        return ("No maps are stored in this run: regions and contributions cannot be shown.",)
    found = []
    for key, rows in concepts.items():
        silent = [str(c.channel) for c in rows if c.images == 0]
        rare = [str(c.channel) for c in rows if 0 < c.images < RARE]
        area = sum(c.area for c in rows)
        if silent:
            found.append(f"{key}: {_these(silent)} never {'fires' if len(silent) == 1 else 'fire'}.")
        if rare:
            found.append(f"{key}: {_these(rare)} {'fires' if len(rare) == 1 else 'fire'} in fewer than 1 % of images.")
        if len(rows) > 1 and area > 0 and (largest := max(rows, key=lambda c: c.area)).area > DOMINANT * area:
            found.append(f"{key}: concept {largest.channel} owns {largest.area / area:.0%} of the foreground.")
        if area == 0:
            found.append(f"{key}: everything is background.")
    return tuple(found)


def _these(channels: list[str]) -> str:
    return ("concept " if len(channels) == 1 else "concepts ") + ", ".join(channels)
