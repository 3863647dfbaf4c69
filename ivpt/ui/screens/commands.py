"""The command palette."""

from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import OptionList

PAGE = 10
"""Commands that a page key goes further."""


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
