"""Which part of an original image the maps of a run lie over.

Maps of whole images show the largest centred box of the input's proportions, maps of box crops the object's box, whose
numbers are truncated to integers and which is squashed to the input's size. As in the published evaluation (Huang et
al., ICCV 2023, util/crop_cub_data.py and util/eval_interpretability.py), a box that reaches beyond the right or lower
border is one for whoever places keypoints in it, and its crop ends at the border.
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
    """The box of each object, its numbers truncated to integers.

    It may end beyond the right and lower border of the image, but begins inside: what lies left of the image or above
    it is cut off (the published crop has no such boxes).

    Args:
        boxes: (rows, 4) x, y, width, height; NaN where there is none.
        sizes: (rows, 2) width and height of each image.

    Returns:
        Zeros where there is no box, or nothing of it lies in the image.
    """
    whole = np.trunc(np.nan_to_num(np.asarray(boxes, np.float64)))
    low = np.maximum(whole[:, :2], 0)
    extent = whole[:, :2] + whole[:, 2:] - low
    seen = ((extent > 0) & (low < sizes)).all(axis=1, keepdims=True)
    return np.where(seen, np.concatenate([low, extent], axis=1), 0.0)
