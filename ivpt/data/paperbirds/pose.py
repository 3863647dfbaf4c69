"""Names of parts and keypoints, and how one bird stands.

Bird units: half a body length is 1, x points forwards (the beak), y down, the body's middle is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ivpt.data.paperbirds.draws import Draws
from ivpt.data.paperbirds.shapes import Points, place

PARTS = ("beak", "head", "throat", "breast", "belly", "back", "wing", "tail", "legs")
"""Part names; the id in a part map is the index + 1, 0 is everything that is not bird."""

KEYPOINTS = (
    *("back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg", "left wing"),
    *("nape", "right eye", "right leg", "right wing", "tail", "throat"),
)
"""The 15 part names of CUB-200-2011, in its order."""

_SURFACE = {"crown": "head", "forehead": "head", "nape": "head"}


def keypoint_part(name: str) -> str:
    """The part of PARTS on which a keypoint lies."""
    for side in ("left ", "right "):
        name = name.removeprefix(side)
    return {"eye": "head", "leg": "legs"}.get(name, _SURFACE.get(name, name))


@dataclass(frozen=True)
class Pose:
    """How one bird stands.

    Attributes:
        x, y: Middle of the body in image sides.
        scale: Image sides per bird unit.
        tilt: Turn of the whole bird, radians, clockwise.
        mirror: It looks to the left.
        head: Turn of the head about the neck, radians, clockwise.
        stretch: How far the neck reaches out, about -0.1..0.25 bird units.
        raise_: 0 for a folded wing, else how far it is lifted, 0.4..1.
        droop: Turn of the tail, radians, clockwise.
        stride: Angle between the legs, radians.
        plump: Height of the body, about 0.85..1.15.
    """

    x: float
    y: float
    scale: float
    tilt: float
    mirror: bool
    head: float
    stretch: float
    raise_: float
    droop: float
    stride: float
    plump: float

    @classmethod
    def drawn(cls, draws: Draws) -> Pose:
        """A random pose; the bird is anywhere, and some of it may be outside."""
        scale = draws.between(0.175, 0.33)
        margin = 0.05 + 0.98 * scale
        return cls(
            x=draws.between(margin, 1 - margin),
            # Heads reach higher than feet reach low, and matter more.
            y=draws.between(margin + 0.14 * scale, 1.03 - margin),
            scale=scale,
            tilt=draws.between(-0.75, 0.75) + draws.between(-0.3, 0.3),
            mirror=draws.chance(0.5),
            head=draws.between(-0.6, 0.6),
            stretch=draws.between(-0.08, 0.28),
            raise_=draws.between(0.4, 1.0) if draws.chance(0.4) else 0.0,
            droop=draws.between(-0.5, 0.5),
            stride=draws.between(0.1, 0.8),
            plump=draws.between(0.86, 1.12),
        )

    def to_image(self, points: Points) -> Points:
        """Bird units to image sides."""
        return place(points, angle=self.tilt, scale=self.scale, mirror=self.mirror, move=(self.x, self.y))

    def direction(self, angle: float) -> float:
        """A direction in bird units as an angle in the image, radians."""
        return self.tilt + (math.pi - angle if self.mirror else angle)
