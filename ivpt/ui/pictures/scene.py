"""What a picture shows, and that as pixels of any size."""

from dataclasses import dataclass, replace

import numpy as np

from ivpt.ui import palette, raster
from ivpt.ui.pictures import outlines
from ivpt.ui.raster import Pixels, Regions

ROUNDS = 4
"""Plain colours, then three patterns; concepts beyond ROUNDS times the colours are told apart by their number alone."""
_PATTERN = 0.5
_COLOURS: dict[int, tuple[palette.Rgb, ...]] = {}


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture, a region map, or both.

    Attributes:
        picture: (H, W, 3); None for a plain canvas.
        regions: (h, w) channel that owns each cell; None for the picture alone.
        background: the channel that is background.
        opacity: of the colours, 0 to 1.
        chosen: a concept that stands out.
        marks: a character in every cell of a region instead of its colour.
        numbers: write each concept's number into its region.
        only: show no other concept than the chosen one; the rest counts as background.
        parts: (h, w) label of the annotated part that each pixel belongs to, 0 for none; None to outline no parts.
        letters: of the parts, label k has the one before it; empty to outline them without.
        annotations: (H, W, 4) colours and opacity of what lies over picture and regions; colours are 0 where it is 0.
    """

    picture: Pixels | None
    regions: Regions | None = None
    background: int = 0
    opacity: float = 0.6
    chosen: int | None = None
    marks: bool = False
    numbers: bool = True
    only: bool = False
    parts: Regions | None = None
    letters: tuple[str, ...] = ()
    annotations: Pixels | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.picture is None and self.regions is None

    @property
    def proportions(self) -> tuple[int, int]:
        """Height and width, of which only the ratio means anything."""
        array = self.picture if self.picture is not None else self.regions
        return (1, 1) if array is None else (array.shape[0], array.shape[1])

    def same(self, other: "Scene | None") -> bool:
        """Whether it shows the same; arrays are compared by identity, as they never change once they are read."""
        if other is None or self.picture is not other.picture or self.regions is not other.regions:
            return False
        if self.parts is not other.parts or self.annotations is not other.annotations:
            return False
        return self._plain() == other._plain()

    def _plain(self) -> tuple[object, ...]:
        return self.background, self.opacity, self.chosen, self.marks, self.numbers, self.only, self.letters

    def resolved(self) -> "Scene":
        """The same scene without ``only``: other concepts have become background."""
        if not self.only or self.regions is None or self.chosen is None:
            return self
        kept = np.where(self.regions == self.chosen, self.regions, np.uint8(self.background))
        return replace(self, regions=kept, only=False)


def compose(scene: Scene, size: tuple[int, int], *, edges: bool = True) -> tuple[Pixels | None, Regions | None]:
    """The scene as pixels, without numbers, letters and marks.

    Args:
        scene: resolved.
        size: (height, width) in pixels.
        edges: draw the boundaries of regions and the outlines of parts.

    Returns:
        The picture with regions over it, and the map, both of that size.
    """
    pixels, regions = _mixed(scene, size, edges)
    if edges and scene.parts is not None and pixels is not None and not scene.marks:
        pixels = outlines.draw(pixels, scene.parts)
    if pixels is not None and scene.annotations is not None:
        pixels = raster.over(pixels, scene.annotations)
    return pixels, regions


def _mixed(scene: Scene, size: tuple[int, int], edges: bool) -> tuple[Pixels | None, Regions | None]:
    """The picture with regions over it."""
    pixels = None if scene.picture is None else raster.resize(scene.picture, size)
    regions = None if scene.regions is None else raster.enlarge(scene.regions, size)
    if regions is None or scene.marks:
        return pixels, regions
    colours = _colours(scene.background)
    mixed = raster.overlay(
        pixels, regions, colours, background=scene.background, opacity=scene.opacity, chosen=scene.chosen
    )
    opacity = scene.opacity if pixels is not None else 1.0
    if opacity > 0:
        _weave(mixed, regions, scene.background)
        if edges:
            raster.outline(mixed, regions, colours, background=scene.background, opacity=opacity, chosen=scene.chosen)
    return mixed, regions


def _colours(background: int) -> tuple[palette.Rgb, ...]:
    if background not in _COLOURS:
        _COLOURS[background] = palette.colours(256, background)
    return _COLOURS[background]


def _weave(mixed: Pixels, regions: Regions, background: int) -> None:
    """Darken stripes of concepts whose colour another one had before: diagonal, then upright, then level."""
    table = np.array([palette.order(k, background) // len(palette.COLOURS) for k in range(256)]) % ROUNDS
    table[background] = 0
    again = table[regions]
    if not again.any():
        return
    rows, columns = np.ogrid[: regions.shape[0], : regions.shape[1]]
    stripes = (
        ((again == 1) & ((rows + columns) % 4 < 2))
        | ((again == 2) & (columns % 4 < 2))
        | ((again == 3) & (rows % 4 < 2))
    )
    mixed[stripes] = (mixed[stripes] * _PATTERN).astype(np.uint8)
