"""Lines of an answer about pruning: figures over all images, per class, and the images that flip."""

from textual.content import Content

from ivpt.ui.parts.prune import CLASSES, FLIPS, Prune, changed_classes
from ivpt.ui.text import counted, plain, shortened
from ivpt.ui.trial import Answer
from ivpt.ui.widgets.cells import CHOSEN, MUTED, cut
from ivpt.ui.widgets.sheet import click


def answer_lines(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    """An answer in the view that is chosen.

    Args:
        prune: the view, and the row that the arrow keys stand on.
        pane: where the answer is shown.
        answer: about one split.
        width: in character cells.
        height: of what is left for it.
    """
    if prune.view == CLASSES:
        return _classes(prune, pane, answer, width, height)
    if prune.view == FLIPS:
        return _flips(prune, pane, answer, width, height)
    # what it is not stands below and is not pushed out
    lines = _summary(prune, answer, width)
    for pair in _worst_pairs(answer):
        lines += _worst(*pair, width, min(20, width - 25))
    if len(lines) > height:
        lines = _summary(prune, answer, width)
        for _, before, after in _worst_pairs(answer):
            lines += [Content.styled(words, MUTED) for words in worst_groups(before, after, width, shares=True)]
    lines = lines[: max(height, 1)]
    room = height - len(lines) - 1
    # as many of the classes that change most as there is room for; v shows them all
    return [*lines, Content(""), *_classes(prune, "", answer, width, room)] if room > 3 else lines


def _summary(prune: Prune, answer: Answer, width: int) -> list[Content]:
    room = min(20, width - 25)
    head = cut(f"{prune.split} {answer['images']:,} images", room)
    before, after = answer["before"]["accuracy"], answer["after"]["accuracy"]
    change = 100 * (after - before)
    colour = "$error" if change < 0 else "$success" if change > 0 else ""
    other = answer["flipped"] - answer["lost"] - answer["won"]
    lines = [
        Content.styled(f"{head:<{room}}{'before':>8}{'after':>8}{'change':>8}", MUTED),
        Content.assemble(
            f"{'accuracy':<{room}}{before:8.1%}",
            (f"{after:8.1%}", "bold"),
            (f"{change:+8.1f}", colour),
            (_interval(answer["after"]) if width >= 70 else "", MUTED),
        ),
        Content.assemble(
            (f"{answer['flipped']} flip: ", "bold"),
            (f"{answer['lost']} lost", "$error" if answer["lost"] else ""),
            ", ",
            (f"{answer['won']} won", "$success" if answer["won"] else ""),
            f", {other} still wrong",
        ),
    ]
    return lines


def _worst_pairs(answer: Answer) -> list[tuple[str, Answer, Answer]]:
    """Attribute, and the worst of its groups before and after."""
    found = answer["worst_groups"].items()
    return [(name, pair["before"], pair["after"]) for name, pair in found if "before" in pair and "after" in pair]


def _worst(attribute: str, before: Answer, after: Answer, width: int, room: int) -> list[Content]:
    figures = Content.assemble(
        f"{cut(plain(f'worst {attribute}'), room)}",
        f"{before['accuracy']:8.1%}",
        (f"{after['accuracy']:8.1%}", "bold"),
    )
    return [figures, *(Content.styled(f"  {words}", MUTED) for words in worst_groups(before, after, width - 2))]


def worst_groups(before: Answer, after: Answer, width: int, *, shares: bool = False) -> list[str]:
    """Which group is the worst one; another one may be afterwards, so there is no difference of one group to show.

    Args:
        before: the worst group before.
        after: and after.
        width: in character cells.
        shares: with their accuracy, where there is no room for a line of figures.
    """
    (name, many), (then, many_then) = (
        (plain(f"{group['class']} × {group['value']}"), counted(group["images"], "image")) for group in (before, after)
    )
    if name == then:
        both = f"worst {before['accuracy']:.1%} → {after['accuracy']:.1%}: " if shares else "both: "
        return [_called(both, name, many, width)]
    heads = (
        f"{short} {group['accuracy']:.1%}: " if shares else f"{when}: "
        for when, short, group in (("before", "worst", before), ("after", "after", after))
    )
    return [_called(next(heads), name, many, width), _called(next(heads), then, many_then, width)]


def _called(head: str, name: str, many: str, width: int) -> str:
    """The name gives way where there is little room, and not the number of images."""
    return f"{head}{plain(name, max(width - len(head) - len(many) - 2, 8))}, {many}"


def _interval(figure: Answer) -> str:
    low, high = figure["interval"]
    return f"  after: {low:.1%} to {high:.1%}"


def _classes(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    rows = changed_classes(answer)
    room = max(width - 31, 6)
    head = Content.styled(f"{'class':<{room}}{'images':>7}{'before':>8}{'after':>8}{'change':>8}", MUTED)
    at = min(prune.at, max(len(rows) - 1, 0)) if prune.pane == pane else None
    first = first_shown(at or 0, height - 1, len(rows))
    lines = []
    for n, row in enumerate(rows[first : first + max(height - 1, 1)], first):
        share, then = row["before"] / row["images"], row["after"] / row["images"]
        change = 100 * (then - share)
        colour = "$error" if change < 0 else "$success" if change > 0 else MUTED
        name = plain(row["class"], room - 1)
        lines.append(
            _row(
                Content.assemble(
                    f"{name:<{room}}{row['images']:>7}{share:8.1%}{then:8.1%}", (f"{change:+8.1f}", colour)
                ),
                n == at,
                width,
            )
        )
    return [head, *lines]


def _flips(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    flips = answer["flips"]
    if not flips:
        return [Content.styled(f"No {prune.split} image flips.", MUTED)]
    at = min(prune.at, len(flips) - 1) if prune.pane == pane else None
    first = first_shown(at or 0, height - 1, len(flips))
    hint = "⏎ looks at the image" if at is not None else "a: arrow keys here"
    lines = [Content.styled(f"{len(flips)} images flip  {hint}", MUTED)]
    for n, flip in enumerate(flips[first : first + max(height - 1, 1)], first):
        right = flip["after"] == flip["label"]
        sign, colour = (
            ("✓", "$success") if right else ("✗", "$error") if flip["before"] == flip["label"] else ("·", MUTED)
        )
        words = f"{plain(flip['before'])} → {plain(flip['after'])}"
        true = "" if right or flip["before"] == flip["label"] else f" (is {plain(flip['label'])})"
        text = f"{words}{true}"
        left = width - len(text) - 4
        # less of a name tells no image from another
        name = f"  {shortened(plain(flip['id']), left)}" if left >= 8 else ""
        line = _row(Content.assemble((f"{sign} ", colour), text, (name, MUTED)), n == at, width)
        lines.append(line.stylize(click(f"screen.flip({pane!r}, {n})")))
    return lines


def _row(line: Content, chosen: bool, width: int) -> Content:
    if not chosen:
        return line
    return line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)


def first_shown(at: int, height: int, rows: int) -> int:
    """The first row of a list that is too long, so that one of its rows is in the middle."""
    return max(0, min(at - height // 2, rows - height)) if height > 0 else 0
