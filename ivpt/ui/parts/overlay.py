"""How pictures are drawn: how much of the regions, in colours or characters, from how near, with annotations or not."""

from typing import TYPE_CHECKING

from ivpt.ui.parts.base import Part

if TYPE_CHECKING:
    from ivpt.ui.session import Session

OPACITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ZOOMS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
STEP = 0.25
"""Share of what is seen that one step of panning moves."""
BESIDE, WHOLE, LAYERS = "beside", "whole", "layers"
LAYOUTS = (BESIDE, WHOLE, LAYERS)


class Overlay(Part):
    """Choices about drawing; the same on every screen.

    Attributes:
        opacity: of the regions over the picture, 0 to 1.
        marks: fill regions with characters instead of colours.
        heat: show the attention of the chosen concept instead of regions.
        annotated: draw keypoints and boxes.
        outlined: outline the annotated parts.
        layout: of the image screen, one of :data:`LAYOUTS`: regions beside the picture, regions alone, or all layers.
        zoom: how many times nearer.
        centre: (x, y) of what is seen, as shares of the picture.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.opacity = 0.6
        self.marks = session.marks_at_start
        self.heat = self.annotated = self.outlined = False
        self.layout = BESIDE
        self.zoom = 1.0
        self.centre = (0.5, 0.5)

    @property
    def lettered(self) -> bool:
        """Whether parts have letters: the pictures of all layers are too small for them."""
        return self.outlined and self.layout != LAYERS

    @property
    def window(self) -> tuple[float, float, float, float]:
        """What is seen of the picture: left, top, right, bottom as shares of it."""
        half = 0.5 / self.zoom
        x, y = self.centre
        return x - half, y - half, x + half, y + half

    def more(self) -> bool:
        """Show more of the regions, less of the picture."""
        return self._opacity(min((o for o in OPACITIES if o > self.opacity + 1e-6), default=1.0))

    def less(self) -> bool:
        """Show less of the regions, more of the picture."""
        return self._opacity(max((o for o in OPACITIES if o < self.opacity - 1e-6), default=0.0))

    def _opacity(self, to: float) -> bool:
        changed, self.opacity = to != self.opacity, to
        return changed

    def toggle_marks(self) -> bool:
        """Fill regions with numbers and letters instead of colours, or back."""
        self.marks = not self.marks
        return True

    def toggle_heat(self) -> bool:
        """Show the attention of a concept as a heat map instead of regions, or back."""
        self.heat = not self.heat
        if self.heat and self.session.view.concept is None:
            present = self.session.evidence.present()
            if present:
                self.session.choose(concept=present[0].channel)
        return True

    def toggle_annotations(self) -> bool:
        """Draw keypoints and boxes, or not; nothing changes where the run has neither."""
        known = any(self.session.run.dataset(f"images/{name}") is not None for name in ("keypoints", "box"))
        self.annotated = known and not self.annotated
        return known

    def toggle_parts(self) -> bool:
        """Outline the annotated parts, or not; nothing changes where the run has no masks of parts."""
        known = self.session.run.has_part_masks
        self.outlined = known and not self.outlined
        return known

    def next_layout(self) -> bool:
        """Show regions beside the picture, regions alone, or all layers."""
        self.layout = LAYOUTS[(LAYOUTS.index(self.layout) + 1) % len(LAYOUTS)]
        return True

    def nearer(self) -> bool:
        """See less of the picture from nearer."""
        return self._look(min((z for z in ZOOMS if z > self.zoom), default=ZOOMS[-1]), self.centre)

    def farther(self) -> bool:
        """See more of the picture from farther."""
        return self._look(max((z for z in ZOOMS if z < self.zoom), default=1.0), self.centre)

    def whole(self) -> bool:
        """See the whole picture."""
        return self._look(1.0, (0.5, 0.5))

    def left(self) -> bool:
        """Move what is seen to the left."""
        return self._pan(-1, 0)

    def right(self) -> bool:
        """Move what is seen to the right."""
        return self._pan(1, 0)

    def up(self) -> bool:
        """Move what is seen upwards."""
        return self._pan(0, -1)

    def down(self) -> bool:
        """Move what is seen downwards."""
        return self._pan(0, 1)

    def _pan(self, x: int, y: int) -> bool:
        step = STEP / self.zoom
        return self._look(self.zoom, (self.centre[0] + x * step, self.centre[1] + y * step))

    def _look(self, zoom: float, centre: tuple[float, float]) -> bool:
        half = 0.5 / zoom
        inside = (min(max(centre[0], half), 1 - half), min(max(centre[1], half), 1 - half))
        changed = (zoom, inside) != (self.zoom, self.centre)
        self.zoom, self.centre = zoom, inside
        return changed
