"""The list of concepts of a layer, and what is known of the chosen one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ivpt.runfile.reader import RunFile
from ivpt.ui import reading, survey
from ivpt.ui.parts.base import Part
from ivpt.ui.parts.evidence import along

if TYPE_CHECKING:
    from ivpt.ui.reading import Gallery
    from ivpt.ui.session import Session
    from ivpt.ui.survey import Concept, Survey

SORTS = ("number", "area", "images", "importance")


class Concepts(Part):
    """Concepts of the layer chosen, sorted; reads figures over all images and regions of the concept at hand.

    Attributes:
        sort: one of :data:`SORTS`.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.sort = "number"
        self.surveys = self.reads("survey", lambda: True, _read_survey)
        self.galleries = self.reads("gallery", self._wanted, _read_gallery, keep=8)

    def _wanted(self) -> tuple[str, int] | None:
        at = self.at
        return None if at is None else (self.session.view.layer, at)

    @property
    def survey(self) -> "Survey | None":
        """Figures over all images, once they are read."""
        return self.surveys.latest

    @property
    def gallery(self) -> "Gallery | None":
        """Regions of the concept at hand, once they are read."""
        return self.galleries.value

    def rows(self) -> "list[Concept]":
        """Concepts of the layer chosen, sorted as chosen; those without a figure come last."""
        if self.survey is None:
            return []
        keys: dict[str, Callable[[Concept], float]] = {
            "number": lambda c: c.channel,
            "area": lambda c: -c.area,
            "images": lambda c: -c.images,
            "importance": lambda c: -self.importance(c),
        }
        rows = self.survey.concepts.get(self.session.view.layer, ())
        return sorted(rows, key=lambda c: (np.isnan(value := keys[self.sort](c)), value))

    def importance(self, concept: "Concept") -> float:
        """Mean contribution to the true class, over classes or for the class explained; NaN where there is none."""
        if concept.importance is None or not np.isfinite(concept.importance).any():
            return float("nan")
        explain = self.session.view.explain
        if isinstance(explain, int):
            return float(concept.importance[explain])
        return float(np.nanmean(concept.importance))

    @property
    def at(self) -> int | None:
        """The concept that the list stands on."""
        if self.session.view.concept is not None:
            return self.session.view.concept
        rows = self.rows()
        return rows[0].channel if rows else None

    def next(self) -> bool:
        """Choose the next concept in the list."""
        return self._walk(1)

    def previous(self) -> bool:
        """Choose the previous concept in the list."""
        return self._walk(-1)

    def _walk(self, by: int) -> bool:
        to = along([c.channel for c in self.rows()], self.at, by)
        return to is not None and self.session.choose(concept=to, steps="concepts")

    def next_sort(self) -> bool:
        """Sort the list by another column."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        return True

    def strongest(self) -> bool:
        """Choose the concept the list stands on, and its strongest image."""
        best = self.gallery.rows["strongest"] if self.gallery is not None else ()
        if not best:
            return False
        self.session.choose(image=best[0].image, concept=self.at)
        return True


def _read_survey(run: RunFile, _what: object) -> "Survey":
    return survey.read_survey(run)


def _read_gallery(run: RunFile, what: tuple[str, int]) -> "Gallery":
    return reading.read_gallery(run, *what)
