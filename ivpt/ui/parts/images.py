"""Which images are gone through, and the one at hand."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.ui import finding, reading
from ivpt.ui.parts.base import Part
from ivpt.ui.parts.lists import ImageNumbers, Numbers
from ivpt.ui.session import Filter

if TYPE_CHECKING:
    from ivpt.ui.reading import Page
    from ivpt.ui.session import Session

ALL, MISTAKES, OF_CLASS, CONFUSED = "all", "mistakes", "class", "confused"
FILTERS: tuple[Filter, ...] = ((ALL,), *((name,) for name in SPLITS), (MISTAKES,))
"""Choices that a key goes through; ``all`` are those with maps, unless there are none. There are also ``(OF_CLASS, c)``
and ``(CONFUSED, split, true, predicted)``."""
PAGES_KEPT = 16


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
        self.__dict__.pop("_made", None)

    # the choice

    @cached_property
    def _made(self) -> dict[Filter, ImageNumbers]:
        return {}

    def of(self, filter: Filter) -> ImageNumbers:
        """The images of a choice, ascending."""
        if filter not in self._made:
            self._made[filter] = self._make(filter)
        return self._made[filter]

    def _make(self, filter: Filter) -> ImageNumbers:
        run, index = self.session.run, self.session.summary.index
        # without an index the same lists are made of arrays over all images
        match filter:
            case ("all",):
                mapped = index.mapped() if index else Numbers(np.sort(run.map_images))
                return mapped if len(mapped) else Numbers(np.arange(run.num_images))
            case ("mistakes",):
                if index:
                    return index.mistakes()
                return Numbers(np.flatnonzero((run.predictions >= 0) & (run.predictions != run.labels)))
            case ("class", int(c)):
                return index.of_class(c) if index else Numbers(np.flatnonzero(run.labels == c))
            case ("confused", str(split), int(true), int(said)):
                if index:
                    return index.of_pair(split, true, said)
                chosen = (run.labels == true) & (run.predictions == said)
                return Numbers(np.flatnonzero(chosen & (run.splits == SPLITS.index(split))))
            case (str(split),) if split in SPLITS:
                if index:
                    return index.of_split(split)
                return Numbers(np.flatnonzero(run.splits == SPLITS.index(split)))
        raise ValueError(f"{filter!r} is no choice of images")

    @property
    def order(self) -> ImageNumbers:
        """The images that next and previous go through."""
        return self.of(self.session.view.filter)

    @property
    def position(self) -> tuple[int, int]:
        """Place of the image among those of the filter, counted from 1 (0 = not among them), and their number."""
        order, image = self.order, self.session.view.image
        return (order.find(image) + 1 if image in order else 0), len(order)

    def words(self) -> str:
        """The choice in words, harmless."""
        match self.session.view.filter:
            case ("class", int(c)):
                return f"of {self.session.class_name(c)}"
            case ("confused", _, int(true), int(said)):
                return f"{self.session.class_name(true)} taken for {self.session.class_name(said)}"
            case (name, *_):
                return str(name)
        return ""

    # commands

    def _go(self, image: int | None, steps: str | None = None) -> bool:
        return image is not None and self.session.choose(image=image, steps=steps)

    def start(self) -> bool:
        """Stand on the first image of the filter, if the one at hand is not among them."""
        place, many = self.position
        return bool(many) and not place and self._go(self.order[0])

    def next(self) -> bool:
        """Go to the next image of the filter."""
        return self._go(self.order.step(self.session.view.image, 1), "images")

    def previous(self) -> bool:
        """Go to the previous image of the filter."""
        return self._go(self.order.step(self.session.view.image, -1), "images")

    def first(self) -> bool:
        """Go to the first image of the filter."""
        return bool(len(self.order)) and self._go(self.order[0])

    def last(self) -> bool:
        """Go to the last image of the filter."""
        return bool(len(self.order)) and self._go(self.order[len(self.order) - 1])

    def next_mistake(self) -> bool:
        """Go to the next wrongly classified image of the filter."""
        return self._go(_both(self.of((MISTAKES,)), self.order, self.session.view.image, 1), "images")

    def previous_mistake(self) -> bool:
        """Go to the previous wrongly classified image of the filter."""
        return self._go(_both(self.of((MISTAKES,)), self.order, self.session.view.image, -1), "images")

    def next_of_class(self) -> bool:
        """Go to the next image of the same true class, around the end."""
        if self.session.view.image < 0:
            return False
        return self.to_class(self.session.run.label(self.session.view.image))

    def to_class(self, c: int) -> bool:
        """Go to the next image of a class in the filter, or of all images when the filter has none; around the end."""
        if not 0 <= c < len(self.session.class_names):
            return False
        own, image = self.of((OF_CLASS, c)), self.session.view.image
        for order in (self.order, own):
            to = _both(own, order, image, 1)
            if to is None:
                to = _both(own, order, -1, 1)
            if to is not None:
                return self._go(to)
        return False

    def to(self, index: int) -> bool:
        """Go to an image, whether or not the filter lets it through."""
        return 0 <= index < self.session.run.num_images and self._go(index)

    def choose(self, filter: Filter) -> bool:
        """Go through another choice of images, unless it is empty."""
        if not len(self.of(filter)):
            return False
        changed = self.session.choose(filter=filter)
        return self.start() or changed

    def next_filter(self) -> bool:
        """Go through another choice of images; empty choices are left out."""
        now = self.session.view.filter
        at = FILTERS.index(now) if now in FILTERS else -1
        return any(self.choose(FILTERS[(at + step) % len(FILTERS)]) for step in range(1, len(FILTERS)))


def _both(some: ImageNumbers, others: ImageNumbers, image: int, by: int) -> int | None:
    """The next image after (or before) one that is in both lists."""
    found = some.step(image, by)
    while found is not None and found not in others:
        found = some.step(found, by)
    return found


def _read_ids(run: RunFile, _what: object) -> finding.Names:
    return finding.read_names(run)
