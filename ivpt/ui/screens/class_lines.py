"""Lines of the screen of classes: the list, what speaks for a class, confusions, two classes compared."""

import numpy as np
from textual.content import Content

from ivpt.analysis.classes import ClassRow
from ivpt.ui import palette
from ivpt.ui.session import Session
from ivpt.ui.widgets.bars import signed_bar
from ivpt.ui.widgets.cells import (
    MUTED,
    chosen,
    columns,
    concept_cell,
    cut,
    fitting,
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
    """The classes: accuracy, images of the split, what each is mostly taken for, shares of the coarse concepts."""
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
        (f"{session.classes.images(row):,}", -7),
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
    return line.stylize(click(f"app.command('classes', 'to', {row.c})"))


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
        (Content.styled(fitting(room, "mean over val and test", "val and test", "mean"), MUTED), room),
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
        return [no_mistakes(session)]
    return [pair_line(session, t, p, n, width) for t, p, n in own[: height or 8]]


def no_mistakes(session: Session) -> Content:
    """Why there is no confusion: nothing is wrong, or nothing was judged."""
    split, facts = session.classes.split, session.summary.facts
    judged = any(s.judged for s in facts.splits if s.name == split) if facts else True
    words = f"no mistakes among the {split} images" if judged else f"no predictions of {split} images stored"
    return Content.styled(words, MUTED)


def pair_line(session: Session, true: int, said: int, count: int, width: int) -> Content:
    """A confusion: how often, the true class, what it was taken for."""
    room = (width - 8) // 2
    return columns(
        (Content.styled(f"{count:,}× ", "bold"), -6),
        (cut(session.class_name(true), room - 1), room - 1),
        (Content.styled(" → ", MUTED), 3),
        (Content.styled(cut(session.class_name(said), room - 1), "$warning"), room - 1),
    )
