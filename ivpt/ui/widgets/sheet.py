"""Lines of text made for the width there is."""

from collections.abc import Callable

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.style import Style
from textual.widget import Widget

_ACTION = "ivpt_action"

NARROWEST = 28
"""Lines are never made for less than this; what does not fit is cut off."""

Maker = Callable[[int, int], list[Content]]
"""Makes lines for a width and a height in character cells; the height is 0 where it is free."""


class Sheet(Widget):
    """Shows what a function of (width, height) returns; the function is a pure view of the session."""

    def __init__(
        self, make: Maker | None = None, *, title: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._make = make
        if title:
            self.border_title = Content(title)
        # panels can be moved to, so that F1 explains them
        self.can_focus = "panel" in (classes or "").split()

    def draw(self, make: Maker, title: Content | None = None) -> None:
        """Show something else."""
        self._make = make
        if title is not None:
            self.border_title = title
        # a sheet whose height follows its lines must be laid out anew
        self.refresh(layout=self.styles.height is not None and self.styles.height.is_auto)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Number of lines at that width."""
        return max(len(self._make(max(width, NARROWEST), 0)), 1) if self._make else 1

    def render(self) -> Content:
        """The lines, cut off at the right; an ellipsis says where words are missing."""
        if self._make is None:
            return Content("")
        width, height = self.content_size
        lines = [cut_off(line, width) for line in self._make(max(width, NARROWEST), height)]
        return Content("\n").join(lines[:height] if height else lines)

    async def on_click(self, event: events.Click) -> None:
        """Run what was clicked."""
        await run_clicked(self, event)


def cut_off(line: Content, width: int) -> Content:
    """A line that is too long; blanks at its end may go unsaid, words leave an ellipsis."""
    if line.cell_length <= width:
        return line
    return line.truncate(width, ellipsis=line.rstrip().cell_length > width)


def click(action: str) -> Style:
    """Style of text that runs an action when clicked; its colours stay its own, unlike those of Textual's links."""
    return Style.from_meta({_ACTION: action})


async def run_clicked(widget: Widget, event: events.Click) -> None:
    """Run the action of the text under the mouse, if it has one."""
    action = event.style.meta.get(_ACTION)
    if isinstance(action, str):
        event.stop()
        await widget.run_action(action)
