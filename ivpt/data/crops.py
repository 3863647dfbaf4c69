"""An image cut to the box of its object, with what is annotated on it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.dataset import Annotations

Crop = Literal["none", "box"]
"""Type of the option ``--dataset.crop`` of data sets with boxes."""

Window = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are the first that are outside."""


def window(box: Sequence[float] | None, width: int, height: int) -> Window:
    """Which pixels of an image lie in a box.

    As in the published crops of CUB (Huang et al., util/crop_cub_data.py) the four numbers are truncated to integers;
    what lies outside the image is cut off.

    Args:
        box: x, y, width, height.
        width: of the image.
        height: of the image.

    Returns:
        The window; the whole image where there is no box, or nothing of it lies in the image.
    """
    if box is not None:
        x, y, w, h = (int(value) for value in box)
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if left < right and top < bottom:
            return left, top, right, bottom
    return 0, 0, width, height


def cut_image(image: NDArray[np.uint8], of: Window) -> NDArray[np.uint8]:
    """Copy of a window of an image (height, width, 3) or a mask (height, width)."""
    left, top, right, bottom = of
    return np.ascontiguousarray(image[top:bottom, left:right])


def cut_annotations(annotations: Annotations, of: Window) -> Annotations:
    """What is annotated on a window of an image, in pixels of the window.

    Keypoints outside the window become invisible; the box is what of it lies inside.
    """
    left, top, right, bottom = of
    keypoints, box, mask = annotations.keypoints, annotations.box, annotations.part_mask
    if keypoints is not None:
        keypoints = keypoints - np.array([left, top, 0], np.float32)
        x, y = keypoints[:, 0], keypoints[:, 1]
        inside = (x >= 0) & (y >= 0) & (x < right - left) & (y < bottom - top)
        keypoints = np.where((inside & (keypoints[:, 2] > 0))[:, None], keypoints, 0).astype(np.float32)
    if box is not None:
        x1, y1 = max(box[0], left), max(box[1], top)
        x2, y2 = min(box[0] + box[2], right), min(box[1] + box[3], bottom)
        box = (x1 - left, y1 - top, x2 - x1, y2 - y1) if x1 < x2 and y1 < y2 else None
    return Annotations(keypoints, box, None if mask is None else cut_image(mask, of))


__all__ = ["Crop", "Window", "cut_annotations", "cut_image", "window"]
