"""Text cut and padded to a width, and what concepts, classes and panels have in common where they are listed."""

from typing import TYPE_CHECKING

from textual.content import Content

from ivpt.ui import palette
from ivpt.ui.widgets.bars import swatch
from ivpt.ui.widgets.sheet import click

if TYPE_CHECKING:
    # this imports numpy, which the first paint does not wait for
    from ivpt.ui.session import Session

MUTED = "$foreground-muted"
CHOSEN = "bold on $primary-muted"


def cut(text: str, width: int) -> str:
    """The beginning of a text, padded to exactly this width; an ellipsis marks the cut."""
    if width <= 0:
        return ""
    content = Content(text)
    if content.cell_length <= width:
        return text + " " * (width - content.cell_length)
    return content.truncate(width, ellipsis=True).plain


def fitting(width: int, *texts: str) -> str:
    """The first of the texts, the longest one first, for which there is room; else the last."""
    return next((text for text in texts if Content(text).cell_length <= width), texts[-1])


def columns(*cells: tuple[str | Content, int]) -> Content:
    """Cells side by side: a positive width aligns at the left, a negative one at the right; 0 leaves the cell out."""
    parts: list[Content] = []
    for cell, width in cells:
        content = cell if isinstance(cell, Content) else Content(cell)
        room = abs(width)
        if not room:
            continue
        if content.cell_length > room:
            content = content.truncate(room, ellipsis=True)
        blank = Content(" " * (room - content.cell_length))
        parts += [content, blank] if width > 0 else [blank, content]
    return Content.assemble(*parts)


def chosen(line: Content, width: int) -> Content:
    """A line of a list that stands out over the whole width."""
    return line.pad_right(max(width - line.cell_length, 0)).stylize(CHOSEN)


def concept_cell(session: "Session", key: str, channel: int, width: int) -> Content:
    """A concept in a list: its swatch, its number and its name; a click chooses it."""
    layer = session.run.layer(key)
    name = session.edits.name(key, channel)
    ground = channel == layer.background
    text = f" {key} background" if ground else f" {key}:{channel} {name}".rstrip()
    if name and Content(text).cell_length > width - 2:
        # the name says more than the layer
        text = f" {channel} {name}"
    line = Content.assemble(swatch(channel, layer.background, session.overlay.marks), cut(text, max(width - 2, 0)))
    return line if ground else line.stylize(click(f"app.concept({key!r}, {channel})"))


def group_name(session: "Session", group: int) -> str:
    """What a coarse concept is called where it is pointed at: its name, ``coarse:2``, or ``background`` for 0."""
    coarse = session.layers[-1].key
    return "background" if group == 0 else session.edits.name(coarse, group) or f"{coarse}:{group}"


def stacked(shares: list[float], width: int, marks: bool, background: int = 0) -> Content:
    """Shares that sum to 1 as one bar in the colours of the coarse concepts 1 to n; in their numbers for ``marks``."""
    if not shares or not all(share == share for share in shares):
        return Content.styled("–".ljust(width), MUTED)
    parts: list[tuple[str, str]] = []
    done, edge = 0.0, 0
    for k, share in enumerate(shares, start=1):
        done += share
        end = min(round(done * width), width)
        rgb = palette.colour(k, background)
        glyph = palette.mark(k, background)
        text = (glyph if marks else "█") * (end - edge)
        parts.append((text, "" if marks else palette.hexadecimal(rgb)))
        edge = end
    return Content.assemble(*parts).pad_right(width - edge)


def window(at: int, height: int, many: int) -> int:
    """First row shown so that row ``at`` stays in sight; 0 where all fit or the height is free."""
    return max(0, min(at - height // 2, many - height)) if height else 0


def signed(value: float | None, places: int = 2) -> str:
    """A signed figure; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:+.{places}f}"


def percent(value: float | None, places: int = 0) -> str:
    """A share as per cent; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.{places}%}"


def waiting(session: "Session") -> list[Content]:
    """What is said while the figures over all images are read."""
    reading = session.summary.indexes
    trouble = reading.trouble or session.summary.all_facts.trouble
    if trouble:
        return [Content.styled(trouble, "$warning")]
    done = f" {reading.progress:.0%}" if reading.progress else ""
    return [Content.styled(f"summing up all images…{done}", MUTED)]


def folded(lines: list[Content], width: int) -> list[Content]:
    """Lines that are too long go on in the next."""
    return [part for line in lines for part in line.wrap(max(width, 12))]
