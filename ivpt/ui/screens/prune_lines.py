"""Lines of the prune screen: marks, the two answers, and the commands that give the same."""

import textwrap

from textual.content import Content

from ivpt.runfile.concept import Concept
from ivpt.ui.parts.edits import told
from ivpt.ui.parts.prune import (
    CLASSES,
    EVIDENCE,
    FLIPS,
    MODEL,
    SUMMARY,
    Answer,
    Prune,
    Trial,
    changed_classes,
)
from ivpt.ui.session import Session
from ivpt.ui.text import plain, shortened
from ivpt.ui.widgets.bars import bar, swatch
from ivpt.ui.widgets.sheet import click

TITLES = {
    EVIDENCE: "A  EVIDENCE REMOVED: stored scores only",
    MODEL: "B  REMOVED FROM THE MODEL: network run again",
}
_MUTED = "$foreground-muted"


def feeds(session: Session, concept: Concept) -> tuple[str, float] | None:
    """The coarse concept (or background) that a prototype of a block feeds, and in what share of its images."""
    facts = session.summary.of(concept.layer, concept.number)
    if facts is None or facts.feeds is None:
        return None
    group, share = facts.feeds
    return ("background" if group == 0 else f"coarse:{group}"), share


def listed(concepts: tuple[Concept, ...], most: int = 4) -> str:
    """``L6:3, coarse:2 and 3 more``."""
    words = ", ".join(map(str, concepts[:most]))
    return words + (f" and {len(concepts) - most} more" if len(concepts) > most else "")


# the list


def list_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Concepts of the layer with their marks and the coarse concept each feeds."""
    layer, at = session.layer, prune.concept
    first = _first(layer.foreground.index(at.number) if at else 0, height, len(layer.foreground))
    lines = []
    for k in layer.foreground[first:]:
        concept = Concept(layer.key, k)
        marked, gone = concept in prune.drops, k in layer.removed
        box = "gone " if gone else "[x] " if marked else "[ ] "
        fed = feeds(session, concept)
        tail = f"→ {fed[0]} {fed[1]:4.0%}" if fed else ""
        name = prune.edits.name(layer.key, k)
        room = width - 13 - len(tail) - 1
        line = Content.assemble(
            (box, "bold $error" if marked else _MUTED),
            swatch(k, layer.background, session.overlay.marks),
            f" {k:<5}",
            f"{name if len(name) <= room else name[: max(room - 1, 0)] + '…':<{max(room, 0)}} ",
            (tail, _MUTED),
        )
        if gone:
            line = line.stylize("dim")
        if at is not None and k == at.number:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize("bold on $primary-muted")
        lines.append(line.stylize(click(f"screen.mark_clicked({layer.key!r}, {k})")))
    return lines


def marked_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Everything marked, on whatever layer; named sets; what undo would do."""
    now, drops = prune.edits.now, prune.drops
    if now is None:
        return [Content.styled("reading the edits…", _MUTED)]
    lines = []
    for concept in drops:
        name, fed = prune.edits.name(concept.layer, concept.number), feeds(session, concept)
        where = f" → {fed[0]}" if fed else ""
        lines.append(Content.assemble((str(concept), "bold"), f" {name}" if name else "", (where, _MUTED)))
    if not drops:
        lines = [Content.styled("nothing: space marks a concept", _MUTED)]
    tail = []
    if now.state.sets:
        tail.append(Content.styled(f"sets: {plain(', '.join(now.state.sets))}", _MUTED))
    if now.undo is not None or now.redo is not None:
        tail.append(
            Content.styled(f"u undoes: {told(now.undo)}" if now.undo else f"U redoes: {told(now.redo)}", _MUTED)
        )
    if height and len(lines) + len(tail) > height:
        kept = max(height - len(tail) - 1, 1)
        lines = [*lines[:kept], Content.styled(f"and {len(drops) - kept} more", _MUTED)] if kept < len(lines) else lines
    return lines + tail


def marked_title(prune: Prune) -> Content:
    """How many are marked, and whether the head would be fitted anew."""
    words = f"Marked: {len(prune.drops)}"
    return Content.assemble(words, (" · head re-fitted in B", "$accent") if prune.refit else "")


# the answers


