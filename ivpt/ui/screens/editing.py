"""What the screens have in common on which the run's edits are made."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ivpt.errors import IvptError
from ivpt.ui.parts.edits import Change, Edits, told
from ivpt.ui.screens.base import SessionScreen
from ivpt.ui.screens.prompt import PromptScreen
from ivpt.ui.text import plain

T = TypeVar("T")


class EditingScreen(SessionScreen):
    """A screen that writes: in threads, one thing after the other, as each action waits for its own."""

    @property
    def edits(self) -> Edits:
        """Names, notes and marks of the run."""
        return self.session.part(Edits)

    async def thread(self, work: Callable[[], T]) -> T | None:
        """Do something that waits for the disk; what goes wrong is said, and gives ``None``."""
        try:
            return await asyncio.to_thread(work)
        except IvptError as error:
            self.notify(plain(error), severity="error", markup=False)
            return None

    async def edit(self, change: Change) -> bool:
        """Add edits to the log and show what they come to."""
        found = await self.thread(lambda: self.edits.write(change))
        if found is None:
            return False
        self.edits.written(found)
        self.explorer.changed()
        return True

    def ask(
        self,
        title: str,
        then: Callable[[str], Awaitable[None]],
        value: str = "",
        hint: str = "",
        *,
        endings: tuple[str, ...] = (),
    ) -> None:
        """Ask for a line of text; nothing happens when none is given."""

        async def answered(text: str | None) -> None:
            if text is not None:
                await then(text)

        self.app.push_screen(PromptScreen(title, value, hint, endings=endings), answered)

    async def action_undo(self) -> None:
        """Take back this person's last edit, also of an earlier session."""
        await self._took_back("undo", "Undone: ")

    async def action_redo(self) -> None:
        """Bring back what was undone."""
        await self._took_back("redo", "Done again: ")

    async def _took_back(self, what: str, words: str) -> None:
        taken = []
        if await self.edit(lambda log: taken.append(log.undo() if what == "undo" else log.redo())):
            found = taken[0]
            self.notify(words + told(found) if found else f"Nothing to {what}.", timeout=3, markup=False)
