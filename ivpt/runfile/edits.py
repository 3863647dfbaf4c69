"""Edits of a run, pending beside it: an append-only log of who changed what, when and why.

The run file itself is never changed by an edit. ``<run>.edits.jsonl`` holds one JSON object per line, in order.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivpt.errors import RunFileError
from ivpt.runfile.publish import writing
from ivpt.runfile.schema import JsonObject

if sys.platform != "win32":
    import fcntl


@dataclass(frozen=True)
class Edit:
    """One line of the log.

    Attributes:
        when: time in UTC, ISO 8601.
        who: the person, as they wish to be named.
        what: the kind of edit, for example ``name``.
        arguments: what the kind needs; JSON-able.
        why: the reason; may be empty.
    """

    when: str
    who: str
    what: str
    arguments: JsonObject
    why: str = ""


def edits_path(run: Path) -> Path:
    """``<run>.edits.jsonl`` beside the run file."""
    return run.with_name(f"{run.name}.edits.jsonl")


def answers_path(run: Path) -> Path:
    """``<run>.blind.edits.jsonl`` beside the run file: answers of blind studies, a log of the same form."""
    return edits_path(answers_of(run))


def answers_of(run: Path) -> Path:
    """What to give to :func:`read_edits` and :func:`append_edit` for the answers of blind studies of a run."""
    return run.with_name(f"{run.name}.blind")


def read_edits(run: Path) -> list[Edit]:
    """All edits of a run, oldest first; none when there is no log.

    A last line without its end was cut off while it was written and does not count.

    Raises:
        RunFileError: the log cannot be read, or a line is not an edit; the line is named.
    """
    path = edits_path(run)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunFileError(f"The edits {path} cannot be read: {(error.strerror or 'unknown').lower()}.") from None
    return _parsed(content, path)


def append_edit(run: Path, what: str, arguments: JsonObject, *, who: str, why: str = "") -> Edit:
    """Add an edit to the log; it is on the disk when this returns.

    Several programs may append to one log: each line is written whole, under a lock.

    Raises:
        OutputError: the log cannot be written.
        ValueError: ``arguments`` cannot be told in JSON.
    """
    edit = new_edit(what, arguments, who=who, why=why)
    append_after(run, lambda _: edit)
    return edit


def append_after(run: Path, choose: Callable[[list[Edit]], Edit | None]) -> Edit | None:
    """Add the edit that follows from those before it; nobody else can add one in between.

    Args:
        run: path of the run file.
        choose: gets all pending edits, oldest first; ``None`` adds nothing.

    Raises:
        OutputError: the log cannot be written.
        RunFileError: a line of the log is not an edit.
        ValueError: the arguments cannot be told in JSON.
    """
    path = edits_path(run)
    with writing(path), path.open("a+b") as log:
        if sys.platform != "win32":
            fcntl.flock(log, fcntl.LOCK_EX)
        _drop_torn_line(log.fileno())
        log.seek(0)
        edit = choose(_parsed(log.read(), path))
        if edit is not None:
            log.write(to_line(edit).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
    return edit


def new_edit(what: str, arguments: JsonObject, *, who: str, why: str = "") -> Edit:
    """An edit made now."""
    return Edit(datetime.now(UTC).isoformat(timespec="milliseconds"), who, what, dict(arguments), why)


def to_line(edit: Edit) -> str:
    """An edit as one line of JSON, without its end.

    Raises:
        ValueError: the arguments cannot be told in JSON.
    """
    return json.dumps(asdict(edit), ensure_ascii=False, allow_nan=False)


def from_lines(lines: Sequence[str], where: Path) -> list[Edit]:
    """Undo :func:`to_line` for many lines.

    Raises:
        RunFileError: a line is not an edit; it is named as one of ``where``.
    """
    return [_parse(line.encode(), number, where) for number, line in enumerate(lines, 1)]


def _drop_torn_line(handle: int) -> None:
    """Cut off a last line that a killed program did not finish; nobody was told that it was stored."""
    size = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    kept = 0
    with os.fdopen(os.dup(handle), "rb") as content:
        for line in content:
            kept += len(line) if line.endswith(b"\n") else 0
    if kept < size:
        os.ftruncate(handle, kept)


def _parsed(content: bytes, path: Path) -> list[Edit]:
    return [_parse(line, number, path) for number, line in enumerate(content.split(b"\n")[:-1], 1)]


def _parse(line: bytes, number: int, path: Path) -> Edit:
    try:
        values: Any = json.loads(line)
        edit = Edit(**values)
    except (ValueError, TypeError):
        raise RunFileError(f"Line {number} of {path} is not an edit.", "Mend or remove that line.") from None
    texts = (edit.when, edit.who, edit.what, edit.why)
    if not all(isinstance(text, str) for text in texts) or not isinstance(edit.arguments, dict):
        raise RunFileError(f"Line {number} of {path} is not an edit.", "Mend or remove that line.")
    return edit
