"""``ivpt explore``: a run file in the terminal."""

import os
import sys
from pathlib import Path

import click

from ivpt.errors import ExitCode, IvptError


class TerminalError(IvptError):
    """There is no terminal to draw on."""

    exit_code = ExitCode.USAGE


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--with", "other", metavar="RUN", type=click.Path(path_type=Path), help="A second run, to compare with.")
@click.option("--as", "who", metavar="NAME", help="Who you are, for names and other edits.  [default: your login]")
def explore(run: Path, other: Path | None, who: str | None) -> None:
    """Open the run file RUN in the terminal.

    Keys are shown in the last line; ? lists all of them. The file is only read, also while training goes on: a newer
    version is picked up when it is published. Names, notes and marks are kept beside it, in RUN.edits.jsonl.
    """
    import gc

    # imports make many objects and no garbage; collecting meanwhile costs a tenth of the start
    gc.disable()
    # no matrix products here; starting a pool of threads for them takes longer than reading the run card
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ivpt.ui.opening import reading_card

    with reading_card(run) as reader:
        from ivpt.ui.app import Explorer

        card = reader.card()
    check_terminal(run)
    app = Explorer(run, card, other=other, who=(who or "").strip() or None)
    # what has been imported stays; looking through it for garbage again and again would delay the first paint
    gc.freeze()
    gc.enable()
    try:
        app.run()
    finally:
        app.close()
    if app.return_code:
        raise SystemExit(app.return_code)


def check_terminal(run: Path) -> None:
    """Refuse where nothing can be drawn, with a way to see the run nevertheless.

    Raises:
        TerminalError: output or input is not a terminal, or the terminal cannot place its cursor.
    """
    hint = f"See the run as text with: ivpt info {run}"
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise TerminalError("The explorer needs a terminal, but its input or output is not one.", hint)
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        raise TerminalError(f"The terminal calls itself {os.environ['TERM']!r} and cannot be drawn on.", hint)
