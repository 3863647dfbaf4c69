"""Blind naming without a terminal."""

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.ui.study import (
    ABSTRACTION,
    DETAIL,
    LEAST_CELLS,
    NATURAL,
    STATEMENTS,
    SURE,
    Answer,
    Study,
    Task,
    draw_tasks,
    in_order_of,
)
from ivpt.ui.study_log import begin, log_path, read_studies, record
from ivpt.ui.study_results import COLUMNS, as_csv, rows, summary
from tests.synthetic import write_synthetic_run
from tests.two_programs import at_once

TASKS = (Task(4, "L6", 3), Task(7, "L6", 3), Task(4, "coarse", 1), Task(9, "L4", 2, ("L5", 1)))


def test_regions_are_dealt_evenly_and_are_where_the_file_has_them(run: RunFile) -> None:
    tasks = draw_tasks(run, seed=3)
    regions = [task for task in tasks if task.into is None]
    assert len(regions) == 100 and len(set(regions)) == 100
    firing = {
        (layer.key, k): sum(int((run.regions(layer.key, int(i)) == k).sum() >= LEAST_CELLS) for i in run.map_images)
        for layer in run.layers
        for k in layer.foreground
    }
    shown = Counter((task.layer, task.channel) for task in regions)
    assert set(shown) == {concept for concept, images in firing.items() if images}, "every concept that fires"
    full = max(shown.values())
    for concept, count in shown.items():
        assert count >= min(firing[concept], full - 1)
    for task in regions:
        assert (run.regions(task.layer, task.image) == task.channel).sum() >= LEAST_CELLS


def test_a_step_goes_to_the_concept_that_owns_most_of_the_region(run: RunFile) -> None:
    steps = [task for task in draw_tasks(run, seed=3) if task.into is not None]
    follows = {(a.key, b.key) for a, b in zip(run.layers, run.layers[1:], strict=False)}
    each = Counter((t.layer, t.into[0]) for t in steps if t.into)
    assert set(each) == follows and set(each.values()) == {7, 8}
    assert len(steps) == 30
    for task in steps:
        assert task.into is not None and (task.layer, task.into[0]) in follows
        here = run.regions(task.layer, task.image) == task.channel
        above = run.regions(task.into[0], task.image)[here].tolist()
        assert len(above) >= LEAST_CELLS
        assert above.count(task.into[1]) == max(Counter(above).values())
        assert task.into[1] != run.layer(task.into[0]).background


def test_the_seed_decides_the_tasks_and_the_person_their_order(run: RunFile) -> None:
    tasks = draw_tasks(run, seed=3)
    assert tasks == draw_tasks(run, seed=3)
    assert set(tasks) != set(draw_tasks(run, seed=4))
    ada, bo = in_order_of("Ada", 3, tasks), in_order_of("Bo", 3, tasks)
    assert set(ada) == set(bo) == set(tasks) and ada != bo and ada == in_order_of("Ada", 3, tasks)
    for order in (ada, bo):
        assert [t.into is None for t in order] == sorted((t.into is None for t in order), reverse=True)
    concepts = [t.concept for t in ada if t.into is None]
    assert concepts != sorted(concepts), "regions of one concept do not follow each other"


def test_a_run_without_maps_has_no_tasks(tmp_path: Path) -> None:
    with RunFile(write_synthetic_run(tmp_path / "r.h5", images=0)) as run:
        assert draw_tasks(run, 0) == ()


def test_a_study_goes_on_where_it_was_left(tmp_path: Path) -> None:
    run = tmp_path / "r.h5"
    assert read_studies(run) == {}
    study = begin(run, "Ada", 5, TASKS)
    assert study.open == 0 and study.done == 0
    study = record(run, study, 0, Answer("beak", {SURE: 4}))
    study = record(run, study, 1, Answer("a wing", {}))
    assert study.done == 1 and study.open == 1, "without its rating an answer is not complete"
    again = read_studies(run)["Ada"]
    assert again == study and again.tasks == TASKS
    assert again.next_open(1) == 2 and again.next_open(3) == 1
    again = record(run, again, 0, Answer("bill", {SURE: 5}))
    assert read_studies(run)["Ada"].answers[0].text == "bill", "the last answer counts"
    other = begin(run, "Bo", 5, TASKS[:2])
    record(run, other, 1, Answer("tail", {SURE: 1}))
    both = read_studies(run)
    assert both["Ada"] == again and both["Bo"].answers[1].text == "tail"
    for at, task in enumerate(TASKS):
        again = record(run, again, at, Answer("x", dict.fromkeys(task.questions, 3)))
    assert again.open is None and again.done == len(TASKS)
    anew = begin(run, "Ada", 6, TASKS[:1])
    assert read_studies(run)["Ada"] == anew and anew.answers == {}


