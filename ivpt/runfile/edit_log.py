"""The edits of a run as an analyst makes them: names, notes, marks, named sets, undo and redo.

The run file is never changed: edits are appended to the log beside it (:mod:`ivpt.runfile.edits`). A copy saved with
its edits holds the log inside (:func:`save_copy`, and every result of ``ivpt prune``); what is inside cannot be undone
any more, and edits made on the copy are pending beside the copy.

```python
with RunFile(path) as run:
    log = EditLog(run, who="Ada")
    log.name(Concept("L6", 3), "beak", why="in every picture")
    log.drop(Concept("coarse", 2))
    log.undo()
    print(log.state().names, log.state().drops)
```
"""

import getpass
import shutil
from collections.abc import Iterable
from pathlib import Path

from ivpt.errors import ConfigError, OutputError, nearest
from ivpt.runfile.concept import Concept, check_concept
from ivpt.runfile.edit_state import REDO, UNDO, EditState, replay, to_redo, to_undo
from ivpt.runfile.edits import Edit, append_after, from_lines, new_edit, read_edits, to_line
from ivpt.runfile.publish import replacing, writing
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import JsonObject
from ivpt.runfile.sink import writable
from ivpt.runfile.writer import strings


def whoami() -> str:
    """The name of the person at this machine, for whoever does not name themselves."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


class EditLog:
    """The log of one run, read anew whenever it is asked, as others may write it too.

    Args:
        run: open; only its path, layers and saved log are used.
        who: the person whose edits are added, and undone.
    """

    def __init__(self, run: RunFile, who: str | None = None) -> None:
        self.path = run.path
        self.who = who or whoami()
        self.layers = run.layers
        self._saved = tuple(from_lines(run.saved_edits, run.path))

    def edits(self) -> list[Edit]:
        """All edits, oldest first: those saved in the run file, then the pending ones.

        Raises:
            RunFileError: the log is damaged.
        """
        return [*self._saved, *read_edits(self.path)]

    def state(self) -> EditState:
        """What the edits come to.

        Raises:
            RunFileError: the log is damaged.
        """
        return replay(self.edits())

    def name(self, concept: Concept, name: str, *, why: str = "") -> None:
        """Name a concept; an empty name takes it away."""
        self._add("name", {"concept": self._known(concept), "name": name.strip()}, why)

    def note(self, concept: Concept, note: str, *, why: str = "") -> None:
        """Write a note about a concept; an empty one takes it away."""
        self._add("note", {"concept": self._known(concept), "note": note.strip()}, why)

    def drop(self, concept: Concept, *, why: str = "") -> None:
        """Mark a concept to be dropped; nothing happens to the model before it is pruned.

        Raises:
            ConfigError: there is no such concept, it is background, or it has been removed already.
        """
        self._add("drop", {"concept": self._droppable(concept)}, why)

    def restore(self, concept: Concept, *, why: str = "") -> None:
        """Take the mark away."""
        self._add("restore", {"concept": self._known(concept)}, why)

    def mark(self, concepts: Iterable[Concept], *, why: str = "") -> None:
        """Mark these concepts and no others.

        Raises:
            ConfigError: as :meth:`drop`.
        """
        self._add("drops", {"concepts": [self._droppable(concept) for concept in concepts]}, why)

    def save_set(self, name: str, concepts: Iterable[Concept] | None = None, *, why: str = "") -> None:
        """Remember concepts, by default those that are marked, under a name.

        Raises:
            ConfigError: the name is empty, or there are no such concepts.
        """
        if not name.strip():
            raise ConfigError("A set of edits needs a name.")
        chosen = self.state().drops if concepts is None else tuple(concepts)
        self._add("set", {"set": name.strip(), "concepts": [self._known(concept) for concept in chosen]}, why)

    def forget_set(self, name: str, *, why: str = "") -> None:
        """Forget a named set."""
        self.drops_of(name)
        self._add("forget", {"set": name}, why)

    def use_set(self, name: str, *, why: str = "") -> None:
        """Mark the concepts of a named set and no others."""
        self.mark(self.drops_of(name), why=why)

    def drops_of(self, name: str) -> tuple[Concept, ...]:
        """Concepts of a named set.

        Raises:
            ConfigError: there is no such set; those there are are named.
        """
        sets = self.state().sets
        if name not in sets:
            raise ConfigError(
                f"There is no set of edits {name!r} for {self.path}.",
                nearest(name, list(sets)) if sets else "None has been saved yet.",
            )
        return sets[name]

    def undo(self, *, why: str = "") -> Edit | None:
        """Take back this person's last pending edit that is in force; returns it, or ``None`` when there is none."""
        return self._take_back(UNDO, why)

    def redo(self, *, why: str = "") -> Edit | None:
        """Bring back what this person undid last; returns it, or ``None``; a new edit leaves nothing to bring back."""
        return self._take_back(REDO, why)

    def _take_back(self, what: str, why: str) -> Edit | None:
        find = to_undo if what == UNDO else to_redo
        found: list[Edit] = []

        def choose(pending: list[Edit]) -> Edit | None:
            edits = [*self._saved, *pending]
            number = find(edits, self.who, len(self._saved) + 1)
            if number is None:
                return None
            found.append(edits[number - 1])
            return new_edit(what, {"edit": number}, who=self.who, why=why)

        append_after(self.path, choose)
        return found[0] if found else None

    def _add(self, what: str, arguments: JsonObject, why: str) -> None:
        edit = new_edit(what, arguments, who=self.who, why=why)
        append_after(self.path, lambda _: edit)

    def _known(self, concept: Concept) -> str:
        check_concept(self.layers, concept)
        return str(concept)

    def _droppable(self, concept: Concept) -> str:
        if concept.number in check_concept(self.layers, concept).removed:
            raise ConfigError(f"{concept} has been removed from this run already.", "Leave it out.")
        return str(concept)


def save_copy(run: RunFile, out: Path, *, overwrite: bool = False) -> Path:
    """Copy a run with its edits inside; nothing else differs, and the pending log of the original stays where it is.

    Args:
        run: open.
        out: where; appears whole or not at all.
        overwrite: ``out`` may exist.

    Raises:
        OutputError: ``out`` exists, is the run itself, or cannot be written.
        RunFileError: the log is damaged.
    """
    if out.exists() and (out.samefile(run.path) or not overwrite):
        raise OutputError(f"{out} exists already.", "Choose another name.")
    edits = EditLog(run).edits()
    replay(edits)
    with replacing(out) as temporary, writing(out):
        shutil.copyfile(run.path, temporary)
        with writable(temporary, "r+") as (file, _):
            if "edits" in file:
                del file["edits"]
            if edits:
                strings(file, "edits", map(to_line, edits))
    return out
