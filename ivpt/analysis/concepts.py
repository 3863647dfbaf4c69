"""What is known about each concept: how large, how frequent, how important, how good, and what looks wrong."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.index import LayerIndex, RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, LayerInfo

_SIDE = re.compile(r"\b(left|right)\b[ _-]*", re.IGNORECASE)

ALIKE = 0.95
"""Correlation of two prototypes' attention maps from which they count as duplicates, where either has a region."""
RARE = 0.01
"""A concept with a region in fewer images than this share is rare."""
DOMINANT = 0.9
"""A layer in which one concept owns more than this share of the foreground has collapsed."""
OUTSIDE = 0.5
"""A concept with more than this share of its region beside the objects is suspected to be spurious."""
ON_OBJECT = "foreground_iou: pixels on the object"
"""The stored breakdown, in %, that knows the objects' masks."""


@dataclass(frozen=True)
class Flag:
    """Something to look at in a concept.

    Attributes:
        kind: ``removed`` (its prototype was removed from the model), ``silent`` (never has a region), ``rare``,
            ``duplicate``, ``dominant`` (owns nearly all the foreground of its layer) or ``outside`` (lies mostly beside
            the objects and may be spurious: by their masks where ``foreground_iou`` was evaluated, else by their
            boxes).
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


def concept_facts(run: RunFile, index: RunIndex, split: str = "test") -> dict[str, tuple[ConceptFacts, ...]]:
    """Foreground concepts of every layer in the order of their channels; reads nothing per image.

    Args:
        run: the run.
        index: of that run.
        split: whose stored metrics are shown.

    Raises:
        RunFileError: the file is damaged.
    """
    importance = _mean_importance(run)
    metrics = run.metrics()
    kinds = [str(name) for name in run.info.get("keypoints") or ()]
    return {
        layer.key: _layer_facts(layer, index.layer(layer.key), importance, _breakdowns(metrics, layer, split), kinds)
        for layer in run.layers
    }


def over_classes(run: RunFile, index: RunIndex, key: str, channel: int) -> OverClasses:
    """The distribution of a concept over classes; reads nothing per image.

    Raises:
        RunFileError: the file is damaged.
    """
    images = index.class_maps()
    present, area = index.class_presence(key)
    own = None
    if run.layer(key).block is None and channel != run.layer(key).background:
        own = run.importance()[:, channel - 1]
    return OverClasses(images, present[:, channel], divided(area[:, channel], images), own)


def warnings(
    layers: Sequence[LayerInfo],
    mapped: int,
    facts: Mapping[str, tuple[ConceptFacts, ...]],
    name: Callable[[str, int], str] = lambda key, channel: "",
) -> tuple[str, ...]:
    """Sentences for the overview: concepts that never fire, duplicates, layers that collapsed, concepts outside.

    Args:
        layers: of the run.
        mapped: number of images with maps.
        facts: what :func:`concept_facts` found.
        name: what somebody calls a concept, of layer and channel; empty where nobody has named it.
    """
    if not mapped:
        return ("No maps are stored in this run: regions and contributions cannot be shown.",)
    found = []
    for layer in layers:
        left = [row for row in facts[layer.key] if row.channel in layer.present]
        if left and not any(row.images for row in left):
            found.append(f"{layer.key}: everything is background.")
            continue
        found += [f"{layer.key}: {sentence}" for sentence in _about(left, name)]
    return tuple(found)


def divided(sums: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """Means; NaN where nothing was counted."""
    blank: NDArray[np.float64] = np.full(np.broadcast(sums, counts).shape, np.nan)
    np.divide(sums, counts, out=blank, where=counts > 0)
    return blank


def _mean_importance(run: RunFile) -> NDArray[np.float64]:
    """(n,) mean over the classes that have val or test images."""
    stored = run.importance().astype(np.float64)
    known = ~np.isnan(stored)
    return divided(np.where(known, stored, 0).sum(axis=0), known.sum(axis=0))


def _breakdowns(
    metrics: Mapping[str, Mapping[str, Any]], layer: LayerInfo, split: str
) -> list[tuple[str, str, list[float | None]]]:
    """Name, unit and values by foreground concept of what is stored for a layer."""
    found = []
    for name, entry in metrics.items():
        # what compares several layers with the coarse set names no layer of its own
        if entry.get("split") != split or (entry.get("layer") or COARSE) != layer.key:
            continue
        for figure, values in (entry.get("per_concept") or {}).items():
            if len(values) == len(layer.foreground):
                found.append((f"{entry.get('metric', name)}: {figure}", str(entry.get("unit", "")), values))
    return found


def _layer_facts(
    layer: LayerInfo,
    found: LayerIndex,
    importance: NDArray[np.float64],
    breakdowns: list[tuple[str, str, list[float | None]]],
    kinds: Sequence[str],
) -> tuple[ConceptFacts, ...]:
    total = int(found.total.sum())
    images = found.images.sum(axis=0)
    area = divided(found.area.sum(axis=0), np.full(layer.prototypes, total))
    named = found.parts is not None and found.parts.shape[1] == len(kinds)
    rows = []
    for place, k in enumerate(layer.foreground):
        known = [(name, unit, values[place]) for name, unit, values in breakdowns]
        metrics = {name: float(value) for name, _, value in known if value is not None}
        own = layer.block is None and not np.isnan(importance[k - 1])
        rows.append(
            ConceptFacts(
                layer.key,
                k,
                float(area[k]),
                int(images[k]),
                float(images[k] / total) if total else math.nan,
                float(importance[k - 1]) if own else None,
                _feeds(found, k),
                best_part(found.parts[k], kinds) if found.parts is not None and named else None,
                metrics,
                {name: unit for name, unit, _ in known if name in metrics},
                _flags(layer, found, k, metrics.get(ON_OBJECT)) if total else (),
            )
        )
    return tuple(rows)


def _feeds(found: LayerIndex, k: int) -> tuple[int, float] | None:
    if found.groups is None or not found.groups[k].any():
        return None
    group = int(found.groups[k].argmax())
    return group, float(found.groups[k, group] / found.groups[k].sum())


def best_part(hits: NDArray[np.integer[Any]], kinds: Sequence[str]) -> tuple[str, float] | None:
    """The part that most of the keypoints in a concept's regions belong to, and its share of them.

    Args:
        hits: (K,) keypoints of each kind.
        kinds: their names; left and right of a part are one, as neither the model nor a mirror can tell them apart.
    """
    sums: dict[str, int] = {}
    for name, count in zip(kinds, hits.tolist(), strict=True):
        part = _SIDE.sub("", name).strip() or name
        sums[part] = sums.get(part, 0) + count
    total = sum(sums.values())
    if not total:
        return None
    best = max(sums, key=lambda part: sums[part])
    return best, sums[best] / total


def _flags(layer: LayerInfo, found: LayerIndex, k: int, on_object: float | None) -> tuple[Flag, ...]:
    if k in layer.removed:
        return (Flag("removed", "its prototype was removed from the model"),)
    flags = []
    total, images, area = int(found.total.sum()), found.images.sum(axis=0), found.area.sum(axis=0)
    if not images[k]:
        flags.append(Flag("silent", "never has a region"))
    elif images[k] / total < RARE:
        flags.append(Flag("rare", f"has a region in {images[k]} of {total:,} images"))
    others = [j for j in layer.present if j != k and (images[j] or images[k])]
    near = max(others, key=lambda j: found.likeness[k, j], default=k)
    if near != k and found.likeness[k, near] >= ALIKE:
        flags.append(
            Flag("duplicate", f"its maps are those of {near} (correlation {found.likeness[k, near]:.2f})", near)
        )
    foreground = area[list(layer.present)].sum()
    if len(layer.present) > 1 and area[k] > DOMINANT * foreground > 0:
        flags.append(Flag("dominant", f"owns {area[k] / foreground:.0%} of the foreground"))
    if images[k] / total >= RARE and (words := _beside(found, k, on_object)):
        flags.append(Flag("outside", words))
    return tuple(flags)


def _beside(found: LayerIndex, k: int, on_object: float | None) -> str:
    """How much of a concept lies beside the objects, where it is more than :data:`OUTSIDE`."""
    if on_object is not None:
        share, words = 1 - on_object / 100, "of its pixels lie beside the objects"
    elif found.boxed[k]:
        share, words = 1 - found.inside[k] / found.boxed[k], "of its cells lie outside the objects' boxes"
    else:
        return ""
    return f"{share:.0%} {words}" if share > OUTSIDE else ""


def _has(row: ConceptFacts, kind: str) -> bool:
    return any(flag.kind == kind for flag in row.flags)


def _about(rows: Sequence[ConceptFacts], name: Callable[[str, int], str]) -> list[str]:
    """Sentences on one layer."""
    known = {row.channel: name(row.key, row.channel) for row in rows}
    called = {k: f"{k} ({given})" if given else str(k) for k, given in known.items()}
    found = []
    for kind, one, several in (
        ("silent", "never fires", "never fire"),
        ("rare", "fires in fewer than 1 % of images", "fire in fewer than 1 % of images"),
    ):
        if these := [called[row.channel] for row in rows if _has(row, kind)]:
            found.append(f"concept {these[0]} {one}." if len(these) == 1 else f"concepts {', '.join(these)} {several}.")
    pairs = {tuple(sorted((row.channel, f.other))) for row in rows for f in row.flags if f.other is not None}
    found += [
        f"concepts {called[a]} and {called[b]} are duplicates: their maps are nearly the same."
        for a, b in sorted(pairs)
    ]
    found += [f"concept {called[row.channel]} {f.words}." for row in rows for f in row.flags if f.kind == "dominant"]
    found += [f"concept {called[row.channel]}: {f.words}." for row in rows for f in row.flags if f.kind == "outside"]
    return found
