"""Lines of the screen of concepts: the list, where a concept lies between fine and coarse, its spread over classes."""

from collections.abc import Callable

import numpy as np
from textual.content import Content

from ivpt.analysis.concepts import ConceptFacts
from ivpt.analysis.lineage import Link
from ivpt.ui import palette
from ivpt.ui.parts.concepts import AREA, CONSISTENCY, CONSISTENCY_FIGURE, IMAGES, IMPORTANCE, NUMBER, PART, Detail
from ivpt.ui.session import Session
from ivpt.ui.text import plain
from ivpt.ui.widgets.bars import bar, signed_bar, swatch
from ivpt.ui.widgets.cells import (
    MUTED,
    chosen,
    columns,
    concept_cell,
    cut,
    fitting,
    group_name,
    percent,
    signed,
    waiting,
    window,
)
from ivpt.ui.widgets.sheet import click

_SHORT = {
    "silent": "never",
    "rare": "rare",
    "duplicate": "like",
    "dominant": "most",
    "outside": "outside",
    "removed": "gone",
}
"""Kinds of flags as one word."""


def layers_title(session: Session) -> Content:
    """The layers as tabs; the one chosen stands out."""
    parts = []
    for layer in session.layers:
        style = "bold $background on $accent" if layer.key == session.view.layer else MUTED
        parts.append(Content.styled(f" {layer.key} ", style).stylize(click(f"app.layer({layer.key!r})")))
    return Content.assemble(*parts)


def _wanted(session: Session, rows: list[ConceptFacts], width: int) -> list[tuple[str, str, int]]:
    """Columns besides the number and name: how they sort, head, width; the empty and the least needed leave first."""
    coarse = session.layer.block is None
    longest = max((len(session.edits.name(c.key, c.channel)) for c in rows), default=0)
    figures = {
        "flags": any(c.flags for c in rows),
        CONSISTENCY: any(CONSISTENCY_FIGURE in c.metrics for c in rows),
        PART: any(c.part for c in rows),
    }
    wanted = [
        (AREA, "area", -6, 1),
        (IMAGES, "images", -7, 2),
        (IMPORTANCE, "adds" if coarse else "feeds", -8 if coarse else -14, 3),
        ("flags", " flags", 11, 6),
        (CONSISTENCY, "cons.", -6, 4),
        (PART, " part", 13, 5),
    ]
    room = width - max(9, min(longest + 8, 24))
    kept = []
    for sort, _, size, _ in sorted(wanted, key=lambda column: column[3]):
        # what nothing is known about takes no room
        if abs(size) <= room and figures.get(sort, True):
            room -= abs(size)
            kept.append(sort)
    return [(sort, head, size) for sort, head, size, _ in wanted if sort in kept]


def list_lines(session: Session, width: int, height: int) -> list[Content]:
    """The concepts of the layer with their figures; a click on a head sorts by it."""
    concepts = session.concepts
    rows = concepts.rows()
    if session.summary.facts is None:
        return waiting(session)
    wanted = _wanted(session, rows, width)
    name = width - sum(abs(size) for _, _, size in wanted)
    heads = [(NUMBER, "concept", name), *wanted]
    head = columns(*((_head(session, sort, text), size) for sort, text, size in heads))
    if not rows:
        return [head, Content.styled(f"no concept is {concepts.shown}", MUTED)]
    at = next((n for n, c in enumerate(rows) if c.channel == concepts.at), 0)
    first = window(at, height - 1, len(rows)) if height > 1 else 0
    return [head, *(_row(session, c, width, name, wanted) for c in rows[first:])]


def _head(session: Session, sort: str, text: str) -> Content:
    mark = "▾" if sort == session.concepts.sort else ""
    style = "bold $accent" if mark else MUTED
    head = Content.styled(f"{text}{mark}", style)
    return head if sort == "flags" else head.stylize(click(f"screen.sort({sort!r})"))


