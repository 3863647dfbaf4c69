"""Where birds live: backgrounds, what hangs in front of the bird, and the twig it sits on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ivpt.data.paperbirds.canvas import Element
from ivpt.data.paperbirds.draws import RGB, Draws, mix
from ivpt.data.paperbirds.shapes import Points, blob, feather, place, ribbon, smooth

_FRAME = np.array([(-0.02, -0.02), (1.02, -0.02), (1.02, 1.02), (-0.02, 1.02)])


class _Backdrop:
    """Collects the pieces of one background from back to front."""

    def __init__(self, name: str, key: str) -> None:
        self.name, self.draws = name, Draws(f"{key}/{name}")
        self.elements: list[Element] = []

    def add(
        self, outline: Points, colour: RGB, material: str, role: str, *, grain: float = 0.0,
        tile: float = 0.4, shadow: float = 0.01, relief: int = 20, accent: RGB | None = None,
    ) -> None:  # fmt: skip
        """Put one piece on top; lengths in image sides."""
        d = self.draws
        base = d.near(colour, 16)
        self.elements.append(
            Element(
                outline=outline, base=base, accent=accent or mix(base, (30, 40, 40), 0.35),
                material=material, role=f"{self.name}/{role}", grain=grain, tile=tile,
                anchor=(d.unit(), d.unit()), shadow=shadow, relief=relief,
            )
        )  # fmt: skip

    def hill(self, height: float, colour: RGB, material: str, role: str, rough: float = 0.05) -> None:
        """A layer that fills everything below a wavy line at about `height` (0 top, 1 bottom)."""
        d = self.draws
        line = [(x / 5 * 1.3 - 0.15, height + d.between(-rough, rough)) for x in range(6)]
        outline = smooth([*line, (1.3, 1.4), (0.5, 1.5), (-0.3, 1.4)], 4)
        self.add(outline, colour, material, role)


def _forest(b: _Backdrop) -> None:
    d = b.draws
    b.add(_FRAME, (112, 148, 108), "mottled", "air", relief=50, tile=0.7)
    b.hill(d.between(0.55, 0.75), (70, 108, 66), "mottled", "floor")
    for i in range(d.integer(2, 5)):
        x, lean, w = d.unit(), d.between(-0.1, 0.1), d.between(0.05, 0.13)
        trunk = ribbon([(x + lean, -0.1), (x, 0.5), (x - lean * 0.5, 1.1)], [w * 0.7, w * 0.85, w])
        b.add(trunk, (104, 78, 58), "bark", f"trunk{i % 2}", grain=math.pi / 2, tile=0.3)
    for i in range(d.integer(3, 7)):
        r = d.between(0.08, 0.2)
        wobble = [d.between(0.8, 1.15) for _ in range(9)]
        b.add(blob(d.unit(), d.unit(), r * 1.2, r, wobble), (84, 132, 70), "mottled", f"bush{i % 3}")


def _reeds(b: _Backdrop) -> None:
    d = b.draws
    b.add(_FRAME, (178, 206, 206), "paper", "air", relief=40)
    b.hill(d.between(0.3, 0.6), (84, 140, 164), "ripple", "water", 0.02)
    for i in range(d.integer(6, 12)):
        x, foot, lean = d.unit(), d.between(0.6, 1.1), d.between(-0.15, 0.15)
        tall = d.between(0.4, 0.9)
        stalk = ribbon(
            [(x, foot), (x + lean * 0.4, foot - tall * 0.6), (x + lean, foot - tall)],
            [0.03, 0.024, 0.008],
        )
        b.add(stalk, (136, 150, 74), "blades", f"reed{i % 3}", tile=0.3)
        if d.chance(0.45):
            cob = feather((x + lean * 0.95, foot - tall), -math.pi / 2 + lean, 0.16, 0.055)
            b.add(cob, (118, 80, 52), "velvet", "cob", tile=0.2)


def _sky(b: _Backdrop) -> None:
    d = b.draws
    b.add(
        _FRAME,
        d.pick(((124, 178, 222), (236, 188, 160), (150, 160, 204))),
        "paper",
        "air",
        relief=60,
    )
    for i in range(d.integer(3, 7)):
        x, y, r = d.unit(), d.unit(), d.between(0.07, 0.16)
        wobble = [d.between(0.75, 1.2) for _ in range(10)]
        b.add(blob(x, y, r * 1.9, r, wobble), (240, 240, 242), "mottled", f"cloud{i % 2}", tile=0.6,
              accent=(206, 216, 230))  # fmt: skip
    if d.chance(0.5):
        b.add(blob(d.unit(), d.between(0, 0.5), 0.09, 0.09), (250, 216, 120), "paper", "sun")


def _meadow(b: _Backdrop) -> None:
    d = b.draws
    b.add(_FRAME, (206, 222, 190), "paper", "air", relief=40)
    for i in range(3):
        green = ((168, 188, 96), (134, 170, 80), (104, 150, 70))[i]
        b.hill(
            0.22 + 0.2 * i + d.between(-0.06, 0.06),
            green,
            ("mottled", "blades", "blades")[i],
            f"field{i}",
        )
    for i in range(d.integer(5, 11)):
        x, y, r = d.unit(), d.between(0.35, 1.0), d.between(0.025, 0.055)
        b.add(
            ribbon([(x, y), (x + 0.01, y + 0.14)], [0.014, 0.018]),
            (86, 124, 60),
            "blades",
            "stem",
            shadow=0,
        )
        flower = blob(x, y, r, r, [1.15, 0.75] * 5)
        colour = d.pick(((236, 110, 120), (246, 214, 96), (240, 236, 240), (160, 120, 200)))
        b.add(flower, colour, "velvet", f"flower{i % 3}", tile=0.2)


def _rocks(b: _Backdrop) -> None:
    d = b.draws
    b.add(_FRAME, (204, 204, 208), "paper", "air", relief=50)
    b.hill(d.between(0.3, 0.5), (150, 150, 166), "mottled", "far", 0.12)
    for i in range(d.integer(5, 9)):
        r = d.between(0.1, 0.24)
        corners = [2 * math.pi * (k + d.between(-0.3, 0.3)) / 7 for k in range(7)]
        outline = np.array([(r * 1.25 * math.cos(a), r * math.sin(a)) for a in corners])
        grey = d.pick(((140, 130, 124), (112, 114, 124), (166, 152, 136)))
        b.add(
            place(outline, move=(d.unit(), d.between(0.3, 1.05))),
            grey,
            "speckled",
            f"rock{i % 3}",
            relief=60,
        )


_DRAWN: dict[str, Callable[[_Backdrop], None]] = {
    "forest": _forest, "reeds": _reeds, "sky": _sky, "meadow": _meadow, "rocks": _rocks,
}  # fmt: skip

HABITATS = tuple(_DRAWN)
"""Names of the habitats; the order gives attribute values."""


def backdrop(habitat: str, key: str) -> list[Element]:
    """The background of one scene, from back to front."""
    made = _Backdrop(habitat, f"{key}/backdrop")
    _DRAWN[habitat](made)
    return made.elements


def foreground(key: str, count: int) -> list[Element]:
    """Leaves and twigs in front of everything."""
    made = _Backdrop("front", f"{key}/occluders")
    d = made.draws
    for i in range(count):
        x, y, angle = d.unit(), d.unit(), d.between(-math.pi, math.pi)
        if d.chance(0.3):
            reach = (math.cos(angle) * 0.35, math.sin(angle) * 0.35)
            path = [
                (x - reach[0], y - reach[1]),
                (x + d.between(-0.04, 0.04), y),
                (x + reach[0], y + reach[1]),
            ]
            made.add(ribbon(path, [0.035, 0.03, 0.02]), (98, 74, 56), "bark", f"twig{i}", grain=angle,
                     tile=0.25, shadow=0.014)  # fmt: skip
            continue
        green = d.pick(((96, 142, 72), (150, 160, 70), (190, 120, 60), (70, 120, 90)))
        for turn in (-0.5, 0.5)[: d.integer(1, 2)]:
            leaf = feather((x, y), angle + turn, d.between(0.16, 0.28), d.between(0.08, 0.13), "point")
            made.add(leaf, green, "leafy", f"leaf{i}", grain=angle + turn, tile=0.16, shadow=0.014)
    return made.elements


def perch(key: str, x: float, y: float, angle: float) -> list[Element]:
    """A twig through (x, y), in image sides, for the bird to sit on."""
    made = _Backdrop("perch", f"{key}/perch")
    d = made.draws
    dx, dy = math.cos(angle), math.sin(angle)
    bend = d.between(-0.05, 0.05)
    path = [(x - dx * 1.3, y - dy * 1.3 + bend), (x, y), (x + dx * 1.3, y + dy * 1.3 + bend)]
    w = d.between(0.03, 0.055)
    made.add(ribbon(path, [w * 1.3, w, w * 0.7]), (106, 80, 60), "bark", "twig", grain=angle, tile=0.3)
    for i in range(d.integer(0, 3)):
        at = d.between(-0.7, 0.7)
        leaf = feather((x + dx * at, y + dy * at), angle + d.between(-1.2, 1.2), 0.16, 0.08, "point")
        made.add(leaf, (110, 146, 74), "leafy", f"leaf{i}", grain=angle, tile=0.14)
    return made.elements
