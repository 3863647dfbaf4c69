"""Errors a user can act on: one sentence, a way out, and an exit code of its own.

Everything the program refuses is an :class:`IvptError`; anything else that escapes is a defect of ivpt and is
reported as such by the command line.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the ``ivpt`` command; scripts may rely on them."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    CONFIG = 3
    PLUGIN = 4
    DATA = 5
    WEIGHTS = 6
    RUN_FILE = 7
    OUTPUT = 8
    TRAINING = 9
    INTERRUPTED = 130
    PIPE = 141


class IvptError(Exception):
    """Something the user can mend.

    Args:
        message: one sentence that says what is wrong, naming the thing it is wrong with.
        hint: what to do about it; may be empty.
    """

    exit_code: ExitCode = ExitCode.DEFECT

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(IvptError):
    """A setting is unknown, of the wrong type, or contradicts another."""

    exit_code = ExitCode.CONFIG


class PluginError(IvptError):
    """A plugin is unknown, broken, ambiguous or speaks another interface version."""

    exit_code = ExitCode.PLUGIN


class DataError(IvptError):
    """Images or annotations are missing, unreadable or too few."""

    exit_code = ExitCode.DATA


class WeightsError(IvptError):
    """Backbone weights cannot be had or do not fit."""

    exit_code = ExitCode.WEIGHTS


class RunFileError(IvptError):
    """A run file is not one, is newer than this program, or is damaged."""

    exit_code = ExitCode.RUN_FILE


class OutputError(IvptError):
    """The result cannot be written: it exists, the disk is full, or permission is missing."""

    exit_code = ExitCode.OUTPUT


class TrainingError(IvptError):
    """Training cannot go on, for example because the loss is not a number."""

    exit_code = ExitCode.TRAINING


class Interrupted(IvptError):
    """The user asked to stop; what is needed to go on has been saved."""

    exit_code = ExitCode.INTERRUPTED


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """A sentence that offers the known names nearest to a mistyped one.

    Args:
        name: what was typed.
        known: what exists.

    Returns:
        "Did you mean 'a' or 'b'?" or, when nothing is near, the list of all known names.
    """
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    return "Known: " + ", ".join(sorted(known)) + "."
