"""Lines of the confusions: the largest first, and the part of the matrix around the one at hand."""

from textual.content import Content

from ivpt.analysis.classes import ConfusionMatrix
from ivpt.ui.screens.class_lines import no_mistakes, pair_line
from ivpt.ui.session import Session
from ivpt.ui.widgets.cells import (
    MUTED,
    chosen,
    cut,
    waiting,
    window,
)
from ivpt.ui.widgets.sheet import click


def confusion_lines(session: Session, width: int, height: int) -> list[Content]:
    """Confusions, the largest first: true class and what it was taken for."""
    classes = session.classes
    if classes.matrix is None:
        return waiting(session)
    found = classes.confusions()
    if not found:
        return [no_mistakes(session)]
    at = min(classes.pair, len(found) - 1)
    first = window(at, height, len(found))
    lines = []
    for n, (true, said, count) in enumerate(found[first:], start=first):
        line = pair_line(session, true, said, count, width)
        line = chosen(line, width) if n == at else line
        lines.append(line.stylize(click(f"app.command('classes', 'to_pair', {n})")))
    return lines


def matrix_title(session: Session) -> Content:
    """Which images, which way to read it, and how many mistakes are shown where not all are."""
    matrix = session.classes.matrix
    if matrix is None:
        return Content("Confusions")
    words = f"{matrix.split}: true ↓ predicted →"
    if matrix.shown < matrix.mistakes:
        words += f", {matrix.shown:,} of {matrix.mistakes:,} mistakes"
    return Content(words)


def matrix_lines(session: Session, width: int, height: int) -> list[Content]:
    """The part of the confusion matrix around the class or confusion at hand."""
    classes, matrix = session.classes, session.classes.matrix
    if matrix is None:
        return waiting(session)
    if not len(matrix.classes):
        return [Content.styled("no predictions stored", MUTED)]
    found = classes.confusions()
    true, said = classes.at, classes.compared
    if found:
        true, said, _ = found[min(classes.pair, len(found) - 1)]
    order = matrix.classes.tolist()
    cell = 1 + max(len(str(int(matrix.counts.max(initial=0)))), len(str(max(order))), 2)
    name = min(max((width - 4 * cell) // 3, 8), 22)
    across = max((width - name - 5) // cell, 1)
    row_at = order.index(true) if true in order else 0
    column_at = order.index(said) if said in order else 0
    head_height = 6 if height >= 16 or not height else 0
    rows = (height - head_height - 1) if height else len(order)
    hidden = (across < len(order)) + (rows < len(order))
    # the lines that say so take room themselves
    hidden += hidden == 1 and rows == len(order) > 1 and bool(height)
    rows = max(rows - hidden, 1) if height else rows
    top, left = _window(row_at, column_at, rows, len(order)), _window(column_at, row_at, across, len(order))
    shown = range(left, min(left + across, len(order)))
    lines = [
        *_more("columns", left, across, len(order), "‹", "›"),
        *_more("rows", top, rows, len(order), "↑", "↓"),
        *_heads(session, matrix, shown, name, head_height, column_at, cell),
    ]
    lines.append(
        Content.assemble(" " * name, *((f"{order[j]:>{cell}}", "bold" if j == column_at else MUTED) for j in shown))
    )
    for i in range(top, min(top + max(rows, 1), len(order))):
        cells = [_count(matrix, i, j, (i, j) == (row_at, column_at), cell) for j in shown]
        label = Content.styled(cut(f"{order[i]} {session.class_name(order[i])}", name), "bold" if i == row_at else "")
        lines.append(Content.assemble(label, *cells, (f"+{matrix.elsewhere[i]}" if matrix.elsewhere[i] else "", MUTED)))
    return lines


def _window(at: int, beside: int, room: int, many: int) -> int:
    """First row or column shown: the confusion, and if they fit together what was right of both of its classes."""
    return window((at + beside + 1) // 2 if abs(at - beside) < room else at, room, many)


def _more(what: str, first: int, room: int, many: int, back: str, on: str) -> list[Content]:
    """Which part is shown, where not all fit."""
    if room >= many:
        return []
    before, after = first, many - first - room
    marks = [f"{back} {before} more"] * (before > 0) + [f"{after} more {on}"] * (after > 0)
    return [Content.styled(f"{room} of {many} {what}: {', '.join(marks)}", "$warning")]


def _heads(
    session: Session, matrix: ConfusionMatrix, shown: range, name: int, height: int, column_at: int, cell: int
) -> list[Content]:
    """Names of the columns, written downwards."""
    lines = []
    for y in range(height):
        cells = []
        for j in shown:
            text = session.class_name(int(matrix.classes[j]))
            letter = text[y] if y < len(text) else " "
            cells.append((f"{letter:>{cell}}", "bold" if j == column_at else MUTED))
        lines.append(Content.assemble(" " * name, *cells))
    return lines


def _count(matrix: ConfusionMatrix, i: int, j: int, here: bool, cell: int) -> Content:
    count = int(matrix.counts[i, j])
    text = f"{count or '·':>{cell}}"
    if here:
        return Content.styled(text, "bold $background on $accent")
    if not count:
        return Content.styled(text, "$foreground 25%")
    if i == j:
        return Content.styled(text, "$success")
    share = count / max(int(matrix.counts[i].sum()) + int(matrix.elsewhere[i]), 1)
    return Content.styled(text, "bold $error" if share >= 0.1 else "$warning")
