"""Text is shown literally and cannot steer the terminal."""

import pytest

from ivpt.ui.text import plain, shortened


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("creature_01/00001.png", "creature_01/00001.png"),
        ("\x1b[2J\x1b]0;owned\x07", "\ufffd[2J\ufffd]0;owned\ufffd"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("\x9b31m\x85", "\ufffd31m "),
        ("safe\u202egnp.exe\u2066", "safe\ufffdgnp.exe\ufffd"),
        ("\udcff", "\ufffd"),
        ("[red]bold[/]", "[red]bold[/]"),
        ("Größe 鳥", "Größe 鳥"),
    ],
)
def test_control_and_format_characters_are_replaced(given: str, shown: str) -> None:
    assert plain(given) == shown


def test_every_control_character_is_replaced() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0)]:
        assert plain(chr(code)) in {" ", "\ufffd"}


def test_limits() -> None:
    assert plain("abcdef", 4) == "abc…"
    assert shortened("folder/name.png", 9) == "…name.png"
    assert shortened("abc", 1) == "a" and shortened("abc", 0) == ""
