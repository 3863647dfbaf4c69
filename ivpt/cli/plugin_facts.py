"""Plugins looked at from outside: each package's in a process of its own, with a time limit."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from queue import Empty, Queue
from typing import Any

from ivpt.registry import Registry, Status

TIME_LIMIT = 60.0
"""Seconds that importing one plugin may take."""


@dataclass(frozen=True)
class Found:
    """One plugin after it was looked at.

    Attributes:
        status: the truth about it.
        facts: what it says of itself, as plain values; empty unless asked for, or where it cannot be used.
    """

    status: Status
    facts: dict[str, Any] = field(default_factory=dict)


def look_at(
    listed: Sequence[Status],
    *,
    describe: bool = False,
    limit: float = TIME_LIMIT,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Found]:
    """Import plugins, each package's in a process of its own, and say how they are.

    One that exits, crashes, hangs, forks or prints costs itself its good name and nobody else anything.

    Args:
        listed: as :meth:`ivpt.registry.Registry.listing` gives them.
        describe: also ask what they say of themselves.
        limit: seconds for each.
        progress: told about every plugin.

    Returns:
        In the order of ``listed``.
    """
    found: dict[int, Found] = {}
    order = sorted(range(len(listed)), key=lambda i: (listed[i].distribution, i))
    for _, group in groupby(order, key=lambda i: listed[i].distribution):
        todo = list(group)
        while todo:
            for one in _in_one_process([listed[i] for i in todo], describe, limit):
                if progress is not None:
                    progress(len(found), len(listed), "looking at plugins")
                found[todo.pop(0)] = one
    if progress is not None:
        progress(len(listed), len(listed), "looking at plugins")
    return [found[i] for i in range(len(listed))]


def matching(registry: Registry[Any], patterns: Sequence[str]) -> list[Status]:
    """Listed plugins whose names fit one of the patterns (all without patterns); ``name@distribution`` fits as well.

    Raises:
        PluginError: a pattern fits nothing; the nearest names are offered.
    """
    from fnmatch import fnmatchcase

    from ivpt.errors import PluginError, nearest

    listed = registry.listing()
    for pattern in patterns:
        if not any(_fits(status, pattern, fnmatchcase) for status in listed):
            raise PluginError(f"There is no {registry.kind} {pattern!r}.", nearest(pattern, registry.names()))
    return [s for s in listed if not patterns or any(_fits(s, pattern, fnmatchcase) for pattern in patterns)]


def _fits(status: Status, pattern: str, fits: Callable[[str, str], bool]) -> bool:
    return fits(status.name, pattern) or fits(f"{status.name}@{status.distribution}", pattern)


def _in_one_process(listed: Sequence[Status], describe: bool, limit: float) -> Iterator[Found]:
    """Answers in order, until the process is lost; the plugin that lost it is the last one answered for."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ivpt.cli.plugin_worker"],  # -P: no other ivpt where the user stands
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    answers: Queue[str] = Queue()
    reading = threading.Thread(target=_pass_on, args=(process.stdout, answers), daemon=True)
    reading.start()
    try:
        for status in listed:
            # A conflict of names is none for a plugin that is named with its package.
            asked = replace(status, state="unchecked") if describe and status.state == "conflict" else status
            lost = ""
            try:
                process.stdin.write(json.dumps({"listed": asdict(asked), "describe": describe}) + "\n")
                process.stdin.flush()
                line = answers.get(timeout=limit)
                lost = "" if line else "ended the process that imported it"
            except BrokenPipeError:
                lost = "ended the process that imported it"
            except Empty:
                lost = f"did not finish importing within {limit:g} s"
            if lost:
                who = f"The {status.kind} {status.name!r} ({status.distribution} {status.version})"
                yield Found(replace(status, state="broken", reason=f"{who} {lost}."))
                return
            told = json.loads(line)
            yield Found(Status(**told["status"]), told.get("facts", {}))
    finally:
        _end(process)
        reading.join(5)


def _pass_on(lines: Any, answers: "Queue[str]") -> None:
    with lines:
        for line in lines:
            answers.put(line)
    answers.put("")


def _end(process: "subprocess.Popen[str]") -> None:
    # With everything it started.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        process.kill()
    process.wait()
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # an unsent question to a process that is gone
        process.stdin.close()


__all__ = ["TIME_LIMIT", "Found", "look_at", "matching"]