def test_late_answers_of_an_abandoned_study_do_not_count(tmp_path: Path) -> None:
    run = tmp_path / "r.h5"
    old = begin(run, "Ada", 5, TASKS)
    new = begin(run, "Ada", 6, TASKS[:1])
    record(run, old, 3, Answer("", {NATURAL: 2}))
    assert read_studies(run)["Ada"] == new


def _answer_all(run: Path, who: str) -> None:
    study = begin(run, who, 0, TASKS)
    for at, task in enumerate(TASKS):
        study = record(run, study, at, Answer(who * 500, dict.fromkeys(task.questions, 2)))


def test_two_programs_do_not_destroy_each_others_answers(tmp_path: Path) -> None:
    run = tmp_path / "r.h5"
    at_once(_answer_all, run)
    for who, study in read_studies(run).items():
        assert study.open is None and study.answers[0].text == who * 500


@pytest.mark.parametrize(
    "line",
    [
        '{"when":"1","who":"Ada","what":"answer","arguments":{"study":"0","task":9,"text":"","ratings":{}},"why":""}',
        '{"when":"1","who":"Ada","what":"answer","arguments":{"study":"0","task":0,"text":1,"ratings":{}},"why":""}',
        '{"when":"1","who":"Ada","what":"answer","arguments":{"study":"0","task":0,"text":"","ratings":{"sure":6}},'
        '"why":""}',
        '{"when":"1","who":"Bo","what":"answer","arguments":{"study":"0","task":0,"text":"","ratings":{}},"why":""}',
        '{"when":"1","who":"Ada","what":"study","arguments":{"key":"1","seed":1,"tasks":[[1]]},"why":""}',
        '{"when":"1","who":"Ada","what":"study","arguments":{},"why":""}',
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str) -> None:
    run = tmp_path / "r.h5"
    first = '{"when":"0","who":"Ada","what":"study","arguments":{"key":"0","seed":1,"tasks":[[1,"L1",1]]},"why":""}'
    log_path(run).write_text(f"{first}\n{line}\n")
    with pytest.raises(RunFileError, match="Line 2 of"):
        read_studies(run)


def test_results_tell_what_was_hidden() -> None:
    answers = {
        0: Answer("  The  BEAK", {SURE: 4}, "t0"),
        1: Answer("=wing, or\nso", {SURE: 1}, "t1"),
        2: Answer("head", {SURE: 5}, "t2"),
        3: Answer("", {DETAIL: 5, ABSTRACTION: 4}, "t3"),
    }
    study = Study("Ada", 5, TASKS, answers)
    names = {"L6:3": "the beak", "coarse:1": "head"}
    table = rows(study, {4: "a.png", 7: "b.png", 9: "c.png"}, names)
    assert [r["concept"] for r in table] == ["L6:3", "L6:3", "coarse:1", "L4:2"]
    assert table[3]["into"] == "L5:1" and table[3][NATURAL] is None and table[3][DETAIL] == 5
    read = list(csv.DictReader(io.StringIO(as_csv(table))))
    assert list(read[0]) == list(COLUMNS) and read[1]["answer"] == "=wing, or\nso" and read[3][NATURAL] == ""
    found = summary(study, names)
    assert found.matching == (2, 3) and found.repeated == (0, 1)
    assert found.ratings[SURE] == (pytest.approx(np.mean([4, 1, 5])), 3)
    assert set(found.ratings) == set(STATEMENTS) - {NATURAL}
    assert summary(study, {}).matching == (0, 0)
