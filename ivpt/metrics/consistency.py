"""Consistency: does a concept lie on the same part of the object in every image of a class?

Source: Huang et al., ICCV 2023 (formula, published evaluation); IVPT, section 4.1 and Table 1 (its use for concepts
that all classes share). Variants and controls are ours.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Evidence, Figure, MetricResult, View
from ivpt.metrics.class_pairs import consistent, consistent_pairs, pairs, share
from ivpt.metrics.controls import Places
from ivpt.metrics.correspondence import Looked, look, near
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.part_metric import NO_BOXES, PartMetric, class_means
from ivpt.metrics.part_points import part_names
from ivpt.metrics.ratios import figure


class Consistency(PartMetric):
    """Share of (class, concept) pairs whose concept lies near one and the same part in most images of the class.

    Parameters that are not described here are those of :class:`PartMetric`.

    Args:
        threshold: share of images from which a pair is consistent, above 0 and at most 1.
        min_support: of the variant in which rarely visible parts do not count.

    Raises:
        ValueError: a parameter out of range.
    """

    summary = "a concept lies on the same part in (nearly) every image of a class"

    headline = "consistency"

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
        if min_support < 1:
            raise ValueError("min_support must be at least 1")
        self._threshold, self._support = threshold, min_support
        super().__init__(
            split=split,
            layer=layer,
            frame=frame,
            half_size=half_size,
            points=points,
            uncropped=uncropped,
            control_draws=control_draws,
            resamples=resamples,
            seed=seed,
        )

    def views(self, evidence: Evidence) -> Sequence[View]:
        """Box crops, where boxes are annotated.

        Raises:
            DataError: no points are annotated.
        """
        part_names(evidence, self._frame.points)
        return [view for view in self._clean_views(evidence).values() if view.crop == "box"]

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %.

        Raises:
            DataError: no points are annotated, or there is no such layer.
        """
        part_names(evidence, self._frame.points)
        layer = chosen_layer(evidence, self._layer)
        views = self._clean_views(evidence)
        figures: dict[str, Figure] = {"consistency": Figure(None, None, NO_BOXES)}
        first: tuple[str, Looked] | None = None
        for name, view in views.items():
            looked = look(evidence, view, layer, self._frame, soft=first is None)
            figures |= self._figures(name, looked, variants=first is None)
            first = first or (name, looked)
        assert first is not None
        name, looked = first
        figures |= self._controls(looked, layer, lambda passes: float(share(self._pairs(looked, passes[0]))[0]))
        pair = self._pairs(looked, looked.peaks)[0]
        return MetricResult(
            figures,
            "%",
            True,
            len(looked.indices),
            self._parameters(
                evidence,
                layer,
                views.values(),
                looked,
                {
                    "threshold": self._threshold,
                    "min_support": self._support,
                    "interval": "95 %, percentiles of resamples of images moved to the mean of the value; "
                    "class-agnostic: not moved",
                },
            ),
            per_concept={name: 100 * pair.mean(axis=0), "class-agnostic rate": self._rates(looked)},
            per_class={name: class_means(evidence, looked, pair)},
            layer=layer.key,
            judged=looked.indices,
        )

    def _pairs(self, looked: Looked, peaks: Places) -> NDArray[np.float64]:
        """(1, classes with images, K) which pairs are consistent."""
        hits = near(peaks, looked.points, self._frame)
        once = np.ones((1, len(hits)), np.float32)
        return consistent_pairs(hits, looked.points.visible, looked.labels, once, self._threshold)

    def _rates(self, looked: Looked) -> NDArray[np.float64]:
        """(K,) rate of each concept's best part over all classes, in %."""
        hits = near(looked.peaks, looked.points, self._frame)
        found = pairs(hits, looked.points.visible, np.ones((1, len(hits)), np.float32))
        return np.asarray(100 * found.rates[0].max(axis=1, initial=0))

    def _figures(self, name: str, looked: Looked, variants: bool) -> dict[str, Figure]:
        """The published figure and, where wanted, its variants."""
        visible, labels = looked.points.visible, looked.labels
        weights, prefix = self._weights(len(labels)), self._prefix(name)

        def of(values: NDArray[np.float64], why: str = "", centred: bool = True) -> Figure:
            shares = share(values)
            return figure(float(shares[0]), shares[1:], why, (0, 100) if centred else None)

        hits = near(looked.peaks, looked.points, self._frame)
        result = {name: of(consistent_pairs(hits, visible, labels, weights, self._threshold))}
        if not variants:
            return result
        # over all classes a resample hardly raises the largest rate, but a shift would leave the few values of a count
        pooled = consistent(pairs(hits, visible, weights), self._threshold)
        result[f"{prefix}class-agnostic"] = of(pooled, centred=False)
        supported = consistent_pairs(hits, visible, labels, weights, self._threshold, self._support)
        why = f"no part is visible in {self._support} images of one class"
        result[f"{prefix}minimum support"] = of(supported, why)
        soft = near(looked.centroids, looked.points, self._frame)
        result[f"{prefix}soft centroid"] = of(consistent_pairs(soft, visible, labels, weights, self._threshold))
        result[f"{prefix}all-zero vectors"] = Figure(float(100 * (~hits.any(axis=2)).mean()))
        return result
