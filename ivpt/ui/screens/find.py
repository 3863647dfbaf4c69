"""Typing part of a name to go to an image or class."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from ivpt.ui.finding import Hit, find_classes, find_concepts, find_images
from ivpt.ui.session import Session
from ivpt.ui.widgets.sheet import Sheet, click

_ASKED = {
    "go": "Go to an image, class or concept",
    "why": "Explain which class?",
    "against": "And not which class?",
    "class": "Which class?",
    "versus": "Beside which class?",
}
"""Purpose to what is asked; all but ``go`` ask for a class."""


class FindScreen(ModalScreen[Hit | None]):
    """Answers with a hit, or None.

    Args:
        session: where names come from.
        purpose: one of :data:`_ASKED`.
    """

    BINDINGS = [
        Binding("escape", "cancel", "Close", show=False),
        Binding("down", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Previous", show=False, priority=True),
    ]

    def __init__(self, session: Session, purpose: str) -> None:
        super().__init__()
        self._session, self._purpose = session, purpose
        self.reads = ("images.ids", "edits.edited") if purpose == "go" else ()
        self.hits: list[Hit] = []
        self.at = 0

    def compose(self) -> ComposeResult:
        """The line to type into and the hits."""
        with Vertical(classes="dialog", id="find"):
            words = "part of a name, or #position" if self._purpose == "go" else "part of a class name"
            yield Input(placeholder=words, id="typed")
            yield Sheet(self._lines, id="hits")

    def on_mount(self) -> None:
        """Name the box and show the first hits."""
        box = self.query_one("#find")
        box.border_title = Content(_ASKED[self._purpose])
        box.border_subtitle = Content("↑↓ choose   ⏎ take   esc closes")
        self.show()

    def show(self) -> None:
        """Look again, for instance when the names have been read."""
        session, typed = self._session, self.query_one(Input).value
        go = self._purpose == "go"
        classes = find_classes(session.class_names, typed) if typed or not go else []
        labels = ((x.key, k, session.label(x.key, k)) for x in session.layers for k in x.foreground)
        concepts = find_concepts(labels, typed) if go else []
        images = find_images(session.images.ids.value, typed) if go else []
        self.hits = [*concepts, *classes, *images]
        self.at = min(self.at, max(len(self.hits) - 1, 0))
        self.query_one("#hits", Sheet).draw(self._lines)

    def on_input_changed(self) -> None:
        """Another letter: the best hit is chosen again."""
        self.at = 0
        self.show()

    def on_input_submitted(self) -> None:
        """Go."""
        self.dismiss(self.hits[self.at] if self.hits else None)

    def action_move(self, by: int) -> None:
        """Choose another hit."""
        self.at = min(max(self.at + by, 0), max(len(self.hits) - 1, 0))
        self.query_one("#hits", Sheet).draw(self._lines)

    def action_take(self, at: int) -> None:
        """Take a hit that was clicked."""
        self.dismiss(self.hits[at] if at < len(self.hits) else None)

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def _lines(self, width: int, height: int) -> list[Content]:
        if not self.hits:
            typed = self.query_one(Input).value
            if self._purpose == "go" and self._session.images.ids.value is None:
                return [Content.styled("reading names…", "$foreground-muted")]
            return [Content.styled("nothing of that name" if typed else "", "$foreground-muted")]
        first = max(0, min(self.at - height // 2, len(self.hits) - height)) if height else 0
        lines = []
        for at, hit in enumerate(self.hits[first:], start=first):
            line = Content.assemble((f"{hit.kind:<8}", "$accent"), hit.name).pad_right(width)
            line = line.stylize("bold on $primary-muted") if at == self.at else line
            lines.append(line.stylize(click(f"screen.take({at})")))
        return lines