def _row(session: Session, c: ConceptFacts, width: int, name: int, wanted: list[tuple[str, str, int]]) -> Content:
    background = session.layer.background
    figures: dict[str, Callable[[], Content]] = {
        AREA: lambda: Content(percent(c.area, 1)),
        IMAGES: lambda: Content(percent(c.share)),
        IMPORTANCE: lambda: _adds(session, c),
        CONSISTENCY: lambda: _consistency(c),
        PART: lambda: Content(f" {plain(c.part[0])} {c.part[1]:.0%}") if c.part else Content.styled(" –", MUTED),
        "flags": lambda: flags(c),
    }
    label = f" {c.channel} {session.edits.name(c.key, c.channel)}".rstrip()
    if c.flags and not any(sort == "flags" for sort, *_ in wanted):
        label += " ▲"
    line = columns(
        (Content.assemble(swatch(c.channel, background, session.overlay.marks), cut(label, name - 3), " "), name),
        *((figures[sort](), size) for sort, _, size in wanted),
    )
    if c.images == 0:
        line = line.stylize("dim")
    if c.channel == session.concepts.at:
        line = chosen(line, width)
    return line.stylize(click(f"app.concept({c.key!r}, {c.channel})"))


def flags(c: ConceptFacts) -> Content:
    """What looks wrong with a concept, in one word each."""
    words = [_SHORT.get(f.kind, f.kind) + (f" {f.other}" if f.other is not None else "") for f in c.flags]
    return Content.styled(f" {' '.join(words)}", "$warning")


def _adds(session: Session, c: ConceptFacts) -> Content:
    """What a coarse concept adds to the true class, or for the class explained; for others what they feed."""
    if c.feeds is not None:
        group, share = c.feeds
        return Content(f"{plain(group_name(session, group), 9)} {share:4.0%}")
    return Content.styled(signed(session.concepts.adds(c)), "bold" if c.importance is not None else MUTED)


def _consistency(c: ConceptFacts) -> Content:
    value = c.metrics.get(CONSISTENCY_FIGURE)
    unit = c.units.get(CONSISTENCY_FIGURE, "")
    return Content.styled("–", MUTED) if value is None else Content(f"{value:.0f}{unit}")


def lineage_lines(session: Session, width: int, height: int) -> list[Content]:
    """The concepts of the layer before that lie in this one, and those of the next layer in which it lies."""
    at, detail = session.concepts.at, session.concepts.detail
    if at is None:
        return []
    if detail is None:
        return [Content.styled(session.concepts.details.trouble or "reading…", MUTED)]
    half = width // 2
    rows = max((height or 6) - 2, 1)
    children = [_link(session, link, link.fine, half - 2) for link in detail.children[:rows]]
    parents = [_link(session, link, link.coarse, width - half) for link in detail.parents[:rows]]
    empty = Content.styled("none", MUTED)
    lines = [
        columns((Content.styled("← finer", "bold $accent"), half), (Content.styled("coarser →", "bold $accent"), 12))
    ]
    for n in range(max(len(children), len(parents), 1)):
        left = children[n] if n < len(children) else empty if n == 0 else Content("")
        right = parents[n] if n < len(parents) else empty if n == 0 else Content("")
        lines.append(columns((left, half), (right, width - half)))
    return [*lines, path_line(session, detail, width)]


def _link(session: Session, link: Link, concept: tuple[str, int], width: int) -> Content:
    return columns((concept_cell(session, *concept, max(width - 5, 4)), max(width - 5, 4)), (f"{link.share:.0%}", -5))


def path_line(session: Session, detail: Detail, width: int) -> Content:
    """The way up to the coarse set along the strongest links."""
    steps = [(detail.key, detail.channel), *(link.coarse for link in detail.path)]
    parts: list[Content] = []
    for n, (key, channel) in enumerate(steps):
        layer = session.run.layer(key)
        ground = channel == layer.background
        name = "background" if ground else session.edits.name(key, channel) or f"{key}:{channel}"
        text = Content.styled(name, MUTED if ground or n else "bold")
        parts.append(text if ground else text.stylize(click(f"app.concept({key!r}, {channel})")))
    return Content(" → ").join(parts).truncate(width, ellipsis=True)


