"""Stability: is a concept near the same parts when the image is a little noisy?

Source: Huang et al., ICCV 2023 (formula, published evaluation); IVPT, section 4.1 and Table 1. Seeds, variants and
controls are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Figure, MetricResult, View
from ivpt.metrics.class_pairs import mean_pairs, share
from ivpt.metrics.controls import Places
from ivpt.metrics.correspondence import Looked, look, near
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.part_metric import NO_BOXES, PartMetric, class_means
from ivpt.metrics.part_points import part_names
from ivpt.metrics.ratios import figure
from ivpt.runfile.schema import LayerInfo

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """What noise did to the vectors of n images, summed over the passes with noise.

    Attributes:
        same: (passes, n, K) whether the whole vector is unchanged.
        filled: (passes, n, K) whether either vector has a part in reach.
    """

    same: Bools
    filled: Bools


def agreement(clean: Bools, noisy: Sequence[Bools]) -> Agreement:
    """Compare vectors (n, K, J) with those of each noisy pass."""
    same = [(clean == other).all(axis=2) for other in noisy]
    filled = [(clean | other).any(axis=2) for other in noisy]
    return Agreement(np.stack(same), np.stack(filled))


class Stability(PartMetric):
    """Share of images in which noise leaves the parts near a concept as they were, mean over (class, concept) pairs.

    Parameters that are not described here are those of :class:`PartMetric`.

    Args:
        noise_std: standard deviation of the noise, in units of the normalised image.
        noise_clip: the noise is clipped to plus or minus this.
        noise_seeds: one pass over the images each; published: one, not fixed.
        uncropped: also look at the whole images, with as many noisy passes of the model once more.

    Raises:
        ValueError: a parameter out of range.
    """

    summary = "a concept stays on the same parts when the image is a little noisy"

    headline = "stability"

    def __init__(
        self,
        *,
        split: Literal["test", "val"] = "test",
        layer: str = "",
        frame: int = 224,
        half_size: int = 36,
        noise_std: float = 0.2,
        noise_clip: float = 0.25,
        noise_seeds: tuple[int, ...] = (0, 1, 2),
        points: str = "auto",
        uncropped: bool = True,
        control_draws: int = 5,
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        if not noise_seeds or len(set(noise_seeds)) < len(noise_seeds):
            raise ValueError("noise_seeds must be at least one seed, and no seed twice")
        if noise_std <= 0 or noise_clip <= 0:
            raise ValueError("noise_std and noise_clip must be above 0")
        self._std, self._clip, self._seeds = noise_std, noise_clip, tuple(noise_seeds)
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

    def _passes(self, evidence: Evidence) -> dict[str, list[View]]:
        """Name of a headline figure to the views it compares: the clean one, and the noisy ones."""
        clean = self._clean_views(evidence)
        return {name: [view, *(self._noisy(view, seed) for seed in self._seeds)] for name, view in clean.items()}

    def _noisy(self, view: View, seed: int) -> View:
        return replace(view, noise_seed=seed, noise_std=self._std, noise_clip=self._clip)

    def views(self, evidence: Evidence) -> Sequence[View]:
        """Box crops where boxes are annotated, noisy box crops, and noisy whole images.

        Raises:
            DataError: no points are annotated.
        """
        part_names(evidence, self._frame.points)
        found = [view for passes in self._passes(evidence).values() for view in passes]
        return [view for view in found if view != View(split=self._split)]

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %.

        Raises:
            DataError: no points are annotated, there is no such layer, or a noisy view holds other images.
        """
        part_names(evidence, self._frame.points)
        layer = chosen_layer(evidence, self._layer)
        passes = self._passes(evidence)
        figures: dict[str, Figure] = {"stability": Figure(None, None, NO_BOXES)}
        first: tuple[str, Looked, Agreement] | None = None
        for name, views in passes.items():
            looked = look(evidence, views[0], layer, self._frame)
            found = self._compare(evidence, looked, views[1:], layer)
            figures |= self._figures(name, looked, found)
            first = first or (name, looked, found)
        assert first is not None
        name, looked, found = first
        figures |= self._controls(looked, layer, lambda peaks: self._control(looked, peaks), passes=2)
        same = found.same.mean(axis=0)
        pair = mean_pairs(same, np.ones_like(same), looked.labels, np.ones((1, len(same)), np.float32))[0]
        return MetricResult(
            figures,
            "%",
            True,
            len(looked.indices),
            self._parameters(
                evidence,
                layer,
                (view for views in passes.values() for view in views),
                looked,
                {
                    "noise_std": self._std,
                    "noise_clip": self._clip,
                    "noise_seeds": list(self._seeds),
                    "noise": "added to the normalised image, each pixel and channel by itself",
                },
            ),
            per_concept={name: 100 * pair.mean(axis=0)},
            per_class={name: class_means(evidence, looked, pair)},
            layer=layer.key,
            judged=looked.indices,
        )

    def _compare(self, evidence: Evidence, clean: Looked, views: Sequence[View], layer: LayerInfo) -> Agreement:
        vectors = []
        for view in views:
            noisy = look(evidence, view, layer, self._frame)
            if not np.array_equal(noisy.indices, clean.indices):
                raise DataError(f"The view {view.name!r} holds other images than the one without noise.")
            vectors.append(near(noisy.peaks, clean.points, self._frame))
        return agreement(near(clean.peaks, clean.points, self._frame), vectors)

    def _figures(self, name: str, looked: Looked, found: Agreement) -> dict[str, Figure]:
        labels = looked.labels
        weights, prefix = self._weights(len(labels)), self._prefix(name)

        def of(above: Floats, below: Floats, why: str = "") -> Figure:
            shares = share(mean_pairs(above, below, labels, weights))
            return figure(float(shares[0]), shares[1:], why)

        everywhere = np.ones(found.same.shape[1:])
        result = {name: of(found.same.mean(axis=0), everywhere)}
        if len(self._seeds) > 1:
            once = np.ones((1, len(labels)), np.float32)
            single = [share(mean_pairs(same.astype(float), everywhere, labels, once))[0] for same in found.same]
            result[f"{prefix}sd over noise seeds"] = Figure(float(np.std(single, ddof=1)))
        kept, filled = (found.same & found.filled).sum(axis=0), found.filled.sum(axis=0)
        result[f"{prefix}vectors with a part"] = of(kept.astype(float), filled.astype(float), "no part is in reach")
        result[f"{prefix}all-zero vectors"] = Figure(float(100 * (~found.filled).mean()))
        return result

    def _control(self, looked: Looked, peaks: list[Places]) -> float:
        clean, noisy = (near(place, looked.points, self._frame) for place in peaks)
        same = agreement(clean, [noisy]).same[0].astype(float)
        once = np.ones((1, len(looked.labels)), np.float32)
        return float(share(mean_pairs(same, np.ones_like(same), looked.labels, once))[0])
