"""Blind naming: people say what regions show without knowing which prototype found them (paper, appendix E).

A study is a list of tasks in an order drawn from a seed. A *region* asks what one region shows; a *step* shows a region
and the coarser region it lies in, one layer on, and asks the three questions of the paper. Nothing here draws or reads
files but :func:`draw_tasks`, which belongs in a worker.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import LayerInfo

REGIONS = 100
"""Regions that are described, as in the paper; fewer where a run has fewer."""
STEPS = 30
"""Steps from a layer to the next that are rated; the paper does not say how many it showed."""
LEAST_CELLS = 2
"""Smaller regions are not shown: a single cell of the map cannot be described."""
LIKERT = (1, 2, 3, 4, 5)
"""1 strongly disagree, 5 strongly agree."""

SURE = "sure"
DETAIL, ABSTRACTION, NATURAL = "detail_preservation", "semantic_abstraction", "transition_naturalness"
STATEMENTS: Mapping[str, str] = {
    SURE: "I am sure what this region shows.",
    DETAIL: "What is fine in the left region is still there in the right one.",
    ABSTRACTION: "The right region is a larger thing that the left one belongs to.",
    NATURAL: "Going from left to right is a natural step.",
}
"""What is agreed or disagreed with; the last three are the paper's detail preservation, semantic abstraction and
transition naturalness, as statements."""


@dataclass(frozen=True)
class Task:
    """Something to look at.

    Attributes:
        image: position in the image table.
        layer, channel: the concept whose region is shown; not told to whoever answers.
        into: layer and channel of the coarser region of a step; ``None`` for a region.
    """

    image: int
    layer: str
    channel: int
    into: tuple[str, int] | None = None

    @property
    def questions(self) -> tuple[str, ...]:
        """Keys of :data:`STATEMENTS` that are rated."""
        return (SURE,) if self.into is None else (DETAIL, ABSTRACTION, NATURAL)

    @property
    def concept(self) -> str:
        """``L6:3``."""
        return f"{self.layer}:{self.channel}"

    def to_json(self) -> list[Any]:
        """As stored."""
        return [self.image, self.layer, self.channel, *(self.into or ())]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> "Task":
        """From what :meth:`to_json` gave.

        Raises:
            ValueError: it is not a task.
        """
        match stored:
            case [int(image), str(layer), int(channel)]:
                return cls(image, layer, channel)
            case [int(image), str(layer), int(channel), str(into), int(coarser)]:
                return cls(image, layer, channel, (into, coarser))
        raise ValueError(f"{stored!r} is not a task of a study")


@dataclass(frozen=True)
class Answer:
    """What somebody said about a task.

    Attributes:
        text: the description; empty for steps.
        ratings: question to 1-5; a question that was passed over is absent.
        when: time in UTC, ISO 8601; empty while it is not stored.
    """

    text: str = ""
    ratings: Mapping[str, int] = field(default_factory=dict)
    when: str = ""

    def complete(self, task: Task) -> bool:
        """Whether everything that the task asks has been answered."""
        return all(q in self.ratings for q in task.questions) and (task.into is not None or bool(self.text.strip()))


@dataclass(frozen=True)
class Study:
    """The tasks one person goes through and what they have answered.

    Attributes:
        who: the person.
        seed: of the draw of tasks and of their order.
        tasks: in the order of this person.
        answers: by number of the task.
        key: tells it from an earlier study of the same person.
    """

    who: str
    seed: int
    tasks: tuple[Task, ...]
    answers: Mapping[int, Answer] = field(default_factory=dict)
    key: str = ""

    @property
    def done(self) -> int:
        """Number of tasks that are answered completely."""
        return sum(answer.complete(self.tasks[at]) for at, answer in self.answers.items())

    @property
    def open(self) -> int | None:
        """The first task that is not answered completely; ``None`` at the end."""
        return self.next_open(-1)

    def next_open(self, after: int) -> int | None:
        """The next task after one that is not answered completely, around the end; ``None`` when all are."""
        order = [*range(after + 1, len(self.tasks)), *range(min(after + 1, len(self.tasks)))]
        return next((n for n in order if n not in self.answers or not self.answers[n].complete(self.tasks[n])), None)


def draw_tasks(run: RunFile, seed: int, regions: int = REGIONS, steps: int = STEPS) -> tuple[Task, ...]:
    """Regions of every concept and steps between layers that follow each other, drawn at random from all images.

    Every concept that fires gets as many regions as the others, one more or less, as long as it has them: rare concepts
    are not left out, and the strongest regions are not preferred. A step goes from a region to the concept of the next
    layer that owns most of its cells; where that is the background there is nothing larger to show and no step.

    Args:
        run: with maps; without any there are no tasks.
        seed: the same run and seed give the same tasks.
        regions: how many at most.
        steps: how many at most.

    Raises:
        RunFileError: the file is damaged.
    """
    rng = np.random.default_rng(seed)
    return (*_regions(run, rng, regions), *_steps(run, rng, steps))


def in_order_of(who: str, seed: int, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Regions first, then steps, each in an order of this person's own, so that no region always comes first."""
    rng = np.random.default_rng([seed, zlib.crc32(who.encode())])
    return tuple(
        own[n]
        for own in ([t for t in tasks if t.into is None], [t for t in tasks if t.into is not None])
        for n in rng.permutation(len(own))
    )


def _regions(run: RunFile, rng: np.random.Generator, most: int) -> list[Task]:
    decks = []
    for layer in run.layers:
        areas = run.areas(layer.key)
        cells = layer.grid[0] * layer.grid[1]
        for channel in layer.foreground:
            firing = np.flatnonzero(np.rint(areas[:, channel] * cells) >= LEAST_CELLS)
            drawn = run.map_images[rng.permutation(firing)[:most]]
            decks.append([Task(int(image), layer.key, channel) for image in drawn])
    dealt: list[Task] = []
    for turn in range(max(map(len, decks), default=0)):
        # whoever has one region more than the others is drawn too
        left = [deck[turn] for deck in decks if turn < len(deck)]
        dealt += [left[n] for n in rng.permutation(len(left))[: most - len(dealt)]]
        if len(dealt) == most:
            break
    return dealt


def _steps(run: RunFile, rng: np.random.Generator, most: int) -> list[Task]:
    pairs = list(pairwise(run.layers))
    found: list[Task] = []
    for at, (fine, coarse) in enumerate(pairs):
        wanted = most * (at + 1) // len(pairs) - most * at // len(pairs)
        for image in rng.permutation(run.map_images):
            if not wanted:
                break
            task = _step(run, rng, int(image), fine, coarse)
            if task is not None:
                found.append(task)
                wanted -= 1
    return found


def _step(run: RunFile, rng: np.random.Generator, image: int, fine: LayerInfo, coarse: LayerInfo) -> Task | None:
    own, next_ = run.regions(fine.key, image), run.regions(coarse.key, image)
    if own.shape != next_.shape:
        return None
    sizes = np.bincount(own.ravel(), minlength=fine.prototypes)
    for channel in rng.permutation([k for k in fine.foreground if sizes[k] >= LEAST_CELLS]).tolist():
        into = int(np.bincount(next_[own == channel], minlength=coarse.prototypes).argmax())
        if into != coarse.background:
            return Task(image, fine.key, int(channel), (coarse.key, into))
    return None
