"""Concepts: the list of each layer, and regions of the chosen one cut out of images."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.ui import palette
from ivpt.ui.actions import CONCEPTS
from ivpt.ui.reading import RANKS
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.session import Session
from ivpt.ui.survey import Concept
from ivpt.ui.widgets.bars import bar, signed_bar, swatch
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet, click

TILES = 3
"""Regions per rank; narrow terminals show the first ones."""
_MOST_CLASSES = 6
_FIXED = 9 + 7 + 8
"""Width of the columns with a fixed width: concept, figure of the area, share of images."""


def _tail(width: int) -> int:
    """Width of the last column: with the share of images where there is room."""
    return 13 if width >= 44 else 9


class ConceptsScreen(SessionScreen):
    """The list at the left, the gallery at the right."""

    name_in_table = CONCEPTS
    needs = ("concepts.survey", "concepts.gallery", "names.given")
    BINDINGS = bindings(CONCEPTS)

    def body(self) -> Iterator[Widget]:
        """List and detail of the chosen concept; one row of tiles per rank."""
        with Horizontal(classes="fill"):
            with Vertical(id="left"):
                yield Sheet(id="list", classes="panel")
                yield Sheet(id="detail", classes="panel")
            with Vertical(id="gallery", classes="panel"):
                for rank in RANKS:
                    yield Sheet(id=f"rank-{rank}", classes="rank")
                    with Horizontal(classes="tiles"):
                        for at in range(TILES):
                            yield PictureView(id=f"{rank}-{at}", classes=f"tile tile-{at}")

    def show(self) -> None:
        """Draw the list, the detail and the gallery."""
        session = self.session
        self.query_one("#list", Sheet).draw(lambda w, h: list_lines(session, w, h), layers_title(session))
        concept = session.concepts.at
        name = f"{session.view.layer}:{concept}" if concept is not None else session.view.layer
        self.query_one("#detail", Sheet).draw(lambda w, h: detail_lines(session, w, h), Content(name))
        gallery = session.concepts.gallery
        fits = gallery is not None and (gallery.key, gallery.channel) == (session.view.layer, concept)
        many = f" in {gallery.firing:,} images" if gallery is not None and fits else ""
        self.query_one("#gallery").border_title = Content(f"Regions of {name}{many}")
        for rank in RANKS:
            cuttings = gallery.rows[rank] if gallery is not None and fits else ()
            self.query_one(f"#rank-{rank}", Sheet).draw(lambda w, h, r=rank: [rank_line(session, r)])  # type: ignore[misc]
            for at in range(TILES):
                tile = self.query_one(f"#{rank}-{at}", PictureView)
                if at >= len(cuttings):
                    tile.draw(None)
                    continue
                tile.draw(
                    cuttings[at].picture,
                    cuttings[at].regions,
                    prototypes=session.layer.prototypes,
                    background=session.layer.background,
                    opacity=0.55,
                    chosen=concept,
                    marks=session.overlay.marks,
                    numbers=False,
                    only=True,
                )


def layers_title(session: Session) -> Content:
    """The layers as tabs; the one chosen stands out."""
    parts = []
    for layer in session.layers:
        style = "bold $background on $accent" if layer.key == session.view.layer else "$foreground-muted"
        parts.append(Content.styled(f" {layer.key} ", style).stylize(click(f"app.layer({layer.key!r})")))
    return Content.assemble(*parts)


def list_lines(session: Session, width: int, height: int) -> list[Content]:
    """The concepts of the layer: share of area, share of images, importance or the coarse concept fed."""
    rows = session.concepts.rows()
    if not rows:
        return [Content.styled("reading…" if session.concepts.survey is None else "no concepts", "$foreground-muted")]
    coarse = session.layer.block is None
    tail = _tail(width)
    room = max(width - _FIXED - tail, 1)
    sort = session.concepts.sort
    columns = (
        ("number", f"{'concept':<9}"),
        ("area", f"{'area':>{room + 6}} "),
        ("images", f"{'images':>7} "),
        ("importance" if coarse else "", f"{('importance' if tail > 10 else 'adds') if coarse else 'feeds':>{tail}}"),
    )
    head = Content.assemble(
        *((text, "bold $accent" if name == sort else "$foreground-muted") for name, text in columns)
    )
    at = next((n for n, c in enumerate(rows) if c.channel == session.concepts.at), 0)
    first = max(0, min(at - (height - 1) // 2, len(rows) - height + 1)) if height > 1 else 0
    widest = max((c.area for c in rows if c.area == c.area), default=1.0) or 1.0
    return [head, *(_row(session, c, width, room, widest) for c in rows[first:])]


def _row(session: Session, c: Concept, width: int, room: int, widest: float) -> Content:
    background = session.layer.background
    colour = palette.hexadecimal(palette.colour(c.channel, background))
    area = f"{c.area:6.1%} " if c.area == c.area else "     – "
    images = f"{c.images:7.0%} " if c.images == c.images else "      – "
    tail: Content | tuple[str, str] = ("–", "$foreground-muted")
    value = session.concepts.importance(c)
    if value == value:
        tail = (f"{value:+.2f}", "bold")
    elif c.feeds is not None:
        group, share = c.feeds
        tail = (
            "background" if group == 0 else f"coarse:{group} {share:4.0%}" if _tail(width) > 10 else f"coarse:{group}",
            "",
        )
    line = Content.assemble(
        swatch(c.channel, background, session.overlay.marks),
        f" {c.channel:<6}",
        (bar(c.area / widest if c.area == c.area else 0, room), "" if session.overlay.marks else colour),
        area,
        images,
    )
    end = Content.assemble(tail)
    line = Content.assemble(line, " " * (_tail(width) - end.cell_length), end)
    if c.images == 0:
        line = line.stylize("dim")
    if c.channel == session.concepts.at:
        line = line.pad_right(max(width - line.cell_length, 0)).stylize("bold on $primary-muted")
    return line.stylize(click(f"app.concept({c.key!r}, {c.channel})"))


def detail_lines(session: Session, width: int, height: int) -> list[Content]:
    """What the concept does for which classes, or which coarse concept it is part of."""
    concept = next((c for c in session.concepts.rows() if c.channel == session.concepts.at), None)
    if concept is None:
        return []
    if concept.images == 0:
        return [Content.styled("never fires: no image has its region", "$warning")]
    if concept.importance is None:
        if concept.feeds is None:
            return [Content.styled("only coarse concepts score classes", "$foreground-muted")]
        group, share = concept.feeds
        name = "the background" if group == 0 else f"coarse:{group}"
        return [
            Content.assemble("grouped into ", (name, "bold"), f" in {share:.0%}"),
            Content.styled("only coarse concepts score classes", "$foreground-muted"),
        ]
    known = [(float(v), c) for c, v in enumerate(concept.importance) if v == v]
    known.sort(key=lambda pair: -abs(pair[0]))
    largest = max((abs(v) for v, _ in known), default=0.0)
    rgb = palette.colour(concept.channel, session.layer.background)
    room = max(width // 2 - 4, 5)
    lines = [Content.styled("mean addition to each class's logit", "$foreground-muted")]
    for value, c in known[: max(min(_MOST_CLASSES, (height or _MOST_CLASSES + 1) - 1), 1)]:
        name = session.class_name(c)
        lines.append(
            Content.assemble(
                f"{name if len(name) <= width - room - 7 else name[: width - room - 8] + '…':<{width - room - 7}}",
                signed_bar(value, largest, room, rgb),
                (f" {value:+.2f}", "bold"),
            )
        )
    return lines


def rank_line(session: Session, rank: str) -> Content:
    """Name of the rank and the mean attention in its first region."""
    gallery = session.concepts.gallery
    if gallery is None or (gallery.key, gallery.channel) != (session.view.layer, session.concepts.at):
        return Content.styled(rank, "$foreground-muted")
    cuttings = gallery.rows[rank]
    if not cuttings:
        return Content.styled(f"{rank}: none", "$foreground-muted")
    return Content.assemble((rank, "bold"), (f"  attention {cuttings[0].strength:.2f}", "$foreground-muted"))
