"""The line above every screen and the line of keys below it."""

from collections.abc import Mapping

from textual import events
from textual.content import Content
from textual.widget import Widget

from ivpt.ui.actions import ENTRIES, Action, on_screen, spelled
from ivpt.ui.text import shortened
from ivpt.ui.widgets.sheet import click, run_clicked


class TopLine(Widget):
    """Name of the program, the screens as tabs, and what is open."""

    def __init__(self, screen: str, title: str, path: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._on, self._title, self._path, self._keys = screen, title, path, keys

    def draw(self, title: str) -> None:
        """Show another title."""
        self._title = title
        self.refresh()

    async def on_click(self, event: events.Click) -> None:
        """Run what was clicked."""
        await run_clicked(self, event)

    def render(self) -> Content:
        """The line, as much of the title as fits."""
        width = self.content_size.width
        line = self._tabs(" ivpt  ", " {key} {name} ")
        if line.cell_length > width:
            line = self._tabs("", "{key} {name} ")
        if line.cell_length > width:
            line = self._tabs("", "{key} {name:.4} ")
        room = width - line.cell_length - 1
        if room < 8:
            return line
        title = (
            self._title
            if len(self._title) + 4 > room
            else f"{self._title}  {shortened(self._path, room - len(self._title) - 2)}"
        )
        return Content.assemble(line, (f"{shortened(title, room):>{room}} ", "$foreground-muted"))

    def _tabs(self, program: str, form: str) -> Content:
        parts = [Content.styled(program, "bold $background on $primary")] if program else []
        for entry in ENTRIES:
            style = "bold $background on $accent" if entry.name == self._on else "$foreground-muted"
            key = next(iter(self._keys.get(entry.name, (entry.key,))), "")
            tab = Content.styled(form.format(key=spelled(key), name=entry.name.capitalize()), style)
            parts.append(tab.stylize(click(f"app.show({entry.name!r})")))
        return Content.assemble(*parts)


class KeyLine(Widget):
    """The keys of a screen, from the table of actions; each can be clicked.

    Args:
        screen: its name.
        keys: of the user's own.
    """

    def __init__(self, screen: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._keys = keys
        self._actions = [action for action in on_screen(screen) if action.label and keys.get(action.id, action.keys)]

    async def on_click(self, event: events.Click) -> None:
        """Run what was clicked."""
        await run_clicked(self, event)

    def render(self) -> Content:
        """As many keys as fit; help and quit always do."""
        last = [a for a in self._actions if a.id in ("help", "quit")]
        shown = [a for a in self._actions if a not in last]
        while shown and self._line([*shown, *last]).cell_length > self.content_size.width:
            shown.pop()
        return self._line([*shown, *last])

    def _line(self, actions: list[Action]) -> Content:
        return Content.assemble(
            *(
                Content.assemble(
                    (f" {spelled(self._keys.get(a.id, a.keys)[0])}", "bold $accent"),
                    (f" {a.label} ", "$foreground-muted"),
                ).stylize(click(a.binding))
                for a in actions
            )
        )
