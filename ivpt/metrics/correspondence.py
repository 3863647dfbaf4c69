"""Which parts a concept is near, image by image: the 0/1 vectors that consistency and stability are made of.

Source: Huang et al., Evaluation and improvement of interpretability for self-explainable part-prototype networks, ICCV
2023, and its published evaluation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, View
from ivpt.metrics.part_points import Points, check_source, part_names, points
from ivpt.metrics.peaks import centroids, peaks
from ivpt.runfile.schema import LayerInfo

WINDOW = 64
"""Images whose maps are in memory at a time."""


@dataclass(frozen=True)
class Frame:
    """The evaluation frame and the window around a peak.

    Attributes:
        size: side of the frame in pixels; published: 224, whatever the input size.
        half_size: of the window, in pixels of the frame; published: 36.
        points: ``auto``, ``keypoints`` or ``part masks``.

    Raises:
        ValueError: out of range.
    """

    size: int = 224
    half_size: int = 36
    points: str = "auto"

    def __post_init__(self) -> None:
        if self.size < 1 or self.half_size < 0:
            raise ValueError("frame must be at least 1 and half_size at least 0")
        check_source(self.points)

    def parameters(self, evidence: Evidence, layer: LayerInfo) -> dict[str, Any]:
        """The protocol in words and numbers."""
        kind, names = part_names(evidence, self.points)
        return {
            "frame": self.size,
            "half_size": self.half_size,
            "enlargement": "bicubic, a = -0.75, half-pixel centres, replicated border, no antialiasing",
            "peak": "first maximum in row-major order",
            "points": kind if kind == "keypoints" else "part masks: centre of mass, else the nearest pixel of the part",
            "parts": len(names),
            "concepts": len(layer.foreground),
            "class_specific": False,
            "image_size": list(evidence.image_size),
            "grid": list(layer.grid),
        }


@dataclass(frozen=True)
class Looked:
    """Where the concepts of n images peak, and where the parts are.

    Attributes:
        indices: (n,) positions of the images.
        labels: (n,) their classes.
        points: the annotated parts.
        peaks: (n, K, 2) row and column of each foreground concept's peak in the frame.
        centroids: (n, K, 2) of its mean position; zeros where nobody asked for them.
    """

    indices: NDArray[np.integer]
    labels: NDArray[np.integer]
    points: Points
    peaks: NDArray[np.int64]
    centroids: NDArray[np.int64]


def look(evidence: Evidence, view: View, layer: LayerInfo, frame: Frame, soft: bool = False) -> Looked:
    """Read the maps of a view once.

    Images without a frame (no box is annotated) do not count.

    Args:
        evidence: maps and annotations.
        view: which maps.
        layer: of which layer.
        frame: the evaluation frame.
        soft: also find the centroids.

    Raises:
        DataError: the data set has no points, or no image of the view has a frame.
    """
    frames = evidence.frames(view)
    usable: NDArray[np.bool_] = np.asarray((frames[:, 2:] > 0).all(axis=1))
    if not usable.any():
        raise DataError(f"No image of the view {view.name!r} can be evaluated.", "Are boxes annotated?")
    channels = list(layer.foreground)
    places = np.zeros((2, len(usable), len(channels), 2), np.int64)
    for rows, maps in evidence.attention(view, layer.key, WINDOW):
        own = maps[:, channels]
        places[0, rows] = peaks(own, frame.size)
        if soft:
            places[1, rows] = centroids(own, frame.size)
    indices = np.asarray(evidence.indices(view))[usable]
    parts = points(evidence, indices, frames[usable], frame.size, frame.points)
    return Looked(indices, np.asarray(evidence.labels)[indices], parts, places[0, usable], places[1, usable])


def near(places: NDArray[np.integer], parts: Points, frame: Frame) -> NDArray[np.bool_]:
    """Which visible parts lie in the window around each place.

    The window is rows ``max(0, r - s)`` to ``min(S, r + s)`` and columns likewise, both ends inclusive. Row S, just
    outside the frame, is within reach; negative rows are not.

    Args:
        places: (n, K, 2) row and column of each concept.
        parts: of the n images.
        frame: S and s.

    Returns:
        (n, K, J).
    """
    low = np.maximum(places - frame.half_size, 0)[:, :, None]
    high = np.minimum(places + frame.half_size, frame.size)[:, :, None]
    where = parts.places[:, None]
    found = parts.visible[:, None, :].repeat(places.shape[1], axis=1)
    for axis in (0, 1):
        found &= (where[..., axis] >= low[..., axis]) & (where[..., axis] <= high[..., axis])
    return np.asarray(found)


def boxes_known(evidence: Evidence, split: View) -> bool:
    """Whether any image of a split has a box."""
    return bool(np.isfinite(evidence.boxes(evidence.indices(split))).all(axis=1).any())
