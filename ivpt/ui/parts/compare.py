"""A second run beside the one that is open: its concepts matched, its importance and predictions compared."""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.schema import COARSE
from ivpt.ui import comparing
from ivpt.ui.comparing import Changed
from ivpt.ui.parts.base import Part

if TYPE_CHECKING:
    from ivpt.ui.session import Session

PICTURES, IMPORTANCE, PREDICTIONS = "pictures", "importance", "predictions"
VIEWS = (PICTURES, IMPORTANCE, PREDICTIONS)

Kind = Literal["match", "vanished", "appeared"]


@dataclass(frozen=True)
class Row:
    """A match, or a concept that only one of the runs has.

    Attributes:
        kind: ``vanished``: only the first run has it; ``appeared``: only the second.
        first, second: channels, ``None`` on the side that does not have it.
        overlap: of a match; else the greatest overlap with any concept of the other run, ``None`` when there is none.
        chance: of a match by regions.
    """

    kind: Kind
    first: int | None
    second: int | None
    overlap: float | None = None
    chance: float | None = None


class Compare(Part):
    """Which second run, which row of which list.

    Args:
        session: of the first run.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.place: Path | None = None
        self.view = PICTURES
        self.row = 0
        self.change = 0
        self.other = self.reads("other", lambda: self.place, comparing.read_other)
        self.names = self.reads("names", lambda: self.other.value, comparing.read_names)
        self.matching = self.reads(
            "matching",
            lambda: self.other.value and (self.other.value, session.view.layer),
            lambda run, what, report: comparing.read_matching(run, what[0], what[1], report),
            keep=8,
            reports=True,
        )
        self.examples = self.reads(
            "examples", self._wanted_examples, lambda run, what: comparing.read_examples(run, *what), keep=16
        )
        self.importance = self.reads(
            "importance",
            lambda: self.other.value if self.view == IMPORTANCE else None,
            comparing.read_importance,
            reports=True,
        )
        self.predictions = self.reads(
            "predictions",
            lambda: self.other.value if self.view == PREDICTIONS else None,
            comparing.read_predictions,
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """Matches, the greatest overlap first, then what vanished, then what appeared."""
        matching = self.matching.value
        if matching is None:
            return ()
        rows = [Row("match", m.first, m.second, m.overlap, m.chance) for m in matching.matches]
        own, theirs = list(self.session.run.layer(matching.first).foreground), self._theirs(matching.second)
        rows += [Row("vanished", k, None, _greatest(matching.overlap[k, theirs])) for k in matching.vanished]
        rows += [Row("appeared", None, k, _greatest(matching.overlap[own, k])) for k in matching.appeared]
        return tuple(rows)

    def name(self, row: Row) -> tuple[str, str]:
        """What the two concepts of a row are called in their own runs; empty for what has no name."""
        matching, theirs = self.matching.value, self.names.value or {}
        if matching is None:
            return "", ""
        own = self.session.edits.name(matching.first, row.first) if row.first is not None else ""
        return own, theirs.get(f"{matching.second}:{row.second}", "")

    def _theirs(self, key: str) -> list[int]:
        """Concepts of a layer of the second run; its background is none."""
        other = self.other.value
        return list(other.run.layer(key).foreground) if other is not None else []

    @property
    def chosen(self) -> Row | None:
        """The row the list stands on."""
        rows = self.rows
        return rows[min(self.row, len(rows) - 1)] if rows else None

    @property
    def changes(self) -> tuple[Changed, ...]:
        """Images with different predictions, once they have been read."""
        found = self.predictions.value
        return found.changed if found is not None else ()

    def _wanted_examples(self) -> Hashable | None:
        other, matching, row = self.other.value, self.matching.value, self.chosen
        if other is None or matching is None or row is None or self.view != PICTURES:
            return None
        return other, matching.first, row.first, matching.second, row.second

    # commands

    def beside(self, place: Path | None) -> bool:
        """Lay another run file beside this one; ``None`` for none."""
        if place == self.place:
            return False
        self.place, self.row, self.change = place, 0, 0
        return True

    def again(self) -> bool:
        """Open the second run again, for instance because it has been trained on."""
        self.other.forget()
        return self.place is not None

    def next_view(self) -> bool:
        """Pictures of the row, importance per class, or predictions that changed."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        if self.view == IMPORTANCE and any(layer.key == COARSE for layer in self.session.layers):
            # only coarse concepts speak for classes
            self.session.choose_layer(COARSE)
        return True

    def next_row(self) -> bool:
        """The next row of the list: of concepts, or of images while predictions are shown."""
        return self._step(1)

    def previous_row(self) -> bool:
        """The previous row."""
        return self._step(-1)

    def choose_row(self, at: int) -> bool:
        """A row that was clicked."""
        return self._step(at - (self.change if self.view == PREDICTIONS else self.row))

    def _step(self, by: int) -> bool:
        if self.view == PREDICTIONS:
            before, last = self.change, len(self.changes) - 1
            self.change = min(max(self.change + by, 0), max(last, 0))
            return self.change != before
        before, last = self.row, len(self.rows) - 1
        self.row = min(max(min(self.row, last) + by, 0), max(last, 0))
        return self.row != before

    def adopted(self) -> None:
        """Lists may be shorter now."""
        self.row = self.change = 0


def _greatest(overlaps: NDArray[np.floating]) -> float | None:
    known = overlaps[~np.isnan(overlaps)]
    return float(known.max()) if len(known) else None
