"""From a pose and a species to a bird: pieces of paper with part ids, and keypoints.

All lengths are in bird units, see `pose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ivpt.data.paperbirds.canvas import Element
from ivpt.data.paperbirds.draws import RGB, Draws, mix
from ivpt.data.paperbirds.pose import PARTS, Pose
from ivpt.data.paperbirds.shapes import Points, blob, feather, place, ribbon, smooth
from ivpt.data.paperbirds.species import Species

_Turn = Callable[[list[tuple[float, float]]], Points]


class _Builder:
    """Collects the pieces of one bird from back to front."""

    def __init__(self, species: Species, pose: Pose, draws: Draws) -> None:
        self.species, self.pose = species, pose
        self.elements: list[Element] = []
        self.points: dict[str, tuple[float, float]] = {}
        near = draws.near
        self.crown, self.back = near(species.crown), near(species.back)
        self.wing = near(mix(species.back, species.crown, 0.12))
        self.belly, self.rear = near(species.belly), near(species.rear)
        self.breast = near(mix(species.belly, species.crown, 0.18))
        self.throat = near(mix(species.belly, (250, 244, 230), 0.35))
        horn = draws.pick(((238, 170, 60), (70, 66, 72), (214, 108, 62), (150, 150, 146)))
        self.horn, self.shank = near(horn), near(draws.pick(((226, 142, 70), (96, 84, 84), horn)))
        light = sum(self.wing) > 420
        self.mark = near((52, 46, 56) if light else (246, 238, 222), 8)

    def add(
        self,
        part: str,
        outline: Points,
        base: RGB,
        material: str,
        *,
        role: str = "",
        accent: RGB | None = None,
        grain: float = 0.0,
        tile: float = 1.0,
        shadow: float = 0.03,
        relief: int = 30,
        flat: bool = False,
        anchor: tuple[float, float] | None = None,
    ) -> None:
        """Put one piece on top; lengths in bird units, `grain` a direction in them."""
        pose = self.pose
        origin = np.array([anchor if anchor is not None else tuple(outline[0])])
        at = pose.to_image(origin)[0]
        self.elements.append(
            Element(
                outline=pose.to_image(outline),
                base=base,
                accent=accent if accent is not None else mix(base, (30, 26, 34), 0.45),
                material=material,
                role=f"bird/{role or part}",
                part=PARTS.index(part) + 1,
                grain=pose.direction(grain),
                tile=tile * pose.scale,
                anchor=(float(at[0]), float(at[1])),
                shadow=shadow * pose.scale,
                relief=relief,
                flat=flat,
            )
        )

    def tail(self) -> None:
        """Feathers behind the body, the outer ones first."""
        kind, droop = self.species.tail, self.pose.droop
        base, middle = (-0.8, 0.0), math.pi + droop
        # Spread (radians from the middle), length, width and tip of each feather.
        lay: dict[str, tuple[tuple[float, float, float, str], ...]] = {
            "forked": (
                *((0.1, 0.62, 0.3, "point"), (-0.1, 0.62, 0.3, "point")),
                *((0.34, 1.12, 0.32, "point"), (-0.34, 1.12, 0.32, "point")),
            ),
            "fan": tuple((s, 0.9, 0.36, "round") for s in (0.62, -0.62, 0.32, -0.32, 0.0)),
            "long": (
                (0.12, 1.3, 0.26, "round"),
                (-0.12, 1.3, 0.26, "round"),
                (0, 1.5, 0.26, "round"),
            ),
            "square": (
                (0.17, 0.86, 0.34, "square"),
                (-0.17, 0.86, 0.34, "square"),
                (0, 0.84, 0.34, "square"),
            ),
        }
        for spread, length, width, tip in lay[kind]:
            angle = middle + spread
            self.add(
                "tail", feather(base, angle, length, width, tip), self.rear, "barred",
                grain=angle, tile=0.62, anchor=base,
            )  # fmt: skip
        self.points["tail"] = (base[0] + 0.62 * math.cos(middle), base[1] + 0.62 * math.sin(middle))

    def leg(self, name: str, hip: tuple[float, float], angle: float) -> None:
        """Thigh, shank and three toes; `angle` from straight down, towards the front."""
        tall = self.species.legs == "tall"
        length = 0.74 if tall else 0.42
        plump = self.pose.plump
        hip = (hip[0], hip[1] * plump)
        x, y = hip[0] + math.sin(angle) * length, hip[1] + math.cos(angle) * length
        knee = (hip[0] + (x - hip[0]) * 0.5 - 0.06, hip[1] + (y - hip[1]) * 0.5)
        down = math.pi / 2 - angle
        for toe, reach in ((-0.22, 0.02), (0.3, 0.02), (0.16, 0.06)):
            tip = (x + toe, y + reach + 0.05)
            self.add("legs", ribbon([(x, y - 0.03), ((x + tip[0]) / 2, y + 0.0), tip], [0.12, 0.1, 0.05]),
                     self.shank, "ringed", grain=0.0, tile=0.5, shadow=0.02)  # fmt: skip
        self.add("legs", ribbon([hip, knee, (x, y)], [0.15, 0.12, 0.13]), self.shank, "ringed",
                 grain=down, tile=0.5, shadow=0.02)  # fmt: skip
        self.points[name] = knee

    def body(self) -> None:
        """Belly, breast and back."""
        plump = np.array([1.0, self.pose.plump])
        belly = smooth([(0.4, 0.0), (0.62, 0.4), (0.42, 0.66), (0.05, 0.72), (-0.4, 0.58), (-0.8, 0.28),
                        (-1.06, -0.04), (-0.6, -0.2), (0.0, -0.2)])  # fmt: skip
        breast = smooth([(0.9, -0.42), (1.09, -0.12), (1.04, 0.2), (0.8, 0.5), (0.42, 0.68), (0.3, 0.45),
                         (0.34, 0.15), (0.3, -0.12), (0.55, -0.45)])  # fmt: skip
        back = smooth([(0.84, -0.5), (0.4, -0.72), (-0.15, -0.68), (-0.65, -0.44), (-1.14, -0.12),
                       (-0.8, -0.02), (-0.3, -0.1), (0.3, -0.2), (0.66, -0.3)])  # fmt: skip
        self.add("belly", belly * plump, self.belly, "downy", grain=math.pi, tile=0.9,
                 accent=mix(self.belly, (255, 250, 240), 0.5), relief=45)  # fmt: skip
        self.add("breast", breast * plump, self.breast, "scaly", grain=math.pi * 0.7, tile=1.0, relief=35)
        self.add("back", back * plump, self.back, "mantle", grain=math.pi + 0.25, tile=1.1, relief=40)
        self.points |= {
            "belly": (-0.1, 0.6 * self.pose.plump),
            "breast": (0.9, 0.2 * self.pose.plump),
            "back": (-0.35, -0.5 * self.pose.plump),
        }

    def head(self, eye: str) -> None:
        """Throat, beak, crest, head, eye."""
        pose = self.pose
        mid = self._mid()

        def turned(points: list[tuple[float, float]]) -> Points:
            return place(smooth(points, 4), angle=pose.head, move=mid)

        ends = place(np.array([(0.36, 0.12), (0.16, 0.34), (-0.4, 0.05)]), angle=pose.head, move=mid)
        throat = smooth([tuple(ends[0]), (1.1 + pose.stretch * 0.3, -0.36), (1.04, -0.12), (0.8, -0.06), (0.5, -0.3),
                         tuple(ends[2]), mid])  # fmt: skip
        self.add("throat", throat, self.throat, "velvet", grain=math.pi / 2, tile=0.9)
        self._beak(turned)
        if self.species.head != "round":
            self._crest(turned)
        skull = [(0.44, 0.04), (0.34, -0.26), (0.06, -0.44), (-0.26, -0.38), (-0.45, -0.08), (-0.36, 0.24),
                 (-0.05, 0.36), (0.26, 0.26)]  # fmt: skip
        turn = pose.head
        self.add("head", turned(skull), self.crown, "velvet", grain=turn + math.pi, tile=0.8, relief=45)
        cheek = [
            (0.36, 0.06),
            (0.2, -0.06),
            (-0.1, -0.02),
            (-0.2, 0.14),
            (-0.02, 0.28),
            (0.24, 0.22),
        ]
        self.add("head", turned(cheek), mix(self.crown, (250, 244, 230), 0.4), "velvet", role="cheek",
                 grain=turn + math.pi, tile=0.8, shadow=0)  # fmt: skip
        for x, y, r, colour in (
            (0.16, -0.1, 0.125, (250, 246, 236)),
            (0.165, -0.1, 0.095, (22, 20, 26)),
        ):
            disk = place(blob(x, y, r, r), angle=turn, move=mid)
            self.add("head", disk, colour, "paper", shadow=0, relief=0, flat=True)
        spark = place(blob(0.2, -0.14, 0.035, 0.035), angle=turn, move=mid)
        self.add("head", spark, (255, 255, 255), "paper", shadow=0, relief=0, flat=True)
        named = {"forehead": (0.34, -0.2), "crown": (0.02, -0.34), "nape": (-0.36, -0.02), eye: (0.16, -0.1),
                 "beak": (0.58, 0.04)}  # fmt: skip
        for name, at in named.items():
            x, y = place(np.array([at]), angle=turn, move=mid)[0]
            self.points[name] = (float(x), float(y))
        chin = (ends[1][0] * 0.45 + 1.0 * 0.55, ends[1][1] * 0.45 - 0.3 * 0.55)
        self.points["throat"] = (float(chin[0]), float(chin[1]))

    def _beak(self, turned: _Turn) -> None:
        upper: dict[str, list[tuple[float, float]]] = {
            "cone": [(0.3, -0.2), (0.52, -0.14), (0.86, 0.08), (0.6, 0.1), (0.3, 0.08)],
            "needle": [(0.3, -0.12), (0.6, -0.06), (1.22, 0.08), (0.7, 0.07), (0.3, 0.07)],
            "hook": [
                (0.3, -0.22),
                (0.6, -0.24),
                (0.86, -0.06),
                (0.82, 0.3),
                (0.66, 0.1),
                (0.3, 0.08),
            ],
            "broad": [
                (0.3, -0.14),
                (0.7, -0.06),
                (1.0, -0.06),
                (1.06, 0.06),
                (0.95, 0.1),
                (0.3, 0.08),
            ],
        }
        lower: dict[str, list[tuple[float, float]]] = {
            "cone": [(0.3, 0.02), (0.55, 0.04), (0.78, 0.1), (0.54, 0.22), (0.3, 0.2)],
            "needle": [(0.3, 0.02), (0.6, 0.04), (1.14, 0.1), (0.6, 0.13), (0.3, 0.15)],
            "hook": [(0.3, 0.04), (0.54, 0.06), (0.68, 0.12), (0.52, 0.22), (0.3, 0.2)],
            "broad": [(0.3, 0.04), (0.7, 0.06), (1.0, 0.08), (0.94, 0.2), (0.66, 0.2), (0.3, 0.17)],
        }
        kind, turn = self.species.beak, self.pose.head
        dark = mix(self.horn, (20, 18, 24), 0.3)
        for shape, colour in ((lower[kind], dark), (upper[kind], self.horn)):
            # Large enough to span a patch on the smallest birds.
            shape = [(x + (x - 0.3) * 0.25, y * 1.2) for x, y in shape]
            self.add("beak", turned(shape), colour, "gloss", grain=turn, tile=0.4, relief=50, shadow=0.02)

    def _crest(self, turned: _Turn) -> None:
        turn = self.pose.head
        if self.species.head == "crest":  # a pointed plume towards the back
            plume = [
                (0.3, -0.26),
                (0.0, -0.56),
                (-0.42, -0.78),
                (-0.82, -0.8),
                (-0.56, -0.52),
                (-0.36, -0.1),
            ]
            self.add("head", turned(plume), self.crown, "velvet", grain=turn + 2.8, tile=0.8)
            return
        for angle in (-2.5, -2.1, -1.75):  # three upright feathers
            plume_at = feather((-0.02, -0.3), angle, 0.58, 0.24, "round")
            self.add("head", place(plume_at, angle=turn, move=self._mid()), self.crown, "velvet",
                     grain=turn + angle, tile=0.8)  # fmt: skip

    def _mid(self) -> tuple[float, float]:
        pose = self.pose
        return 0.76 + pose.stretch * 0.5, -0.72 * pose.plump - 0.12 - pose.stretch

    def folded_wing(self) -> tuple[float, float]:
        """The near wing along the body; returns its middle."""
        plump = self.pose.plump
        for reach, fall in ((-1.36, 0.1), (-1.16, 0.22), (-0.9, 0.3)):
            start = (0.1, -0.08 * plump)
            angle = math.atan2(fall - start[1], reach - start[0])
            length = math.hypot(reach - start[0], fall - start[1])
            self._plume(start, angle, length, 0.38)
        cover = [(0.6, -0.2), (0.34, -0.42), (-0.1, -0.4), (-0.52, -0.2), (-0.62, 0.02), (-0.36, 0.2),
                 (0.1, 0.26), (0.46, 0.1)]  # fmt: skip
        self.add("wing", smooth(cover) * np.array([1.0, plump]), self.wing, "barred", role="cover",
                 grain=math.pi, tile=0.75, relief=40)  # fmt: skip
        self._marks((0.45, -0.1 * plump), math.pi - 0.08, 1.0, 0.5)
        return -0.05, -0.05 * plump

    def raised_wing(self, near: bool) -> tuple[float, float]:
        """A lifted wing, fanned out; returns its middle."""
        lift = self.pose.raise_
        root = (0.3, -0.28) if near else (0.42, -0.36)
        middle = -math.pi / 2 - 1.15 + lift * 1.0 + (0.0 if near else 0.45)
        for i in range(5):
            angle = middle - 0.62 + 0.3 * (4 - i) - 0.1
            length = 1.02 + 0.12 * (4 - i)
            self._plume(root, angle, length, 0.4)
        along = middle + 0.12
        cover = [
            (-0.06, 0.1),
            (0.1, 0.34),
            (0.5, 0.36),
            (0.74, 0.18),
            (0.8, -0.1),
            (0.62, -0.36),
            (0.2, -0.32),
        ]
        self.add("wing", place(smooth(cover), angle=along, move=root), self.wing, "barred",
                 role="cover", grain=along, tile=0.75, relief=40)  # fmt: skip
        self._marks(root, along, 1.0, 0.62)
        return root[0] + 0.55 * math.cos(along), root[1] + 0.55 * math.sin(along)

    def _plume(self, root: tuple[float, float], angle: float, length: float, width: float) -> None:
        """One flight feather, with a tip of its own colour in some species."""
        self.add("wing", feather(root, angle, length, width), self.wing, "barred",
                 grain=angle, tile=0.75, anchor=root)  # fmt: skip
        if self.species.wing == "tipped":
            start = (
                root[0] + 0.68 * length * math.cos(angle),
                root[1] + 0.68 * length * math.sin(angle),
            )
            self.add("wing", feather(start, angle, 0.33 * length, width * 0.95), self.mark, "barred",
                     role="mark", grain=angle, tile=0.75, anchor=root, shadow=0)  # fmt: skip

    def _marks(self, root: tuple[float, float], along: float, length: float, width: float) -> None:
        """The species' wing pattern, between `root` and `length` along the wing."""
        kind = self.species.wing

        def laid(points: Points) -> Points:
            return place(points, angle=along, move=root)

        pieces: list[Points] = []
        if kind == "bars":
            for u in (0.42, 0.72):
                pieces.append(ribbon([(u - 0.06, -width / 2), (u + 0.05, 0.0), (u - 0.06, width / 2)],
                                     [0.1, 0.15, 0.1]))  # fmt: skip
        elif kind == "spotted":
            spots = (
                (0.25, -0.1),
                (0.3, 0.14),
                (0.5, -0.16),
                (0.52, 0.05),
                (0.56, 0.22),
                (0.76, -0.06),
                (0.78, 0.14),
            )
            pieces.extend(blob(u * length, v * width * 2, 0.075, 0.075) for u, v in spots)
        for piece in pieces:
            self.add(
                "wing",
                laid(piece),
                self.mark,
                "downy",
                role="mark",
                grain=along,
                tile=0.75,
                shadow=0,
            )


