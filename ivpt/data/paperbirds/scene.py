"""A scene, with everything decided, and its pictures: as it is, in part, or in other colours."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ivpt.data.paperbirds.anatomy import build
from ivpt.data.paperbirds.canvas import Canvas, Element, Light, recoloured
from ivpt.data.paperbirds.draws import Draws
from ivpt.data.paperbirds.habitats import HABITATS, backdrop, foreground, perch
from ivpt.data.paperbirds.objects import thing
from ivpt.data.paperbirds.pose import KEYPOINTS, PARTS, Pose, keypoint_part
from ivpt.data.paperbirds.species import Species


@dataclass(frozen=True)
class Scene:
    """One scene; equal scenes give equal pictures.

    Attributes:
        key: Names every random decision that is not spelled out below.
        species: The bird, None for a scene without one.
        habitat: A name of HABITATS.
        pose: How the bird stands.
        objects: x, y, radius (image sides) of each distractor behind the bird.
        in_front: Number of leaves and twigs in front of the bird.
        perched: A twig runs below its feet.
    """

    key: str
    species: Species | None
    habitat: str
    pose: Pose
    objects: tuple[tuple[float, float, float], ...]
    in_front: int
    perched: bool

    @cached_property
    def bird(self) -> tuple[tuple[Element, ...], dict[str, tuple[float, float]]]:
        """Pieces and keypoints of the bird, see `anatomy.build`."""
        if self.species is None:
            return (), {}
        return build(self.species, self.pose, self.key)


@dataclass(frozen=True, eq=False)
class Rendering:
    """One picture with its truth.

    Attributes:
        image: (size, size, 3) uint8 RGB.
        parts: (size, size) uint8; 0 is no part of the bird, i + 1 is PARTS[i]; visible parts only.
        keypoints: (15, 3) float32 rows of x, y, visible in the order of KEYPOINTS; pixel (0, 0)
            spans 0..1, so its middle is at 0.5. x and y of invisible ones are 0.
        box: x, y, width, height of the visible bird in pixels; zeros without one.
    """

    image: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    box: tuple[float, float, float, float]


def sample_scene(key: str, species: Species | None, habitat: str | None = None, *, objects: int | None = None) -> Scene:
    """Decide on everything in one scene.

    Args:
        key: Names the random decisions; equal arguments give equal scenes.
        species: The bird; None for none.
        habitat: A name of HABITATS; None for any.
        objects: Number of distractors behind the bird; None for none to two.
    """
    draws = Draws(f"{key}/scene")
    place = draws.pick(HABITATS)
    pose = Pose.drawn(draws)
    in_front, perched = draws.pick((0, 1, 1, 2)), draws.chance(0.55)
    count = draws.pick((0, 0, 1, 1, 2))
    if objects is not None:
        count = objects
    smallest, largest = (0.07, 0.14) if species is not None else (0.1, 0.3)
    spots = tuple((draws.unit(), draws.unit(), draws.between(smallest, largest)) for _ in range(count))
    return Scene(key, species, habitat or place, pose, spots, in_front, perched and species is not None)


def _twig(scene: Scene) -> list[Element]:
    """The twig under the bird's feet."""
    pose = scene.pose
    tall = scene.species is not None and scene.species.legs == "tall"
    foot = 0.5 * pose.plump + (0.74 if tall else 0.42) * math.cos(pose.stride / 2) + 0.08
    x, y = pose.to_image(np.array([(0.05, foot)]))[0]
    return perch(scene.key, float(x), float(y), pose.tilt)


def render(
    scene: Scene,
    size: int = 96,
    *,
    without_parts: Collection[str] = frozenset(),
    without_objects: Collection[int] = frozenset(),
    background: str = "own",
    occluders: bool = True,
    recolour: str | None = None,
) -> Rendering:
    """Draw a scene.

    Args:
        scene: What to draw.
        size: Side of the picture in pixels; the geometry does not depend on it.
        without_parts: Names of PARTS to leave out; what lies below them shows.
        without_objects: Positions in the scene's objects to leave out.
        background: "own", "none" (plain grey, no twig, no distractors) or another habitat.
        occluders: Whether leaves and twigs hang in front.
        recolour: Draw exactly the same geometry in random colours, light and texture phase, named
            by this key.
    """
    colours = scene.key if recolour is None else f"{scene.key}/{recolour}"
    canvas = Canvas(size, Light.drawn(colours))

    def lay(elements: Sequence[Element]) -> None:
        for element in elements:
            canvas.paint(element if recolour is None else recoloured(element, colours))

    if background != "none":
        lay(backdrop(scene.habitat if background == "own" else background, scene.key))
        for number, (x, y, radius) in enumerate(scene.objects):
            if number not in without_objects:
                lay(thing(f"{scene.key}/object{number}", x, y, radius))
        if scene.perched:
            lay(_twig(scene))
    unwanted = {PARTS.index(name) + 1 for name in without_parts}
    pieces, places = scene.bird
    lay([piece for piece in pieces if piece.part not in unwanted])
    if occluders:
        lay(foreground(scene.key, scene.in_front))
    image, parts = canvas.finish(colours)
    return Rendering(image, parts, _keypoints(parts, places), _box(parts))


def _keypoints(parts: NDArray[np.uint8], places: dict[str, tuple[float, float]]) -> NDArray[np.float32]:
    """Keypoints with visibility: on the picture, and on or next to a visible pixel of their part."""
    size = parts.shape[0]
    result = np.zeros((len(KEYPOINTS), 3), dtype=np.float32)
    for row, name in enumerate(KEYPOINTS):
        if name not in places:
            continue
        # Whole 1/64 pixels: the last bits of a sine do not reach the result.
        x, y = (math.floor(value * size * 64 + 0.5) / 64 for value in places[name])
        column, line = math.floor(x), math.floor(y)
        if not (0 <= column < size and 0 <= line < size):
            continue
        reach = max(1, size // 96)
        window = parts[max(0, line - reach) : line + reach + 1, max(0, column - reach) : column + reach + 1]
        if (window == PARTS.index(keypoint_part(name)) + 1).any():
            result[row] = x, y, 1.0
    return result


def _box(parts: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(parts.any(1)), np.flatnonzero(parts.any(0))
    if rows.size == 0:
        return 0.0, 0.0, 0.0, 0.0
    top, left = float(rows[0]), float(columns[0])
    return left, top, float(columns[-1]) + 1 - left, float(rows[-1]) + 1 - top
