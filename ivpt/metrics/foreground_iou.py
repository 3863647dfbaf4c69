"""Do the concepts together cover the object? IoU of foreground and background with the union of part masks."""

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Metric, MetricResult
from ivpt.metrics.layers import chosen_layer, view_of
from ivpt.metrics.pixels import labelled_pixels
from ivpt.metrics.ratios import by_class, divided, draws, figure

ON_OBJECT = "pixels on the object"
"""Per concept: how many of the pixels in its regions belong to a part."""


def _shares(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Sums (..., 6) over images: intersection and union of foreground, of background; object, all pixels."""
    foreground, background = divided(sums[..., 0], sums[..., 1]), divided(sums[..., 2], sums[..., 3])
    return {
        "mIoU": (foreground + background) / 2,
        "foreground IoU": foreground,
        "background IoU": background,
        "control, everything is foreground: foreground IoU": divided(sums[..., 4], sums[..., 5]),
    }


class ForegroundIou(Metric):
    """IoU of "some concept" with "some part", and of "background" with "no part"; the headline is their mean.

    Intersections and unions are summed over all images before they are divided, so large objects weigh more. Maps are
    enlarged bilinearly, corner-aligned, as published; pixels are those of the original image that the maps show.

    Source: Aniraj et al., PDiscoFormer, ECCV 2024 (engine/eval_fg_bg.py); the mean of the two is ivpt's own headline.

    Args:
        split: val or test.
        layer: key of the layer; ``""`` for the second to last prompted one.
    """

    summary = "overlap of all concepts together with the object, and of background with the rest (IoU)"
    needs = frozenset[Annotation]({"part masks"})

    def __init__(self, *, split: str = "test", layer: str = "") -> None:
        self.view, self.layer = view_of(split), layer

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        layer, view = chosen_layer(evidence, self.layer), self.view
        sums, rows = [], []
        covered, on_object = np.zeros(layer.prototypes, np.int64), np.zeros(layer.prototypes, np.int64)
        for pixels in labelled_pixels(evidence, view, layer, align="corners"):
            true, found = pixels.truth > 0, pixels.region != layer.background
            both, either = int((true & found).sum()), int((true | found).sum())
            sums.append((both, either, true.size - either, true.size - both, int(true.sum()), true.size))
            rows.append(pixels.row)
            covered += np.bincount(pixels.region.ravel(), minlength=layer.prototypes)
            on_object += np.bincount(pixels.region[true], minlength=layer.prototypes)
        if not sums:
            raise DataError("No image of this split has a part mask.")
        table = np.array(sums, np.float64)
        again = draws(len(table)) @ table
        whole = table.sum(0)
        value, resampled = _shares(whole), _shares(again)
        figures = {
            name: figure(100 * float(value[name]), 100 * resampled[name], "nothing is, or is taken for, one of the two")
            for name in value
        }
        judged = evidence.indices(view)[rows]
        labels = np.asarray(evidence.labels)[judged]
        classes = len(evidence.classes)
        parameters = {
            "split": view.split,
            "layer": layer.key,
            "pixels": int(whole[5]),
            "images without a part mask": len(evidence.indices(view)) - len(table),
            "enlarged": "bilinear, corner-aligned, to the original image",
        }
        per_class = {"foreground IoU": by_class(table[:, 0], table[:, 1], labels, classes, 100)}
        on = 100 * divided(on_object.astype(np.float64), covered.astype(np.float64))[list(layer.foreground)]
        return MetricResult(
            figures,
            "%",
            True,
            len(table),
            parameters,
            per_concept={ON_OBJECT: on},
            per_class=per_class,
            layer=layer.key,
            judged=judged,
        )
