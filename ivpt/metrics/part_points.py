"""Where the annotated parts of each image lie, in the evaluation frame.

Published evaluations use keypoints. Where a data set has part masks instead, each part gets one point.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence
from ivpt.part_masks import mask_points

_HINT = "Cross-layer alignment needs no annotation."

Source = Literal["auto", "keypoints", "part masks"]


@dataclass(frozen=True)
class Points:
    """The parts of n images.

    Attributes:
        places: (n, J, 2) row and column in the evaluation frame, whole pixels; may lie outside of it.
        visible: (n, J) whether the part is annotated as visible.
    """

    places: NDArray[np.int64]
    visible: NDArray[np.bool_]


def check_source(source: str) -> None:
    """Refuse a word that names no source of points.

    Raises:
        ValueError: it names none.
    """
    if source not in get_args(Source):
        raise ValueError(f"points must be one of {', '.join(get_args(Source))}, not {source!r}")


def part_names(evidence: Evidence, source: str = "auto") -> tuple[str, tuple[str, ...]]:
    """Which annotation gives the points, ``keypoints`` or ``part masks``, and the names of the parts.

    Args:
        evidence: what the data set annotates.
        source: ``auto`` prefers keypoints.

    Raises:
        DataError: the data set has not what is asked for.
    """
    if evidence.keypoint_names and source in ("auto", "keypoints"):
        return "keypoints", tuple(evidence.keypoint_names)
    if evidence.parts and source in ("auto", "part masks"):
        return "part masks", tuple(evidence.parts)
    wanted = "neither keypoints nor part masks" if source == "auto" else f"no {source}"
    raise DataError(
        f"Consistency and stability compare maps with annotated parts, and these images have {wanted}.",
        _HINT,
    )


def points(
    evidence: Evidence, indices: NDArray[np.integer], frames: NDArray[np.float64], size: int, source: str = "auto"
) -> Points:
    """Parts of some images in the evaluation frame.

    Args:
        evidence: the annotations.
        indices: (n,) positions of the images.
        frames: (n, 4) x, y, width, height of what the maps lie over, in pixels of the original images.
        size: side of the evaluation frame.
        source: see :func:`part_names`.

    Raises:
        DataError: as :func:`part_names`, or no part is visible in any of the images.
    """
    kind, names = part_names(evidence, source)
    if kind == "keypoints":
        table = np.asarray(evidence.keypoints(indices), np.float64)
        visible = table[..., 2] > 0
        pixels = np.where(visible[..., None], table[..., :2], 0)
    else:
        pixels, visible = _from_masks(evidence, indices, frames, len(names))
    if not visible.any():
        raise DataError(f"None of these images has a part annotated: all {kind} are absent or invisible.", _HINT)
    return Points(into_frame(pixels, frames, size), visible)


def into_frame(pixels: NDArray[np.floating], frames: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Points of the original image to points of the evaluation frame, as published.

    ``X = int(S (int(x) - x1) / w)``, ``Y`` likewise: the fraction is cut off towards zero both times, and nothing is
    clipped, so a point beside the frame stays beside it, unless it is less than a pixel above or left of it.

    Args:
        pixels: (n, J, 2) x and y.
        frames: (n, 4) x, y, width, height, the latter two positive.
        size: S.

    Returns:
        (n, J, 2) row and column.
    """
    offset = np.trunc(pixels) - frames[:, None, :2]
    return np.asarray(np.trunc(size * offset / frames[:, None, 2:])[..., ::-1], np.int64)


def _from_masks(
    evidence: Evidence, indices: NDArray[np.integer], frames: NDArray[np.float64], parts: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    pixels = np.zeros((len(indices), parts, 2))
    visible = np.zeros((len(indices), parts), bool)
    for row, index in enumerate(indices):
        mask = evidence.part_mask(int(index))
        if mask is not None:
            pixels[row], visible[row] = mask_points(mask, frames[row].tolist(), parts)
    return pixels, visible
