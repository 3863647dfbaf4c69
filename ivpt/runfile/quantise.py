"""Attention maps to 8-bit integers and back.

Values in [0, 1] use the fixed range 0..1, so that a stored byte means the same in every image. Maps that leave it (the
spatial bias added after the softmax) use their own least and largest value.
"""

import numpy as np
from numpy.typing import NDArray

LEVELS = 255
_ROUNDING = 1e-5


def encode(maps: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Quantise maps of several images.

    Args:
        maps: (b, m, h, w) finite.

    Returns:
        (b, m, h, w) bytes and the (b, 2) least and largest value they stand for. The error of a decoded value is at
        most half a step, ``(high - low) / 255 / 2``.
    """
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    low, high = flat.min(axis=1), flat.max(axis=1)
    inside = (low >= -_ROUNDING) & (high <= 1 + _ROUNDING)
    # float32 before the rounding below, so that it happens against the numbers a reader will find in the file
    span = np.stack([np.where(inside, 0.0, low), np.where(inside, 1.0, high)], axis=1).astype(np.float32)
    floor, width = span[:, :1].astype(np.float64), np.ptp(span.astype(np.float64), axis=1)[:, None]
    steps = np.rint((flat - floor) / np.where(width > 0, width, 1) * LEVELS)
    return np.clip(steps, 0, LEVELS).astype(np.uint8).reshape(maps.shape), span


def decode(steps: NDArray[np.uint8], span: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo :func:`encode` for one image or for several.

    Args:
        steps: (..., m, h, w) bytes.
        span: (..., 2) least and largest value.

    Returns:
        (..., m, h, w) values.
    """
    ends = np.asarray(span, np.float64)[..., None, None, None, :]
    low, high = ends[..., 0], ends[..., 1]
    return np.asarray(low + steps * ((high - low) / LEVELS), np.float32)
