"""Which way to show pictures a terminal gets."""

import pytest

from ivpt.ui.pictures import rungs
from ivpt.ui.pictures.rungs import PicturesError, Rung, choose, terminal

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}
FOOT = {"TERM": "foot"}
CASES: tuple[tuple[dict[str, str], str | None, Rung], ...] = (
    (KITTY, "truecolor", Rung.KITTY),
    ({"TERM": "xterm-ghostty"}, "truecolor", Rung.KITTY),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "truecolor", Rung.KITTY),
    ({**KITTY, "TMUX": "/tmp/tmux-0/default,1,0"}, "truecolor", Rung.BLOCKS),
    ({**KITTY, "TERM": "tmux-256color"}, "truecolor", Rung.BLOCKS),
    ({**KITTY, "STY": "1.pts"}, "truecolor", Rung.BLOCKS),
    ({**KITTY, "SSH_CONNECTION": "1 2 3 4"}, "truecolor", Rung.BLOCKS),
    ({**KITTY, "SSH_TTY": "/dev/pts/1"}, "truecolor", Rung.BLOCKS),
    ({**KITTY, "NO_COLOR": "1"}, "truecolor", Rung.BLOCKS),
    (FOOT, "truecolor", Rung.SIXEL),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "truecolor", Rung.SIXEL),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "truecolor", Rung.SIXEL),
    ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230800"}, "truecolor", Rung.SIXEL),
    ({"TERM": "xterm-256color", "KONSOLE_VERSION": "210400"}, "truecolor", Rung.BLOCKS),
    ({**FOOT, "SSH_CLIENT": "1 2 3"}, "truecolor", Rung.BLOCKS),
    ({"TERM": "xterm-256color"}, "256", Rung.BLOCKS),
    ({"TERM": "linux"}, "standard", Rung.BLOCKS),
    ({"TERM": "vt100"}, None, Rung.BRAILLE),
    ({"TERM": "vt100", "LANG": "C"}, None, Rung.BRAILLE),
    ({"TERM": "vt100", "LANG": "de_DE.ISO-8859-1"}, None, Rung.ASCII),
    ({**KITTY, "LC_ALL": "en_US.ISO-8859-15@euro"}, "truecolor", Rung.ASCII),
    ({**KITTY, "LC_ALL": "", "LANG": "en_US.UTF-8"}, "truecolor", Rung.KITTY),
    ({**KITTY, "IVPT_PICTURES": "braille"}, "truecolor", Rung.BRAILLE),
    ({**KITTY, "IVPT_PICTURES": ""}, "truecolor", Rung.KITTY),
)


@pytest.mark.parametrize(("environment", "colours", "rung"), CASES)
def test_the_environment_decides(
    environment: dict[str, str], colours: str | None, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rungs, "sixel_library", lambda: True)
    assert choose(environment, colours) is rung


def test_without_the_library_sixel_terminals_get_half_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rungs, "sixel_library", lambda: False)
    assert choose(FOOT, "truecolor") is Rung.BLOCKS
    with pytest.raises(PicturesError, match=r"ivpt\[sixel\]"):
        choose(FOOT, "truecolor", "sixel")


def test_what_is_asked_for_comes_first() -> None:
    inside = {**KITTY, "TMUX": "yes", "IVPT_PICTURES": "ascii"}
    assert choose(inside, "truecolor", "KITTY") is Rung.KITTY
    assert terminal(inside, "truecolor", "kitty").tmux
    assert choose(inside, "truecolor") is Rung.ASCII


def test_nonsense_is_refused_with_the_choices() -> None:
    with pytest.raises(PicturesError, match="kitty, sixel, blocks, braille, ascii"):
        choose({}, "truecolor", "gif")
    with pytest.raises(PicturesError, match="NO_COLOR"):
        choose({"NO_COLOR": "1"}, "truecolor", "kitty")
