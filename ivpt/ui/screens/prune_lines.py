"""Lines of the prune screen: marks, the two answers, and the commands that give the same."""

import textwrap

from textual.content import Content

from ivpt.runfile.concept import Concept
from ivpt.ui.parts.edits import told
from ivpt.ui.parts.prune import CLASSES, EVIDENCE, FLIPS, MODEL, SUMMARY, Prune
from ivpt.ui.screens.answer_lines import answer_lines, first_shown
from ivpt.ui.session import Session
from ivpt.ui.text import plain, shortened
from ivpt.ui.trial import Trial
from ivpt.ui.widgets.bars import bar, swatch
from ivpt.ui.widgets.cells import CHOSEN, MUTED, folded, group_name
from ivpt.ui.widgets.sheet import click

TITLES = {EVIDENCE: "A  EVIDENCE REMOVED", MODEL: "B  REMOVED FROM THE MODEL"}


def feeds(session: Session, concept: Concept) -> tuple[str, float] | None:
    """What a prototype of a block feeds, by name: a coarse concept or background; and in what share of its images."""
    facts = session.summary.of(concept.layer, concept.number)
    if facts is None or facts.feeds is None:
        return None
    group, share = facts.feeds
    return group_name(session, group), share


def listed(session: Session, concepts: tuple[Concept, ...], most: int = 4) -> str:
    """``beak (L6:3), coarse:2 and 3 more``."""
    words = ", ".join(session.label(c.layer, c.number) for c in concepts[:most])
    return words + (f" and {len(concepts) - most} more" if len(concepts) > most else "")


# the list


def list_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Concepts of the layer with their marks and the coarse concept each feeds."""
    layer, at = session.layer, prune.concept
    first = first_shown(layer.foreground.index(at.number) if at else 0, height, len(layer.foreground))
    lines = []
    for k in layer.foreground[first:]:
        concept = Concept(layer.key, k)
        marked, gone = concept in prune.drops, k in layer.removed
        box = "gone " if gone else "[x] " if marked else "[ ] "
        fed = feeds(session, concept)
        tail = f"→ {plain(fed[0], 10)} {fed[1]:4.0%}" if fed else ""
        name = prune.edits.name(layer.key, k)
        if name and len(tail) > width - 20:
            # a name says more than where it goes; what is marked says both
            tail = ""
        room = width - 13 - len(tail) - 1
        line = Content.assemble(
            (box, "bold $error" if marked else MUTED),
            swatch(k, layer.background, session.overlay.marks),
            f" {k:<5}",
            f"{name if len(name) <= room else name[: max(room - 1, 0)] + '…':<{max(room, 0)}} ",
            (tail, MUTED),
        )
        if gone:
            line = line.stylize("dim")
        if at is not None and k == at.number:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)
        lines.append(line.stylize(click(f"screen.mark_clicked({layer.key!r}, {k})")))
    return lines


def marked_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Everything marked, on whatever layer; named sets; what undo would do."""
    now, drops = prune.edits.now, prune.drops
    if now is None:
        return [Content.styled("reading the edits…", MUTED)]
    lines = []
    for concept in drops:
        name, fed = prune.edits.name(concept.layer, concept.number), feeds(session, concept)
        where = f" → {fed[0]}" if fed else ""
        lines.append(Content.assemble((str(concept), "bold"), f" {name}" if name else "", (where, MUTED)))
    if not drops:
        lines = [Content.styled("nothing: space marks a concept", MUTED)]
    tail = []
    if now.state.sets:
        tail.append(Content.styled(f"sets: {plain(', '.join(now.state.sets))}", MUTED))
    if now.undo is not None or now.redo is not None:
        tail.append(Content.styled(f"u undoes: {told(now.undo)}" if now.undo else f"U redoes: {told(now.redo)}", MUTED))
    if height and len(lines) + len(tail) > height:
        kept = max(height - len(tail) - 1, 1)
        lines = [*lines[:kept], Content.styled(f"and {len(drops) - kept} more", MUTED)] if kept < len(lines) else lines
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
        words = "What if coarse concepts said nothing? Mark one: the answer comes at once, from stored scores."
        return folded(_only_fine(session, silent) if silent else [Content.styled(words, MUTED)], width)
    head = [Content.assemble("Stored scores without ", (listed(session, drops), "bold"), ".")]
    if silent:
        has = "has" if len(silent) == 1 else "have"
        head.append(Content.styled(f"{listed(session, silent)} {has} no scores and no part in A.", "$warning"))
    head = folded(head, width)
    if prune.evidence.trouble:
        return [*head, *folded([Content.styled(prune.evidence.trouble, "$error")], width)]
    if answer is None:
        if prune.evidence.missing() is None:
            words = prune.impossible or f"No scores of {prune.split} images are stored."
        else:
            words = f"reading scores… {prune.evidence.progress:.0%}"
        return [*head, *folded([Content.styled(words, MUTED)], width)]
    it = "it" if len(drops) == 1 else "them"
    tail = folded([Content.styled(f"Not a model trained without {it}.", MUTED)], width)
    return [*head, *answer_lines(prune, EVIDENCE, answer, width, height - len(head) - len(tail)), *tail]


