"""Asking for a line of text: a name, a note, a path."""

import asyncio
import os
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input

from ivpt.ui.text import plain
from ivpt.ui.widgets.sheet import Sheet


class PathSuggester(Suggester):
    """Completes the path of a file with one of some endings, or of a folder."""

    def __init__(self, endings: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._endings = endings

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins so; folders are read in a thread."""
        return await asyncio.to_thread(self._first, value) if value else None

    def _first(self, value: str) -> str | None:
        folder, begun = os.path.split(os.path.expanduser(value))
        try:
            found = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
        except OSError:
            return None
        for entry in found:
            if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
                end = os.sep if entry.is_dir() else ""
                if end or entry.name.endswith(self._endings):
                    return value[: len(value) - len(begun)] + entry.name + end
        return None


class PromptScreen(ModalScreen[str | None]):
    """Answers with what was typed, or None.

    Args:
        title: what is asked for.
        value: to begin with.
        hint: a line below.
        endings: the answer is a path; files with these endings are offered.
        most: characters.
    """

    BINDINGS = [Binding("escape", "cancel", "Close", show=False)]

    def __init__(
        self, title: str, value: str = "", hint: str = "", *, endings: tuple[str, ...] = (), most: int = 400
    ) -> None:
        super().__init__()
        self._title, self._value, self._hint, self._endings, self._most = title, value, hint, endings, most

    def compose(self) -> ComposeResult:
        """The line to type into."""
        with Vertical(classes="dialog", id="prompt"):
            suggester = PathSuggester(self._endings) if self._endings else None
            yield Input(self._value, id="typed", suggester=suggester, max_length=self._most, select_on_focus=False)
            yield Sheet(lambda w, h: [Content.styled(plain(self._hint), "$foreground-muted")], id="prompt-hint")

    def on_mount(self) -> None:
        """Name the box."""
        box = self.query_one("#prompt")
        box.border_title = Content(self._title)
        box.border_subtitle = Content("⏎ take   → complete   esc closes" if self._endings else "⏎ take   esc closes")

        # the line scrolls to its cursor only once it knows how wide it is
        self.call_after_refresh(self._show_end)

    def _show_end(self) -> None:
        typed = self.query_one(Input)
        typed.cursor_position = 0
        typed.cursor_position = len(typed.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it."""
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)


def path_of(typed: str) -> Path:
    """A path as people type it."""
    return Path(typed).expanduser()
