"""Curves in braille dots."""

import math
from collections.abc import Callable, Mapping, Sequence

from textual.content import Content

from ivpt.ui import palette
from ivpt.ui.card import number

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def curves(
    columns: Mapping[str, Sequence[float]], width: int, height: int, form: Callable[[float], str] = number
) -> list[Content]:
    """Plot columns of equal meaning over the epochs.

    Args:
        columns: name to one value per epoch; values that are not finite leave a gap.
        width: of everything, in cells.
        height: of everything; one line per column goes to the legend.
        form: how a value is written.

    Returns:
        ``height`` lines: the plot with its scale at the left, then the legend with the last values.
    """
    finite = [v for values in columns.values() for v in values if math.isfinite(v)]
    plot = height - len(columns)
    if not finite or plot < 2:
        return [Content.styled("no history yet", "$foreground-muted")] if not finite else _legend(columns, form)
    low, high = min(finite), max(finite)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    scale = max(len(form(low)), len(form(high)))
    cells = max(width - scale - 1, 1)
    canvas = [[(0, -1)] * cells for _ in range(plot)]
    for at, values in enumerate(columns.values()):
        _draw(canvas, values, at, low, high)
    lines = []
    for row, line in enumerate(canvas):
        edge = form(high) if row == 0 else form(low) if row == plot - 1 else ""
        parts = [Content.styled(f"{edge:>{scale}}", "$foreground-muted"), Content.styled("▏", "$foreground-muted")]
        parts += [Content.styled(chr(0x2800 + dots), _style(at)) if dots else Content(" ") for dots, at in line]
        lines.append(Content.assemble(*parts))
    return lines + _legend(columns, form)


def _draw(canvas: list[list[tuple[int, int]]], values: Sequence[float], at: int, low: float, high: float) -> None:
    rows, columns = len(canvas) * 4, len(canvas[0]) * 2
    previous: int | None = None
    for x in range(columns):
        place = x * (len(values) - 1) / max(columns - 1, 1)
        left = int(place)
        right = min(left + 1, len(values) - 1)
        value = values[left] * (1 - place + left) + values[right] * (place - left)
        if not math.isfinite(value):
            previous = None
            continue
        y = round((high - value) / (high - low) * (rows - 1))
        for step in range(
            min(y, previous if previous is not None else y), max(y, previous if previous is not None else y) + 1
        ):
            dots, _ = canvas[step // 4][x // 2]
            canvas[step // 4][x // 2] = (dots | _DOTS[step % 4][x % 2], at)
        previous = y


def _legend(columns: Mapping[str, Sequence[float]], form: Callable[[float], str]) -> list[Content]:
    return [
        Content.assemble(("── ", _style(at)), name.replace("_", " "), (f"  {form(values[-1])}", "bold"))
        for at, (name, values) in enumerate(columns.items())
        if len(values)
    ]


def _style(at: int) -> str:
    return palette.hexadecimal(palette.COLOURS[at % len(palette.COLOURS)])
