"""Concepts: the list of each layer, and regions of the chosen one cut out of images."""

from collections.abc import Iterator

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.runfile.index import RANKS
from ivpt.ui.actions import CONCEPTS
from ivpt.ui.parts.concepts import EVERY
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import (
    layers_title,
    lineage_lines,
    list_lines,
    rank_lines,
    spread_lines,
    spread_title,
)
from ivpt.ui.text import counted
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet

ROWS = TILES = 3
"""Regions in the gallery; narrow terminals show two in a row."""


class ConceptsScreen(SessionScreen):
    """The list at the left, the gallery at the right."""

    name_in_table = CONCEPTS
    needs = (
        "summary.index",
        "summary.facts",
        "edits.edited",
        "concepts.gallery",
        "concepts.detail",
        "classes.rows",
    )
    BINDINGS = bindings(CONCEPTS)

    def body(self) -> Iterator[Widget]:
        """List and relations of the chosen concept at the left, three rows of regions at the right."""
        with Horizontal(classes="fill"):
            with Vertical(id="left"):
                yield Sheet(id="list", classes="panel")
                yield Sheet(id="lineage", classes="panel")
                yield Sheet(id="spread", classes="panel")
            with Vertical(id="gallery", classes="panel"):
                for row in range(ROWS):
                    yield Sheet(id=f"rank-{row}", classes="rank")
                    with Horizontal(classes="tiles"):
                        for at in range(TILES):
                            yield PictureView(id=f"tile-{row}-{at}", classes=f"tile tile-{at}")

    def show(self) -> None:
        """Draw the list, the relations and the gallery."""
        session, concepts = self.session, self.session.concepts
        listed = self.query_one("#list", Sheet)
        listed.draw(lambda w, h: list_lines(session, w, h), layers_title(session))
        listed.border_subtitle = Content("" if concepts.shown == EVERY else concepts.shown)
        key, at = session.view.layer, concepts.at
        name = session.label(key, at) if at is not None else key
        # what feeds a coarse concept is what the model assigns to it; all else here is overlap
        where = Content(f"What feeds {name}" if session.layer.block is None else f"Where {name} lies, by overlap")
        self.query_one("#lineage", Sheet).draw(lambda w, h: lineage_lines(session, w, h), where)
        self.query_one("#spread", Sheet).draw(lambda w, h: spread_lines(session, w, h), spread_title(session))
        gallery = concepts.gallery
        many = f" in {counted(gallery.firing, 'image')}" if gallery is not None else ""
        self.query_one("#gallery").border_title = Content(f"Regions of {name}{many}")
        self.query_one("#gallery").border_subtitle = Content(
            "all ranks" if concepts.ranks == RANKS else f"{concepts.ranks[0]} alone: v for the others"
        )
        for row in range(ROWS):
            self._draw_row(row)

    @property
    def _across(self) -> int:
        """Regions in a row."""
        return TILES if self.app.size.width >= 100 else TILES - 1

    def _place(self, row: int) -> tuple[str, int]:
        """The rank of a row, and the first of its regions that is shown there."""
        ranks = self.session.concepts.ranks
        return (ranks[row], 0) if len(ranks) == ROWS else (ranks[0], row * self._across)

    def _draw_row(self, row: int) -> None:
        session, gallery = self.session, self.session.concepts.gallery
        rank, start = self._place(row)
        across = self._across
        self.query_one(f"#rank-{row}", Sheet).draw(lambda w, h: rank_lines(session, rank, start, across, w, h))
        for at in range(TILES):
            tile = self.query_one(f"#tile-{row}-{at}", PictureView)
            tile.styles.display = "block" if at < across else "none"
            cuttings = gallery.rows[rank][start : start + across] if gallery else ()  # type: ignore[index]
            if at >= len(cuttings):
                tile.draw(None)
                continue
            tile.draw(
                cuttings[at].picture,
                cuttings[at].regions,
                background=session.layer.background,
                opacity=0.55,
                chosen=session.concepts.at,
                marks=session.overlay.marks,
                numbers=False,
                only=True,
            )

    def on_resize(self, _event: events.Resize) -> None:
        """More or fewer regions fit in a row."""
        if self.explorer.opened:
            self.show()

    def on_click(self, event: events.Click) -> None:
        """A region that is clicked shows its image."""
        name = (event.widget.id or "") if event.widget else ""
        gallery = self.session.concepts.gallery
        if name.startswith("tile-") and gallery is not None:
            row, at = (int(part) for part in name.split("-")[1:])
            rank, start = self._place(row)
            cuttings = gallery.rows[rank]  # type: ignore[index]
            if start + at < len(cuttings):
                self.session.choose(image=cuttings[start + at].image, concept=self.session.concepts.at)
                self.explorer.action_show("image")

    def action_sort(self, column: str) -> None:
        """Sort the list by a column that was clicked."""
        if self.session.concepts.sort_by(column):
            self.show()
