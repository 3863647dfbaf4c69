"""How pictures reach the terminal, best first, and which way suits this one.

Decided from the environment alone: asking the terminal means waiting for an answer that may never come.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivpt.errors import ExitCode, IvptError

VARIABLE = "IVPT_PICTURES"
"""Environment variable that names a rung."""


class Rung(StrEnum):
    """Ways to show a picture."""

    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    BRAILLE = "braille"
    ASCII = "ascii"


@dataclass(frozen=True)
class Terminal:
    """What pictures need to know about the terminal.

    Attributes:
        rung: how they are shown.
        colours: rich's name of the colour system: truecolor, 256, standard, windows; None for no colours.
        tmux: whether tmux stands between, which passes graphics on only when they are wrapped.
    """

    rung: Rung = Rung.BLOCKS
    colours: str | None = "truecolor"
    tmux: bool = False


class PicturesError(IvptError):
    """Pictures cannot be shown the way that was asked for."""

    exit_code = ExitCode.USAGE


_SIXEL_TERMS = ("foot", "mlterm", "contour", "yaft")
_SIXEL_PROGRAMS = ("wezterm", "iterm.app", "mintty")


def choose(environment: Mapping[str, str], colours: str | None, asked: str | None = None) -> Rung:
    """The rung for a terminal.

    Inside tmux and screen and over SSH it is never more than half blocks unless asked for: graphics are swallowed by
    the one and slow over the other.

    Args:
        environment: variables of this process.
        colours: what rich calls the terminal's colour system: truecolor, 256, standard, windows; None for no colours.
        asked: by the user; before the variable, before what is known of the terminal.

    Raises:
        PicturesError: the name is unknown, or what it needs is missing.
    """
    name = asked or environment.get(VARIABLE) or None
    if name is not None:
        return _asked(name.lower(), environment)
    term = environment.get("TERM", "").lower()
    if not _unicode(environment):
        return Rung.ASCII
    if colours is None:
        return Rung.BRAILLE
    if "NO_COLOR" in environment or colours != "truecolor" or _far(environment, term):
        return Rung.BLOCKS
    if _kitty(environment, term):
        return Rung.KITTY
    program = environment.get("TERM_PROGRAM", "").lower()
    konsole = environment.get("KONSOLE_VERSION", "")
    draws = (
        term.startswith(_SIXEL_TERMS) or program in _SIXEL_PROGRAMS or (konsole.isdigit() and int(konsole) >= 220400)
    )
    return Rung.SIXEL if draws and sixel_library() else Rung.BLOCKS


def terminal(environment: Mapping[str, str], colours: str | None, asked: str | None = None) -> Terminal:
    """The same, with what else is needed to draw.

    Raises:
        PicturesError: as :func:`choose`.
    """
    return Terminal(choose(environment, colours, asked), colours, "TMUX" in environment)


def sixel_library() -> bool:
    """Whether the package that encodes sixels is installed (the extra ``sixel``)."""
    return importlib.util.find_spec("textual_image") is not None


def _asked(name: str, environment: Mapping[str, str]) -> Rung:
    if name not in list(Rung):
        raise PicturesError(f"There is no way {name!r} to show pictures.", f"Choose one of: {', '.join(Rung)}.")
    rung = Rung(name)
    if rung is Rung.SIXEL and not sixel_library():
        raise PicturesError("Sixel pictures need a library that is not installed.", "pip install 'ivpt[sixel]'")
    if rung is Rung.KITTY and "NO_COLOR" in environment:
        # a picture's cells name it by their colour
        raise PicturesError("Kitty graphics need colours, and NO_COLOR is set.", "Unset NO_COLOR, or choose braille.")
    return rung


def _far(environment: Mapping[str, str], term: str) -> bool:
    inside = "TMUX" in environment or "STY" in environment or term.startswith(("screen", "tmux"))
    return inside or any(name in environment for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def _kitty(environment: Mapping[str, str], term: str) -> bool:
    # those that know Unicode placeholders, which keep a picture inside its cells; WezTerm and Konsole do not
    program = environment.get("TERM_PROGRAM", "").lower()
    return "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty") or program == "ghostty"


def _unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale allows for more than ASCII; C and POSIX are taken for UTF-8, as Python does (PEP 538)."""
    locale = next((v for n in ("LC_ALL", "LC_CTYPE", "LANG") if (v := environment.get(n))), "")
    charset = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    return charset in ("", "utf8")
