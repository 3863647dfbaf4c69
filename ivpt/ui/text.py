"""Text from data sets, plugins and run files made harmless for a terminal."""

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BLANK = {"\t", "\n", "\r", "\v", "\f", "\x85", "\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}"}
_UNPRINTABLE = {"Cc", "Cf", "Cs"}
"""Unicode categories of control characters (C0, C1), format characters (among them those that turn the writing
direction around) and lone surrogates."""


def plain(text: object, limit: int = 0) -> str:
    """One line that shows text literally: no control sequence, no line break, no change of direction.

    Args:
        text: anything; ``str()`` of it is shown.
        limit: most characters kept, an ellipsis marks the cut; 0 for all.

    Returns:
        The text with blanks for line breaks and tabs, and U+FFFD for every other control or format character.
    """
    words = str(text)
    if not words.isprintable():
        words = "".join(_harmless(c) for c in words)
    if limit and len(words) > limit:
        words = words[: max(limit - 1, 0)] + "…"
    return words


def counted(many: int, one: str, several: str = "") -> str:
    """``1 class`` or ``1,200 images``."""
    return f"{many:,} {one if many == 1 else several or f'{one}s'}"


def shortened(text: str, width: int) -> str:
    """The end of a long name, because the end tells images apart: ``…/00012.png``."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :] if width > 1 else text[:width]


def _harmless(character: str) -> str:
    if character in _BLANK:
        return " "
    return REPLACEMENT if unicodedata.category(character) in _UNPRINTABLE else character
