"""The list of concepts of a layer, and what is known of the chosen one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivpt.analysis import lineage
from ivpt.analysis.concepts import ConceptFacts, OverClasses, over_classes
from ivpt.analysis.lineage import Link
from ivpt.runfile.index import RANKS, Rank, RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.ui import reading
from ivpt.ui.parts.base import Part
from ivpt.ui.parts.evidence import along

if TYPE_CHECKING:
    from ivpt.ui.reading import Gallery
    from ivpt.ui.session import Session

NUMBER, AREA, IMAGES, IMPORTANCE, CONSISTENCY, PART = "number", "area", "images", "importance", "consistency", "part"
SORTS = (NUMBER, AREA, IMAGES, IMPORTANCE, CONSISTENCY, PART)
EVERY, FLAGGED, SOUND, NAMED, UNNAMED = "all", "flagged", "not flagged", "named", "unnamed"
SHOWN = (EVERY, FLAGGED, SOUND, NAMED, UNNAMED)
CONSISTENCY_FIGURE = "consistency: consistency"
"""The stored figure that the list shows, see :attr:`ConceptFacts.metrics`."""


@dataclass(frozen=True)
class Detail:
    """What is known of one concept beyond its row.

    Attributes:
        key, channel: the concept.
        classes: how it is spread over them.
        parents: by overlap with the next layer.
        children: of the layer before; for coarse concepts prototypes of every block, where they are assigned.
        path: the strongest link of each step up to the coarse set.
    """

    key: str
    channel: int
    classes: OverClasses
    parents: tuple[Link, ...]
    children: tuple[Link, ...]
    path: tuple[Link, ...]


class Concepts(Part):
    """Concepts of the layer chosen, sorted and filtered; reads regions and relations of the concept at hand.

    Attributes:
        sort: one of :data:`SORTS`.
        shown: one of :data:`SHOWN`.
        ranks: which regions fill the gallery: all three ranks, or one of them.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.sort, self.shown = NUMBER, EVERY
        self.ranks: tuple[Rank, ...] = RANKS
        self.galleries = self.reads("gallery", self._wanted, _read_gallery, keep=12)
        self.details = self.reads("detail", self._wanted, _read_detail, keep=64)

    def _wanted(self) -> tuple[RunIndex, str, int] | None:
        at, index = self.at, self.session.summary.index
        return None if at is None or index is None else (index, self.session.view.layer, at)

    @property
    def gallery(self) -> "Gallery | None":
        """Regions of the concept at hand, once they are read."""
        return self.galleries.value

    @property
    def detail(self) -> Detail | None:
        """Relations of the concept at hand, once they are read."""
        return self.details.value

    # the list

    def rows(self) -> list[ConceptFacts]:
        """Concepts of the layer chosen, filtered and sorted; those without a figure come last."""
        facts = self.session.summary.facts
        if facts is None:
            return []
        keys: dict[str, Callable[[ConceptFacts], float]] = {
            NUMBER: lambda c: c.channel,
            AREA: lambda c: -c.area,
            IMAGES: lambda c: -c.share,
            IMPORTANCE: lambda c: -self.adds(c),
            CONSISTENCY: lambda c: -c.metrics.get(CONSISTENCY_FIGURE, math.nan),
            PART: lambda c: -c.part[1] if c.part else math.nan,
        }
        rows = [c for c in facts.concepts.get(self.session.view.layer, ()) if self._passes(c)]
        return sorted(rows, key=lambda c: (math.isnan(value := keys[self.sort](c)), value))

    def adds(self, c: ConceptFacts) -> float:
        """What a coarse concept adds to the logit of the true class, or of the class explained; else NaN."""
        if c.importance is None:
            return math.nan
        explain, rows = self.session.view.explain, self.session.classes.lists.value
        if isinstance(explain, int) and rows:
            return float(rows[explain].importance[c.channel - 1])
        return c.importance

    def _passes(self, c: ConceptFacts) -> bool:
        match self.shown:
            case "flagged":
                return bool(c.flags)
            case "not flagged":
                return not c.flags
            case "named":
                return bool(self.session.edits.name(c.key, c.channel))
            case "unnamed":
                return not self.session.edits.name(c.key, c.channel)
        return True

    @property
    def at(self) -> int | None:
        """The concept that the list stands on; the first one that has a region anywhere, until one is chosen."""
        if self.session.view.concept is not None:
            return self.session.view.concept
        rows = self.rows()
        return next((c.channel for c in rows if c.images), rows[0].channel if rows else None)

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
        return self.sort_by(SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)])

    def sort_by(self, sort: str) -> bool:
        """Sort the list by a column."""
        changed, self.sort = sort != self.sort and sort in SORTS, sort if sort in SORTS else self.sort
        return changed

    def next_shown(self) -> bool:
        """List all, flagged, not flagged, named or unnamed concepts; empty choices are left out."""
        for step in range(1, len(SHOWN) + 1):
            before, self.shown = self.shown, SHOWN[(SHOWN.index(self.shown) + 1) % len(SHOWN)]
            if self.rows() or self.shown == EVERY:
                if self.at not in [c.channel for c in self.rows()]:
                    self.session.choose(concept=None)
                return step > 0 and before != self.shown
        return False

    # from fine to coarse

    def to_parent(self) -> bool:
        """Go to the concept of the next layer that owns most of this one's cells."""
        return self._follow([link.coarse for link in self.detail.parents] if self.detail else [])

    def to_child(self) -> bool:
        """Go to the concept of the layer before that lies most in this one."""
        return self._follow([link.fine for link in self.detail.children] if self.detail else [])

    def _follow(self, concepts: list[tuple[str, int]]) -> bool:
        for key, channel in concepts:
            if channel in self.session.run.layer(key).foreground:
                return self.session.choose(layer=key, concept=channel)
        return False

    # regions

    def next_ranks(self) -> bool:
        """Fill the gallery with all ranks, or the strongest, the median or the weakest regions alone."""
        choices: tuple[tuple[Rank, ...], ...] = (RANKS, *((rank,) for rank in RANKS))
        self.ranks = choices[(choices.index(self.ranks) + 1) % len(choices)]
        return True

    def strongest(self) -> bool:
        """Choose the concept the list stands on, and its strongest image."""
        best = self.gallery.rows["strongest"] if self.gallery is not None else ()
        if not best:
            return False
        self.session.choose(image=best[0].image, concept=self.at)
        return True


def _read_gallery(run: RunFile, what: tuple[RunIndex, str, int]) -> "Gallery":
    return reading.read_gallery(run, *what)


def _read_detail(run: RunFile, what: tuple[RunIndex, str, int]) -> Detail:
    index, key, channel = what
    coarse = run.layer(key).block is None
    return Detail(
        key,
        channel,
        over_classes(run, index, key, channel),
        () if coarse else lineage.parents(run, index, key, channel),
        lineage.children(run, index, key, channel, "assigned" if coarse else "overlap")
        or lineage.children(run, index, key, channel),
        lineage.path_to_coarse(run, index, key, channel),
    )
