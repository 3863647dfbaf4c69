"""Lines of the screen of classes: the list, what speaks for a class, confusions, two classes compared."""

from collections.abc import Callable

import numpy as np
from textual.content import Content

from ivpt.analysis.classes import ClassRow, ConceptDifference, ConfusionMatrix
from ivpt.ui import palette
from ivpt.ui.session import Session
from ivpt.ui.widgets.bars import signed_bar
from ivpt.ui.widgets.cells import (
    MUTED,
    chosen,
    columns,
    concept_cell,
    cut,
    percent,
    signed,
    stacked,
    waiting,
    window,
)
from ivpt.ui.widgets.sheet import click


def _ground(session: Session) -> int:
    last = session.layers[-1]
    return last.background if last.block is None else 0


def list_lines(session: Session, width: int, height: int) -> list[Content]:
    """The classes: accuracy, images, what each is mostly taken for, and the shares of the coarse concepts."""
    classes = session.classes
    rows = classes.rows()
    if not rows:
        return waiting(session) if classes.lists.value is None else [Content.styled("no classes", MUTED)]
    bars = min(max(width - 46, 0), 24)
    taken = 14 if width - bars >= 52 else 0
    name = width - 13 - bars - taken
    heads = {"number": "class", "accuracy": "acc.", "images": "images"}
    names = "class" if classes.sort in ("number", "accuracy", "images") else "class, by name"
    head = columns(
        (Content.styled(names, "bold $accent" if classes.sort in ("number", "name") else MUTED), name),
        (Content.styled(heads["accuracy"], "bold $accent" if classes.sort == "accuracy" else MUTED), -6),
        (Content.styled(heads["images"], "bold $accent" if classes.sort == "images" else MUTED), -7),
        (Content.styled(" taken for", MUTED), taken),
        (Content.styled(" concepts", MUTED), bars),
    )
    at = next((n for n, row in enumerate(rows) if row.c == classes.at), 0)
    first = window(at, height - 1, len(rows)) if height > 1 else 0
    return [head, *(_class_row(session, row, width, name, taken, bars) for row in rows[first:])]


def _class_row(session: Session, row: ClassRow, width: int, name: int, taken: int, bars: int) -> Content:
    mistaken = "" if row.taken_for is None else f" {session.class_name(row.taken_for[0])}"
    line = columns(
        (cut(session.class_name(row.c), name), name),
        (percent(row.accuracy.value) if row.accuracy else "–", -6),
        (f"{sum(row.images):,}", -7),
        (Content.styled(mistaken, "$warning"), taken),
        (
            Content.assemble(
                " ", stacked([float(v) for v in row.shares], max(bars - 1, 0), session.overlay.marks, _ground(session))
            ),
            bars,
        ),
    )
    if row.c == session.classes.at:
        line = chosen(line, width)
    return line.stylize(click(f"app.choose_class({row.c})"))


