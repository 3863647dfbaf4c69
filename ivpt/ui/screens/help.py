"""Every key, from the table of actions."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from ivpt.ui.actions import ACTIONS, SCREENS, spelled
from ivpt.ui.widgets.sheet import Sheet


class HelpScreen(ModalScreen[None]):
    """Lists the actions of the screen it was called from first."""

    BINDINGS = [Binding("escape,q,question_mark,f1,enter", "dismiss", "Close", show=False)]

    def __init__(self, called_from: str) -> None:
        super().__init__()
        self._from = called_from

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        with VerticalScroll(classes="dialog", id="help"):
            yield Sheet(lambda width, height: help_lines(self._from), id="keys")

    def on_mount(self) -> None:
        """Name the box."""
        box = self.query_one("#help")
        box.border_title, box.border_subtitle = Content("Keys"), Content("esc closes")


def help_lines(screen: str) -> list[Content]:
    """The table as lines, in sections."""
    lines: list[Content] = []
    for section in (screen, "", *(s for s in SCREENS if s != screen)):
        actions = [a for a in ACTIONS if (section in a.screens if section else not a.screens)]
        if not actions:
            continue
        lines += [Content(""), Content.styled(section.capitalize() if section else "Everywhere", "bold $accent")]
        for action in actions:
            keys = " ".join(spelled(k) for k in action.keys) or "by name"
            lines.append(Content.assemble((f"  {keys:<10}", "bold"), action.help))
    note = "Colours repeat after sixteen concepts; the numbers never do. Evidence is exact: bars add up to the logit."
    return [*lines[1:], Content(""), Content.styled(note, "$foreground-muted")]
