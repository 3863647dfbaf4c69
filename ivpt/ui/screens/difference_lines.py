"""Lines of two classes compared: how the concepts of every layer differ between them."""

from textual.content import Content

from ivpt.analysis.classes import ConceptDifference
from ivpt.ui import palette
from ivpt.ui.session import Session
from ivpt.ui.widgets.bars import signed_bar
from ivpt.ui.widgets.cells import (
    MUTED,
    columns,
    concept_cell,
    fitting,
    percent,
    signed,
)


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
    lines = [_directions(first, second, width)]
    keys = list(dict.fromkeys(d.key for d in found))
    # where there is little room, blank lines go before rows do
    blank = not height or height >= 5 * len(keys)
    per_layer = max(((height or 60) - 1 - (1 + blank) * len(keys)) // max(len(keys), 1), 2)
    for key in keys:
        rows = [d for d in found if d.key == key]
        coarse = rows[0].evidence is not None
        lines.append(
            columns(
                (Content.styled(key, "bold $accent"), name),
                (Content.styled("evidence" if coarse else fitting(room, "difference", "diff."), MUTED), room),
                (Content.styled("1st / 2nd" if coarse else "area 1st / 2nd", MUTED), -figures),
                (Content.styled("" if coarse else "images", MUTED), -images),
            )
        )
        values = [_difference(d) for d in rows]
        largest = max((abs(v) for v in values), default=0.0)
        for d, value in list(zip(rows, values, strict=True))[: max(per_layer, len(rows) if coarse else 0)]:
            lines.append(_difference_row(session, d, value, largest, name, room, (figures, images)))
        lines += [Content("")] * blank
    return lines


def _directions(first: str, second: str, width: int) -> Content:
    """Which side of the bars speaks for which class."""
    side = (width - 1) // 2
    words = "more in " if max(Content(name).cell_length for name in (first, second)) + 10 <= side else ""
    left, right = Content(f"← {words}{second}"), Content(f"{words}{first}").truncate(side - 2, ellipsis=True)
    return columns((left.stylize(MUTED), side), ("", 1), (Content.assemble(right, " →").stylize(MUTED), -side))


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
