"""From part masks to one point per part, the same in metrics and in the readers of data sets (metrics.md 1.8)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mask_keypoints(mask: NDArray[np.uint8], parts: int) -> NDArray[np.float32]:
    """Keypoints of an image whose parts are masks: :func:`mask_points` of the whole image.

    This is what a data set with part masks hands out as ``Annotations.keypoints``, with ``DatasetInfo.keypoints`` equal
    to ``DatasetInfo.parts``.

    Args:
        mask: (height, width) 0 no part, ``i + 1`` part i.
        parts: J.

    Returns:
        (J, 3) x, y, visible; zeros for a part without a pixel.
    """
    where, visible = mask_points(mask, (0, 0, mask.shape[1], mask.shape[0]), parts)
    return np.concatenate([where, visible[:, None]], axis=1).astype(np.float32)


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


__all__ = ["mask_keypoints", "mask_points"]
