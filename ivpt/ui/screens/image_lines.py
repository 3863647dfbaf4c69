"""Lines of the screen of one image: its caption, the evidence for a class, the concepts present."""

import numpy as np
from textual.content import Content

from ivpt.ui import palette
from ivpt.ui.session import Session
from ivpt.ui.text import plain, shortened
from ivpt.ui.widgets.bars import bar, signed_bar, swatch
from ivpt.ui.widgets.cells import MUTED, chosen, columns, cut, group_name, percent, signed, window
from ivpt.ui.widgets.sheet import click


def caption(session: Session, width: int) -> Content:
    """Where we are, the image's name, its class and prediction."""
    view, page = session.view, session.images.page
    if view.image < 0:
        return Content.styled(" This run has no images.", "$warning")
    if page is None:
        return Content.styled(f" {session.images.pages.trouble or 'reading…'}", MUTED)
    place, many = session.images.position
    head = Content.assemble(
        (f" {place or '–'}/{many:,}", "bold"), (f" {session.images.words()} ", MUTED), (f"[{page.split}] ", "$accent")
    )
    true, said = session.class_name(page.label), session.class_name(page.prediction)
    if page.prediction < 0:
        verdict = Content.assemble(("true ", MUTED), true, ("  no prediction stored", MUTED))
    elif page.wrong:
        verdict = Content.assemble(("✗ ", "bold $error"), (said, "bold $error"), (", is ", MUTED), (true, "bold"))
    else:
        verdict = Content.assemble(("✓ ", "bold $success"), (true, "bold"))
    room = width - head.cell_length - verdict.cell_length - 4
    name = shortened(page.name, room) if room > 4 else ""
    return Content.assemble(head, verdict, (f"  {name}", MUTED))


def evidence_title(session: Session) -> Content:
    """Which class is explained, and why that one; with the other one in a contrast."""
    page, evidence = session.images.page, session.evidence
    if page is None or page.scores is None:
        return Content("Evidence")
    c = evidence.explained
    if evidence.contrast and evidence.rival >= 0:
        return Content(f"Why {session.class_name(c)}, not {session.class_name(evidence.rival)}")
    why = "predicted" if c == page.prediction else "true" if c == page.label else "chosen"
    if c == page.prediction == page.label:
        why = "predicted, true"
    return Content.assemble(f"Why {session.class_name(c)}", (f" ({why})", MUTED))


def evidence_lines(session: Session, width: int, height: int) -> list[Content]:
    """What each coarse concept adds to the class explained and to its rival, or to the difference of the two."""
    page, evidence = session.images.page, session.evidence
    if page is None:
        return []
    c, rival = evidence.explained, evidence.rival
    own, other = evidence.contributions(c), evidence.contributions(rival)
    if own is None:
        return [Content.styled(line, MUTED) for line in no_maps(page.split)]
    contrast = evidence.contrast and other is not None
    shown = own - other if contrast and other is not None else own
    largest = float(np.abs(np.stack([shown, shown if contrast or other is None else other])).max())
    coarse = session.layers[-1]
    background = coarse.background if coarse.block is None else 0
    figures = [
        ("this", own),
        *([("that", other)] if other is not None else []),
        *([("diff.", shown)] if contrast else []),
    ]
    # three figures and a concept's full name leave too little for a bar in 80 columns
    each = 7 if width - 7 * len(figures) >= 17 else 6
    name = min(max(width - each * len(figures) - 13, 12), 24)
    room = max(width - name - each * len(figures), 5)

    def line(label: Content, bar_: Content | str, values: list[str], style: str = "") -> Content:
        cells = [
            (Content.styled(v, "bold" if n == len(values) - 1 and contrast else style), -each)
            for n, v in enumerate(values)
        ]
        return columns((label, name), (bar_, room), *cells)

    lines = [line(Content.styled("concept", MUTED), "", [head for head, _ in figures], MUTED)]
    for k, value in enumerate(shown, start=1):
        given = session.edits.name(coarse.key, k)
        text = f" {k} {given}" if given else f" {coarse.key}:{k}"
        label = Content.assemble(swatch(k, background, session.overlay.marks), cut(text.rstrip(), name - 3))
        row = line(
            label,
            signed_bar(float(value), largest, room, palette.colour(k, background)),
            [signed(float(v[k - 1])) for _, v in figures],
        )
        if (session.view.layer, session.view.concept) == (coarse.key, k):
            row = chosen(row, width)
        lines.append(row.stylize(click(f"app.concept({coarse.key!r}, {k})")))
    lines.append(line(Content.styled("logit", MUTED), "", [signed(float(v.sum())) for _, v in figures]))
    shares = [evidence.probability(c), *([evidence.probability(rival)] if other is not None else [])]
    lines.append(
        line(
            Content.styled("probability", MUTED),
            "",
            [percent(s, 1) for s in shares] + [""] * contrast,
        )
    )
    if other is not None:
        # in a contrast too: the title may be too long for its panel
        lines.append(Content.styled(cut(f"that: {session.class_name(rival)}", width), MUTED))
    return lines


def present_lines(session: Session, width: int, height: int) -> list[Content]:
    """The concepts that own a region here: share of the map, and the coarse concept they are assigned to."""
    page, key = session.images.page, session.view.layer
    rows = session.evidence.present()
    if page is None or not rows:
        words = "" if page is None else "everything is background here" if page.regions else "no regions stored"
        return [Content.styled(words, MUTED)]
    background = session.layer.background
    at = next((n for n, p in enumerate(rows) if p.channel == session.view.concept), 0)
    group = 13 if any(p.group is not None for p in rows) else 0
    named = any(session.edits.name(key, p.channel) for p in rows)
    name = max(width - group - 14, 7) if named else 7
    room = max(width - group - name - 7, 0)
    lines = []
    for p in rows[window(at, height, len(rows)) :]:
        colour = "" if session.overlay.marks else palette.hexadecimal(palette.colour(p.channel, background))
        named_group = "" if p.group is None else plain(group_name(session, p.group), 10)
        to = f"→ {named_group}" if p.group else named_group
        label = f" {p.channel} {session.edits.name(key, p.channel)}"
        line = columns(
            (Content.assemble(swatch(p.channel, background, session.overlay.marks), cut(label, name - 3), " "), name),
            (Content.styled(bar(p.area / rows[0].area, room), colour), room),
            (percent(p.area, 1), -7),
            (Content.styled(f" {to}", MUTED), group),
        )
        if p.channel == session.view.concept:
            line = chosen(line, width)
        lines.append(line.stylize(click(f"app.concept({key!r}, {p.channel})")))
    return lines


def no_maps(split: str) -> tuple[str, ...]:
    """Why there is nothing to show."""
    if split == "train":
        return ("No maps are stored for this image:", "they are kept for val and test.")
    return ("No maps are stored for this image.",)
