"""What the command line says when something goes wrong, and the exit code it leaves with.

Words go to stderr, one sentence and a way out; a traceback is shown only with ``--verbose``.
"""

import errno
import os
import sys

import click

from ivpt.errors import ExitCode, IvptError, OutputError, TrainingError

_UNWRITABLE = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EACCES: "Permission is missing",
    errno.EPERM: "Permission is missing",
    errno.EROFS: "The file system is read-only",
}


class Session:
    """What one call of the command line is told before any command runs."""

    def __init__(self) -> None:
        self.verbose = False

    def be_verbose(self) -> None:
        """Show tracebacks, and log messages from now on."""
        if not self.verbose:
            import logging

            self.verbose = True
            logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
            logging.getLogger("ivpt").setLevel(logging.DEBUG)


def report(error: BaseException, session: Session) -> int:
    """Say what went wrong on stderr.

    Args:
        error: what escaped from the command.
        session: whether to show the traceback.

    Returns:
        The exit code to leave with.
    """
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has gone; the interpreter must not try to flush it again at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return ExitCode.INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if session.verbose:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    known = error if isinstance(error, IvptError) else _as_known(error)
    if known is not None:
        say(known)
        return known.exit_code
    click.echo(f"Error: This is a defect of ivpt: {_one_line(error)}", err=True)
    if not session.verbose:
        click.echo("Please run it again with --verbose and report what it prints.", err=True)
    return ExitCode.DEFECT


def say(error: IvptError) -> None:
    """Write an error and its hint to stderr, each on its own line."""
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {error.message}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)


def _as_known(error: BaseException) -> IvptError | None:
    """Failures of the machine rather than of ivpt: no room, no permission, no memory."""
    if isinstance(error, OSError):
        code = error.errno or 0
        if code not in _UNWRITABLE:
            # HDF5 reports the system's error number in its own text.
            code = next((known for known in _UNWRITABLE if f"errno = {known}," in str(error)), 0)
        if code in _UNWRITABLE:
            where = f": {error.filename}" if error.filename else ""
            return OutputError(f"{_UNWRITABLE[code]}{where}.", "Nothing that was there before is lost.")
    # torch's own out-of-memory error is known by name, as torch must not be imported to say so.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return TrainingError("There is not enough memory.", "Try a smaller --batch-size or --image-size.")
    return None


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
