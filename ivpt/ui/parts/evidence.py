"""Why this class and not that, in the image at hand, and which concepts are present there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.base import Part
from ivpt.ui.reading import read_attention
from ivpt.ui.session import PREDICTED, TRUE

if TYPE_CHECKING:
    from ivpt.ui.reading import Page
    from ivpt.ui.session import Session


@dataclass(frozen=True)
class Present:
    """A concept's region in the image at hand.

    Attributes:
        channel: of the layer chosen.
        area: share of the map.
        group: the coarse concept it is grouped with in this image (0 = background), or None.
    """

    channel: int
    area: float
    group: int | None


class Evidence(Part):
    """Contributions of concepts in the image at hand, from the scores stored with it; reads attention when asked for.

    Attributes:
        contrast: show what speaks for one class and not the other, instead of what speaks for the one.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.contrast = False
        self.attentions = self.reads("attention", self._attended, _read_attention, keep=16)

    def _attended(self) -> tuple[int, str, int] | None:
        view = self.session.view
        if not self.session.overlay.heat or view.concept is None or view.image < 0:
            return None
        return view.image, view.layer, view.concept

    @property
    def _page(self) -> "Page | None":
        return self.session.images.page

    @property
    def explained(self) -> int:
        """The class whose evidence is shown for the page at hand; -1 when there is none."""
        page, explain = self._page, self.session.view.explain
        if page is None or isinstance(explain, int):
            return explain if isinstance(explain, int) else -1
        return page.label if explain == TRUE or page.prediction < 0 else page.prediction

    @property
    def rival(self) -> int:
        """The class to compare with: the one chosen, the true one of a mistake, else the next best; -1 for none."""
        page, chosen = self._page, self.session.view.against
        if page is None or page.scores is None or len(self.session.class_names) < 2:
            return -1
        if chosen is not None and chosen != self.explained:
            return chosen
        if page.wrong and self.explained != page.label:
            return page.label
        logits = page.scores.mean(axis=0)
        return next(int(c) for c in np.argsort(-logits, kind="stable") if c != self.explained)

    def contributions(self, c: int) -> NDArray[np.float32] | None:
        """(n,) what each coarse concept adds to the logit of class c in the page at hand."""
        page = self._page
        if page is None or page.scores is None or c < 0:
            return None
        return page.scores[:, c] / np.float32(len(page.scores))

    def probability(self, c: int) -> float | None:
        """Softmax probability of class c in the page at hand."""
        page = self._page
        if page is None or page.scores is None or c < 0:
            return None
        logits = page.scores.mean(axis=0, dtype=np.float64)
        shares = np.exp(logits - logits.max())
        return float(shares[c] / shares.sum())

    def present(self) -> list[Present]:
        """Concepts with a region in the page at hand, in the layer chosen, largest first."""
        page, layer = self._page, self.session.layer
        if page is None or layer.key not in page.regions:
            return []
        regions, groups = page.regions[layer.key], page.groups.get(layer.key)
        counts = np.bincount(regions.ravel(), minlength=layer.prototypes)
        found = [
            Present(k, counts[k] / regions.size, None if groups is None else int(groups[k]))
            for k in layer.foreground
            if counts[k]
        ]
        return sorted(found, key=lambda p: -p.area)

    def next_present(self) -> bool:
        """Choose the next concept that has a region in this image."""
        return self._walk(1)

    def previous_present(self) -> bool:
        """Choose the previous concept that has a region in this image."""
        return self._walk(-1)

    def _walk(self, by: int) -> bool:
        to = along([p.channel for p in self.present()], self.session.view.concept, by)
        return to is not None and self.session.choose(concept=to, steps="concepts")

    def next_explained(self) -> bool:
        """Explain the true class instead of the predicted one, or back."""
        return self.session.choose(explain=TRUE if self.session.view.explain == PREDICTED else PREDICTED)

    def explain(self, c: int) -> bool:
        """Explain a class: its evidence on the image, its importance in the list of concepts."""
        return 0 <= c < len(self.session.class_names) and self.session.choose(explain=c)

    def compare_with(self, c: int) -> bool:
        """Say what speaks for the class explained and not for another."""
        if not 0 <= c < len(self.session.class_names):
            return False
        self.contrast = True
        self.session.choose(against=c)
        return True

    def toggle_contrast(self) -> bool:
        """Show what speaks for this class and not for the other, or what speaks for this one."""
        self.contrast = not self.contrast
        return True


def _read_attention(run: RunFile, what: tuple[int, str, int]) -> NDArray[np.float32] | None:
    return read_attention(run, *what)


def along(channels: list[int], at: int | None, by: int) -> int | None:
    """The channel a step away in a list, which ends at its ends; None for an empty list."""
    if not channels:
        return None
    if at not in channels:
        return channels[0 if by > 0 else -1]
    return channels[min(max(channels.index(at) + by, 0), len(channels) - 1)]