def evidence_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Answer A: what the stored scores say without some coarse concepts."""
    drops, silent = prune.coarse_drops, tuple(c for c in prune.drops if c not in prune.coarse_drops)
    answer = prune.answers[0]
    if not drops:
        return _only_fine(session, silent) if silent else [Content.styled("Mark a coarse concept.", _MUTED)]
    head = [Content.assemble("The scores of ", (listed(drops), "bold"), " are left out of the sum.")]
    if silent:
        head.append(Content.styled(f"{listed(silent)}: no scores, so not part of this answer.", "$warning"))
    if prune.evidence.trouble:
        return [*head, Content.styled(prune.evidence.trouble, "$error")]
    if answer is None:
        if prune.evidence.missing() is None:
            words = prune.impossible or f"No scores of {prune.split} images are stored."
        else:
            words = "reading scores…"
        return [*head, Content.styled(words, _MUTED)]
    note = "Same network and maps. Not what training without it would give."
    return [*head, *_answer(prune, EVIDENCE, answer, width, height - len(head) - 1), Content.styled(note, _MUTED)]


def _only_fine(session: Session, fine: tuple[Concept, ...]) -> list[Content]:
    lines = []
    for concept in fine[:4]:
        fed = feeds(session, concept)
        where = f" It feeds {fed[0]} in {fed[1]:.0%} of its images." if fed else ""
        lines.append(Content.assemble((str(concept), "bold"), f" has no class scores.{where}"))
    words = "Only coarse concepts have evidence to remove: mark one, or ask B."
    return [*lines, Content.styled(words, _MUTED)]


def model_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Answer B: what the network says without the prototypes."""
    trial, elsewhere = prune.shown, prune.elsewhere
    lines: list[Content] = []
    if elsewhere is not None:
        lines = [
            Content.styled(f"Still running for other marks ({listed(elsewhere.question[0])}):", "$warning"),
            *_progress(elsewhere, width),
        ]
    if prune.impossible:
        return [*lines, Content.styled(prune.impossible, _MUTED)]
    refit = ", then the head is fitted anew" if prune.refit else ""
    lines.append(Content.assemble("No prototype ", (listed(prune.drops), "bold"), f" in the network{refit}."))
    if trial is None:
        words = "Not asked yet." if elsewhere is None else "Not asked about these marks."
        hint = "  r runs the network over all stored images" if elsewhere is None else ""
        return [*lines, Content.assemble((words, "bold"), (hint, _MUTED))]
    if trial.running:
        return [*lines, *_progress(trial, width), Content.styled("esc cancels, K ends it at once", _MUTED)]
    if trial.failure is not None:
        if trial.failure.cancelled:
            return [*lines, Content.styled("Cancelled: there is no answer. r asks again.", "$warning")]
        words = plain(f"{trial.failure.message} {trial.failure.hint}".strip())
        return [*lines, *(Content.styled(part, "$error") for part in _wrapped(words, width))]
    note = f"Kept as {shortened(plain(trial.out), width - 8)}" if trial.kept else "w keeps it as a run file"
    note += "" if trial.kept else ". Not retrained" + (" but for the head." if prune.refit else ".")
    tail = [Content.styled(note, _MUTED)]
    answer = trial.answer(prune.split)
    if answer is None:
        return [*lines, Content.styled(f"No {prune.split} images were judged.", _MUTED), *tail]
    return [*lines, *_answer(prune, MODEL, answer, width, height - len(lines) - 1), *tail]


def _progress(trial: Trial, width: int) -> list[Content]:
    share = trial.done / trial.total if trial.total else 0.0
    left = "" if trial.seconds_left is None else f"  {clock(trial.seconds_left)} left"
    room = max(min(width - 24, 40), 5)
    count = f" {trial.done}/{trial.total}" if trial.total else ""
    return [
        Content.assemble((bar(share, room), "$accent"), f"{share:5.0%}", (left, "bold")),
        Content.styled(shortened(f"{plain(trial.stage)}{count}", width), _MUTED),
    ]


