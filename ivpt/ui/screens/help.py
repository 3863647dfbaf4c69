"""Every key, from the table of actions; and what a panel shows."""

from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from ivpt.ui.actions import ACTIONS, SCREENS, spelled
from ivpt.ui.keys import Keys, keys_of
from ivpt.ui.widgets.sheet import Sheet

_CLOSES = Binding("escape,q,question_mark,f1,enter", "dismiss", "Close", show=False)


class HelpScreen(ModalScreen[None]):
    """Lists the actions of the screen it was called from first.

    Args:
        called_from: the screen.
        keys: of the user's own.
    """

    BINDINGS = [_CLOSES]

    def __init__(self, called_from: str, keys: Keys) -> None:
        super().__init__()
        self._from, self._keys = called_from, keys

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        lines = help_lines(self._from, self._keys)
        with VerticalScroll(classes="dialog", id="help"):
            yield Sheet(lambda width, height: lines, id="keys")

    def on_mount(self) -> None:
        """Name the box."""
        box = self.query_one("#help")
        box.border_title, box.border_subtitle = Content("Keys"), Content("↑↓ scroll   esc closes")


class ExplainScreen(ModalScreen[None]):
    """Says what a panel shows.

    Args:
        title: name of the panel.
        text: paragraphs with an empty line between them.
    """

    BINDINGS = [_CLOSES]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        with VerticalScroll(classes="dialog", id="explanation"):
            yield Sheet(lambda width, height: explained(self._text, width), id="words")

    def on_mount(self) -> None:
        """Name the box."""
        box = self.query_one("#explanation")
        box.border_title, box.border_subtitle = Content(self._title), Content("tab: next panel   ?: keys   esc closes")


def explained(text: str, width: int) -> list[Content]:
    """Paragraphs for a width."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += ["", *wrap(" ".join(paragraph.split()), max(width - 1, 20))]
    return [Content(line) for line in lines[1:]]


def help_lines(screen: str, own: Keys) -> list[Content]:
    """The table as lines, in sections."""
    lines: list[Content] = []
    for section in (screen, "", *(s for s in SCREENS if s != screen)):
        actions = [a for a in ACTIONS if (section in a.screens if section else not a.screens)]
        if not actions:
            continue
        lines += [Content(""), Content.styled(section.capitalize() if section else "Everywhere", "bold $accent")]
        for action in actions:
            keys = " ".join(spelled(k) for k in keys_of(action, own)) or "by name"
            lines.append(Content.assemble((f"  {keys:<10} ", "bold"), action.help))
    note = "Colours repeat after sixteen concepts; the numbers never do. Evidence is exact: bars add up to the logit."
    return [*lines[1:], Content(""), *(Content.styled(line, "$foreground-muted") for line in wrap(note, 68))]
