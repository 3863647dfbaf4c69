"""Going through a blind study without a terminal."""

from dataclasses import replace

import numpy as np
import pytest

from ivpt.runfile.reader import RunFile
from ivpt.ui.blind import Blind, read_exhibit
from ivpt.ui.study import ABSTRACTION, DETAIL, NATURAL, SURE, Answer, Study, Task, draw_tasks

TASKS = (Task(4, "L6", 3), Task(7, "L6", 3), Task(9, "L4", 2, ("L5", 1)))


def keep(blind: Blind, answer: Answer | None) -> None:
    """What storing does."""
    assert answer is not None
    blind.stored(replace(blind.study, answers={**blind.study.answers, blind.at: answer}))


def test_a_study_from_start_to_end() -> None:
    blind = Blind(Study("Ada", 0, TASKS))
    assert blind.at == 0 and blind.typing and blind.question is None
    assert blind.rate(3) is None and blind.describe("  ") is None
    keep(blind, blind.describe(" a   beak "))
    assert blind.at == 0 and blind.question == SURE and blind.answer.text == "a beak"
    assert blind.rate(0) is None and blind.rate(6) is None
    keep(blind, blind.rate(4))
    assert blind.at == 1 and blind.typing
    assert blind.next_task() and blind.at == 2 and not blind.edit()
    for question, value in ((DETAIL, 5), (ABSTRACTION, 4), (NATURAL, 3)):
        assert blind.question == question
        keep(blind, blind.rate(value))
    assert blind.at == 1, "what was passed over comes again"
    keep(blind, blind.describe("wing"))
    keep(blind, blind.rate(1))
    assert blind.study.open is None and blind.at == 1, "the end"
    assert dict(blind.study.answers[2].ratings) == {DETAIL: 5, ABSTRACTION: 4, NATURAL: 3}
    assert blind.previous_task() and blind.at == 0 and not blind.previous_task()
    assert blind.edit() and blind.typing
    keep(blind, blind.describe("bill"))
    assert blind.answer == Answer("bill", {SURE: 4})


def test_it_starts_where_it_was_left() -> None:
    answers = {0: Answer("beak", {SURE: 1}), 1: Answer("wing")}
    blind = Blind(Study("Ada", 0, TASKS, answers))
    assert blind.at == 1 and not blind.typing and blind.question == SURE
    with pytest.raises(ValueError, match="without tasks"):
        Blind(Study("Ada", 0, ()))


def test_an_exhibit_shows_the_region_and_nothing_else(run: RunFile) -> None:
    tasks = draw_tasks(run, 0)
    for task in (tasks[0], tasks[-1]):
        exhibit = read_exhibit(run, task)
        assert np.array_equal(exhibit.region == 1, run.regions(task.layer, task.image) == task.channel)
        assert set(np.unique(exhibit.region)) <= {0, 1}
        assert exhibit.close.shape[0] == exhibit.close.shape[1] <= exhibit.picture.shape[0]
        assert (exhibit.larger is None) is (task.into is None)
        if task.into is not None and exhibit.larger is not None:
            assert np.array_equal(exhibit.larger == 1, run.regions(task.into[0], task.image) == task.into[1])
