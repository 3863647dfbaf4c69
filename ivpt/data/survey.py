"""What is there of a data set: files, images by split, and annotations that contradict their image."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivpt.data.places import find
from ivpt.interfaces.dataset import Annotations, DatasetInfo, Record
from ivpt.interfaces.source import Place, Source

SPLITS = ("train", "val", "test")
_OFF = ("", "0", "false", "f", "no", "n", "off")
UNSPLIT = "all"
"""Stands for images without a published split."""


@dataclass(frozen=True)
class Looked:
    """Where one place of a layout was looked for.

    Attributes:
        place: what.
        found: its path; ``None`` if it is not there.
        needed: always, or by an option that is switched on.
    """

    place: Place
    found: Path | None
    needed: bool


def look(source: Source, options: Mapping[str, str]) -> list[Looked]:
    """Look for every place of a layout.

    Args:
        source: with the layout.
        options: of the data set as typed; a place that belongs to one is needed if it is switched on.
    """
    return [
        Looked(
            place,
            None if source.root is None else find(source.root, place),
            not place.option or options.get(place.option, "").lower() not in _OFF,
        )
        for place in source.layout
    ]


def count(records: Sequence[Record]) -> dict[str, int]:
    """Images by published split, in the order train, val, test, all (without one)."""
    found = Counter(record.split or UNSPLIT for record in records)
    return {name: found[name] for name in (*SPLITS, UNSPLIT) if found[name]}


def differences(counted: Mapping[str, int], published: Mapping[str, int]) -> list[str]:
    """A sentence for each split that has another number of images than published, or for all of them together."""
    if UNSPLIT in published:
        counted, published = {UNSPLIT: sum(counted.values())}, {UNSPLIT: published[UNSPLIT]}
    return [
        f"{counted.get(name, 0):,} {'images' if name == UNSPLIT else f'{name} images'} are there, "
        f"{published.get(name, 0):,} are published."
        for name in (*SPLITS, UNSPLIT)
        if published and counted.get(name, 0) != published.get(name, 0)
    ]


def contradictions(image: NDArray[np.uint8], found: Annotations, info: DatasetInfo) -> list[str]:
    """What cannot be true of an image and its annotations, in words.

    Args:
        image: (height, width, 3).
        found: annotated on it.
        info: of the data set.
    """
    height, width = image.shape[:2]
    words = []
    if found.keypoints is not None:
        if found.keypoints.shape != (len(info.keypoints), 3):
            words.append(f"it has {len(found.keypoints)} keypoints, {len(info.keypoints)} are named")
        x, y, visible = found.keypoints.T
        outside = (visible > 0) & ((x < 0) | (y < 0) | (x >= width) | (y >= height))
        words += [f"the keypoint {info.keypoints[i]} lies outside" for i in np.flatnonzero(outside)]
    if found.box is not None:
        left, top, w, h = found.box
        # Published boxes end up to a pixel beyond the border.
        if w <= 0 or h <= 0 or left < -1 or top < -1 or left + w > width + 1 or top + h > height + 1:
            words.append("the box is not inside")
    if found.part_mask is not None:
        if found.part_mask.shape != (height, width):
            words.append("the part mask is not as large as the image")
        if found.part_mask.max(initial=0) > len(info.parts):
            words.append(f"the part mask holds {found.part_mask.max()}, and there are {len(info.parts)} parts")
    return words


def spread(total: int, wanted: int) -> list[int]:
    """Positions of some images, evenly over all of them: records are ordered by split and class, mostly."""
    return sorted({int(i) for i in np.linspace(0, total - 1, min(wanted, total)).round()}) if total else []


__all__ = ["UNSPLIT", "Looked", "contradictions", "count", "differences", "look", "spread"]
