"""How pictures are drawn: how much of the regions, in colours or characters, from how near, with annotations or not."""

from typing import TYPE_CHECKING

from ivpt.ui.parts.base import Part

if TYPE_CHECKING:
    from ivpt.ui.session import Session

OPACITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Overlay(Part):
    """Choices about drawing; the same on every screen.

    Attributes:
        opacity: of the regions over the picture, 0 to 1.
        marks: fill regions with characters instead of colours.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.opacity = 0.6
        self.marks = session.marks_at_start

    def more(self) -> bool:
        """Show more of the regions, less of the picture."""
        return self._opacity(min((o for o in OPACITIES if o > self.opacity + 1e-6), default=1.0))

    def less(self) -> bool:
        """Show less of the regions, more of the picture."""
        return self._opacity(max((o for o in OPACITIES if o < self.opacity - 1e-6), default=0.0))

    def toggle_marks(self) -> bool:
        """Fill regions with numbers and letters instead of colours, or back."""
        self.marks = not self.marks
        return True

    def _opacity(self, to: float) -> bool:
        changed, self.opacity = to != self.opacity, to
        return changed
