"""Keypoints in the frame that maps lie over."""

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Evidence, View


def in_frame(evidence: Evidence, view: View) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Keypoints of a view as shares of the frame's sides.

    Returns:
        (rows, K, 2) x and y, 0 to 1 inside the frame and 0 where not visible; (rows, K) visible and inside the frame:
        a keypoint outside it counts as invisible; (rows, K, 2) x and y in pixels of the original image.
    """
    points = np.asarray(evidence.keypoints(evidence.indices(view)), np.float64)
    frames = evidence.frames(view)
    visible = (points[..., 2] > 0) & np.all(np.isfinite(points[..., :2]), axis=-1)
    places = np.where(visible[..., None], points[..., :2], 0.0)
    shares = (places - frames[:, None, :2]) / frames[:, None, 2:]
    visible = visible & np.all((shares >= 0) & (shares < 1), axis=-1)
    return np.where(visible[..., None], shares, 0.0), visible, places
