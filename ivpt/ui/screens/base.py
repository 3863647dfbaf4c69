"""What the screens have in common."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

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


class SessionScreen(Screen[None]):
    """A view of the session: it is told to show, and asks for nothing but what it needs to read."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    name_in_table = ""
    needs: tuple[str, ...] = ()

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
        yield TopLine(self.name_in_table, self.explorer.card.title, self.explorer.shown_path, self.explorer.keys)
        yield from self.body()
        yield KeyLine(self.name_in_table, self.explorer.keys)

    def body(self) -> Iterator[Widget]:
        """Everything between the two lines."""
        raise NotImplementedError

    def show(self) -> None:
        """Draw what the session holds now."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Draw once before the first paint."""
        self.show()

    def on_screen_resume(self) -> None:
        """The session may have moved on while another screen was shown."""
        if self.explorer.opened:
            self.query_one(TopLine).draw(self.explorer.card.title)
            self.show()
            self.explorer.fetch()
