"""Outlines: closed curves, ribbons and feathers, as (n, 2) float64 arrays of x (right), y (down)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) x, y; the unit is up to the caller."""


@lru_cache(maxsize=8)
def _basis(steps: int) -> Points:
    """Catmull-Rom weights (steps, 4) of the four neighbouring control points."""
    t = np.arange(steps) / steps
    return np.stack(
        [
            -0.5 * t + t * t - 0.5 * t**3,
            1 - 2.5 * t * t + 1.5 * t**3,
            0.5 * t + 2 * t * t - 1.5 * t**3,
            -0.5 * t * t + 0.5 * t**3,
        ],
        axis=1,
    )


def smooth(control: Sequence[tuple[float, float]] | Points, steps: int = 6) -> Points:
    """A closed smooth curve through the control points, `steps` points per piece."""
    p = np.asarray(control, dtype=np.float64)
    basis = _basis(steps)[None, :, :, None]
    near = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)], axis=1)
    curve: Points = (basis * near[:, None]).sum(2).reshape(-1, 2)
    return curve


def blob(x: float, y: float, rx: float, ry: float, wobble: Sequence[float] = ()) -> Points:
    """An ellipse-like closed curve; `wobble` scales its radius at evenly spaced angles."""
    factors = wobble or (1.0,) * 8
    n = len(factors)
    return smooth(
        [
            (x + rx * f * math.cos(2 * math.pi * i / n), y + ry * f * math.sin(2 * math.pi * i / n))
            for i, f in enumerate(factors)
        ]
    )


def ribbon(path: Sequence[tuple[float, float]], widths: Sequence[float]) -> Points:
    """A stroke along an open path with the given full width at each of its points."""
    p = np.asarray(path, dtype=np.float64)
    d = np.empty_like(p)
    d[1:-1] = p[2:] - p[:-2]
    d[0], d[-1] = p[1] - p[0], p[-1] - p[-2]
    length = np.sqrt((d * d).sum(1, keepdims=True))
    normal = np.stack([-d[:, 1], d[:, 0]], axis=1) / np.maximum(length, 1e-9)
    half = normal * (np.asarray(widths, dtype=np.float64)[:, None] / 2)
    return np.concatenate([p + half, (p - half)[::-1]])


_TIPS = {
    "round": ((0.0, 0.5), (0.35, 0.95), (0.75, 1.0), (0.93, 0.72), (1.0, 0.0)),
    "square": ((0.0, 0.55), (0.4, 0.9), (0.85, 1.0), (0.99, 0.95), (1.0, 0.0)),
    "point": ((0.0, 0.6), (0.3, 1.0), (0.6, 0.85), (0.88, 0.35), (1.0, 0.0)),
}


def feather(base: tuple[float, float], angle: float, length: float, width: float, tip: str = "round") -> Points:
    """One feather from `base` along `angle` (radians, 0 = +x, clockwise as y points down)."""
    profile = _TIPS[tip]
    side = [(u * length, v * width / 2) for u, v in profile]
    outline = side + [(u, -v) for u, v in reversed(side[:-1])]
    steps = 2 if tip == "square" else 3
    return place(smooth(outline, steps), angle=angle, move=base)


def place(
    points: Points,
    *,
    angle: float = 0.0,
    scale: float = 1.0,
    mirror: bool = False,
    move: tuple[float, float] = (0.0, 0.0),
    pivot: tuple[float, float] = (0.0, 0.0),
) -> Points:
    """Mirror (x), turn by `angle` radians and scale about `pivot`, then move pivot to `move`."""
    x, y = points[:, 0] - pivot[0], points[:, 1] - pivot[1]
    if mirror:
        x = -x
    c, s = math.cos(angle) * scale, math.sin(angle) * scale
    return np.stack([c * x - s * y + move[0], s * x + c * y + move[1]], axis=1)
