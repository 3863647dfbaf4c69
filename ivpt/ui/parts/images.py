"""Which images are gone through, and the one at hand."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.ui import finding, reading
from ivpt.ui.parts.base import Part

if TYPE_CHECKING:
    from ivpt.ui.reading import Page
    from ivpt.ui.session import Session

FILTERS = ("all", *SPLITS, "mistakes")
"""Choices of images; ``all`` are those with maps, unless there are none."""
PAGES_KEPT = 16

Indices = NDArray[np.integer[Any]]


class Images(Part):
    """Steps through the images of a choice; reads the one at hand and, for finding, the names of all."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.pages = self.reads("page", self._wanted, reading.read_page, keep=PAGES_KEPT)
        self.ids = self.reads("ids", lambda: True, _read_ids)

    def _wanted(self) -> int | None:
        return self.session.view.image if self.session.view.image >= 0 else None

    @property
    def page(self) -> "Page | None":
        """The image at hand or, while it is being read, the one before."""
        return self.pages.latest

    def adopted(self) -> None:
        """Images may have come or got predictions."""
        self.__dict__.pop("_orders", None)

    # the choice

    @cached_property
    def _orders(self) -> dict[str, Indices]:
        return {}

    def order(self, filter: str | None = None) -> Indices:
        """The images that next and previous go through."""
        name = filter or self.session.view.filter
        if name not in self._orders:
            self._orders[name] = self._ordered(name)
        return self._orders[name]

    def _ordered(self, name: str) -> Indices:
        run = self.session.run
        mapped = np.sort(run.map_images)
        if name in SPLITS:
            return np.flatnonzero(run.splits == SPLITS.index(name))
        if name == "mistakes":
            return np.flatnonzero((run.predictions >= 0) & (run.predictions != run.labels))
        return mapped if len(mapped) else np.arange(run.num_images)

    @property
    def position(self) -> tuple[int, int]:
        """Place of the image among those of the filter, counted from 1 (0 = not among them), and their number."""
        order = self.order()
        place = int(np.searchsorted(order, self.session.view.image))
        inside = place < len(order) and order[place] == self.session.view.image
        return (place + 1 if inside else 0), len(order)

    # commands

    def _go(self, image: int, steps: str | None = None) -> bool:
        return self.session.choose(image=image, steps=steps)

    def start(self) -> bool:
        """Stand on the first image of the filter, if the one at hand is not among them."""
        place, many = self.position
        return bool(many) and not place and self._go(int(self.order()[0]))

    def next(self) -> bool:
        """Go to the next image of the filter."""
        return self._step(self.order(), 1)

    def previous(self) -> bool:
        """Go to the previous image of the filter."""
        return self._step(self.order(), -1)

    def first(self) -> bool:
        """Go to the first image of the filter."""
        order = self.order()
        return bool(len(order)) and self._go(int(order[0]))

    def last(self) -> bool:
        """Go to the last image of the filter."""
        order = self.order()
        return bool(len(order)) and self._go(int(order[-1]))

    def next_mistake(self) -> bool:
        """Go to the next wrongly classified image of the filter."""
        return self._step(np.intersect1d(self.order(), self.order("mistakes")), 1)

    def previous_mistake(self) -> bool:
        """Go to the previous wrongly classified image of the filter."""
        return self._step(np.intersect1d(self.order(), self.order("mistakes")), -1)

    def next_of_class(self) -> bool:
        """Go to the next image of the same true class, around the end."""
        if self.session.view.image < 0:
            return False
        return self.to_class(int(self.session.run.labels[self.session.view.image]))

    def to_class(self, c: int) -> bool:
        """Go to the next image of a class in the filter, or of all images when the filter has none; around the end."""
        order, labels = self.order(), self.session.run.labels
        own = order[labels[order] == c]
        if not len(own):
            own = np.flatnonzero(labels == c)
        later = own[own > self.session.view.image]
        return bool(len(own)) and self._go(int(later[0] if len(later) else own[0]))

    def to(self, index: int) -> bool:
        """Go to an image, whether or not the filter lets it through."""
        return 0 <= index < self.session.run.num_images and self._go(index)

    def _step(self, order: Indices, by: int) -> bool:
        at = self.session.view.image
        place = int(np.searchsorted(order, at, side="right" if by > 0 else "left"))
        place = place if by > 0 else place - 1
        return 0 <= place < len(order) and self._go(int(order[place]), "images")

    def next_filter(self) -> bool:
        """Go through another choice of images; empty choices are left out."""
        at = FILTERS.index(self.session.view.filter)
        for step in range(1, len(FILTERS)):
            name = FILTERS[(at + step) % len(FILTERS)]
            if len(self.order(name)):
                self.session.choose(filter=name)
                self.start()
                return True
        return False


def _read_ids(run: RunFile, _what: object) -> finding.Names:
    return finding.read_names(run)
