"""Does the evidence lie on the object, and does a concept point at the part it claims to be?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics.bilinear import shown_pixels
from ivpt.metrics.layers import chosen_layer, view_of
from ivpt.metrics.pointing import class_evidence, figures, objects
from ivpt.metrics.ratios import divided, draws, figure, known_mean
from ivpt.runfile.schema import COARSE, LayerInfo

Floats = NDArray[np.float64]


def pointed_at(evidence: Evidence, view: View, layer: LayerInfo) -> tuple[NDArray[np.intp], Floats, NDArray[np.bool_]]:
    """What lies at the peak of each concept's map (the middle of its largest cell; of equal ones the first).

    Returns:
        (n, K) 0 no part, i + 1 part i; (n, P) share of the cells whose middle lies in each part, the chance of a cell
        drawn at random; (n, P) whether the part is seen where the maps lie. Images without part masks are left out.
    """
    indices, frames, parts = evidence.indices(view), evidence.frames(view), len(evidence.parts)
    (h, w), foreground = layer.grid, list(layer.foreground)
    hits, chance, seen = [], [], []
    for rows, maps in evidence.attention(view, layer.key):
        peaks = maps[:, foreground].reshape(len(maps), len(foreground), -1).argmax(-1)
        for row, own in zip(range(rows.start, rows.stop), peaks, strict=True):
            mask = evidence.part_mask(int(indices[row]))
            if mask is None:
                continue
            x, y, width, height = frames[row].tolist()
            lines = np.clip((y + (np.arange(h) + 0.5) / h * height).astype(int), 0, mask.shape[0] - 1)
            columns = np.clip((x + (np.arange(w) + 0.5) / w * width).astype(int), 0, mask.shape[1] - 1)
            middles = mask[np.ix_(lines, columns)].ravel()
            hits.append(middles[own].astype(np.intp))
            chance.append(np.bincount(middles, minlength=parts + 1)[1 : parts + 1] / middles.size)
            shown = mask[shown_pixels(y, height, mask.shape[0]), shown_pixels(x, width, mask.shape[1])]
            seen.append(np.bincount(shown.ravel(), minlength=parts + 1)[1 : parts + 1] > 0)
    k = len(foreground)
    return (
        np.array(hits, np.intp).reshape(-1, k),
        np.array(chance, np.float64).reshape(-1, parts),
        np.array(seen, bool).reshape(-1, parts),
    )


def claims(hits: NDArray[np.intp], parts: int) -> NDArray[np.intp]:
    """(K,) the part (from 0) that each concept's peak lies in most often, -1 where it never lies in one."""
    counts = (hits[:, :, None] == np.arange(1, parts + 1)).sum(0)
    return np.where(counts.any(1), counts.argmax(1), -1) if parts else np.full(hits.shape[1], -1)


