"""What consistency and stability share: protocol parameters, the clean views, resamples, controls, bookkeeping."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, View
from ivpt.metrics import controls
from ivpt.metrics.correspondence import Frame, Looked, boxes_known
from ivpt.metrics.layers import chosen_layer
from ivpt.metrics.ratios import Draws, draws
from ivpt.runfile.schema import LayerInfo

NO_BOXES = "the published protocol looks at box crops, and no boxes are annotated"


class PartMetric(Metric):
    """A score of which annotated parts lie near the peak of each concept.

    Args:
        split: test or val.
        layer: key of the layer; empty for the second to last prompted one.
        frame: side S of the evaluation frame, in pixels.
        half_size: of the window around the peak, in pixels of the frame.
        points: auto, keypoints or part masks.
        uncropped: also look at the whole images.
        control_draws: how often each random control is drawn; its figure is their mean.
        resamples: for the intervals; 0 for none.
        seed: of controls and resamples.

    Raises:
        ValueError: a parameter out of range.
    """

    uses = frozenset[Annotation]({"keypoints", "part masks", "boxes"})

    headline: ClassVar[str]
    """Name of the figure of box crops; that of whole images is ``uncropped``."""

    def __init__(
        self,
        *,
        split: Literal["test", "val"],
        layer: str,
        frame: int,
        half_size: int,
        points: str,
        uncropped: bool,
        control_draws: int,
        resamples: int,
        seed: int,
    ) -> None:
        if control_draws < 1 or resamples < 0:
            raise ValueError("control_draws must be at least 1, resamples at least 0")
        self._frame = Frame(frame, half_size, points)
        self._split, self._layer, self._uncropped = split, layer, uncropped
        self._control_draws, self._resamples, self._seed = control_draws, resamples, seed

    def view_layers(self, evidence: Evidence) -> Sequence[str]:
        """The one layer it is about."""
        return [chosen_layer(evidence, self._layer).key]

    def _clean_views(self, evidence: Evidence) -> dict[str, View]:
        """Name of a figure to its view without noise: box crops where there are boxes, whole images where wanted."""
        whole = View(split=self._split)
        boxes = boxes_known(evidence, whole)
        found = {self.headline: replace(whole, crop="box")} if boxes else {}
        return found | ({"uncropped": whole} if self._uncropped or not boxes else {})

    def _prefix(self, name: str) -> str:
        """What the names of a figure's variants begin with."""
        return "" if name == self.headline else f"{name}, "

    def _weights(self, images: int) -> Draws:
        """(1 + B, images) every image once, then the resamples."""
        return np.concatenate([np.ones((1, images), np.float32), draws(images, self._resamples, self._seed)])

    def _controls(
        self, looked: Looked, layer: LayerInfo, score: Callable[[list[controls.Places]], float], passes: int = 1
    ) -> dict[str, Figure]:
        """Mean score of each control over its draws; ``score`` gets the peaks of each pass."""
        drawn: dict[str, list[float]] = {name: [] for name in controls.NAMES}
        concepts = looked.peaks.shape[1]
        for name, peaks in controls.places(
            looked.labels, concepts, layer.grid, self._frame.size, self._control_draws, self._seed, passes
        ):
            drawn[name].append(score(peaks))
        return {name: Figure(float(np.mean(values))) for name, values in drawn.items()}

    def _parameters(
        self, evidence: Evidence, layer: LayerInfo, views: Iterable[View], looked: Looked, own: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The protocol in words and numbers."""
        return {
            **self._frame.parameters(evidence, layer),
            "views": [view.name for view in views],
            **own,
            "classes": len(np.unique(looked.labels)),
            "control_draws": self._control_draws,
            "resamples": self._resamples,
            "seed": self._seed,
        }


def class_means(evidence: Evidence, looked: Looked, pair: NDArray[np.float64]) -> NDArray[np.float64]:
    """(C,) mean in % of each class over concepts, NaN without images, from (classes with images, K)."""
    means = np.full(len(evidence.classes), np.nan)
    means[np.unique(looked.labels)] = 100 * pair.mean(axis=1)
    return means
