"""``ivpt explore``: a run file in the terminal."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivpt.errors import ExitCode, IvptError

if TYPE_CHECKING:
    from ivpt.ui.keys import Keys


class TerminalError(IvptError):
    """There is no terminal to draw on."""

    exit_code = ExitCode.USAGE


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--with", "other", metavar="RUN", type=click.Path(path_type=Path), help="A second run, to compare with.")
@click.option(
    "--pictures",
    metavar="WAY",
    help="kitty, sixel, blocks, braille or ascii.  [default: what the terminal can show; IVPT_PICTURES]",
)
@click.option("--as", "who", metavar="NAME", help="Who you are, for names and other edits.  [default: your login]")
@click.option("--keys", metavar="FILE", type=click.Path(path_type=Path), help="Your own keys, in TOML.")
def explore(run: Path, other: Path | None, pictures: str | None, who: str | None, keys: Path | None) -> None:
    """Open the run file RUN in the terminal.

    Keys are shown in the last line; ? lists all of them. The file is only read, also while training goes on: a newer
    version is picked up when it is published. Names, notes and marks are kept beside it, in RUN.edits.jsonl.
    Keys can be changed by a file, see docs/explore.md.
    """
    import gc

    # imports make many objects and no garbage; collecting meanwhile costs a tenth of the start
    gc.disable()
    # no matrix products here; starting a pool of threads for them takes longer than reading the run card
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ivpt.ui.opening import reading_card

    # Textual takes NO_COLOR out of the environment
    environment = dict(os.environ)
    with reading_card(run) as reader:
        from ivpt.ui.app import Explorer
        from ivpt.ui.pictures.rungs import terminal

        card = reader.card()
    check_terminal(run)
    app = Explorer(run, card, other=other, who=(who or "").strip() or None, keys=own_keys(keys))
    app.terminal = terminal(environment, app.console.color_system, pictures)
    # what has been imported stays; looking through it for garbage again and again would delay the first paint
    gc.freeze()
    gc.enable()
    try:
        app.run()
    finally:
        app.close()
    if app.return_code:
        raise SystemExit(app.return_code)


def own_keys(given: Path | None) -> "Keys":
    """The user's keys: of the file given, else of the one in the user's folder of settings, if there is one.

    Raises:
        KeysError: the file cannot be used.
    """
    from ivpt.paths import keys_path

    path = given or keys_path()
    if given is None and not path.is_file():
        return {}
    from ivpt.ui.keys import read_keys

    return read_keys(path)


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
