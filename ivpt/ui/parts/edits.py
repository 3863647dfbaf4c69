"""Names, notes and marks of the run at hand, from the log beside it, which others may write too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog, whoami
from ivpt.runfile.edit_state import EditState, replay, to_redo, to_undo, undone_edits
from ivpt.runfile.edits import Edit, edits_path
from ivpt.runfile.reader import RunFile, identity
from ivpt.ui.parts.base import Part
from ivpt.ui.text import plain

if TYPE_CHECKING:
    from ivpt.ui.session import Session

Change = Callable[[EditLog], object]
"""Adds edits; called in a thread."""


@dataclass(frozen=True)
class Edited:
    """Where the edits of the run stand.

    Attributes:
        state: what they come to.
        log: all of them, oldest first.
        undone: numbers of those that are taken back, from 1.
        undo, redo: what the next undo or redo of this person would do; ``None`` when there is nothing.
    """

    state: EditState
    log: tuple[Edit, ...]
    undone: frozenset[int]
    undo: Edit | None
    redo: Edit | None


class Edits(Part):
    """Reads the log anew whenever it has grown; writes through :meth:`write`.

    Args:
        session: of the run.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.who = whoami()
        self._seen = identity(edits_path(session.run.path))
        self.edited = self.reads("edited", lambda: self.who, read_edited)

    @property
    def now(self) -> Edited | None:
        """What is known; while a grown log is being read, what was known before."""
        return self.edited.latest

    @property
    def drops(self) -> tuple[Concept, ...]:
        """Concepts marked to be dropped."""
        return self.now.state.drops if self.now else ()

    def name(self, key: str, channel: int) -> str:
        """Name of a concept, harmless; empty when it has none."""
        return plain(self.now.state.names.get(Concept(key, channel), "")) if self.now else ""

    def note(self, key: str, channel: int) -> str:
        """Note about a concept, harmless; empty when it has none."""
        return plain(self.now.state.notes.get(Concept(key, channel), "")) if self.now else ""

    @property
    def names(self) -> dict[str, str]:
        """Concept (``L6:3``) to name, as it was given."""
        return {str(c): name for c, name in self.now.state.names.items()} if self.now else {}

    def look(self) -> bool:
        """Whether the log has been written since it was read, by whoever; then it is read anew."""
        found = identity(edits_path(self.session.run.path))
        if found == self._seen:
            return False
        self._seen = found
        self.edited.forget()
        return True

    def write(self, change: Change) -> Edited:
        """Add edits; to be called in a thread, as the disk is waited for.

        Returns:
            Where the edits stand now, for :meth:`written`.

        Raises:
            IvptError: the edit is not possible, or the log cannot be written; what was added before stays.
        """
        run = self.session.run
        change(EditLog(run, self.who))
        return read_edited(run, self.who)

    def written(self, found: Edited) -> None:
        """Show what :meth:`write` returned."""
        self._seen = identity(edits_path(self.session.run.path))
        self.edited.forget()
        wish = self.edited.missing()
        if wish is not None:
            self.edited.take(wish, found)

    def adopted(self) -> None:
        """The log lies beside the run whichever version it is."""
        self._seen = identity(edits_path(self.session.run.path))


def read_edited(run: RunFile, who: str) -> Edited:
    """Read and replay the log, for a person.

    Raises:
        RunFileError: the log is damaged.
    """
    edits = EditLog(run, who).edits()
    # what was saved inside the run file is not taken back any more
    pending = len(run.saved_edits) + 1
    back, forth = to_undo(edits, who, pending), to_redo(edits, who, pending)
    return Edited(
        replay(edits),
        tuple(edits),
        frozenset(undone_edits(edits)),
        edits[back - 1] if back else None,
        edits[forth - 1] if forth else None,
    )


# changes


def toggle(concept: Concept) -> Change:
    """Mark a concept to be dropped, or take its mark away; whichever it is now, not when it was last shown."""
    return lambda log: log.restore(concept) if concept in log.state().drops else log.drop(concept)


def only_of(drops: tuple[Concept, ...]) -> Change:
    """Mark these and no others."""
    return lambda log: log.mark(drops)


def told(edit: Edit | None) -> str:
    """An edit in words, harmless."""
    if edit is None:
        return "nothing"
    what = edit.arguments
    concept = what.get("concept", "")
    match edit.what:
        case "name":
            words = f"name {concept} {what.get('name', '')!r}" if what.get("name") else f"take the name of {concept}"
        case "note":
            words = f"note on {concept}"
        case "drop":
            words = f"mark {concept}"
        case "restore":
            words = f"unmark {concept}"
        case "drops":
            words = f"mark {' '.join(map(str, what.get('concepts', []))) or 'nothing'}"
        case "set":
            words = f"save set {what.get('set', '')!r}"
        case "forget":
            words = f"forget set {what.get('set', '')!r}"
        case other:
            words = other
    return plain(words, 80)
