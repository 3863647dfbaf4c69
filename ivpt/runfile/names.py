"""Names and notes of concepts as a JSON file, to hand to a second annotator and to take back."""

import json
from pathlib import Path
from typing import Any

from ivpt.errors import ConfigError, DataError
from ivpt.runfile.concept import Concept, check_concept, parse_concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.reader import RunFile

FORMAT = "ivpt-names"


def given_names(run: RunFile) -> dict[str, str]:
    """What concepts have been called, by ``L6:3``; as it was typed.

    Raises:
        RunFileError: the log of edits is damaged.
    """
    return {str(concept): name for concept, name in EditLog(run).state().names.items()}


def export_names(log: EditLog) -> dict[str, Any]:
    """Names and notes as plain values: ``{"format", "run", "who", "concepts": {"L6:3": {"name", "note"}}}``.

    Raises:
        RunFileError: the log is damaged.
    """
    state = log.state()
    concepts = sorted({*state.names, *state.notes})
    return {
        "format": FORMAT,
        "run": log.path.name,
        "who": log.who,
        "concepts": {
            str(concept): {"name": state.names.get(concept, ""), "note": state.notes.get(concept, "")}
            for concept in concepts
        },
    }


def read_names(path: Path) -> dict[Concept, tuple[str, str]]:
    """Name and note of each concept in a file that :func:`export_names` filled.

    Raises:
        DataError: the file cannot be read or is not one.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError
        return {
            parse_concept(words): (_text(entry, "name"), _text(entry, "note"))
            for words, entry in found["concepts"].items()
        }
    except OSError as error:
        raise DataError(f"{path} cannot be read: {(error.strerror or 'unknown').lower()}.") from None
    except (ValueError, TypeError, KeyError, AttributeError, ConfigError):
        raise DataError(f"{path} is not a file of concept names.", "Give one that the explorer exported.") from None


def import_names(log: EditLog, path: Path) -> int:
    """Add the names and notes of a file that differ from what is there, as edits that can be undone one by one.

    Returns:
        The number of edits.

    Raises:
        DataError: the file cannot be read or is not one.
        ConfigError: it names a concept that the run does not have; nothing has been added then.
    """
    wanted, state = read_names(path), log.state()
    for concept in wanted:
        check_concept(log.layers, concept)
    count = 0
    for concept, (name, note) in wanted.items():
        if name != state.names.get(concept, ""):
            log.name(concept, name, why=f"imported from {path.name}")
            count += 1
        if note != state.notes.get(concept, ""):
            log.note(concept, note, why=f"imported from {path.name}")
            count += 1
    return count


def _text(entry: Any, key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise TypeError(key)
    return value.strip()