def build(species: Species, pose: Pose, key: str) -> tuple[tuple[Element, ...], dict[str, tuple[float, float]]]:
    """Draw up one bird.

    Args:
        species: Which bird.
        pose: How it stands.
        key: Names the random decisions on its colours.

    Returns:
        Its pieces from back to front in image sides, and the places (x, y in image sides) of those
        keypoints that face the viewer; whether something covers them is for the renderer to say.
    """
    builder = _Builder(species, pose, Draws(f"{key}/bird"))
    # A bird that looks to the left shows its left side.
    near, far = ("left", "right") if pose.mirror else ("right", "left")
    lifted = pose.raise_ > 0
    if lifted:
        builder.points[f"{far} wing"] = builder.raised_wing(near=False)
    builder.tail()
    builder.leg(f"{far} leg", (0.14, 0.5), pose.stride / 2)
    builder.leg(f"{near} leg", (-0.1, 0.5), -pose.stride / 2)
    builder.body()
    builder.head(f"{near} eye")
    wing = builder.raised_wing(near=True) if lifted else builder.folded_wing()
    builder.points[f"{near} wing"] = wing
    names = tuple(builder.points)
    placed = pose.to_image(np.array([builder.points[name] for name in names]))
    return tuple(builder.elements), {name: (float(x), float(y)) for name, (x, y) in zip(names, placed, strict=True)}
