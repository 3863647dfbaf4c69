"""Classes: what speaks for each, which are confused, and how two of them differ."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ivpt.analysis.classes import (
    ClassRow,
    ConceptDifference,
    ConfusionMatrix,
    class_differences,
    class_rows,
    confusion_matrix,
)
from ivpt.runfile.index import RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.ui.parts.base import Part
from ivpt.ui.parts.images import CONFUSED, OF_CLASS
from ivpt.ui.reading import Example, read_examples

if TYPE_CHECKING:
    from ivpt.ui.session import Session

SORTS = ("number", "name", "accuracy", "images")
IMPORTANCE, CONFUSION, DIFFERENCE = "importance", "confusion", "difference"
VIEWS = (IMPORTANCE, CONFUSION, DIFFERENCE)


class Classes(Part):
    """The list of classes with the one at hand, and what is shown of it.

    Attributes:
        at: the class at hand.
        other: the class it is compared with; None for the one it is most often mistaken for.
        split: of accuracies and confusions.
        sort: one of :data:`SORTS`.
        shown: one of :data:`VIEWS`.
        pair: which of the confusions, largest first, is at hand.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.at, self.pair = 0, 0
        self.other: int | None = None
        self.split = "test"
        self.sort, self.shown = "number", IMPORTANCE
        self.lists = self.reads("rows", self._by_split, _read_rows, keep=3)
        self.matrices = self.reads("confusion", self._by_split, _read_confusion, keep=3)
        self.examples = self.reads("examples", self._shown_class, _read_examples, keep=8)
        self.differences = self.reads("difference", self._pair, _read_difference, keep=8)

    def _by_split(self) -> tuple[RunIndex, str] | None:
        index = self.session.summary.index
        return None if index is None else (index, self.split)

    def _shown_class(self) -> tuple[RunIndex, int] | None:
        index = self.session.summary.index
        return None if index is None or self.shown != IMPORTANCE or not self.session.class_names else (index, self.at)

    def _pair(self) -> tuple[RunIndex, int, int] | None:
        index, other = self.session.summary.index, self.compared
        if index is None or other is None or self.shown != DIFFERENCE:
            return None
        return index, self.at, other

    def adopted(self) -> None:
        """There may be fewer classes."""
        many = len(self.session.class_names)
        self.at = min(self.at, max(many - 1, 0))
        self.other = None if self.other is not None and self.other >= many else self.other

    # what is known

    def rows(self) -> list[ClassRow]:
        """The list of classes, sorted; the least accurate first."""
        keys: dict[str, Callable[[ClassRow], object]] = {
            "number": lambda row: row.c,
            "name": lambda row: self.session.class_name(row.c).casefold(),
            "accuracy": lambda row: row.accuracy.value if row.accuracy else 2.0,
            "images": lambda row: -self.images(row),
        }
        return sorted(self.lists.value or (), key=keys[self.sort])  # type: ignore[arg-type]

    def images(self, row: ClassRow) -> int:
        """Number of a class's images of the split."""
        return row.images[SPLITS.index(self.split)]

    @property
    def row(self) -> ClassRow | None:
        """The class at hand."""
        return next((row for row in self.lists.value or () if row.c == self.at), None)

    @property
    def compared(self) -> int | None:
        """The class that the one at hand is compared with; None when there is no other."""
        if self.other is not None and self.other != self.at:
            return self.other
        if self.row is not None and self.row.taken_for is not None:
            return self.row.taken_for[0]
        return next((c for c in range(len(self.session.class_names)) if c != self.at), None)

    @property
    def matrix(self) -> ConfusionMatrix | None:
        """The confusion matrix of the split."""
        return self.matrices.value

    def confusions(self) -> list[tuple[int, int, int]]:
        """True class, predicted class and count, the largest first."""
        if self.matrix is None:
            return []
        counts = np.array(self.matrix.counts)
        np.fill_diagonal(counts, 0)
        places = np.argwhere(counts)
        order = np.argsort(-counts[tuple(places.T)], kind="stable")
        named = self.matrix.classes
        return [(int(named[i]), int(named[j]), int(counts[i, j])) for i, j in places[order]]

    # commands

    def next(self) -> bool:
        """Choose the next class of the list, or the next confusion."""
        return self._walk(1)

    def previous(self) -> bool:
        """Choose the previous class of the list, or the previous confusion."""
        return self._walk(-1)

    def page_down(self) -> bool:
        """Ten further."""
        return self._walk(10)

    def page_up(self) -> bool:
        """Ten back."""
        return self._walk(-10)

    def _walk(self, by: int) -> bool:
        if self.shown == CONFUSION:
            return self.to_pair(self.pair + by)
        order = [row.c for row in self.rows()]
        if not order:
            return False
        place = order.index(self.at) + by if self.at in order else 0
        return self.to(order[min(max(place, 0), len(order) - 1)])

    def to(self, c: int) -> bool:
        """Choose a class."""
        if not 0 <= c < len(self.session.class_names) or c == self.at:
            return False
        self.at = c
        return True

    def to_pair(self, at: int) -> bool:
        """Choose a confusion: its two classes become the ones that are compared."""
        found = self.confusions()
        if not found:
            return False
        self.pair = min(max(at, 0), len(found) - 1)
        self.at, self.other, _ = found[self.pair]
        return True

    def compare_with(self, c: int) -> bool:
        """Compare the class at hand with another."""
        if not 0 <= c < len(self.session.class_names) or c == self.at:
            return False
        self.other, self.shown = c, DIFFERENCE
        return True

    def swap(self) -> bool:
        """Let the two classes that are compared change places."""
        other = self.compared
        if other is None:
            return False
        self.at, self.other = other, self.at
        return True

    def next_sort(self) -> bool:
        """Sort the list by another column."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        return True

    def next_split(self) -> bool:
        """Figures of another split."""
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        self.pair = 0
        return True

    def next_shown(self) -> bool:
        """Show importance, confusions or the comparison with another class."""
        self.shown = VIEWS[(VIEWS.index(self.shown) + 1) % len(VIEWS)]
        return True

    def open_images(self) -> bool:
        """Go through the images of the class, or of the confusion."""
        images = self.session.images
        if self.shown == CONFUSION and self.confusions():
            true, said, _ = self.confusions()[min(self.pair, len(self.confusions()) - 1)]
            return images.choose((CONFUSED, self.split, true, said)) or self._shown((CONFUSED, self.split, true, said))
        return images.choose((OF_CLASS, self.at)) or self._shown((OF_CLASS, self.at))

    def _shown(self, filter: tuple[str | int, ...]) -> bool:
        return self.session.view.filter == filter


def _read_rows(run: RunFile, what: tuple[RunIndex, str]) -> tuple[ClassRow, ...]:
    return class_rows(run, *what)


def _read_examples(run: RunFile, what: tuple[RunIndex, int]) -> tuple[Example, ...]:
    return read_examples(run, *what)


def _read_confusion(run: RunFile, what: tuple[RunIndex, str]) -> ConfusionMatrix:
    return confusion_matrix(*what)


def _read_difference(run: RunFile, what: tuple[RunIndex, int, int]) -> tuple[ConceptDifference, ...]:
    return class_differences(run, *what)
