"""What the edits of a run come to: names, notes, marked drops and named sets, by replaying the log from its beginning.

Edits are numbered from 1 through the log that was saved inside the run file and then through the pending one. ``undo``
and ``redo`` are edits themselves and name the number of another. An edit that is undone is left out of the replay,
wherever it stands, so that taking back one person's edit leaves another's later ones as they are.

| what | arguments |
|---|---|
| ``name`` | ``concept``, ``name``; an empty name takes it away |
| ``note`` | ``concept``, ``note``; an empty note takes it away |
| ``drop``, ``restore`` | ``concept``: mark it to be dropped, or no longer |
| ``drops`` | ``concepts``: mark these and no others |
| ``set`` | ``set``, ``concepts``: remember these under a name; replaces what was remembered so |
| ``forget`` | ``set`` |
| ``undo``, ``redo`` | ``edit``: a number |
| ``pruned`` | ``concepts``: removed from the model, so no longer marked; written by ``ivpt prune`` into its result |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivpt.errors import ConfigError, RunFileError
from ivpt.runfile.concept import Concept, parse_concept
from ivpt.runfile.edits import Edit

PRUNED = "pruned"
UNDO, REDO = "undo", "redo"
UNDOABLE = frozenset({"name", "note", "drop", "restore", "drops", "set", "forget"})
"""Kinds of edits that can be taken back."""


@dataclass(frozen=True)
class EditState:
    """Where the edits of a run stand.

    Attributes:
        names: by concept; a removed concept keeps its name.
        notes: by concept.
        drops: concepts marked to be dropped, in the order they were marked.
        sets: drops remembered under a name.
    """

    names: Mapping[Concept, str] = field(default_factory=dict)
    notes: Mapping[Concept, str] = field(default_factory=dict)
    drops: tuple[Concept, ...] = ()
    sets: Mapping[str, tuple[Concept, ...]] = field(default_factory=dict)


def replay(edits: Sequence[Edit]) -> EditState:
    """Apply edits in order, but for those that are undone.

    Args:
        edits: the whole log: what was saved in the run file first, then what is pending.

    Raises:
        RunFileError: an edit is of a kind this ivpt does not know or lacks what its kind needs; its number is named.
    """
    undone = undone_edits(edits)
    names: dict[Concept, str] = {}
    notes: dict[Concept, str] = {}
    drops: dict[Concept, None] = {}
    sets: dict[str, tuple[Concept, ...]] = {}
    for number, edit in enumerate(edits, 1):
        if number in undone:
            continue
        with_concept = edit.what in ("name", "note", "drop", "restore")
        concept = _concepts([_need(edit, number, "concept", str)], number)[0] if with_concept else None
        match edit.what, concept:
            case "name", Concept():
                _put(names, concept, _need(edit, number, "name", str))
            case "note", Concept():
                _put(notes, concept, _need(edit, number, "note", str))
            case "drop", Concept():
                drops[concept] = None
            case "restore", Concept():
                drops.pop(concept, None)
            case "drops", _:
                drops = dict.fromkeys(_concepts(_need(edit, number, "concepts", list), number))
            case "set", _:
                sets[_need(edit, number, "set", str)] = _concepts(_need(edit, number, "concepts", list), number)
            case "forget", _:
                sets.pop(_need(edit, number, "set", str), None)
            case "pruned", _:
                for removed in _concepts(_need(edit, number, "concepts", list), number):
                    drops.pop(removed, None)
            case (("undo" | "redo"), _):
                pass
            case _:
                raise RunFileError(
                    f"Edit {number} is of the kind {edit.what!r}, which this ivpt does not know.",
                    "Install a newer one: pip install --upgrade ivpt.",
                )
    return EditState(names, notes, tuple(drops), sets)


def undone_edits(edits: Sequence[Edit]) -> set[int]:
    """Numbers of the edits that are undone at the end of a log.

    Raises:
        RunFileError: an undo or redo does not name an earlier edit that can be taken back.
    """
    undone: set[int] = set()
    for number, edit in enumerate(edits, 1):
        if edit.what not in (UNDO, REDO):
            continue
        target = _need(edit, number, "edit", int)
        if not 1 <= target < number or edits[target - 1].what not in UNDOABLE:
            raise RunFileError(f"Edit {number} takes back edit {target}, which cannot be taken back.")
        if edit.what == UNDO:
            undone.add(target)
        else:
            undone.discard(target)
    return undone


def to_undo(edits: Sequence[Edit], who: str, first: int = 1) -> int | None:
    """Number of the last edit of a person that is in force; ``None`` when there is none from number ``first`` on."""
    undone = undone_edits(edits)
    mine = (n for n, e in enumerate(edits, 1) if n >= first and e.who == who and e.what in UNDOABLE)
    return max((number for number in mine if number not in undone), default=None)


def to_redo(edits: Sequence[Edit], who: str, first: int = 1) -> int | None:
    """Number of the edit that a person undid last; ``None`` when there is none, or they made another one since."""
    stack: list[int] = []
    for number, edit in enumerate(edits, 1):
        if number < first or edit.who != who:
            continue
        if edit.what == UNDO:
            stack.append(int(edit.arguments["edit"]))
        elif edit.what == REDO:
            stack = [n for n in stack if n != int(edit.arguments["edit"])]
        else:
            stack = []
    undone = undone_edits(edits)
    return next((number for number in reversed(stack) if number in undone), None)


def _put(words: dict[Concept, str], concept: Concept, value: str) -> None:
    if value:
        words[concept] = value
    else:
        words.pop(concept, None)


def _need(edit: Edit, number: int, name: str, kind: type) -> Any:
    value = edit.arguments.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise RunFileError(f"Edit {number} ({edit.what}) has no usable {name!r}.", "Mend or remove that line.")
    return value


def _concepts(words: Sequence[Any], number: int) -> tuple[Concept, ...]:
    try:
        return tuple(dict.fromkeys(parse_concept(str(word)) for word in words))
    except ConfigError as error:
        raise RunFileError(f"Edit {number} is damaged: {error.message}", "Mend or remove that line.") from None
