"""Lines of the naming screen: names of a layer, and what several people say."""

from textual.content import Content

from ivpt.analysis.agreement import Agreement
from ivpt.ui.parts.naming import Naming
from ivpt.ui.session import Session
from ivpt.ui.study_results import summary
from ivpt.ui.text import plain
from ivpt.ui.widgets.bars import swatch
from ivpt.ui.widgets.cells import CHOSEN, MUTED, folded
from ivpt.ui.widgets.sheet import click


def list_lines(session: Session, naming: Naming, width: int, height: int) -> list[Content]:
    """Concepts of the layer with their names; a star where there is a note."""
    layer, at = session.layer, naming.concept
    known = layer.foreground
    place = known.index(at) if at in known else 0
    first = max(0, min(place - height // 2, len(known) - height)) if height else 0
    lines = []
    for k in known[first:]:
        name, note = session.edits.name(layer.key, k), session.edits.note(layer.key, k)
        dropped = any((c.layer, c.number) == (layer.key, k) for c in session.edits.drops)
        line = Content.assemble(
            swatch(k, layer.background, session.overlay.marks),
            f" {k:<4}",
            ("✕ " if dropped else "  ", "$error"),
            (plain(name, max(width - 12, 4)), "bold") if name else ("–", MUTED),
            (" *" if note else "", "$accent"),
        )
        if k == at:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)
        lines.append(line.stylize(click(f"screen.stand({layer.key!r}, {k})")))
    return lines


def detail_lines(session: Session, naming: Naming, width: int, height: int) -> list[Content]:
    """What everybody calls the concept, and the note about it."""
    at = naming.concept
    if at is None:
        return []
    concept = f"{session.view.layer}:{at}"
    lines = [
        Content.assemble((f"{plain(who, 16)}: ", MUTED), (plain(names[concept]), "bold"))
        for who, names in naming.people.items()
        if concept in names
    ]
    lines += [
        Content.assemble((f"taken over from {plain(file, 24)}: ", MUTED), (plain(names[concept]), "bold"))
        for file, names in naming.taken_over.items()
        if concept in names
    ]
    lines = lines or [Content.styled("nobody has named it: n", MUTED)]
    note = session.edits.note(session.view.layer, at)
    return folded([*lines, Content.assemble(("note: ", MUTED), note)] if note else lines, width)


def people_lines(session: Session, naming: Naming, width: int, height: int) -> list[Content]:
    """Who has named how many, how far they agree, and the blind studies."""
    people, opinions = naming.people, naming.opinions
    lines = [Content.styled("names", "bold $primary")]
    for who, names in people.items():
        me = " (you)" if who == session.edits.who else ""
        lines.append(Content(f"{plain(who, 20)}{me}: {len(names)} named"))
    taken = naming.taken_over
    lines += [Content(f"{plain(file, 24)}: {len(names)} taken over") for file, names in taken.items()]
    if not people and not taken:
        lines.append(Content.styled("none yet", MUTED))
    lines += _agreement(opinions.names, "concepts")
    lines += [Content(""), Content.styled("blind naming", "bold $primary")]
    studies = naming.studies.latest or {}
    if naming.studies.trouble:
        lines.append(Content.styled(naming.studies.trouble, "$error"))
    elif not studies:
        lines.append(Content.styled("b starts a study: regions without their prototypes", MUTED))
    names = session.edits.names
    for who, study in studies.items():
        found = summary(study, names)
        right, of = found.matching
        matching = f", {right} of {of} descriptions are the concept's name" if of else ""
        lines.append(Content(f"{plain(who, 20)}: {study.done} of {len(study.tasks)} answered{matching}"))
    lines += _agreement(opinions.descriptions, "regions")
    for rated in opinions.ratings:
        if rated.mean is not None:
            spread = f" ± {rated.sd:.1f}" if rated.sd is not None else ""
            words = f"{rated.question.replace('_', ' ')}: {rated.mean:.1f}{spread} of 5 ({rated.count} ratings)"
            lines.append(Content(words))
    return folded(lines, width)


def _agreement(found: Agreement, items: str) -> list[Content]:
    if len(found.people) < 2:
        return []
    if not any(pair.items for pair in found.pairs):
        return [Content.styled(f"no {items} in common", MUTED)]
    lines = []
    for pair in found.pairs:
        if pair.items and pair.same is not None:
            kappa = f", kappa {pair.kappa:.2f}" if pair.kappa is not None else ""
            words = (
                f"{plain(pair.first, 12)} and {plain(pair.second, 12)}: same on {pair.same:.0%} of {pair.items} {items}"
            )
            lines.append(Content.assemble(words, (kappa, "bold")))
    if len(found.people) > 2 and found.fleiss is not None:
        lines.append(Content(f"all, on {found.common} common {items}: Fleiss' kappa {found.fleiss:.2f}"))
    if found.disputed:
        lines.append(Content.styled(f"disputed: {plain(', '.join(found.disputed[:6]))}", MUTED))
    return lines
