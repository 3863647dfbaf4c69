"""The explorer without a terminal: what is chosen, what is known, and the commands that change either.

A command returns whether anything changed. Reading is not done here: :meth:`Session.wish` says what is missing for
what is chosen, a worker reads it, and :meth:`Session.take` puts it in place unless the choice has moved on meanwhile.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS, LayerInfo
from ivpt.ui.card import Card, read_card
from ivpt.ui.text import plain

if TYPE_CHECKING:
    # what workers read is imported by them: the first paint does not wait for it
    from ivpt.ui.finding import Names
    from ivpt.ui.reading import Gallery, Page
    from ivpt.ui.survey import Concept, Survey

FILTERS = ("all", *SPLITS, "mistakes")
SORTS = ("number", "area", "images", "importance")
OPACITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
PAGES_KEPT = 16
PREDICTED, TRUE = "predicted", "true"

Indices = NDArray[np.integer[Any]]

Wish = tuple[int, Hashable]
"""Which version of the run, and what of it."""


@dataclass(frozen=True)
class View:
    """Everything that can be chosen.

    Attributes:
        image: position in the image table; -1 when the run has no images.
        layer: key of a layer.
        concept: channel of the chosen concept of that layer, or None.
        explain: the class whose evidence is shown: :data:`PREDICTED`, :data:`TRUE` or a class index.
        filter: one of :data:`FILTERS`: which images next and previous go through.
        sort: one of :data:`SORTS`.
        opacity: of the regions over the picture.
        marks: fill regions with characters instead of colours.
    """

    image: int
    layer: str
    concept: int | None = None
    explain: str | int = PREDICTED
    filter: str = "all"
    sort: str = "number"
    opacity: float = 0.6
    marks: bool = False


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


class Session:
    """One open run and what is chosen in it.

    Args:
        run: opened for reading; stays open until another version is adopted or the caller closes it.
        card: of that run, if it has been read already.
        marks: start with characters instead of colours.

    Raises:
        RunFileError: the run cannot be explored.
    """

    def __init__(self, run: RunFile, card: Card | None = None, *, marks: bool = False) -> None:
        self.run = run
        self.card: Card = card or read_card(run)
        if not run.layers:
            raise RunFileError(f"The run file {run.path} holds no layers.", "Train again.")
        self.version = 0
        self.survey: Survey | None = None
        self.page: Page | None = None
        self.gallery: Gallery | None = None
        self.names: Names | None = None
        self.trouble = ""
        self._held: dict[str, Wish] = {}
        self._pages: OrderedDict[Wish, Page] = OrderedDict()
        # the layer with about ten concepts is where parts are usually found
        start = min(run.layers, key=lambda layer: abs(layer.prototypes - 11))
        self.view = View(0 if run.num_images else -1, start.key, marks=marks)

    # what is known about what is chosen

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Layers of the run."""
        return self.run.layers

    @property
    def layer(self) -> LayerInfo:
        """The layer chosen."""
        return self.run.layer(self.view.layer)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Harmless class names."""
        return tuple(plain(name) for name in self.run.classes)

    def class_name(self, index: int) -> str:
        """Name of a class; a dash where there is none."""
        return self.classes[index] if 0 <= index < len(self.classes) else "–"

    @cached_property
    def _orders(self) -> dict[str, Indices]:
        return {}

    def order(self, filter: str | None = None) -> Indices:
        """The images that next and previous go through: those with maps, unless there are none or train is chosen."""
        name = filter or self.view.filter
        if name not in self._orders:
            self._orders[name] = self._ordered(name)
        return self._orders[name]

    def _ordered(self, name: str) -> Indices:
        run = self.run
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
        place = int(np.searchsorted(order, self.view.image))
        inside = place < len(order) and order[place] == self.view.image
        return (place + 1 if inside else 0), len(order)

    @property
    def explained(self) -> int:
        """The class whose evidence is shown for the page at hand; -1 when there is none."""
        if self.page is None or isinstance(self.view.explain, int):
            return self.view.explain if isinstance(self.view.explain, int) else -1
        if self.view.explain == TRUE or self.page.prediction < 0:
            return self.page.label
        return self.page.prediction

    @property
    def rival(self) -> int:
        """The class to compare with: the true one of a mistake, else the next best; -1 when there is none."""
        page = self.page
        if page is None or page.scores is None or len(self.classes) < 2:
            return -1
        if page.wrong and self.explained != page.label:
            return page.label
        logits = page.scores.mean(axis=0)
        return next(int(c) for c in np.argsort(-logits, kind="stable") if c != self.explained)

    def contributions(self, c: int) -> NDArray[np.float32] | None:
        """(n,) what each coarse concept adds to the logit of class c in the page at hand."""
        if self.page is None or self.page.scores is None or c < 0:
            return None
        scores = self.page.scores
        return scores[:, c] / np.float32(len(scores))

    def probability(self, c: int) -> float | None:
        """Softmax probability of class c in the page at hand."""
        if self.page is None or self.page.scores is None or c < 0:
            return None
        logits = self.page.scores.mean(axis=0, dtype=np.float64)
        shares = np.exp(logits - logits.max())
        return float(shares[c] / shares.sum())

    def present(self) -> list[Present]:
        """Concepts with a region in the page at hand, in the layer chosen, largest first."""
        if self.page is None or self.view.layer not in self.page.regions:
            return []
        regions = self.page.regions[self.view.layer]
        groups = self.page.groups.get(self.view.layer)
        counts = np.bincount(regions.ravel(), minlength=self.layer.prototypes)
        found = [
            Present(k, counts[k] / regions.size, None if groups is None else int(groups[k]))
            for k in self.layer.foreground
            if counts[k]
        ]
        return sorted(found, key=lambda p: -p.area)

    def concepts(self) -> "list[Concept]":
        """Concepts of the layer chosen, sorted as chosen; those without a figure come last."""
        if self.survey is None:
            return []
        keys: dict[str, Callable[[Concept], float]] = {
            "number": lambda c: c.channel,
            "area": lambda c: -c.area,
            "images": lambda c: -c.images,
            "importance": lambda c: -self.importance(c),
        }
        rows = self.survey.concepts.get(self.view.layer, ())
        return sorted(rows, key=lambda c: (np.isnan(value := keys[self.view.sort](c)), value))

    def importance(self, concept: "Concept") -> float:
        """Mean contribution to the true class, over classes or for the class explained; NaN where there is none."""
        if concept.importance is None or not np.isfinite(concept.importance).any():
            return float("nan")
        if isinstance(self.view.explain, int):
            return float(concept.importance[self.view.explain])
        return float(np.nanmean(concept.importance))

    @property
    def concept(self) -> int | None:
        """The concept that the list of concepts stands on."""
        if self.view.concept is not None:
            return self.view.concept
        rows = self.concepts()
        return rows[0].channel if rows else None

    # reading

    def wish(self, kind: str) -> Wish | None:
        """What is missing of a kind (survey, page, gallery or names) for what is chosen; None when nothing is."""
        what: Hashable
        match kind:
            case "page":
                what = self.view.image if self.view.image >= 0 else None
            case "gallery":
                what = None if self.concept is None else (self.view.layer, self.concept)
            case _:
                what = kind
        if what is None:
            return None
        wish = (self.version, what)
        if kind == "page" and self._held.get(kind) != wish and wish in self._pages:
            self.take(kind, wish, self._pages[wish])
        return None if self._held.get(kind) == wish else wish

    def read(self, kind: str, wish: Wish) -> object:
        """Read what was wished for; called in a worker, changes nothing.

        Raises:
            RunFileError: the file is damaged.
        """
        from ivpt.ui import finding, reading, survey

        run, what = self.run, wish[1]
        match kind, what:
            case "page", int(image):
                return reading.read_page(run, image)
            case "gallery", (str(key), int(channel)):
                return reading.read_gallery(run, key, channel)
            case "names", _:
                return finding.read_names(run)
            case _:
                return survey.read_survey(run)

    def take(self, kind: str, wish: Wish, found: object) -> bool:
        """Put in place what was read, unless it is no longer wanted."""
        if wish[0] != self.version:
            return False
        match kind:
            case "page":
                page = cast("Page", found)
                self._pages[wish] = page
                self._pages.move_to_end(wish)
                while len(self._pages) > PAGES_KEPT:
                    self._pages.popitem(last=False)
                if page.index != self.view.image:
                    return False
                self.page = page
            case "gallery":
                gallery = cast("Gallery", found)
                if (gallery.key, gallery.channel) != (self.view.layer, self.concept):
                    return False
                self.gallery = gallery
            case "names":
                self.names = cast("Names", found)
            case _:
                self.survey = cast("Survey", found)
        self._held[kind] = wish
        return True

    def refuse(self, kind: str, wish: Wish, words: str) -> bool:
        """Remember that something could not be read, so that it is not tried again and again."""
        if wish[0] != self.version:
            return False
        self._held[kind] = wish
        self.trouble = plain(words)
        if kind == "page":
            self.page = None
        return True

    def adopt(self, run: RunFile, card: Card) -> bool:
        """Go on with a newer version of the run; what is chosen stays, as far as it exists there."""
        if not run.layers:
            return False
        self.run, self.card, self.trouble = run, card, ""
        self.version += 1
        self._pages.clear()
        self.__dict__.pop("_orders", None)
        self.__dict__.pop("classes", None)
        keys = [layer.key for layer in run.layers]
        layer = self.view.layer if self.view.layer in keys else keys[-1]
        same = layer == self.view.layer and self.view.concept in run.layer(layer).foreground
        concept = self.view.concept if same else None
        image = min(max(self.view.image, 0), run.num_images - 1)
        explain = self.view.explain
        if isinstance(explain, int) and explain >= len(run.classes):
            explain = PREDICTED
        if image != self.view.image or self.page is None:
            self.page = None
        self.view = replace(self.view, image=image, layer=layer, concept=concept, explain=explain)
        return True

    # commands

    def _set(self, **changes: object) -> bool:
        view = replace(self.view, **changes)  # type: ignore[arg-type]
        changed, self.view = view != self.view, view
        return changed

    def start(self) -> bool:
        """Stand on the first image of the filter, if the one at hand is not among them."""
        place, many = self.position
        return bool(many) and not place and self._set(image=int(self.order()[0]))

    def next_image(self) -> bool:
        """Go to the next image of the filter."""
        return self._step(self.order(), 1)

    def previous_image(self) -> bool:
        """Go to the previous image of the filter."""
        return self._step(self.order(), -1)

    def first_image(self) -> bool:
        """Go to the first image of the filter."""
        order = self.order()
        return bool(len(order)) and self._set(image=int(order[0]))

    def last_image(self) -> bool:
        """Go to the last image of the filter."""
        order = self.order()
        return bool(len(order)) and self._set(image=int(order[-1]))

    def next_mistake(self) -> bool:
        """Go to the next wrongly classified image of the filter."""
        return self._step(np.intersect1d(self.order(), self.order("mistakes")), 1)

    def previous_mistake(self) -> bool:
        """Go to the previous wrongly classified image of the filter."""
        return self._step(np.intersect1d(self.order(), self.order("mistakes")), -1)

    def next_of_class(self) -> bool:
        """Go to the next image of the same true class, around the end."""
        if self.view.image < 0:
            return False
        return self.to_class(int(self.run.labels[self.view.image]))

    def to_class(self, c: int) -> bool:
        """Go to the next image of a class in the filter, or of all images when the filter has none; around the end."""
        order = self.order()
        own = order[self.run.labels[order] == c]
        if not len(own):
            own = np.flatnonzero(self.run.labels == c)
        later = own[own > self.view.image]
        return bool(len(own)) and self._set(image=int(later[0] if len(later) else own[0]))

    def to_image(self, index: int) -> bool:
        """Go to an image, whether or not the filter lets it through."""
        return 0 <= index < self.run.num_images and self._set(image=index)

    def _step(self, order: Indices, by: int) -> bool:
        place = int(np.searchsorted(order, self.view.image, side="right" if by > 0 else "left"))
        place = place if by > 0 else place - 1
        return 0 <= place < len(order) and self._set(image=int(order[place]))

    def next_filter(self) -> bool:
        """Go through another choice of images; empty choices are left out."""
        at = FILTERS.index(self.view.filter)
        for step in range(1, len(FILTERS)):
            name = FILTERS[(at + step) % len(FILTERS)]
            if len(self.order(name)):
                self._set(filter=name)
                self.start()
                return True
        return False

    def next_layer(self) -> bool:
        """Show the next layer, around the end."""
        return self._shift_layer(1)

    def previous_layer(self) -> bool:
        """Show the previous layer, around the start."""
        return self._shift_layer(-1)

    def _shift_layer(self, by: int) -> bool:
        keys = [layer.key for layer in self.layers]
        return self.choose_layer(keys[(keys.index(self.view.layer) + by) % len(keys)])

    def choose_layer(self, key: str) -> bool:
        """Show a layer; the chosen concept belongs to the old one and is let go."""
        if key == self.view.layer or key not in [layer.key for layer in self.layers]:
            return False
        return self._set(layer=key, concept=None)

    def choose_concept(self, key: str, channel: int) -> bool:
        """Choose a concept of a layer; choosing it again lets it go."""
        if key not in [layer.key for layer in self.layers] or channel not in self.run.layer(key).foreground:
            return False
        same = (key, channel) == (self.view.layer, self.view.concept)
        return self._set(layer=key, concept=None if same else channel)

    def next_concept(self) -> bool:
        """Choose the next concept in the list of all."""
        return self._walk([c.channel for c in self.concepts()], self.concept, 1)

    def previous_concept(self) -> bool:
        """Choose the previous concept in the list of all."""
        return self._walk([c.channel for c in self.concepts()], self.concept, -1)

    def next_present(self) -> bool:
        """Choose the next concept that has a region in this image."""
        return self._walk([p.channel for p in self.present()], self.view.concept, 1)

    def previous_present(self) -> bool:
        """Choose the previous concept that has a region in this image."""
        return self._walk([p.channel for p in self.present()], self.view.concept, -1)

    def _walk(self, channels: list[int], at: int | None, by: int) -> bool:
        if not channels:
            return False
        if at not in channels:
            return self._set(concept=channels[0 if by > 0 else -1])
        return self._set(concept=channels[min(max(channels.index(at) + by, 0), len(channels) - 1)])

    def no_concept(self) -> bool:
        """Let the chosen concept go."""
        return self._set(concept=None)

    def strongest_image(self) -> bool:
        """Choose the concept the list stands on, and its strongest image."""
        gallery, concept = self.gallery, self.concept
        if gallery is None or (gallery.key, gallery.channel) != (self.view.layer, concept):
            return False
        best = gallery.rows["strongest"]
        return bool(best) and (self._set(image=best[0].image, concept=concept) or True)

    def next_sort(self) -> bool:
        """Sort the list of concepts by another column."""
        return self._set(sort=SORTS[(SORTS.index(self.view.sort) + 1) % len(SORTS)])

    def more_overlay(self) -> bool:
        """Show more of the regions, less of the picture."""
        return self._set(opacity=min((o for o in OPACITIES if o > self.view.opacity + 1e-6), default=1.0))

    def less_overlay(self) -> bool:
        """Show less of the regions, more of the picture."""
        return self._set(opacity=max((o for o in OPACITIES if o < self.view.opacity - 1e-6), default=0.0))

    def toggle_marks(self) -> bool:
        """Fill regions with numbers and letters instead of colours, or back."""
        return self._set(marks=not self.view.marks)

    def next_explained(self) -> bool:
        """Explain the true class instead of the predicted one, or back."""
        return self._set(explain=TRUE if self.view.explain == PREDICTED else PREDICTED)

    def explain(self, c: int) -> bool:
        """Explain a class: its evidence on the image, its importance in the list of concepts."""
        return 0 <= c < len(self.classes) and self._set(explain=c)
