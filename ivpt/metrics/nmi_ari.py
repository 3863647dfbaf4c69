"""Do regions fall on the same parts in every image? Agreement of regions with keypoints."""

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, MetricResult
from ivpt.metrics.bilinear import at_points
from ivpt.metrics.framed import in_frame
from ivpt.metrics.label_agreement import LabelAgreement, agreement
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.ratios import draws


class NmiAri(LabelAgreement):
    """NMI and ARI of two labels of every visible keypoint: which keypoint it is, and which region it lies in.

    Maps are enlarged to the model's input bilinearly with half-pixel centres; the region of a keypoint is the largest
    map, background included, at the pixel it lies in. Nothing is dropped, and images are normalised as in training,
    unlike in the published evaluation. Left and right are different keypoints, so that regions that know no side
    cannot reach 100.

    Source: Aniraj et al., PDiscoFormer, ECCV 2024 (engine/eval_interpretability_nmi_ari_keypoint.py).
    """

    summary = "agreement of regions with annotated keypoints over all images (NMI, ARI)"
    needs = frozenset[Annotation]({"keypoints"})

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        layer, view = chosen_layer(evidence, self.layer), self.view
        shares, visible, _ = in_frame(evidence, view)
        if not visible.any():
            raise DataError("No keypoint is visible in these images.")
        height, width = evidence.image_size
        # the middle of the input pixel that holds the keypoint, in cells
        pixels = np.floor(shares * (width, height)) + 0.5
        places = pixels / (width, height) * layer.grid[::-1] - 0.5
        region = np.zeros(visible.shape, np.intp)
        for rows, maps in evidence.attention(view, layer.key):
            region[rows] = at_points(maps, places[rows]).argmax(-1)
        cells = (shares * self.grid).astype(np.intp)
        grid = cells[..., 1] * self.grid + cells[..., 0]
        used = visible.any(1)
        resamples = draws(int(used.sum()))
        figures = agreement(_tables(region, visible, layer.prototypes)[used], resamples)
        control = f"control {self.grid} x {self.grid} grid: "
        figures |= agreement(_tables(grid, visible, self.grid**2)[used], resamples, control)
        parameters = {
            "split": view.split,
            "layer": layer.key,
            "regions": layer.prototypes,
            "grid": self.grid,
            "frame": [height, width],
            "keypoints": int(visible.sum()),
            "images without a visible keypoint": int((~used).sum()),
            "enlarged": "bilinear, half-pixel centres",
            "NMI": "arithmetic mean",
        }
        judged = evidence.indices(view)[used]
        return MetricResult(figures, "%", True, len(judged), parameters, layer=layer.key, judged=judged)


def _tables(region: NDArray[np.intp], visible: NDArray[np.bool_], regions: int) -> NDArray[np.float32]:
    """(n, K, regions) one where keypoint k of image i lies in a region."""
    tables = (region[..., None] == np.arange(regions)) & visible[..., None]
    return np.asarray(tables, np.float32)