def clock(seconds: float) -> str:
    """``0:42``."""
    whole = max(round(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def _answer(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    match prune.view:
        case str(view) if view == CLASSES:
            return _classes(prune, pane, answer, width, height)
        case str(view) if view == FLIPS:
            return _flips(prune, pane, answer, width, height)
    return _summary(prune, answer, width)


def _summary(prune: Prune, answer: Answer, width: int) -> list[Content]:
    before, after = answer["before"], answer["after"]
    head = f"{prune.split} {answer['images']:,} images"
    lines = [
        Content.styled(f"{head:<20}{'before':>8}{'after':>8}{'change':>8}", _MUTED),
        _change("accuracy", before["accuracy"], after["accuracy"], _interval(after) if width >= 62 else ""),
    ]
    for attribute, groups in answer["worst_groups"].items():
        if "before" not in groups or "after" not in groups:
            continue
        worst = groups["after"]
        words = f"{worst['class']} × {worst['value']} ({worst['images']})"
        # another group may be the worst one afterwards, so the difference is none of one group
        lines.append(
            Content.assemble(
                f"{shortened(plain(f'worst {attribute}'), 20):<20}",
                f"{groups['before']['accuracy']:8.1%}",
                (f"{worst['accuracy']:8.1%}", "bold"),
                (f"  {plain(words)}", _MUTED),
            )
        )
    other = answer["flipped"] - answer["lost"] - answer["won"]
    lines.append(
        Content.assemble(
            (f"{answer['flipped']} flip: ", "bold"),
            (f"{answer['lost']} lost", "$error" if answer["lost"] else ""),
            ", ",
            (f"{answer['won']} won", "$success" if answer["won"] else ""),
            f", {other} from one mistake to another",
        )
    )
    return lines


def _change(name: str, before: float, after: float, more: str = "") -> Content:
    change = after - before
    colour = "$error" if change < 0 else "$success" if change > 0 else ""
    return Content.assemble(
        f"{name:<20}{before:8.1%}",
        (f"{after:8.1%}", "bold"),
        (f"{100 * change:+8.1f}", colour),
        (more, _MUTED),
    )


def _interval(figure: Answer) -> str:
    low, high = figure["interval"]
    return f"  after: {low:.1%} to {high:.1%}"


def _classes(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    rows = changed_classes(answer)
    room = max(width - 30, 6)
    head = Content.styled(f"{'class':<{room}}{'images':>7}{'before':>8}{'after':>7}{'change':>8}", _MUTED)
    at = min(prune.at, max(len(rows) - 1, 0)) if prune.pane == pane else None
    first = _first(at or 0, height - 1, len(rows))
    lines = []
    for n, row in list(enumerate(rows))[first : first + max(height - 1, 1)]:
        share, then = row["before"] / row["images"], row["after"] / row["images"]
        change = 100 * (then - share)
        colour = "$error" if change < 0 else "$success" if change > 0 else _MUTED
        name = plain(row["class"], room - 1)
        lines.append(
            _row(
                Content.assemble(
                    f"{name:<{room}}{row['images']:>7}{share:8.0%}{then:7.0%}", (f"{change:+8.1f}", colour)
                ),
                n == at,
                width,
            )
        )
    return [head, *lines]


def _flips(prune: Prune, pane: str, answer: Answer, width: int, height: int) -> list[Content]:
    flips = answer["flips"]
    if not flips:
        return [Content.styled(f"No {prune.split} image flips.", _MUTED)]
    at = min(prune.at, len(flips) - 1) if prune.pane == pane else None
    first = _first(at or 0, height - 1, len(flips))
    hint = "⏎ looks at the image" if at is not None else "tab moves here"
    lines = [Content.styled(f"{len(flips)} images flip  {hint}", _MUTED)]
    for n, flip in list(enumerate(flips))[first : first + max(height - 1, 1)]:
        right = flip["after"] == flip["label"]
        sign, colour = (
            ("✓", "$success") if right else ("✗", "$error") if flip["before"] == flip["label"] else ("·", _MUTED)
        )
        words = f"{plain(flip['before'])} → {plain(flip['after'])}"
        true = "" if right or flip["before"] == flip["label"] else f" (is {plain(flip['label'])})"
        text = f"{words}{true}"
        name = shortened(plain(flip["id"]), max(width - len(text) - 4, 8))
        line = _row(Content.assemble((f"{sign} ", colour), text, (f"  {name}", _MUTED)), n == at, width)
        lines.append(line.stylize(click(f"screen.flip({pane!r}, {n})")))
    return lines


def _row(line: Content, chosen: bool, width: int) -> Content:
    if not chosen:
        return line
    return line.pad_right(max(width - line.cell_length, 0)).stylize("bold on $primary-muted")


def _first(at: int, height: int, rows: int) -> int:
    return max(0, min(at - height // 2, rows - height)) if height > 0 else 0


def _wrapped(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, max(width, 20), break_on_hyphens=False) or [""]


def command_lines(prune: Prune, width: int, height: int) -> list[Content]:
    """The command lines that give the two answers outside of the explorer."""
    if not prune.drops:
        return [Content.styled("the same as a command line is shown here", _MUTED)]
    asked = [("B $ ", "bold $accent", plain(prune.command_line()))]
    if prune.coarse_drops:
        asked.insert(0, ("A $ ", "bold $primary", plain(prune.command_line(evidence=True))))
    lines = []
    for head, style, words in asked:
        first, *more = _wrapped(words, width - len(head))
        lines += [Content.assemble((head, style), first), *(Content(" " * len(head) + part) for part in more)]
    return lines


def pane_title(prune: Prune, pane: str) -> Content:
    """Name of an answer, what it shows, and whether the arrow keys move in it."""
    view = {SUMMARY: "", CLASSES: " · per class", FLIPS: " · images that flip"}[prune.view]
    style = "bold $background on $primary" if pane == EVIDENCE else "bold $background on $accent"
    return Content.assemble((f" {TITLES[pane]} ", style), (view, _MUTED))
