"""Compare: a second run beside the one that is open."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.ui import editing
from ivpt.ui.actions import COMPARE, IMAGE
from ivpt.ui.comparing import EXAMPLES, Example, read_other
from ivpt.ui.parts.compare import IMPORTANCE, PICTURES, PREDICTIONS, Compare, Row
from ivpt.ui.screens import compare_lines
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import layers_title
from ivpt.ui.screens.prompt import path_of
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet

_SIDES = ("a", "b")


class CompareScreen(SessionScreen):
    """Pairs of concepts at the left; regions, importance or predictions at the right."""

    name_in_table = COMPARE
    needs = (
        "edits.edited",
        "compare.other",
        "compare.names",
        "compare.matching",
        "compare.examples",
        "compare.importance",
        "compare.predictions",
    )
    BINDINGS = bindings(COMPARE)

    @property
    def compare(self) -> Compare:
        """The second run and what is chosen."""
        return self.session.part(Compare)

    def body(self) -> Iterator[Widget]:
        """The two runs, the list of pairs, pictures or lines."""
        yield Sheet(id="compare-head")
        with Horizontal(classes="fill"):
            with Vertical(id="compare-left"):
                yield Sheet(id="compare-list", classes="panel")
                yield Sheet(id="compare-note", classes="panel")
            with Vertical(id="compare-pictures", classes="panel"):
                for side in _SIDES:
                    yield Sheet(id=f"compare-{side}", classes="rank")
                    with Horizontal(classes="tiles"):
                        for at in range(EXAMPLES):
                            yield PictureView(id=f"compare-{side}-{at}", classes=f"tile tile-{at}")
            yield Sheet(id="compare-lines", classes="panel")

    def show(self) -> None:
        """Draw everything."""
        session, compare = self.session, self.compare
        lines = compare_lines
        self.query_one("#compare-head", Sheet).draw(lambda w, h: lines.head_lines(compare, w))
        self.query_one("#compare-list", Sheet).draw(partial(lines.list_lines, session, compare), layers_title(session))
        note = self.query_one("#compare-note", Sheet)
        note.draw(partial(lines.note_lines, compare))
        note.display = compare.matching.value is not None
        pictures, sheet = self.query_one("#compare-pictures"), self.query_one("#compare-lines", Sheet)
        pictures.display = compare.view == PICTURES
        sheet.display = compare.view != PICTURES
        pictures.border_title = lines.view_title(compare)
        if compare.view == IMPORTANCE:
            sheet.draw(partial(lines.importance_lines, session, compare), lines.view_title(compare))
        elif compare.view == PREDICTIONS:
            sheet.draw(partial(lines.prediction_lines, compare), lines.view_title(compare))
        else:
            self._draw_pictures()

    def _draw_pictures(self) -> None:
        compare, row, lines = self.compare, self.compare.chosen, compare_lines
        found = compare.examples.value
        channels, names = ((None, None), ("", "")) if row is None else ((row.first, row.second), compare.name(row))
        for side, channel, name in zip(_SIDES, channels, names, strict=True):
            shown = () if found is None else found.first if side == "a" else found.second
            words = "does not have it" if channel is None else f"concept {channel} {name}".rstrip()
            if channel is not None and found is not None and not shown:
                words += ": never has a region"
            self.query_one(f"#compare-{side}", Sheet).draw(
                partial(lines.side_lines, side, words, tuple(e.name for e in shown)) if row else _nothing
            )
            for at in range(EXAMPLES):
                tile = self.query_one(f"#compare-{side}-{at}", PictureView)
                if row is None or at >= len(shown):
                    tile.draw(None)
                else:
                    self._draw_tile(tile, shown[at], row, channel)

    def _draw_tile(self, tile: PictureView, example: Example, row: Row, channel: int | None) -> None:
        layer = self.session.layer
        colour = row.first if row.first is not None else row.second or 0
        # a mask in the colour of the match, whatever the number of the concept in its own run
        mask = np.full(example.regions.shape, layer.background, np.uint8)
        if channel is not None:
            mask[example.regions == channel] = colour
        tile.draw(
            example.picture,
            mask,
            background=layer.background,
            opacity=0.55,
            marks=self.session.overlay.marks,
            numbers=False,
        )

    def action_open(self) -> None:
        """Ask for the path of the second run."""
        folder = self.session.run.path.parent
        begun = str(self.compare.place or folder) + ("" if self.compare.place else "/")
        editing.ask(self.explorer, "Second run file", self._open, begun, "→ completes a path", endings=(".h5",))

    async def _open(self, typed: str) -> None:
        place, run = path_of(typed) if typed else None, self.session.run
        if place is None or place == self.compare.place:
            if self.compare.beside(place):
                self.explorer.changed()
            return
        # what cannot be opened does not take the place of what is shown
        found = await editing.in_thread(self.explorer, lambda: read_other(run, place))
        if found is not None and self.compare.beside(place):
            wish = self.compare.other.missing()
            if wish is not None:
                self.compare.other.take(wish, found)
            self.explorer.changed()

    def action_row(self, at: int) -> None:
        """Stand on a row that was clicked."""
        if self.compare.choose_row(at):
            self.explorer.changed()

    def action_look(self) -> None:
        """See the image whose prediction changed, or the concept of the first run."""
        compare, row = self.compare, self.compare.chosen
        if compare.view == PREDICTIONS:
            if compare.changes:
                self.session.images.to(compare.changes[min(compare.change, len(compare.changes) - 1)].image)
                self.explorer.action_show(IMAGE)
        elif row is not None and row.first is not None:
            self.session.choose(concept=row.first)
            self.explorer.action_show("concepts")


def _nothing(_width: int, _height: int) -> list[Content]:
    return []


__all__ = ["CompareScreen"]
