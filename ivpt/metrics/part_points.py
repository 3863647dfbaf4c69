"""Where the annotated parts of each image lie, in the evaluation frame.

Published evaluations use keypoints. Where a data set has part masks instead, each part gets one point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence

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


def mask_points(
    mask: NDArray[np.uint8], frame: Sequence[float], parts: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One point for each part of a mask: its centre of mass, or the pixel of the part nearest to it.

    Only what lies inside the frame counts. All pixels of a part are one part, however many pieces it has. The centre is
    the pixel that holds the mean position; where that pixel is not of the part, the nearest one that is (of several,
    the first in row-major order).

    Args:
        mask: (height, width) 0 no part, ``i + 1`` part i.
        frame: x, y, width, height of what is looked at.
        parts: J.

    Returns:
        (J, 2) x and y of a pixel, and (J,) whether the part has a pixel inside the frame.
    """
    x, y, width, height = frame
    left, top = max(int(np.ceil(x)), 0), max(int(np.ceil(y)), 0)
    inside = mask[top : max(int(np.ceil(y + height)), 0), left : max(int(np.ceil(x + width)), 0)]
    rows, columns = np.nonzero(inside)
    part = inside[rows, columns].astype(np.int64) - 1
    counts = np.bincount(part, minlength=parts)[:parts]
    visible = counts > 0
    # a pixel's middle is half a pixel in: the pixel that holds the mean is the mean of the indices, rounded half up
    centre = np.stack(
        [np.floor(np.bincount(part, c, parts)[:parts] / np.maximum(counts, 1) + 0.5) for c in (columns, rows)], axis=1
    )
    own = np.zeros(parts, bool)
    where = centre[visible].astype(np.int64)
    own[visible] = inside[where[:, 1], where[:, 0]] == np.flatnonzero(visible) + 1
    astray = np.flatnonzero(visible & ~own)
    if len(astray):
        belongs = np.isin(part, astray)
        part, columns, rows = part[belongs], columns[belongs], rows[belongs]
        far = (columns - centre[part, 0]) ** 2 + (rows - centre[part, 1]) ** 2
        order = np.lexsort((far, part))  # stable: pixels are in row-major order
        first = order[np.searchsorted(part[order], astray)]
        centre[astray] = np.stack([columns[first], rows[first]], axis=1)
    return np.where(visible[:, None], centre + np.array([left, top]), 0.0), visible
