"""What a job says: one JSON object per line on its stdout.

| event | fields |
|---|---|
| ``progress`` | ``stage`` in words, ``done``, ``total``, ``seconds_left`` (null while unknown) |
| ``note`` | ``words``: something a person should know |
| ``result`` | ``report``: what the same command prints with ``--json`` |
| ``error`` | ``message``, ``hint``, ``exit_code``; the last line of a job that failed or was cancelled |
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progressed:
    """Where a job stands.

    Attributes:
        stage: what it does, in words.
        done: of ``total``.
        total: of this stage.
        seconds_left: of this stage, as far as can be told.
    """

    stage: str
    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class Noted:
    """Something a person should know."""

    words: str


@dataclass(frozen=True)
class Finished:
    """The job is done; ``report`` is what its command prints with ``--json``."""

    report: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The job has ended without a result, and left nothing behind.

    Attributes:
        message: one sentence.
        hint: what to do about it; may be empty.
        exit_code: one of :class:`ivpt.errors.ExitCode`.
        cancelled: it was asked to stop, or killed.
    """

    message: str
    hint: str
    exit_code: int
    cancelled: bool = False


Event = Progressed | Noted | Finished | Failed

INTERVAL = 0.1
"""Seconds between two lines about one stage, at least; its first and its last line are always written."""


class LineWriter:
    """Says what a job does.

    Args:
        write: called with each line, which must go out at once.
        clock: seconds.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._stage = ""
        self._began = self._spoke = 0.0

    def progress(self, done: int, total: int, words: str) -> None:
        """As :class:`ivpt.interfaces.dataset.Progress`."""
        now = self._clock()
        if words != self._stage:
            self._stage, self._began, self._spoke = words, now, -math.inf
        if now - self._spoke < INTERVAL and done < total:
            return
        self._spoke = now
        left = (now - self._began) / done * (total - done) if done and now > self._began else None
        self._say("progress", stage=words, done=done, total=total, seconds_left=left)

    def note(self, words: str) -> None:
        """Something a person should know."""
        self._say("note", words=words)

    def result(self, report: dict[str, Any]) -> None:
        """The end of a job that succeeded."""
        self._say("result", report=report)

    def error(self, message: str, hint: str, exit_code: int) -> None:
        """The end of a job that did not."""
        self._say("error", message=message, hint=hint, exit_code=exit_code)

    def _say(self, event: str, **fields: Any) -> None:
        self._write(json.dumps({"event": event, **fields}, allow_nan=False))


def parse_line(line: str) -> Event | None:
    """What a line says; ``None`` for anything that is no line of a job, such as a library's words."""
    try:
        fields = json.loads(line)
        match fields["event"]:
            case "progress":
                left = fields["seconds_left"]
                done, total = int(fields["done"]), int(fields["total"])
                return Progressed(str(fields["stage"]), done, total, None if left is None else float(left))
            case "note":
                return Noted(str(fields["words"]))
            case "result":
                return Finished(dict(fields["report"]))
            case "error":
                return Failed(str(fields["message"]), str(fields["hint"]), int(fields["exit_code"]))
    except (ValueError, KeyError, TypeError):
        pass
    return None
