"""Lines of the compare screen."""

from textual.content import Content

from ivpt.ui import palette
from ivpt.ui.comparing import BROKEN, EXAMPLES, FIXED, MOVED
from ivpt.ui.parts.compare import IMPORTANCE, PICTURES, PREDICTIONS, Compare, Row
from ivpt.ui.session import Session
from ivpt.ui.text import plain, shortened
from ivpt.ui.widgets.bars import bar, signed_bar, swatch
from ivpt.ui.widgets.cells import CHOSEN, MUTED, columns, cut, folded
from ivpt.ui.widgets.sheet import click

_SIGNS = {BROKEN: ("✗", "$error"), FIXED: ("✓", "$success"), MOVED: ("·", MUTED)}
_TITLES = {
    PICTURES: "Regions of both",
    IMPORTANCE: "What it adds to each class",
    PREDICTIONS: "Predictions that changed",
}


def head_lines(compare: Compare, width: int) -> list[Content]:
    """Which two runs."""
    own = shortened(plain(compare.session.run.path), width // 2 - 5)
    if compare.place is None:
        return [Content.assemble((" A ", "reverse bold"), f" {own}  ", ("no second run: o opens one", "$warning"))]
    theirs = shortened(plain(compare.place), width // 2 - 5)
    return [Content.assemble((" A ", "reverse bold"), f" {own}  ", (" B ", "reverse bold"), f" {theirs}")]


def waiting(compare: Compare) -> list[Content]:
    """Why there is nothing to see yet; empty when there is."""
    if compare.place is None:
        return [Content.styled("o lays a second run file beside this one.", MUTED)]
    for reading in (compare.other, compare.matching):
        if reading.trouble:
            return [Content.styled(reading.trouble, "$error")]
    if compare.other.value is None:
        return [Content.styled("opening the second run…", MUTED)]
    if compare.matching.value is None:
        return [Content.styled(f"matching concepts… {compare.matching.progress:.0%}", MUTED)]
    return []


def list_lines(session: Session, compare: Compare, width: int, height: int) -> list[Content]:
    """Matched concepts, then those of A alone, then those of B alone."""
    rows = compare.rows
    if not rows:
        return folded(waiting(compare) or [Content.styled("no concepts", MUTED)], width)
    matching = compare.matching.value
    by = "overlap" if matching is None or matching.how == "regions" else "cosine"
    at = min(compare.row, len(rows) - 1)
    first = max(0, min(at - (height - 1) // 2, len(rows) - height + 1)) if height > 1 else 0
    lines = [Content.styled(f"{'A':<7}{'B':<7}{by}", MUTED)]
    names = {row: _names(compare, row) for row in rows}
    chance = any(row.chance is not None for row in rows) and width >= 44
    # the bar has what the longest name leaves it
    left = width - 14 - 5 - 12 * chance - max(len(name) + 1 for name in names.values())
    for n, row in list(enumerate(rows))[first:]:
        line = _row(session, row, names[row], min(max(left, 4), 20), chance)
        if n == at:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)
        lines.append(line.stylize(click(f"screen.row({n})")))
    return lines


def _names(compare: Compare, row: Row) -> str:
    """What a row is called; ``beak / bill`` where the two runs have different names for it."""
    return " / ".join(dict.fromkeys(name for name in compare.name(row) if name))


def _row(session: Session, row: Row, name: str, room: int, chance: bool) -> Content:
    marks, background = session.overlay.marks, session.layer.background
    own = Content(" " * 7)
    if row.first is not None:
        own = Content.assemble(swatch(row.first, background, marks), f" {row.first:<4}")
    # a match has one colour in both runs: that of the first
    colour = row.first if row.first is not None else row.second
    theirs = Content(" " * 7)
    if row.second is not None and colour is not None:
        theirs = Content.assemble(swatch(colour, background, marks), f" {row.second:<4}")
    if row.kind == "match":
        by_chance = f" chance {row.chance:.2f}" if row.chance is not None and chance else ""
        overlap = row.overlap or 0.0
        tail = Content.assemble(bar(max(overlap, 0.0), room), f" {overlap:.2f}", (by_chance, MUTED), f" {name}")
    else:
        words = "only A" if row.kind == "vanished" else "only B"
        # what is most like it in the other run is not like it enough
        best = f" best {row.overlap:.2f}" if row.overlap is not None else ""
        tail = Content.assemble((words, "$warning"), (best, MUTED), f" {name}")
    return Content.assemble(own, theirs, tail)


def side_lines(side: str, words: str, images: tuple[str, ...], width: int, height: int) -> list[Content]:
    """Which run and what its concept is called; over each picture the name of its image, where there is room."""
    head = Content.assemble((f" {side.upper()} ", "reverse bold"), f" {words}")
    room = width // EXAMPLES - 1
    if not images or head.cell_length + 9 > room:
        return [head.truncate(width, ellipsis=True)]
    cells: list[tuple[str | Content, int]] = []
    for n, name in enumerate(images):
        before = Content.assemble(head, "  ") if n == 0 else Content("")
        shown = Content.styled(shortened(name, room - before.cell_length), MUTED)
        cells += [(Content.assemble(before, shown), room), ("", 1)]
    return [columns(*cells)]


def note_lines(compare: Compare, width: int, height: int) -> list[Content]:
    """How they were matched."""
    matching = compare.matching.value
    if matching is None:
        return []
    by = f"regions on {matching.images:,} of {matching.common:,} common images"
    by = by if matching.how == "regions" else "their prototypes: no common images"
    how = f"{matching.first} with {matching.second} by {by}"
    count = (
        f"{len(matching.matches)} matched from {matching.same:g}, {len(matching.vanished)} only in A, "
        f"{len(matching.appeared)} only in B"
    )
    notes = (Content.styled(plain(note), "$warning") for note in matching.notes)
    # where there is little room the end is cut, and never what warns
    return folded([Content(count), *notes, Content.styled(how, MUTED)], width)


def view_title(compare: Compare) -> Content:
    """What the right side shows."""
    return Content(_TITLES[compare.view])


def importance_lines(session: Session, compare: Compare, width: int, height: int) -> list[Content]:
    """The chosen coarse pair over the classes of both runs, those that differ most first (paper, Fig. 10)."""
    found, row = compare.importance.value, compare.chosen
    if found is None:
        words = compare.importance.trouble or f"matching coarse concepts… {compare.importance.progress:.0%}"
        return folded(waiting(compare) or [Content.styled(words, MUTED)], width)
    if row is None or session.view.layer != found.matching.first:
        return folded([Content.styled("Only coarse concepts have importance: choose their layer.", MUTED)], width)
    if not found.classes:
        return folded([Content.styled("The runs have no class in common.", MUTED)], width)
    pairs = found.of(row.first, row.second)
    known = [abs(v) for _, *values in pairs for v in values if v == v]
    largest = max(known, default=0.0)
    room = max((width - 34) // 2, 5)
    names = max(width - 2 * room - 16, 8)
    rgb = palette.colour(row.first if row.first is not None else row.second or 0, session.layer.background)
    called = zip((row.first, row.second), compare.name(row), strict=True)
    heads = ("–" if k is None else plain(name or f"coarse:{k}", room + 3) for k, name in called)
    lines = [
        Content.styled(
            " " * names + "".join(f"{f'{run}  {head}':^{room + 8}}" for run, head in zip("AB", heads, strict=True)),
            MUTED,
        )
    ]
    for name, own, theirs in pairs[: max(height - 1, 1)] if height else pairs:
        cells = []
        for value in (own, theirs):
            text = f"{value:+7.2f} " if value == value else "      – "
            cells.append(
                Content.assemble(signed_bar(value if value == value else 0.0, largest, room, rgb), (text, "bold"))
            )
        lines.append(Content.assemble(cut(name, names), *cells))
    return lines


def prediction_lines(compare: Compare, width: int, height: int) -> list[Content]:
    """Accuracy of both on what both have judged, and the images they call different things."""
    found = compare.predictions.value
    if found is None:
        words = compare.predictions.trouble or "reading predictions…"
        return folded(waiting(compare) if compare.other.value is None else [Content.styled(words, MUTED)], width)
    if not found.judged:
        words = "There is no image that both have judged and neither was trained on."
        return folded([Content.styled(words, MUTED)], width)
    lines = [
        Content.assemble(
            f"{found.judged:,} images judged by both: A ",
            (f"{found.first_right / found.judged:.1%}", "bold"),
            "  B ",
            (f"{found.second_right / found.judged:.1%}", "bold"),
        ),
        Content.assemble(
            (f"{found.count(BROKEN)} right in A only", "$error"),
            ", ",
            (f"{found.count(FIXED)} in B only", "$success"),
            f", {found.count(MOVED)} wrong in both, differently",
        ),
    ]
    if found.relabelled:
        lines.append(Content.styled(f"{found.relabelled} left out: their classes have other names in B.", "$warning"))
    lines = folded(lines, width)
    at = min(compare.change, max(len(found.changed) - 1, 0))
    room = max(height - len(lines), 1) if height else len(found.changed)
    first = max(0, min(at - room // 2, len(found.changed) - room))
    for n, change in enumerate(found.changed[first : first + room], first):
        sign, colour = _SIGNS[change.how]
        text = f"{change.first} → {change.second}"
        text += "" if change.how != MOVED else f" (is {change.true})"
        left = width - len(text) - 4
        name = f"  {shortened(change.name, left)}" if left >= 8 else ""
        line = Content.assemble((f"{sign} ", colour), text, (name, MUTED))
        if n == at:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)
        lines.append(line.stylize(click(f"screen.row({n})")))
    return lines
