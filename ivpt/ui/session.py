"""The explorer without a terminal: what is chosen, what is known, and the commands that change either.

The session holds the run, the place where the user stands and the way there. Everything else belongs to its parts
(:mod:`ivpt.ui.parts`), one per concern, each made when it is first asked for. Reading is not done here: a part says
what is missing for what is chosen (:meth:`Session.wish`), a worker reads it, and :meth:`Session.take` hands it over.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, cast

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import LayerInfo
from ivpt.ui.card import Card, read_card
from ivpt.ui.history import History
from ivpt.ui.parts.base import Part, Reading, Wish
from ivpt.ui.text import plain

if TYPE_CHECKING:
    from ivpt.ui.parts.classes import Classes
    from ivpt.ui.parts.concepts import Concepts
    from ivpt.ui.parts.edits import Edits
    from ivpt.ui.parts.evidence import Evidence
    from ivpt.ui.parts.images import Images
    from ivpt.ui.parts.overlay import Overlay
    from ivpt.ui.parts.summary import Summary

PREDICTED, TRUE = "predicted", "true"

Filter = tuple[str | int, ...]
"""A choice of images, see :mod:`ivpt.ui.parts.images`."""

P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class View:
    """Where the user stands: what all screens share and what going back restores.

    Attributes:
        image: position in the image table; -1 when the run has no images.
        layer: key of a layer.
        concept: channel of the chosen concept of that layer, or None.
        explain: the class whose evidence is shown: :data:`PREDICTED`, :data:`TRUE` or a class index.
        against: the class it is compared with; None for the likeliest other one.
        filter: which images are gone through.
        screen: the one that is shown.
    """

    image: int
    layer: str
    concept: int | None = None
    explain: str | int = PREDICTED
    against: int | None = None
    filter: Filter = ("all",)
    screen: str = "overview"


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
        self.trouble = ""
        self.marks_at_start = marks
        self._parts: dict[type[Part], Part] = {}
        # the layer with about ten concepts is where parts are usually found
        start = min(run.layers, key=lambda layer: abs(layer.prototypes - 11))
        self._history = History(View(0 if run.num_images else -1, start.key))
        order = self.images.order
        self._history = History(replace(self.view, image=order[0] if len(order) else self.view.image))

    # parts

    def part(self, kind: type[P]) -> P:
        """The session's part of that class."""
        if kind not in self._parts:
            made = kind(self)
            for reading in made.readings.values():
                reading.renew(self.version)
            self._parts[kind] = made
        return cast(P, self._parts[kind])

    def part_named(self, name: str) -> Part:
        """The part of that name: class ``Images`` of ``ivpt.ui.parts.images`` for ``images``."""
        found: type[Part] = getattr(import_module(f"ivpt.ui.parts.{name}"), name.capitalize())
        return self.part(found)

    def command(self, owner: str, name: str, *values: object) -> bool:
        """Run a command of the session (``session``) or of a part; whether anything changed."""
        holder = self if owner == "session" else self.part_named(owner)
        return bool(getattr(holder, name)(*values))

    @property
    def images(self) -> "Images":
        """Which images are gone through, and the one at hand."""
        return cast("Images", self.part_named("images"))

    @property
    def concepts(self) -> "Concepts":
        """The list of concepts of a layer and what is known of the chosen one."""
        return cast("Concepts", self.part_named("concepts"))

    @property
    def evidence(self) -> "Evidence":
        """Why this class and not that."""
        return cast("Evidence", self.part_named("evidence"))

    @property
    def overlay(self) -> "Overlay":
        """How pictures are drawn."""
        return cast("Overlay", self.part_named("overlay"))

    @property
    def summary(self) -> "Summary":
        """What is known of all images together."""
        return cast("Summary", self.part_named("summary"))

    @property
    def classes(self) -> "Classes":
        """Classes, their confusions and what speaks for each."""
        return cast("Classes", self.part_named("classes"))

    @property
    def edits(self) -> "Edits":
        """Names, notes and marks that analysts have given."""
        return cast("Edits", self.part_named("edits"))

    def label(self, key: str, channel: int) -> str:
        """What a concept is called: ``beak (L6:3)``, or ``L6:3`` where nobody has named it; harmless."""
        name = self.edits.name(key, channel)
        return f"{name} ({key}:{channel})" if name else f"{key}:{channel}"

    # what is chosen

    @property
    def view(self) -> View:
        """Where the user stands."""
        return self._history.present

    def choose(self, *, steps: str | None = None, **changes: object) -> bool:
        """Stand elsewhere.

        Args:
            steps: going back undoes steps of the same name at once.
            changes: fields of :class:`View`.
        """
        return self._history.go(replace(self.view, **changes), steps)  # type: ignore[arg-type]

    def back(self) -> bool:
        """Go back to where you were before."""
        return self._history.back()

    def forward(self) -> bool:
        """Go forward again after going back."""
        return self._history.forward()

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Layers of the run."""
        return self.run.layers

    @property
    def layer(self) -> LayerInfo:
        """The layer chosen."""
        return self.run.layer(self.view.layer)

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
        return self.choose(layer=key, concept=None, steps="layer")

    def choose_concept(self, key: str, channel: int) -> bool:
        """Choose a concept of a layer; choosing it again lets it go."""
        if key not in [layer.key for layer in self.layers] or channel not in self.run.layer(key).foreground:
            return False
        same = (key, channel) == (self.view.layer, self.view.concept)
        return self.choose(layer=key, concept=None if same else channel)

    def no_concept(self) -> bool:
        """Let the chosen concept go."""
        return self.choose(concept=None)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Harmless class names."""
        return tuple(plain(name) for name in self.run.classes)

    def class_name(self, index: int) -> str:
        """Name of a class; a dash where there is none."""
        return self.class_names[index] if 0 <= index < len(self.class_names) else "–"

    # reading

    def reading(self, kind: str) -> Reading[object]:
        """What a part reads: ``images.page`` is what part ``images`` calls ``page``."""
        part, _, name = kind.partition(".")
        return self.part_named(part).readings[name]

    def wish(self, kind: str) -> Wish | None:
        """What is missing of a kind for what is chosen; None when nothing is."""
        return self.reading(kind).missing()

    def read(self, kind: str, wish: Wish, report: Callable[[float], None] = lambda share: None) -> object:
        """Read what was wished for; called in a worker, changes nothing.

        Args:
            kind: as screens ask for it.
            wish: from :meth:`wish`.
            report: told the share that is done, by what takes long.

        Raises:
            RunFileError: the file is damaged.
        """
        reading = self.reading(kind)
        return reading.read(self.run, wish[1], report) if reading.reports else reading.read(self.run, wish[1])

    def take(self, kind: str, wish: Wish, found: object) -> bool:
        """Keep what was read; whether it is what is wanted now."""
        return self.reading(kind).take(wish, found)

    def refuse(self, kind: str, wish: Wish, words: str) -> bool:
        """Remember that something could not be read, so that it is not tried again and again."""
        if wish[0] != self.version:
            return False
        self.trouble = plain(words)
        return self.reading(kind).refuse(wish, self.trouble)

    def adopt(self, run: RunFile, card: Card) -> bool:
        """Go on with a newer version of the run; what is chosen stays, as far as it exists there."""
        if not run.layers:
            return False
        self.run, self.card, self.trouble = run, card, ""
        self.version += 1
        self.__dict__.pop("class_names", None)
        self._history.mend(self._mended)
        for part in self._parts.values():
            for reading in part.readings.values():
                reading.renew(self.version)
            part.adopted()
        return True

    def _mended(self, view: View) -> View:
        run = self.run
        keys = [layer.key for layer in run.layers]
        layer = view.layer if view.layer in keys else keys[-1]
        same = layer == view.layer and view.concept in run.layer(layer).foreground
        number = len(run.classes)
        return replace(
            view,
            image=min(max(view.image, 0), run.num_images - 1),
            layer=layer,
            concept=view.concept if same else None,
            explain=PREDICTED if isinstance(view.explain, int) and view.explain >= number else view.explain,
            against=None if view.against is not None and view.against >= number else view.against,
            # classes may have gone with what they were compared with
            filter=view.filter if len(view.filter) == 1 else ("all",),
        )
