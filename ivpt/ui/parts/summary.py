"""What is known of all images together: the run's index, the facts about every concept, and what looks wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivpt.analysis import concepts, decisions
from ivpt.analysis.concepts import ConceptFacts
from ivpt.proportions import Share, wilson
from ivpt.runfile.index import RunIndex, compute_index, stored_index
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.ui.parts.base import Part
from ivpt.ui.text import plain

if TYPE_CHECKING:
    from ivpt.ui.session import Session


@dataclass(frozen=True)
class Split:
    """One split of the images.

    Attributes:
        name: train, val or test.
        images: how many.
        judged: those with a stored prediction.
        correct: those whose prediction is their class.
        accuracy: of the stored predictions, with its interval.
        majority: accuracy of whoever always says the most frequent class; NaN where nothing is judged.
    """

    name: str
    images: int
    judged: int
    correct: int
    accuracy: Share
    majority: float


@dataclass(frozen=True)
class Facts:
    """Figures over all images.

    Attributes:
        splits: of the images.
        mapped: number of images with maps.
        concepts: foreground concepts of each layer, in the order of their channels.
        decisions: sentences about what speaks against the predictions on test images.
    """

    splits: tuple[Split, ...]
    mapped: int
    concepts: Mapping[str, tuple[ConceptFacts, ...]]
    decisions: tuple[str, ...]


class Summary(Part):
    """Reads the run's index, or makes one where the file has none, and the facts from it."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._stored = stored_index(session.run)
        self.indexes = self.reads("index", lambda: True if self._stored is None else None, _make_index, reports=True)
        self.all_facts = self.reads("facts", lambda: self.index, read_facts)

    @property
    def index(self) -> RunIndex | None:
        """The run's index: at once where the file holds it, else when it has been made."""
        return self._stored or self.indexes.value

    def adopted(self) -> None:
        """Each version of the run has its own index."""
        self._stored = stored_index(self.session.run)

    @property
    def facts(self) -> Facts | None:
        """Figures over all images, once they are read; of the version before while a newer one is read."""
        return self.all_facts.latest if self.index is not None else self.all_facts.last

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what looks wrong, with the names that concepts have been given."""
        facts = self.facts
        if facts is None:
            return ()
        about = concepts.warnings(self.session.layers, facts.mapped, facts.concepts, self.session.edits.name)
        return (*facts.decisions, *about)

    def of(self, key: str, channel: int) -> ConceptFacts | None:
        """What is known of one concept."""
        rows = self.facts.concepts.get(key, ()) if self.facts else ()
        return next((c for c in rows if c.channel == channel), None)


def _make_index(run: RunFile, _what: object, report: Callable[[float], None]) -> RunIndex:
    return compute_index(run, report)


def read_facts(run: RunFile, index: RunIndex) -> Facts:
    """Read the figures; takes no longer for more images.

    Raises:
        RunFileError: the file is damaged.
    """
    counts = index.counts()
    splits = []
    for k, name in enumerate(SPLITS):
        images, judged, correct = (int(table[k].sum()) for table in (counts.images, counts.judged, counts.correct))
        share, most = wilson(correct, judged), decisions.majority(counts.judged[k])
        splits.append(Split(name, images, judged, correct, share, most))
    mapped, test = len(index.mapped()), SPLITS.index("test")
    about = decisions.warnings("test", [plain(c) for c in run.classes], counts.judged[test], counts.correct[test])
    return Facts(tuple(splits), mapped, concepts.concept_facts(run, index), about)
