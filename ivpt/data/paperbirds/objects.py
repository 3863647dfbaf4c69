"""Other things cut from paper: distractors in the data set, company in pretraining scenes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ivpt.data.paperbirds.canvas import Element
from ivpt.data.paperbirds.draws import RGB, Draws, mix
from ivpt.data.paperbirds.shapes import Points, blob, feather, place, ribbon, smooth

Piece = tuple[Points, str, str, RGB]
"""Outline in object units (about -1..1), role, material, colour."""


def _fish(d: Draws) -> list[Piece]:
    c, f = d.colour(), d.colour()
    h = d.between(0.3, 0.6)
    return [
        (smooth([(-0.5, 0.0), (-1.0, -0.45), (-0.85, 0.0), (-1.0, 0.45)]), "fin", "striped", f),
        (smooth([(0.1, -h * 0.7), (-0.2, -h - 0.3), (-0.4, -h * 0.5)]), "fin", "striped", f),
        (smooth([(0.9, 0.0), (0.4, -h), (-0.2, -h * 0.8), (-0.65, 0), (-0.2, h * 0.8), (0.4, h)]), "body", "scaly", c),
        (blob(0.6, -0.1, 0.11, 0.11), "eye", "gloss", (30, 28, 34)),
    ]


def _butterfly(d: Draws) -> list[Piece]:
    c, e = d.colour(), d.colour()
    pieces: list[Piece] = []
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        pieces.append((smooth([(0, 0), (0.5, 0.1), (0.75, 0.55), (0.3, 0.75)]) * flip, "low", "speckled", e))
        pieces.append(
            (
                smooth([(0, 0), (0.35, -0.7), (0.95, -0.75), (0.8, -0.1)]) * flip,
                "high",
                "mottled",
                c,
            )
        )
        pieces.append((blob(side * 0.6, -0.42, 0.14, 0.14), "spot", "velvet", e))
    return [
        *pieces,
        (ribbon([(0, -0.5), (0, 0.0), (0, 0.6)], [0.1, 0.16, 0.08]), "body", "downy", (52, 44, 40)),
    ]


def _beetle(d: Draws) -> list[Piece]:
    c = d.colour()
    dark = mix(c, (20, 20, 26), 0.6)
    legs: list[Piece] = [
        (
            ribbon([(0.0, y), (s * 0.6, y - 0.1), (s * 0.8, y + 0.2)], [0.1, 0.08, 0.06]),
            "legs",
            "ringed",
            dark,
        )
        for s in (-1, 1)
        for y in (-0.35, 0.05, 0.4)
    ]
    return [
        *legs,
        (blob(0, -0.62, 0.28, 0.24), "head", "gloss", dark),
        (blob(0, 0.1, 0.55, 0.7), "shell", "gloss", c),
        (ribbon([(0, -0.5), (0, 0.8)], [0.05, 0.05]), "seam", "velvet", dark),
        *(
            (blob(x, y, 0.1, 0.1), "spot", "velvet", dark)
            for x, y in ((-0.25, -0.1), (0.25, -0.1), (-0.2, 0.4), (0.2, 0.4))
        ),
    ]


def _leaf(d: Draws) -> list[Piece]:
    c = d.colour()
    return [
        (
            ribbon([(-1, 0.05), (-0.5, 0.0)], [0.08, 0.08]),
            "stalk",
            "bark",
            mix(c, (60, 40, 20), 0.5),
        ),
        (
            feather((-0.7, 0.0), 0.0, 1.7, d.between(0.6, 1.1), d.pick(("round", "point"))),
            "blade",
            "leafy",
            c,
        ),
    ]


def _mushroom(d: Draws) -> list[Piece]:
    w = d.between(0.7, 1.0)
    return [
        (smooth([(-0.2, -0.1), (0.2, -0.1), (0.28, 0.85), (-0.28, 0.85)]), "stem", "blades", (232, 220, 200)),
        (
            smooth([(-w, 0.05), (-w * 0.7, -0.5), (0, -0.8), (w * 0.7, -0.5), (w, 0.05), (0, 0.12)]),
            "cap",
            "speckled",
            d.colour(),
        ),
    ]


def _flower(d: Draws) -> list[Piece]:
    c, n = d.colour(60, 250), d.integer(5, 9)
    petals: list[Piece] = [
        (feather((0, 0), 2 * math.pi * i / n, 0.9, 2.6 / n + 0.1), "petal", "velvet", c) for i in range(n)
    ]
    return [*petals, (blob(0, 0, 0.28, 0.28), "heart", "speckled", d.colour())]


def _stone(d: Draws) -> list[Piece]:
    g = d.integer(90, 190)
    wobble = [d.between(0.75, 1.1) for _ in range(8)]
    return [(blob(0, 0, 0.95, d.between(0.5, 0.8), wobble), "stone", "speckled", d.near((g, g, g), 20))]


def _cup(d: Draws) -> list[Piece]:
    c = d.colour()
    return [
        (ribbon([(0.5, -0.3), (0.95, -0.25), (0.9, 0.25), (0.45, 0.35)], [0.15] * 4), "handle", "gloss", c),
        (
            np.array([(-0.6, -0.6), (0.6, -0.6), (0.48, 0.7), (-0.48, 0.7)]),
            "side",
            d.pick(("striped", "chequer", "gloss")),
            c,
        ),
        (blob(0, -0.6, 0.6, 0.16), "mouth", "ripple", mix(c, (30, 20, 20), 0.6)),
    ]


def _house(d: Draws) -> list[Piece]:
    dark = (60, 56, 66)
    return [
        (
            np.array([(-0.65, -0.2), (0.65, -0.2), (0.65, 0.8), (-0.65, 0.8)]),
            "wall",
            d.pick(("striped", "paper")),
            d.colour(90),
        ),
        (np.array([(-0.9, -0.15), (0.0, -0.95), (0.9, -0.15)]), "roof", "scaly", d.colour()),
        (np.array([(-0.15, 0.25), (0.2, 0.25), (0.2, 0.8), (-0.15, 0.8)]), "door", "blades", d.colour()),
        (np.array([(0.32, 0.05), (0.54, 0.05), (0.54, 0.3), (0.32, 0.3)]), "window", "chequer", dark),
    ]


def _tree(d: Draws) -> list[Piece]:
    c = d.near(d.pick(((74, 120, 60), (150, 110, 50), (60, 110, 100))), 30)
    crown: list[Piece] = [
        (blob(x, y, 0.5, 0.45, [d.between(0.85, 1.15) for _ in range(8)]), "crown", "mottled", c)
        for x, y in ((-0.35, -0.2), (0.35, -0.25), (0.0, -0.55))
    ]
    return [
        (
            ribbon([(0, 0.95), (0.05, 0.3), (0, -0.3)], [0.3, 0.2, 0.1]),
            "trunk",
            "bark",
            (110, 78, 56),
        ),
        *crown,
    ]


def _boat(d: Draws) -> list[Piece]:
    return [
        (ribbon([(0, 0.4), (0, -0.95)], [0.07, 0.07]), "mast", "bark", (104, 76, 52)),
        (np.array([(0.08, -0.9), (0.75, 0.2), (0.08, 0.25)]), "sail", "striped", d.colour(80)),
        (np.array([(-0.08, -0.7), (-0.55, 0.22), (-0.08, 0.25)]), "jib", "paper", d.colour(80)),
        (smooth([(-0.9, 0.35), (0.0, 0.42), (0.95, 0.3), (0.6, 0.8), (-0.55, 0.8)]), "hull", "blades", d.colour()),
    ]


def _snail(d: Draws) -> list[Piece]:
    c, s = d.colour(70), d.colour()
    return [
        (ribbon([(0.75, 0.3), (0.95, -0.2)], [0.1, 0.06]), "horn", "velvet", c),
        (
            smooth([(-0.95, 0.75), (-0.3, 0.5), (0.5, 0.45), (0.75, 0.1), (0.98, 0.3), (0.8, 0.72)]),
            "foot",
            "downy",
            c,
        ),
        (blob(-0.15, 0.05, 0.6, 0.55), "shell", "striped", s),
        (blob(-0.12, 0.08, 0.32, 0.3), "coil", "ripple", mix(s, (250, 240, 220), 0.4)),
    ]


def _star(d: Draws) -> list[Piece]:
    n, inner = d.integer(5, 7), d.between(0.4, 0.6)
    points = [
        ((1.0, inner)[i % 2] * math.cos(math.pi * i / n), (1.0, inner)[i % 2] * math.sin(math.pi * i / n))
        for i in range(2 * n)
    ]
    return [(np.array(points), "star", d.pick(("speckled", "chequer", "scaly")), d.colour())]


KINDS: dict[str, Callable[[Draws], list[Piece]]] = {
    "fish": _fish, "butterfly": _butterfly, "beetle": _beetle, "leaf": _leaf, "mushroom": _mushroom,
    "flower": _flower, "stone": _stone, "cup": _cup, "house": _house, "tree": _tree, "boat": _boat,
    "snail": _snail, "star": _star,
}  # fmt: skip
"""Every kind of thing, by name."""


def thing(key: str, x: float, y: float, radius: float, kind: str | None = None) -> list[Element]:
    """Draw up one object.

    Args:
        key: Names its random decisions, and its role when drawn again in other colours.
        x: Its middle in image sides, from the left.
        y: Its middle in image sides, from the top.
        radius: Half its extent in image sides.
        kind: A name of KINDS; None for any.
    """
    draws = Draws(f"{key}/thing")
    kind = kind or draws.pick(tuple(KINDS))
    pieces = KINDS[kind](draws)
    # Things that stand stay roughly upright; the others lie as they fell.
    turn = draws.between(-0.3, 0.3) if kind in ("house", "tree", "cup", "boat") else draws.between(-3.1, 3.1)
    squash = np.array([draws.between(0.75, 1.0), draws.between(0.75, 1.0)])
    mirror = draws.chance(0.5)
    elements = []
    for outline, role, material, colour in pieces:
        placed = place(outline * squash, angle=turn, scale=radius, mirror=mirror, move=(x, y))
        elements.append(
            Element(
                outline=placed, base=draws.near(colour, 8), accent=mix(colour, draws.colour(), 0.5),
                material=material, role=f"{key}/{role}", grain=turn + (math.pi if mirror else 0.0),
                tile=radius * 1.1, anchor=(float(placed[0, 0]), float(placed[0, 1])), shadow=radius * 0.04,
            )
        )  # fmt: skip
    return elements
