"""Do regions fall on the same parts in every image? Agreement of regions with part masks, pixel by pixel."""

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Figure, MetricResult
from ivpt.metrics.clusters import best_iou
from ivpt.metrics.label_agreement import LabelAgreement, agreement
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.pixels import counted, labelled_pixels
from ivpt.metrics.ratios import Draws, draws, figure, known_mean


class NmiAriPixels(LabelAgreement):
    """NMI and ARI of two labels of every pixel: its part (none is a label too) and its region, all images pooled.

    Pixels of original images that the maps show; maps enlarged bilinearly with half-pixel centres. The variant "part
    pixels" looks at pixels inside the union of part masks only, where finding the object earns nothing; it also has
    the IoU of each region with the part it matches best, mean over the regions that fire (background is a region too).

    Source: Aniraj et al., PDiscoFormer, ECCV 2024 (PartImageNet protocol); the part-pixel variant is ivpt's own.
    """

    summary = "agreement of regions with part masks over all pixels (NMI, ARI, IoU with the best part)"
    needs = frozenset[Annotation]({"part masks"})

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        layer, view, labels = chosen_layer(evidence, self.layer), self.view, len(evidence.parts) + 1
        ours, grids, rows = [], [], []
        for pixels in labelled_pixels(evidence, view, layer):
            ours.append(counted(pixels.truth, pixels.region, labels, layer.prototypes).astype(np.float32))
            grids.append(counted(pixels.truth, pixels.grid(self.grid), labels, self.grid**2).astype(np.float32))
            rows.append(pixels.row)
        if not ours:
            raise DataError("No image of this split has a part mask.")
        tables, fixed = np.stack(ours), np.stack(grids)
        resamples = draws(len(tables))
        control = f"control {self.grid} x {self.grid} grid"
        figures = agreement(tables, resamples)
        figures |= agreement(tables[:, 1:], resamples, "part pixels: ")
        figures["part pixels: best IoU"] = _matched(tables[:, 1:], resamples)
        figures |= agreement(fixed, resamples, f"{control}: ")
        figures |= agreement(fixed[:, 1:], resamples, f"{control}, part pixels: ")
        figures[f"{control}, part pixels: best IoU"] = _matched(fixed[:, 1:], resamples)
        whole = tables.sum(0, dtype=np.float64)
        foreground = list(layer.foreground)
        with_part = whole[1:, foreground]
        best = [evidence.parts[i] if n.any() else "" for i, n in zip(with_part.argmax(0), with_part.T, strict=True)]
        parameters = {
            "split": view.split,
            "layer": layer.key,
            "regions": layer.prototypes,
            "grid": self.grid,
            "pixels": int(whole.sum()),
            "part with most pixels, by concept": best,
            "images without a part mask": len(evidence.indices(view)) - len(tables),
            "enlarged": "bilinear, half-pixel centres, to the original image",
            "NMI": "arithmetic mean",
        }
        return MetricResult(
            figures,
            "%",
            True,
            len(tables),
            parameters,
            per_concept={"IoU with the best part": 100 * best_iou(whole, slice(1, None))[foreground]},
            layer=layer.key,
            judged=evidence.indices(view)[rows],
        )


def _matched(tables: NDArray[np.float32], resamples: Draws) -> Figure:
    """Mean over the regions that fire of the IoU with their best part, in %; tables (n, T, P) of images."""

    def score(counts: NDArray[np.floating]) -> NDArray[np.float64]:
        return known_mean(best_iou(counts))

    again = (resamples @ tables.reshape(len(tables), -1)).reshape(len(resamples), *tables.shape[1:])
    whole = tables.sum(0, dtype=np.float64)
    return figure(100 * float(score(whole)), 100 * score(again), "no pixel belongs to a part", (0, 100))
