"""What a user does to the edits of a run, on whatever screen: everything that writes waits for the disk in a thread.

``app.edit('NAME')`` in the table of actions calls the function of that name here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ivpt.errors import IvptError
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.ui.actions import CONCEPTS, PRUNE
from ivpt.ui.parts.edits import Change, Edits, toggle, told
from ivpt.ui.text import plain

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer

T = TypeVar("T")


def edits_of(app: "Explorer") -> Edits:
    """Names, notes and marks of the run."""
    return app.session.part(Edits)


def concept_of(app: "Explorer") -> Concept | None:
    """The concept that the list on the screen stands on."""
    session = app.session
    at = session.view.concept
    if at is None:
        at = session.concepts.at if app.current_mode == CONCEPTS else next(iter(session.layer.foreground), None)
    return None if at is None else Concept(session.view.layer, at)


async def in_thread(app: "Explorer", work: Callable[[], T]) -> T | None:
    """Do something that waits for the disk; what goes wrong is said, and gives ``None``."""
    try:
        return await asyncio.to_thread(work)
    except IvptError as error:
        app.notify(plain(error), severity="error", markup=False)
        return None


async def edit(app: "Explorer", change: Change) -> bool:
    """Add edits to the log and show what they come to; whether that went well."""
    edits = edits_of(app)
    found = await in_thread(app, lambda: edits.write(change))
    if found is None:
        return False
    edits.written(found)
    app.changed()
    return True


def ask(
    app: "Explorer",
    title: str,
    then: Callable[[str], Awaitable[None]],
    value: str = "",
    hint: str = "",
    *,
    endings: tuple[str, ...] = (),
) -> None:
    """Ask for a line of text; nothing happens when none is given."""
    from ivpt.ui.screens.prompt import PromptScreen

    async def answered(text: str | None) -> None:
        if text is not None:
            await then(text)

    app.push_screen(PromptScreen(title, value, hint, endings=endings), answered)


# actions


async def mark(app: "Explorer") -> None:
    """Mark the concept at hand to be dropped, or take the mark away."""
    concept = concept_of(app)
    if concept is not None and await edit(app, toggle(concept)) and app.current_mode != PRUNE:
        marked = concept in edits_of(app).drops
        words = (
            f"{concept} is marked to be dropped; 5 shows what that changes." if marked else f"{concept} is unmarked."
        )
        app.notify(words, timeout=3, markup=False)


async def clear(app: "Explorer") -> None:
    """Take all marks away."""
    if edits_of(app).drops:
        await edit(app, lambda log: log.mark(()))


async def name(app: "Explorer") -> None:
    """Ask for the name of the concept at hand."""
    _describe(app, "Name of", "name", Edits.name, EditLog.name)


async def note(app: "Explorer") -> None:
    """Ask for a note about the concept at hand."""
    _describe(app, "Note on", "note", Edits.note, EditLog.note)


def _describe(
    app: "Explorer",
    title: str,
    what: str,
    known: Callable[[Edits, str, int], str],
    write: Callable[[EditLog, Concept, str], None],
) -> None:
    concept = concept_of(app)
    if concept is None:
        return

    async def described(text: str) -> None:
        await edit(app, lambda log: write(log, concept, text))

    before = known(edits_of(app), concept.layer, concept.number)
    ask(app, f"{title} {concept}", described, before, f"empty takes the {what} away")


async def undo(app: "Explorer") -> None:
    """Take back this person's last edit, also of an earlier session."""
    await _take_back(app, "undo", "Undone", lambda log: log.undo())


async def redo(app: "Explorer") -> None:
    """Bring back what this person undid last."""
    await _take_back(app, "redo", "Done again", lambda log: log.redo())


async def _take_back(app: "Explorer", what: str, words: str, change: Change) -> None:
    taken: list[object] = []

    def keep(log: EditLog) -> None:
        taken.append(change(log))

    if await edit(app, keep):
        found = taken[0]
        text = f"{words}: {told(found)}" if found is not None else f"There is nothing to {what}."  # type: ignore[arg-type]
        app.notify(text, timeout=3, markup=False)


async def save_set(app: "Explorer") -> None:
    """Ask for a name under which the marks are remembered."""

    async def named(text: str) -> None:
        if await edit(app, lambda log: log.save_set(text)):
            app.notify(f"Saved the marks as {plain(text, 40)!r}.", timeout=3, markup=False)

    known = edits_of(app).now
    sets = ", ".join(known.state.sets) if known else ""
    ask(app, "Save the marks as", named, "", f"sets: {sets}" if sets else "")


async def use_set(app: "Explorer") -> None:
    """Ask for the name of a set, and mark its concepts and no others."""
    known = edits_of(app).now
    sets = list(known.state.sets) if known else []
    if not sets:
        app.notify("No set has been saved yet.", timeout=3, markup=False)
        return

    async def named(text: str) -> None:
        await edit(app, lambda log: log.use_set(text))

    ask(app, "Mark the concepts of which set?", named, sets[-1], f"sets: {', '.join(sets)}")