def spread_title(session: Session) -> Content:
    """In how many classes the concept has a region."""
    detail = session.concepts.detail
    if detail is None:
        return Content("Over classes")
    found = detail.classes
    many = int((found.images > 0).sum())
    return Content(f"In {int((found.present > 0).sum())} of {many} classes")


def spread_lines(session: Session, width: int, height: int) -> list[Content]:
    """Per class: in what share of its images the concept has a region, its area, what it adds to the class."""
    detail = session.concepts.detail
    if detail is None:
        return []
    found = detail.classes
    share = np.divide(found.present, found.images, out=np.full(len(found.images), np.nan), where=found.images > 0)
    if found.importance is not None and np.isfinite(found.importance).any():
        order = np.argsort(-np.nan_to_num(np.abs(found.importance), nan=-1), kind="stable")
    else:
        order = np.argsort(-np.nan_to_num(found.area, nan=-1), kind="stable")
    adds = found.importance is not None
    name = max(min(width - 24 - 8 * adds, 26), 8)
    room = max(width - name - 14, 3)
    rgb = palette.colour(detail.channel, session.run.layer(detail.key).background)
    head = columns(
        (Content.styled("class", MUTED), name + 1),
        (Content.styled(fitting(room, "adds to its logit", "adds") if adds else "mean area", MUTED), room),
        (Content.styled("area", MUTED), -6),
        (Content.styled("images", MUTED), -7),
    )
    largest = float(np.nanmax(np.abs(found.importance))) if adds and len(order) else 0.0  # type: ignore[arg-type]
    most = float(np.nanmax(found.area, initial=0.0)) if np.isfinite(found.area).any() else 0.0
    lines = [head]
    for c in order[: max((height or 9) - 1, 1)].tolist():
        area = float(found.area[c])
        if found.importance is not None:
            value = float(found.importance[c])
            middle = columns(
                (signed_bar(value, largest, room - 7, rgb) if value == value else "", room - 7), (signed(value), -7)
            )
        else:
            colour = "" if session.overlay.marks else palette.hexadecimal(rgb)
            middle = Content.styled(bar(area / most if most and area == area else 0, room), colour)
        lines.append(
            columns(
                (cut(session.class_name(c), name), name + 1),
                (middle, room),
                (percent(area, 1), -6),
                (percent(float(share[c])), -7),
            ).stylize(click(f"app.command('classes', 'to', {c})"))
        )
    return lines


def rank_lines(session: Session, rank: str, start: int, across: int, width: int, height: int) -> list[Content]:
    """Name of the rank; over each region the class of its image and its share of the map. In one line or in two."""
    gallery, name = session.concepts.gallery, Content.styled(rank, "bold")
    if gallery is None:
        return [Content.styled(rank, MUTED)]
    cuttings = gallery.rows[rank][start : start + across]  # type: ignore[index]
    if not cuttings:
        return [Content.styled(f"{rank}: no more" if start else f"{rank}: none", MUTED)]
    room = width // across - 1
    cells: list[tuple[str | Content, int]] = []
    for n, found in enumerate(cuttings):
        head = Content.assemble(name, " ") if n == 0 and height < 2 else Content("")
        share = f" {found.area:.0%}"
        words, left = session.class_name(found.label), room - head.cell_length - len(share)
        # of a name hardly anything would be left: the share alone says more
        words = cut(words, min(left, Content(words).cell_length)) + share if left >= 4 else share.strip()
        cells += [(Content.assemble(head, (words, MUTED)), room), ("", 1)]
    return [name, columns(*cells)] if height >= 2 else [columns(*cells)]
