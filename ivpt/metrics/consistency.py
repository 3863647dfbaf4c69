"""Consistency: does a concept lie on the same part of the object in every image of a class?

Source: Huang et al., ICCV 2023 (formula, published evaluation); IVPT, section 4.1 and Table 1 (its use for concepts
that all classes share). Variants and controls are ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics import controls
from ivpt.metrics.class_pairs import consistent, consistent_pairs, pairs, share
from ivpt.metrics.correspondence import Frame, Looked, boxes_known, look, near
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.part_points import part_names
from ivpt.metrics.ratios import draws, figure
from ivpt.runfile.schema import LayerInfo

NO_BOXES = "the published protocol looks at box crops, and no boxes are annotated"


class Consistency(Metric):
    """Share of (class, concept) pairs whose concept lies near one and the same part in most images of the class.

    Args:
        split: test or val.
        layer: key of the layer; empty for the second to last prompted one.
        frame: side S of the evaluation frame, in pixels.
        half_size: of the window around the peak, in pixels of the frame.
        threshold: share of images from which a pair is consistent, above 0 and at most 1.
        points: auto, keypoints or part masks.
        min_support: of the variant in which rarely visible parts do not count.
        uncropped: also look at the whole images.
        control_draws: how often each random control is drawn; its figure is their mean.
        resamples: for the intervals; 0 for none.
        seed: of controls and resamples.

    Raises:
        ValueError: a parameter out of range.
    """

    summary = "a concept lies on the same part in (nearly) every image of a class"

    uses = frozenset[Annotation]({"keypoints", "part masks", "boxes"})

    def __init__(
        self,
        *,
        split: Literal["test", "val"] = "test",
        layer: str = "",
        frame: int = 224,
        half_size: int = 36,
        threshold: float = 0.8,
        points: str = "auto",
        min_support: int = 5,
        uncropped: bool = True,
        control_draws: int = 5,
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, not {threshold:g}")
        if min_support < 1 or control_draws < 1 or resamples < 0:
            raise ValueError("min_support and control_draws must be at least 1, resamples at least 0")
        self._frame = Frame(frame, half_size, points)
        self._split, self._layer = split, layer
        self._threshold, self._support, self._uncropped = threshold, min_support, uncropped
        self._control_draws, self._resamples, self._seed = control_draws, resamples, seed

    def _views(self, evidence: Evidence) -> tuple[View | None, View | None]:
        """The view of box crops, and that of whole images; ``None`` where it is impossible or not wanted."""
        whole = View(split=self._split)
        boxes = boxes_known(evidence, whole)
        return (replace(whole, crop="box") if boxes else None), (whole if self._uncropped or not boxes else None)

    def views(self, evidence: Evidence) -> Sequence[View]:
        """Box crops, where boxes are annotated.

        Raises:
            DataError: no points are annotated.
        """
        part_names(evidence, self._frame.points)
        return [view for view in self._views(evidence)[:1] if view is not None]

    def view_layers(self, evidence: Evidence) -> Sequence[str]:
        """The one layer it is about."""
        return [chosen_layer(evidence, self._layer).key]

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %.

        Raises:
            DataError: no points are annotated, or there is no such layer.
        """
        part_names(evidence, self._frame.points)
        layer = chosen_layer(evidence, self._layer)
        box, whole = self._views(evidence)
        figures: dict[str, Figure] = {"consistency": Figure(None, None, NO_BOXES)}
        looked: Looked | None = None
        if box is not None:
            looked = look(evidence, box, layer, self._frame, soft=True)
            figures |= self._figures(looked)
        if whole is not None:
            other = look(evidence, whole, layer, self._frame, soft=looked is None)
            found = self._figures(other, variants=looked is None)
            figures |= {_uncropped(name): value for name, value in found.items()}
            looked = looked or other
        if looked is None:
            raise DataError("There is no view to look at.")
        figures |= self._controls(looked, layer)
        pair, name = self._pairs(looked), "consistency" if box is not None else "uncropped"
        classes = np.full(len(evidence.classes), np.nan)
        classes[np.unique(looked.labels)] = 100 * pair.mean(axis=1)
        return MetricResult(
            figures,
            "%",
            True,
            len(looked.indices),
            self._parameters(evidence, layer, box, whole, looked),
            per_concept={name: 100 * pair.mean(axis=0), "class-agnostic rate": self._rates(looked)},
            per_class={name: classes},
            layer=layer.key,
            judged=looked.indices,
        )

    def _pairs(self, looked: Looked) -> NDArray[np.float64]:
        hits = near(looked.peaks, looked.points, self._frame)
        once = np.ones((1, len(hits)), np.float32)
        return np.asarray(consistent_pairs(hits, looked.points.visible, looked.labels, once, self._threshold)[0])

    def _rates(self, looked: Looked) -> NDArray[np.float64]:
        """(K,) rate of each concept's best part over all classes, in %."""
        hits = near(looked.peaks, looked.points, self._frame)
        found = pairs(hits, looked.points.visible, np.ones((1, len(hits)), np.float32))
        return np.asarray(100 * found.rates[0].max(axis=1, initial=0))

    def _figures(self, looked: Looked, variants: bool = True) -> dict[str, Figure]:
        """The published figure and, unless told not to, its variants."""
        visible, labels = looked.points.visible, looked.labels
        weights = np.concatenate(
            [np.ones((1, len(labels)), np.float32), draws(len(labels), self._resamples, self._seed)]
        )

        def of(values: NDArray[np.float64], why: str = "") -> Figure:
            shares = share(values)
            return figure(float(shares[0]), shares[1:], why, (0, 100))

        hits = near(looked.peaks, looked.points, self._frame)
        result = {"consistency": of(consistent_pairs(hits, visible, labels, weights, self._threshold))}
        if not variants:
            return result
        result["class-agnostic"] = of(consistent(pairs(hits, visible, weights), self._threshold))
        supported = consistent_pairs(hits, visible, labels, weights, self._threshold, self._support)
        result["minimum support"] = of(supported, f"no part is visible in {self._support} images of one class")
        soft = near(looked.centroids, looked.points, self._frame)
        result["soft centroid"] = of(consistent_pairs(soft, visible, labels, weights, self._threshold))
        result["all-zero vectors"] = Figure(float(100 * (~hits.any(axis=2)).mean()))
        return result

    def _controls(self, looked: Looked, layer: LayerInfo) -> dict[str, Figure]:
        once = np.ones((1, len(looked.labels)), np.float32)
        concepts = looked.peaks.shape[1]
        drawn: dict[str, list[float]] = {name: [] for name in controls.NAMES}
        for name, (peaks,) in controls.places(
            looked.labels, concepts, layer.grid, self._frame.size, self._control_draws, self._seed
        ):
            hits = near(peaks, looked.points, self._frame)
            values = consistent_pairs(hits, looked.points.visible, looked.labels, once, self._threshold)
            drawn[name].append(float(share(values)[0]))
        return {name: Figure(float(np.mean(values))) for name, values in drawn.items()}

    def _parameters(
        self, evidence: Evidence, layer: LayerInfo, box: View | None, whole: View | None, looked: Looked
    ) -> dict[str, Any]:
        return {
            **self._frame.parameters(evidence, layer),
            "views": [view.name for view in (box, whole) if view is not None],
            "threshold": self._threshold,
            "min_support": self._support,
            "classes": len(np.unique(looked.labels)),
            "control_draws": self._control_draws,
            "resamples": self._resamples,
            "interval": "95 %, percentiles of resamples of images moved to the mean of the value",
            "seed": self._seed,
        }


def _uncropped(name: str) -> str:
    return "uncropped" if name == "consistency" else f"uncropped, {name}"