class PointingGame(Metric):
    """Share of images whose evidence for the predicted class peaks on the object; and its relatives.

    Evidence is the sum over the coarse concepts of contribution times map, each map spread to sum 1. The peak is the
    middle of the largest cell. Relevance mass: share of the positive evidence inside the object. Relevance rank: share
    of the object's S pixels among the S pixels with most evidence. The chance of all three is the object's share of the
    picture. The concept pointing game asks whether the peak of a concept's map lies in the part that the concept claims
    to be: the part it peaks in most often on val. Images where the mask is empty, or the claimed part is not seen, do
    not count.

    Source: Zhang et al., Top-down neural attention, ECCV 2016 (tolerance of 15 pixels, mean over classes); Quantus
    (no tolerance, mean over images); Arras et al., CLEVR-XAI (mass and rank).

    Args:
        split: val or test.
        layer: key of the layer whose concepts point at parts.
        tolerance: of the original game, in pixels of a frame 224 wide.
    """

    summary = "share of images whose evidence peaks on the object; of concepts that peak on the part they claim to be"
    needs = frozenset[Annotation]({"part masks"})

    def __init__(self, *, split: str = "test", layer: str = COARSE, tolerance: float = 15.0) -> None:
        self.view = view_of(split)
        if tolerance < 0:
            raise ValueError("tolerance must not be negative")
        self.layer, self.tolerance = layer, tolerance

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        view, layer = self.view, chosen_layer(evidence, self.layer)
        made, result, judged, parameters = _against(evidence, view, self.tolerance, _unions(evidence, view))
        concepts, share, part = self._concepts(evidence, layer)
        made |= concepts
        parameters |= {"layer of the concept game": layer.key, "claimed part, by concept": part}
        return MetricResult(
            made,
            "%",
            True,
            len(judged),
            parameters,
            per_concept={"peaks on the claimed part": share},
            per_class={"pointing game": result},
            layer=layer.key,
            judged=judged,
        )

    def _concepts(self, evidence: Evidence, layer: LayerInfo) -> tuple[dict[str, Figure], Floats, list[str]]:
        names, k = ("concept pointing game", "chance: concept pointing game"), len(layer.foreground)
        if self.view.split == "val":
            why = "claims are chosen on val, so val cannot test them"
            return {name: Figure(None, None, why) for name in names}, np.full(k, np.nan), []
        part = claims(pointed_at(evidence, View(split="val"), layer)[0], len(evidence.parts))
        hits, chance, seen = pointed_at(evidence, self.view, layer)
        claimed = part >= 0
        counted = seen[:, part] & claimed
        right = (hits == part + 1) & counted
        weights = np.concatenate([np.ones((1, len(hits)), np.float32), draws(len(hits))])
        below = weights @ counted
        shares = {
            names[0]: divided(weights @ right, below),
            names[1]: divided(weights @ (chance[:, part] * counted), below),
        }
        made = {}
        for name, values in shares.items():
            average = 100 * known_mean(values)
            made[name] = figure(float(average[0]), average[1:], "no concept peaks on a part in val")
        return made, 100 * shares[names[0]][0], [evidence.parts[p] if p >= 0 else "" for p in part]


class PointingGameBoxes(Metric):
    """The pointing game where only boxes are annotated: the object is the whole box, which flatters.

    As :class:`PointingGame`, without the concept game.

    Args:
        split: val or test.
        tolerance: of the original game, in pixels of a frame 224 wide.
    """

    summary = "share of images whose evidence peaks inside the object's box"
    needs = frozenset[Annotation]({"boxes"})

    def __init__(self, *, split: str = "test", tolerance: float = 15.0) -> None:
        self.view = view_of(split)
        if tolerance < 0:
            raise ValueError("tolerance must not be negative")
        self.tolerance = tolerance

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        view = self.view
        made, result, judged, parameters = _against(evidence, view, self.tolerance, _boxes(evidence, view))
        by_class = {"pointing game": result}
        return MetricResult(made, "%", True, len(judged), parameters, per_class=by_class, layer=COARSE, judged=judged)


def _unions(evidence: Evidence, view: View) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    for row, index in enumerate(evidence.indices(view)):
        mask = evidence.part_mask(int(index))
        if mask is not None:
            yield row, mask > 0


def _boxes(evidence: Evidence, view: View) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    indices = evidence.indices(view)
    for row, (box, size) in enumerate(zip(evidence.boxes(indices), evidence.sizes[indices], strict=True)):
        if np.isfinite(box).all():
            x, y, width, height = box.tolist()
            across, down = np.arange(int(size[0])) + 0.5, np.arange(int(size[1])) + 0.5
            yield row, np.outer((down >= y) & (down < y + height), (across >= x) & (across < x + width))


def _against(
    evidence: Evidence, view: View, tolerance: float, masks: Iterator[tuple[int, NDArray[np.bool_]]]
) -> tuple[dict[str, Figure], Floats, NDArray[np.integer], dict[str, Any]]:
    """Figures, hits by class, the images with an object, and the protocol."""
    values = class_evidence(evidence, view)
    found = objects(evidence, view, values, masks)
    judged = evidence.indices(view)[found.rows]
    labels = np.asarray(evidence.labels)[judged]
    made, shares = figures(values[found.rows], found, labels, len(evidence.classes), tolerance)
    parameters: dict[str, Any] = {
        "split": view.split,
        "evidence": "sum over coarse concepts of contribution to the predicted class times map, each map of sum 1",
        "images": len(found.rows),
        "images without an object": len(values) - len(found.rows),
        "tolerance": tolerance,
    }
    return made, shares, judged, parameters
