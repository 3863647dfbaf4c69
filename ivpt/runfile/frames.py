"""Which part of an original image the maps of a run lie over.

Maps of whole images show the largest centred box of the input's proportions, maps of box crops the object's box, whose
numbers are truncated to integers (as the published evaluation does) and which is squashed to the input's size.
"""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""(rows, 4) x, y, width, height in pixels of the original images."""


def whole_frames(sizes: NDArray[np.integer], view: tuple[int, int]) -> Boxes:
    """What the evaluation view shows of each image.

    Args:
        sizes: (rows, 2) width and height.
        view: (height, width) of the model's input.
    """
    wide = np.asarray(sizes, np.float64)
    target = np.array([view[1], view[0]], np.float64)
    scale = (target / wide).max(axis=1, keepdims=True)
    shown = np.minimum(target / scale, wide)
    return np.concatenate([(wide - shown) / 2, shown], axis=1)


def box_frames(boxes: NDArray[np.floating], sizes: NDArray[np.integer]) -> Boxes:
    """The box of each object, its numbers truncated to integers, as far as it lies in the image.

    Args:
        boxes: (rows, 4) x, y, width, height; NaN where there is none.
        sizes: (rows, 2) width and height of each image.

    Returns:
        Width or height is 0 where there is no box, or nothing of it lies in the image.
    """
    whole = np.trunc(np.nan_to_num(np.asarray(boxes, np.float64)))
    low = np.clip(whole[:, :2], 0, sizes)
    high = np.clip(whole[:, :2] + np.maximum(whole[:, 2:], 0), low, sizes)
    return np.concatenate([low, high - low], axis=1)
