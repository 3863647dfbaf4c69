"""What a picture shows: the part that is seen, attention as heat, keypoints and the box."""

import numpy as np
from numpy.typing import NDArray

from ivpt.ui.palette import Rgb
from ivpt.ui.raster import Pixels, Regions, enlarge
from ivpt.ui.reading import Page

Window = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""

WHOLE: Window = (0.0, 0.0, 1.0, 1.0)
LEVELS = 10
"""Steps of a heat map where it is written in digits."""

CIVIDIS: tuple[Rgb, ...] = (
    (0, 34, 78),
    (26, 56, 111),
    (67, 78, 108),
    (97, 101, 111),
    (125, 124, 120),
    (155, 148, 118),
    (188, 174, 108),
    (222, 201, 88),
    (254, 232, 56),
)
"""From 0 to 1 in even steps of the colour map cividis (Nuñez, Anderton and Renslow 2018, CC0): lightness rises evenly,
and it reads the same with red-green blindness."""
_HEAT = np.array(CIVIDIS, np.float32)
_MARK, _RIM = (240, 228, 66, 255), (0, 0, 0, 255)
"""Yellow, as the outlines of parts are white and black."""


def seen(values: NDArray[np.generic], window: Window) -> NDArray[np.generic]:
    """The part of a picture or map that is seen, at least one pixel.

    Args:
        values: (H, W) or (H, W, 3).
        window: what is seen.
    """
    if window == WHOLE:
        return values
    height, width = values.shape[:2]
    left, right = round(window[0] * width), round(window[2] * width)
    top, bottom = round(window[1] * height), round(window[3] * height)
    top, left = min(top, height - 1), min(left, width - 1)
    return values[top : max(bottom, top + 1), left : max(right, left + 1)]


def heated(picture: Pixels | None, attention: NDArray[np.float32], opacity: float) -> Pixels:
    """Attention as heat over the picture.

    Args:
        picture: (H, W, 3), or None for the heat alone.
        attention: (h, w) from 0 to 1; every cell keeps its own value.
        opacity: of the heat, 0 to 1.

    Returns:
        As large as the picture, or ten times the map.
    """
    size = picture.shape[:2] if picture is not None else (10 * attention.shape[0], 10 * attention.shape[1])
    place = np.clip(enlarge(attention, size), 0, 1) * (len(_HEAT) - 1)
    left = np.minimum(place.astype(np.intp), len(_HEAT) - 2)
    share = (place - left)[..., None]
    heat = _HEAT[left] * (1 - share) + _HEAT[left + 1] * share
    mixed = heat if picture is None else picture * np.float32(1 - opacity) + heat * np.float32(opacity)
    return np.asarray(np.rint(mixed), np.uint8)


def heat_levels(attention: NDArray[np.float32]) -> Regions:
    """Attention in steps, 0 to 9, for terminals without colours."""
    return np.clip(attention * LEVELS, 0, LEVELS - 1).astype(np.uint8)


def annotations(page: Page, window: Window = WHOLE) -> Pixels | None:
    """The keypoints that are visible and the box, to be laid over the whole picture.

    Args:
        page: whose annotations.
        window: what will be seen; marks are sized for it.

    Returns:
        (H, W, 4) red, green, blue and opacity; None where nothing is annotated, or there is no picture.
    """
    if page.picture is None or page.frame is None or (page.keypoints is None and page.box is None):
        return None
    height, width = page.picture.shape[:2]
    origin, extent = np.array(page.frame[:2]), np.array(page.frame[2:])
    scale = np.array([width, height]) / extent
    side = max(width, height) * (window[2] - window[0])
    drawn = np.zeros((height, width, 4), np.uint8)
    if page.box is not None:
        left, top = (page.box[:2] - origin) * scale
        right, bottom = (page.box[:2] + page.box[2:] - origin) * scale
        line = max(side / 60, 1.0)
        y, x = np.mgrid[:height, :width] + 0.5
        inside = (x >= left - line) & (x <= right + line) & (y >= top - line) & (y <= bottom + line)
        hollow = (x > left) & (x < right) & (y > top) & (y < bottom)
        drawn[inside & ~hollow] = _MARK
    if page.keypoints is not None:
        for _, x, y in keypoints_seen(page):
            _cross(drawn, x * width, y * height, side / 30, side / 70, _RIM)
            _cross(drawn, x * width, y * height, side / 34, side / 120, _MARK)
    return drawn


def keypoints_seen(page: Page, window: Window = WHOLE) -> list[tuple[int, float, float]]:
    """The visible keypoints in what is seen of a picture, from left to right.

    Args:
        page: whose keypoints.
        window: what is seen.

    Returns:
        Number, and x and y as shares of the picture.
    """
    if page.keypoints is None or page.frame is None:
        return []
    left, top, width, height = page.frame
    found = [
        (k, (float(x) - left) / width, (float(y) - top) / height)
        for k, (x, y, visible) in enumerate(page.keypoints)
        if visible > 0 and np.isfinite((x, y)).all()
    ]
    inside = [at for at in found if window[0] <= at[1] <= window[2] and window[1] <= at[2] <= window[3]]
    return sorted(inside, key=lambda at: at[1:])


def _cross(pixels: Pixels, x: float, y: float, arm: float, thick: float, colour: tuple[int, int, int, int]) -> None:
    """Two bars: ``arm`` is the length from the middle, ``thick`` half of the thickness, a pixel at least."""
    rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    down, across = np.abs(rows + 0.5 - y), np.abs(columns + 0.5 - x)
    thick = max(thick, 0.71)
    pixels[((down <= thick) & (across <= arm)) | ((across <= thick) & (down <= arm))] = colour