def importance_lines(session: Session, width: int, height: int) -> list[Content]:
    """What each coarse concept adds to the class at hand, in the mean over its images, and its share."""
    row = session.classes.row
    if row is None:
        return waiting(session) if session.classes.lists.value is None else []
    if not np.isfinite(row.importance).any():
        return [Content.styled("No image of this class has stored scores.", MUTED)]
    coarse, ground = session.layers[-1].key, _ground(session)
    largest = float(np.nanmax(np.abs(row.importance)))
    name = min(max(width // 3, 14), 28)
    room = max(width - name - 8 - 7, 5)
    head = columns(
        (Content.styled("concept", MUTED), name),
        (Content.styled("mean over images", MUTED), room),
        (Content.styled("adds", MUTED), -8),
        (Content.styled("share", MUTED), -7),
    )
    lines = [head]
    for k in np.argsort(-row.importance, kind="stable").tolist():
        value = float(row.importance[k])
        lines.append(
            columns(
                (concept_cell(session, coarse, k + 1, name - 1), name),
                (signed_bar(value, largest, room, palette.colour(k + 1, ground)), room),
                (Content.styled(signed(value), "bold"), -8),
                (Content.styled(percent(float(row.shares[k])), MUTED), -7),
            )
        )
    total = float(np.nansum(row.importance))
    return [*lines, columns((Content.styled("mean logit", MUTED), name), ("", room), (signed(total), -8))]


def mistakes_lines(session: Session, width: int, height: int) -> list[Content]:
    """The confusions of the class at hand, both ways, the largest first."""
    classes = session.classes
    if classes.matrix is None:
        return [Content.styled("reading…", MUTED)]
    own = [(t, p, n) for t, p, n in classes.confusions() if classes.at in (t, p)]
    if not own:
        return [Content.styled(f"no mistakes among the {classes.split} images", MUTED)]
    return [_pair_line(session, t, p, n, width) for t, p, n in own[: height or 8]]


def _pair_line(session: Session, true: int, said: int, count: int, width: int) -> Content:
    room = (width - 8) // 2
    return columns(
        (Content.styled(f"{count:,}× ", "bold"), -6),
        (cut(session.class_name(true), room - 1), room - 1),
        (Content.styled(" → ", MUTED), 3),
        (Content.styled(cut(session.class_name(said), room - 1), "$warning"), room - 1),
    )


def confusion_lines(session: Session, width: int, height: int) -> list[Content]:
    """Confusions, the largest first: true class and what it was taken for."""
    classes = session.classes
    if classes.matrix is None:
        return waiting(session)
    found = classes.confusions()
    if not found:
        return [Content.styled(f"no mistakes among the {classes.split} images", MUTED)]
    at = min(classes.pair, len(found) - 1)
    first = window(at, height, len(found))
    lines = []
    for n, (true, said, count) in enumerate(found[first:], start=first):
        line = _pair_line(session, true, said, count, width)
        line = chosen(line, width) if n == at else line
        lines.append(line.stylize(click(f"app.choose_pair({n})")))
    return lines


def matrix_title(session: Session) -> Content:
    """Which images, and how many mistakes are shown."""
    matrix = session.classes.matrix
    if matrix is None:
        return Content("Confusions")
    return Content(
        f"{matrix.split}: true class down, predicted across; {matrix.shown:,} of {matrix.mistakes:,} mistakes"
    )


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
    top, left = window(row_at, max(rows, 1), len(order)), window(column_at, across, len(order))
    shown = range(left, min(left + across, len(order)))
    lines = _heads(session, matrix, shown, name, head_height, column_at, cell)
    lines.append(
        Content.assemble(" " * name, *((f"{order[j]:>{cell}}", "bold" if j == column_at else MUTED) for j in shown))
    )
    for i in range(top, min(top + max(rows, 1), len(order))):
        cells = [_count(matrix, i, j, (i, j) == (row_at, column_at), cell) for j in shown]
        label = Content.styled(cut(f"{order[i]} {session.class_name(order[i])}", name), "bold" if i == row_at else "")
        lines.append(Content.assemble(label, *cells, (f"+{matrix.elsewhere[i]}" if matrix.elsewhere[i] else "", MUTED)))
    return lines


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


def difference_title(session: Session) -> Content:
    """The two classes."""
    classes = session.classes
    if classes.compared is None:
        return Content("Two classes")
    return Content(f"{session.class_name(classes.at)} beside {session.class_name(classes.compared)}")


def difference_lines(session: Session, width: int, height: int) -> list[Content]:
    """How the concepts of every layer differ between two classes; coarse concepts by what they add, others by area."""
    classes = session.classes
    if classes.compared is None:
        return [Content.styled("There is only one class.", MUTED)]
    found = classes.differences.value
    if found is None:
        return [Content.styled(classes.differences.trouble or "reading…", MUTED)]
    first, second = session.class_name(classes.at), session.class_name(classes.compared)
    name = min(max(width // 4, 12), 26)
    figures, images = 15, 15 if width >= 54 else 0
    room = max(width - name - figures - images, 5)
    side = (width - 3) // 2
    lines: list[Content] = [
        columns(
            (Content.styled(f"← more in {second}", MUTED), side),
            (Content.styled(f"more in {first} →", MUTED), -side),
        )
    ]
    keys = list(dict.fromkeys(d.key for d in found))
    per_layer = max(((height or 60) - 1 - 2 * len(keys)) // max(len(keys), 1), 2)
    for key in keys:
        rows = [d for d in found if d.key == key]
        coarse = rows[0].evidence is not None
        lines.append(
            columns(
                (Content.styled(key, "bold $accent"), name),
                (Content.styled("evidence" if coarse else "area", MUTED), room),
                (Content.styled("here / there" if coarse else "area", MUTED), -figures),
                (Content.styled("" if coarse else "images", MUTED), -images),
            )
        )
        values = [_difference(d) for d in rows]
        largest = max((abs(v) for v in values), default=0.0)
        for d, value in list(zip(rows, values, strict=True))[: max(per_layer, len(rows) if coarse else 0)]:
            lines.append(_difference_row(session, d, value, largest, name, room, (figures, images)))
        lines.append(Content(""))
    return lines[:-1]


def _difference(d: ConceptDifference) -> float:
    """Positive where the concept speaks for the first class, or is larger there."""
    value = d.evidence[0] if d.evidence is not None else d.area[0] - d.area[1]
    return value if value == value else 0.0


def _difference_row(
    session: Session, d: ConceptDifference, value: float, largest: float, name: int, room: int, figures: tuple[int, int]
) -> Content:
    rgb = palette.colour(d.channel, session.run.layer(d.key).background)
    if d.evidence is not None:
        texts: tuple[str, str] = (" / ".join(signed(v) for v in d.evidence), "")
    else:
        texts = (
            " / ".join(percent(v, 1) for v in d.area),
            " / ".join(percent(v) for v in d.present),
        )
    return columns(
        (concept_cell(session, d.key, d.channel, name - 1), name),
        (signed_bar(value, largest, room, rgb), room),
        (texts[0], -figures[0]),
        (Content.styled(texts[1], MUTED), -figures[1]),
    )


PANELS: dict[str, Callable[[Session, int, int], list[Content]]] = {
    "importance": importance_lines,
    "confusion": matrix_lines,
    "difference": difference_lines,
}
