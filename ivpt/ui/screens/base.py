"""What the screens have in common."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from ivpt.ui.actions import ACTIONS
from ivpt.ui.widgets.chrome import KeyLine, TopLine

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer
    from ivpt.ui.session import Session


def bindings(screen: str) -> list[BindingType]:
    """Bindings of the actions that belong to a screen; those for everywhere are the app's."""
    return [
        Binding(",".join(a.keys), a.binding, a.help, show=False, id=a.id)
        for a in ACTIONS
        if a.keys and screen in a.screens
    ]


_WIDTHS = [(0, "-narrow"), (100, "-wide")]
_HEIGHTS = [(0, "-low"), (34, "-tall")]
"""Least number of columns and rows, and the class that a screen of that size has in the style sheet."""


def _fitting(breakpoints: list[tuple[int, str]], extent: int) -> str:
    return max(point for point in breakpoints if point[0] <= extent)[1]


class SessionScreen(Screen[None]):
    """A view of the session: it is told to show, and asks for nothing but what it needs to read."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    name_in_table = ""
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        # the style sheet is never changed while the explorer runs; without this it is parsed anew for every new screen.
        # Not part of Textual's public interface: where it is missing, screens are made a little more slowly
        self._css_update_count = getattr(self.app, "_css_update_count", -1)
        self._away = False

    @property
    def explorer(self) -> "Explorer":
        """The app."""
        return cast("Explorer", self.app)

    @property
    def session(self) -> "Session":
        """What is shown."""
        return self.explorer.session

    def compose(self) -> ComposeResult:
        """The line above, the body, the line of keys."""
        width, height = self.app.size
        # Textual does so after the first paint, and would lay out and paint everything again
        self.add_class(_fitting(_WIDTHS, width), _fitting(_HEIGHTS, height))
        yield TopLine(self.name_in_table, self.explorer.card.title, self.explorer.shown_path, self.explorer.keys)
        yield from self.body()
        yield KeyLine(self.name_in_table, self.explorer.keys)

    def body(self) -> Iterator[Widget]:
        """Everything between the two lines."""
        raise NotImplementedError

    def show(self) -> None:
        """Draw what the session holds now."""
        raise NotImplementedError

    async def on_event(self, event: events.Event) -> None:
        """Give way after each event, so that a new screen is not mounted, laid out and painted in one go."""
        await super().on_event(event)
        await asyncio.sleep(0)

    def on_mount(self) -> None:
        """Draw once before the first paint."""
        self.show()
        self.explorer.garbage.settle()

    def on_screen_suspend(self) -> None:
        """Something else is in front."""
        self._away = True

    def on_screen_resume(self, event: events.ScreenResume | None = None) -> None:
        """The session may have moved on while another screen was shown.

        Args:
            event: as Textual sends it.
        """
        if event is not None and not self._away:
            # it has been mounted a moment ago, and Textual sends this twice
            event.refresh_styles = False
        self._away = False
        if self.explorer.opened:
            self.query_one(TopLine).draw(self.explorer.card.title)
            self.show()
            self.explorer.fetch()