def _only_fine(session: Session, fine: tuple[Concept, ...]) -> list[Content]:
    lines = []
    for concept in fine[:4]:
        fed, facts = feeds(session, concept), session.summary.of(concept.layer, concept.number)
        where = f" It feeds {fed[0]} in {fed[1]:.0%} of its images." if fed else ""
        where = " It never has a region." if facts is not None and not facts.images else where
        name = session.label(concept.layer, concept.number)
        lines.append(Content.assemble((name, "bold"), f" has no class scores.{where}"))
    words = "Only coarse concepts have evidence to remove: mark one, or ask B."
    return [*lines, Content.styled(words, MUTED)]


def model_lines(session: Session, prune: Prune, width: int, height: int) -> list[Content]:
    """Answer B: what the network says without the prototypes."""
    trial, elsewhere = prune.shown, prune.elsewhere
    lines: list[Content] = []
    if elsewhere is not None:
        words = f"Still running for other marks ({listed(session, elsewhere.question[0])}):"
        lines = [*folded([Content.styled(words, "$warning")], width), *_progress(elsewhere, width)]
    if prune.impossible:
        words = "What if prototypes were not in the network? Mark some, and r runs it again over the stored images."
        return [*lines, *folded([Content.styled(words if not prune.drops else prune.impossible, MUTED)], width)]
    refit = ", its head fitted anew" if prune.refit else ""
    lines += folded(
        [Content.assemble("Network run again without ", (listed(session, prune.drops), "bold"), f"{refit}.")], width
    )
    if trial is None:
        words = "Not asked yet." if elsewhere is None else "Not asked about these marks."
        hint = " r asks; it takes the time of a prediction per image." if elsewhere is None else ""
        return [*lines, *folded([Content.assemble((words, "bold"), (hint, MUTED))], width)]
    if trial.running:
        return [*lines, *_progress(trial, width), Content.styled("esc cancels, K ends it at once", MUTED)]
    if trial.failure is not None:
        if trial.failure.cancelled:
            return [*lines, *folded([Content.styled("Cancelled: no answer. r asks again.", "$warning")], width)]
        words = plain(f"{trial.failure.message} {trial.failure.hint}".strip())
        return [*lines, *folded([Content.styled(words, "$error")], width)]
    kept = f"Kept as {shortened(plain(trial.out), max(width - 10, 12))}." if trial.kept else "w keeps it as a run file."
    note = "Only the head was trained anew." if prune.refit else "Nothing was trained anew."
    tail = folded([Content.styled(f"{note} {kept}", MUTED)], width)
    answer = trial.answer(prune.split)
    if answer is None:
        return [*lines, Content.styled(f"No {prune.split} images were judged.", MUTED), *tail]
    return [*lines, *answer_lines(prune, MODEL, answer, width, height - len(lines) - len(tail)), *tail]


def _progress(trial: Trial, width: int) -> list[Content]:
    """How far it is, and a clock that goes on while it says nothing; :class:`.prune.PruneScreen` draws it anew."""
    count = f" {trial.done}/{trial.total}" if trial.total else ""
    stage = Content.styled(shortened(f"{plain(trial.stage)}{count}", width), MUTED)
    passed = f"{clock(trial.seconds)} so far"
    if not trial.total:
        return [stage, Content(passed)]
    share = trial.done / trial.total
    left = "" if trial.seconds_left is None else f", {clock(trial.seconds_left)} left"
    room = max(min(width - 31, 40), 5)
    return [stage, Content.assemble((bar(share, room), "$accent"), f"{share:5.0%}  ", passed, left)]


def clock(seconds: float) -> str:
    """``0:42``."""
    whole = max(round(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def _wrapped(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, max(width, 20), break_on_hyphens=False) or [""]


def command_lines(prune: Prune, width: int, height: int) -> list[Content]:
    """The command lines that give the two answers outside of the explorer."""
    if not prune.drops:
        return [Content.styled("the same as a command line is shown here", MUTED)]
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
    view = {SUMMARY: "", CLASSES: " per class", FLIPS: " flips"}[prune.view]
    style = "bold $background on $primary" if pane == EVIDENCE else "bold $background on $accent"
    return Content.assemble((f" {TITLES[pane]} ", style), (view, MUTED))
