"""The command palette."""

from typing import TYPE_CHECKING, cast

from textual.binding import Binding
from textual.command import CommandPalette, Hit, Hits
from textual.system_commands import SystemCommandsProvider
from textual.widgets import OptionList

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer

PAGE = 10
"""Commands that a page key goes further."""


EXACT = 1e6
"""Score of the command whose name has been typed; likeness of letters scores some tens."""


class ActionCommands(SystemCommandsProvider):
    """Actions are found by what they do and by their names in the table of keys; an exact name comes first."""

    async def search(self, query: str) -> Hits:
        """The actions of the screen that match.

        Args:
            query: what has been typed.
        """
        matcher, typed = self.matcher(query), query.strip().casefold().replace(" ", "_")
        for name, (title, keys, run, _) in cast("Explorer", self.app).commands():
            likeness = max(matcher.match(title), matcher.match(name.replace("_", " ")))
            score = EXACT if typed == name else likeness
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=keys)


class Commands(CommandPalette):
    """Textual's palette with its own page keys.

    A page of Textual's is as many lines as the list is high. While the list is being filled and not shown yet it has no
    lines, and the key would end the program with a ``KeyError``.
    """

    BINDINGS = [
        Binding("pagedown", "page(1)", "Next page", show=False),
        Binding("pageup", "page(-1)", "Previous page", show=False),
    ]

    def action_page(self, way: int) -> None:
        """Go ten commands further or back."""
        found = self.query_one(OptionList)
        # what says that nothing matches is a disabled option
        if found.option_count and not found.get_option_at_index(0).disabled:
            found.highlighted = min(max((found.highlighted or 0) + way * PAGE, 0), found.option_count - 1)
