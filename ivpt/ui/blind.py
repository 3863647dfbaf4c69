"""Going through a blind study: which task is shown, what is being asked, and what an answer changes. No widget here."""

from dataclasses import dataclass, replace

import numpy as np

from ivpt.runfile.reader import RunFile
from ivpt.ui.raster import Pixels, Regions, cut_out
from ivpt.ui.reading import read_picture
from ivpt.ui.study import LIKERT, Answer, Study, Task

AROUND = 0.4
"""Brightness of what surrounds a region that is shown from near."""


@dataclass(frozen=True)
class Exhibit:
    """What is shown of a task. Regions are masks of 0 and 1, so that neither number nor colour tells the prototype.

    Attributes:
        task: as asked for.
        picture: the whole image.
        region: (h, w) the region.
        larger: (h, w) the coarser region of a step, else ``None``.
        close: the region from near, its surroundings darker and no colour over it, so that it can be recognised.
    """

    task: Task
    picture: Pixels
    region: Regions
    larger: Regions | None
    close: Pixels


def read_exhibit(run: RunFile, task: Task) -> Exhibit:
    """Read what is shown; belongs in a worker.

    Raises:
        RunFileError: the file is damaged.
        KeyError: the run no longer has maps of that image or layer.
    """
    region = (run.regions(task.layer, task.image) == task.channel).astype(np.uint8)
    larger = None
    if task.into is not None:
        larger = (run.regions(task.into[0], task.image) == task.into[1]).astype(np.uint8)
    picture, _ = read_picture(run, task.image)
    if picture is None:
        picture = np.full((8 * region.shape[0], 8 * region.shape[1], 3), 128, np.uint8)
    near, mask = cut_out(picture, region, 1)
    close = np.where(mask[..., None] == 1, near, (near * AROUND).astype(np.uint8))
    return Exhibit(task, picture, region, larger, close)


class Blind:
    """One person in the middle of a study.

    An answer is made here, stored by whoever calls, and taken back with :meth:`stored`, which moves on.

    Args:
        study: with tasks; starts at the first that is open, or at the first of all when none is.
    """

    def __init__(self, study: Study) -> None:
        if not study.tasks:
            raise ValueError("a study without tasks")
        self.study = study
        self.at = 0
        self.typing = False
        self._asked = 0
        self._go(study.open or 0)

    @property
    def task(self) -> Task:
        """The task that is shown."""
        return self.study.tasks[self.at]

    @property
    def answer(self) -> Answer:
        """What has been said about it."""
        return self.study.answers.get(self.at, Answer())

    @property
    def question(self) -> str | None:
        """What is to be rated now; ``None`` while a description is being typed."""
        return None if self.typing else self.task.questions[self._asked]

    def describe(self, text: str) -> Answer | None:
        """An answer with this description, to be stored; ``None`` for an empty one."""
        words = " ".join(text.split())
        return replace(self.answer, text=words) if words else None

    def rate(self, value: int) -> Answer | None:
        """An answer with this rating of the question, to be stored; ``None`` when there is nothing to rate now."""
        if self.question is None or value not in LIKERT:
            return None
        return replace(self.answer, ratings={**self.answer.ratings, self.question: value})

    def stored(self, study: Study) -> None:
        """Go on after an answer: to its next question, or to the next open task; stay at the end of the study."""
        self.study = study
        if self.typing:
            self.typing = False
            self._asked = 0
        elif self._asked + 1 < len(self.task.questions):
            self._asked += 1
        else:
            following = study.next_open(self.at)
            self._go(self.at if following is None else following)

    def edit(self) -> bool:
        """Type the description again."""
        if self.typing or self.task.into is not None:
            return False
        self.typing = True
        return True

    def next_task(self) -> bool:
        """Go on without an answer."""
        return self._move(1)

    def previous_task(self) -> bool:
        """Go back, for instance to answer again."""
        return self._move(-1)

    def _move(self, by: int) -> bool:
        to = min(max(self.at + by, 0), len(self.study.tasks) - 1)
        if to == self.at:
            return False
        self._go(to)
        return True

    def _go(self, to: int) -> None:
        self.at = to
        self.typing = self.task.into is None and not self.answer.text
        rated = [q in self.answer.ratings for q in self.task.questions]
        self._asked = rated.index(False) if False in rated else 0
