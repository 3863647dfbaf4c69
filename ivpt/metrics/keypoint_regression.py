"""Can keypoints be told from where the concepts are? Linear regression from concept centres to keypoints."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Metric, MetricResult, View
from ivpt.metrics.framed import in_frame
from ivpt.metrics.layers import chosen_layer, view_of
from ivpt.metrics.ratios import draws, ratio
from ivpt.runfile.schema import LayerInfo

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Centres:
    """Where concepts and keypoints are, in units of the object's box.

    Attributes:
        features: (n, 2K) column and row of each concept's centre, NaN where its map sums to nothing.
        active: (n, 2K) whether the concept's map exceeds the threshold somewhere.
        targets: (n, P, 2) keypoints.
        visible: (n, P).
    """

    features: Floats
    active: NDArray[np.bool_]
    targets: Floats
    visible: NDArray[np.bool_]


def centres(maps: NDArray[np.floating]) -> Floats:
    """(b, K, h, w) maps to (b, K, 2) mean column and row in whole cells from 0; NaN where the sum is not > 0."""
    maps = np.asarray(maps, np.float64)
    total = maps.sum((2, 3))
    columns = maps.sum(2) @ np.arange(maps.shape[3])
    rows = maps.sum(3) @ np.arange(maps.shape[2])
    safe = np.where(total > 0, total, np.nan)
    return np.stack([columns / safe, rows / safe], -1)


def regressed(fit: tuple[Floats, NDArray[np.bool_], Floats], features: Floats, active: NDArray[np.bool_]) -> Floats:
    """Ordinary least squares without intercept on standardised centres; inactive ones stand at the mean.

    Args:
        fit: features (n, F), active (n, F), targets (n, 2) to learn from.
        features: (q, F).
        active: (q, F).

    Returns:
        (q, 2) predictions.
    """
    known, known_active, targets = fit
    centre, spread = _scale(known)
    middle, width = _scale(targets)

    def standardised(values: Floats, on: NDArray[np.bool_]) -> Floats:
        return np.where(on & np.isfinite(values), (np.nan_to_num(values) - centre) / spread, 0.0)

    slopes, *_ = np.linalg.lstsq(standardised(known, known_active), (targets - middle) / width, rcond=None)
    return np.asarray(standardised(features, active) @ slopes * width + middle)


def _scale(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the columns, NaN left out; a constant column keeps its size."""
    there = np.isfinite(values)
    count = np.maximum(there.sum(0), 1)
    mean = np.where(there, values, 0).sum(0) / count
    spread = np.sqrt(np.where(there, (values - mean) ** 2, 0).sum(0) / count)
    return mean, np.where(spread > 1e-12, spread, 1.0)


class KeypointRegression(Metric):
    """Mean distance of predicted from true keypoints, in % of the object's box; lower is better.

    For each keypoint a linear model is fitted on the train images where it is visible, from the centres of mass of all
    foreground maps, and tried on the test images where it is visible. Centres are in whole cell indices without the
    half cell, boxes are the annotated ones, a keypoint outside the frame is invisible; images are normalised as in
    training and none is dropped. The interval resamples test images only, the fit stays.

    Source: Aniraj et al., PDiscoFormer, ECCV 2024; van der Klis et al., PDiscoNet, ICCV 2023. The control that
    predicts the mean of the train keypoints, wherever the concepts are, is ivpt's own.

    Args:
        split: val or test, to try on.
        layer: key of the layer; ``""`` for the second to last prompted one.
        active: a concept whose map never exceeds this is not there, and stands at the mean.
    """

    summary = "error of predicting keypoints from where the concepts are, in % of the object's box"
    needs = frozenset[Annotation]({"keypoints", "boxes"})

    def __init__(self, *, split: str = "test", layer: str = "", active: float = 0.5) -> None:
        self.view, self.layer, self.active = view_of(split), layer, active

    def views(self, evidence: Evidence) -> list[View]:
        """The train images: there the regression is fitted."""
        return [View(split="train")]

    def view_layers(self, evidence: Evidence) -> list[str]:
        """Only its own."""
        return [chosen_layer(evidence, self.layer).key]

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in % of the box."""
        layer = chosen_layer(evidence, self.layer)
        fit, trial = (self._centres(evidence, view, layer) for view in (View(split="train"), self.view))
        distance, constant = np.zeros(trial.visible.shape), np.zeros(trial.visible.shape)
        fitted = fit.visible.any(0)
        for j in np.flatnonzero(fitted):
            seen, asked = fit.visible[:, j], trial.visible[:, j]
            known = fit.features[seen], fit.active[seen], fit.targets[seen, j]
            found = regressed(known, trial.features[asked], trial.active[asked])
            distance[asked, j] = np.linalg.norm(found - trial.targets[asked, j], axis=1)
            constant[asked, j] = np.linalg.norm(fit.targets[seen, j].mean(0) - trial.targets[asked, j], axis=1)
        counted = trial.visible & fitted
        used = counted.any(1)
        if not used.any():
            raise DataError("No keypoint is visible in both the train and these images, inside a box.")
        resamples = draws(int(used.sum()))
        below = counted.sum(1)[used]
        figures = {
            "KPR": ratio(distance.sum(1)[used], below, resamples, 100),
            "control, mean of the train keypoints": ratio(constant.sum(1)[used], below, resamples, 100),
        }
        errors = 100 * distance.sum(0) / np.maximum(counted.sum(0), 1)
        names = evidence.keypoint_names
        parameters = {
            "split": self.view.split,
            "fit": "train",
            "fit images": len(fit.visible),
            "layer": layer.key,
            "active": self.active,
            "keypoints": int(below.sum()),
            "error by keypoint": {names[j]: float(errors[j]) for j in np.flatnonzero(counted.any(0))},
            "keypoints never seen in train": [names[j] for j in np.flatnonzero(~fitted & trial.visible.any(0))],
            "concepts active in share of images": [float(v) for v in trial.active[:, ::2].mean(0)],
        }
        judged = evidence.indices(self.view)[used]
        return MetricResult(figures, "%", False, len(judged), parameters, layer=layer.key, judged=judged)

    def _centres(self, evidence: Evidence, view: View, layer: LayerInfo) -> Centres:
        frames = evidence.frames(view)
        boxes = np.asarray(evidence.boxes(evidence.indices(view)), np.float64)
        boxed = np.all(np.isfinite(boxes), axis=1) & np.all(boxes[:, 2:] > 0, axis=1)
        boxes = np.where(boxed[:, None], boxes, (0.0, 0.0, 1.0, 1.0))
        _, visible, places = in_frame(evidence, view)
        foreground = list(layer.foreground)
        found = np.zeros((len(boxes), len(foreground), 2))
        active = np.zeros((len(boxes), len(foreground)), bool)
        for rows, maps in evidence.attention(view, layer.key):
            own = maps[:, foreground]
            found[rows], active[rows] = centres(own), own.max((2, 3)) > self.active
        pixels = frames[:, None, :2] + found / layer.grid[::-1] * frames[:, None, 2:]
        features = (pixels - boxes[:, None, :2]) / boxes[:, None, 2:]
        return Centres(
            features=features.reshape(len(boxes), -1),
            active=np.repeat(active, 2, axis=1),
            targets=(places - boxes[:, None, :2]) / boxes[:, None, 2:],
            visible=visible & boxed[:, None],
        )
