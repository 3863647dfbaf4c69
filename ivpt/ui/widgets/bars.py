"""Bars of block characters."""

from collections.abc import Sequence

from textual.content import Content

from ivpt.ui import palette
from ivpt.ui.palette import Rgb

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """A bar that fills ``share`` (0 to 1) of ``width`` cells, padded with blanks."""
    if not share > 0:
        return " " * width
    eighths = min(max(round(share * width * 8), 1), width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def scale(colours: Sequence[Rgb]) -> Content:
    """Legend of a colour scale from 0 to 1."""
    return Content.assemble("0 ", *(("█", palette.hexadecimal(rgb)) for rgb in colours), " 1")


def signed_bar(value: float, largest: float, width: int, rgb: Rgb) -> Content:
    """A bar to the right of the middle for positive values, to the left for negative ones.

    Args:
        value: signed.
        largest: magnitude that fills half the width.
        width: of both halves and the middle line.
        rgb: of the bar.
    """
    half = (width - 1) // 2
    share = min(abs(value) / largest, 1.0) if largest > 0 else 0.0
    colour = palette.hexadecimal(rgb)
    left = right = Content(" " * half)
    if value < 0 and share:
        # there are no right-aligned eighths, so the part that stays empty is drawn in reverse
        eighths = min(max(round(share * half * 8), 1), half * 8)
        full, rest = divmod(eighths, 8)
        parts: list[Content | tuple[str, str]] = [" " * (half - full - bool(rest))]  # type: ignore[list-item]
        if rest:
            parts.append((_EIGHTHS[8 - rest], f"reverse {colour}"))
        parts.append(("█" * full, colour))
        left = Content.assemble(*parts)
    elif share:
        right = Content.styled(bar(share, half), colour)
    return Content.assemble(left, ("│", "$foreground-muted"), right)


def swatch(channel: int, background: int, marks: bool) -> Content:
    """What stands for a concept beside its name: its colour, or the character that fills its region."""
    if marks:
        return Content.styled(f"{palette.mark(channel, background)} ", "bold")
    return Content.styled("██", palette.hexadecimal(palette.colour(channel, background)))
