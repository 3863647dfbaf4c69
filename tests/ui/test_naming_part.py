"""Names of several people and the results of blind studies, without a terminal."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivpt.errors import OutputError
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.names import export_names, import_names
from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.naming import Naming, start_study, write_new, write_results
from ivpt.ui.session import Session
from ivpt.ui.study import Answer
from ivpt.ui.study_log import read_studies, record
from tests.ui.reading import read


@pytest.fixture
def session(run_path: Path, tmp_path: Path) -> Iterator[Session]:
    made = Session(RunFile(Path(shutil.copy(run_path, tmp_path / "run.h5"))))
    yield made
    made.run.close()


def give(session: Session, who: str, **names: str) -> None:
    log = EditLog(session.run, who)
    for concept, name in names.items():
        layer, _, number = concept.partition("_")
        log.name(Concept(layer, int(number)), name)


def test_the_last_name_of_each_person_counts(session: Session, tmp_path: Path) -> None:
    give(session, "Ada", L6_1="beak", L6_2="wing", L6_3="tail")
    give(session, "Ada", L6_1="bill", L6_3="")
    give(session, "Bo", L6_1=" Bill ", L6_2="back", L6_4="leg")
    EditLog(session.run, "Bo").undo()
    naming = session.part(Naming)
    read(session, "edits.edited", "naming.studies")
    assert naming.people == {"Ada": {"L6:1": "bill", "L6:2": "wing"}, "Bo": {"L6:1": "Bill", "L6:2": "back"}}
    found = naming.opinions.names
    assert found.people == ("Ada", "Bo")
    assert found.pairs[0].items == 2 and found.pairs[0].same == 0.5 and found.disputed == ("L6:2",)
    out = tmp_path / "names.json"
    write_new(out, json.dumps(export_names(EditLog(session.run, "Bo"))))
    with pytest.raises(OutputError, match="exists"):
        write_new(out, "")
    assert import_names(EditLog(session.run, "Cy"), out) == 0
    EditLog(session.run, "Ada").name(Concept("L6", 2), "flank")
    assert import_names(EditLog(session.run, "Cy"), out) == 1
    assert session.edits.look()
    read(session, "edits.edited")
    assert session.edits.name("L6", 2) == "back" and "Cy" not in naming.people, "taken over is not said by oneself"


def test_names_of_a_file_are_compared_and_not_taken_over(session: Session) -> None:
    give(session, "Ada", L6_1="beak")
    naming = session.part(Naming)
    read(session, "edits.edited", "naming.studies")
    naming.beside("Bo", {"L6:1": "bill"})
    naming.beside("Ada", {"L6:1": "beak"})
    assert set(naming.people) == {"Ada", "Bo", "Ada (file)"}
    assert {(p.first, p.second): p.same for p in naming.opinions.names.pairs}[("Ada", "Ada (file)")] == 1.0
    assert session.edits.name("L6", 1) == "beak"


def test_two_people_in_one_study(session: Session, tmp_path: Path) -> None:
    run, naming = session.run, session.part(Naming)
    ada, bo = start_study(run, "Ada", 3), start_study(run, "Bo", 3)
    assert set(ada.tasks) == set(bo.tasks) and ada.tasks != bo.tasks
    task = ada.tasks[0]
    step = next(t for t in ada.tasks if t.into)
    for study, text, rating in ((ada, "Beak", 5), (bo, "beak ", 3)):
        study = record(run.path, study, study.tasks.index(task), Answer(text, {"sure": rating}))
        record(run.path, study, study.tasks.index(step), Answer("", dict.fromkeys(step.questions, rating)))
    read(session, "edits.edited", "naming.studies")
    found = naming.opinions
    assert found.descriptions.pairs[0].same == 1.0 and found.descriptions.pairs[0].items == 1
    means = {rated.question: rated.mean for rated in found.ratings if rated.count}
    assert means == {"sure": 4.0, **dict.fromkeys(step.questions, 4.0)}
    names = {task.concept: "bill"}
    assert write_results(run, names, tmp_path / "r.csv") == 4
    table = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text(encoding="utf-8"))))
    assert {row["annotator"] for row in table} == {"Ada", "Bo"}
    mine = next(row for row in table if row["annotator"] == "Ada" and row["kind"] == "region")
    assert mine["image"] == run.ids()[task.image] and mine["concept"] == task.concept and mine["name"] == "bill"
    assert write_results(run, names, tmp_path / "r.json") == 4
    written = json.loads((tmp_path / "r.json").read_text())
    assert len(written["answers"]) == 4 and written["agreement"]["descriptions"]["pairs"][0]["same"] == 1.0
    assert {r["question"]: r["mean"] for r in written["agreement"]["ratings"] if r["count"]} == means


def test_a_study_goes_on_after_the_run_was_evaluated_again(session: Session) -> None:
    study = start_study(session.run, "Ada", 0)
    record(session.run.path, study, 0, Answer("x", {"sure": 1}))
    session.adopt(RunFile(session.run.path), session.card)
    naming = session.part(Naming)
    read(session, "naming.studies")
    kept = naming.study_of("Ada")
    assert kept is not None and kept.done == 1 and kept == read_studies(session.run.path)["Ada"]


def test_the_list_walks_over_foreground_concepts(session: Session) -> None:
    naming = session.part(Naming)
    known = session.layer.foreground
    assert naming.concept == known[0]
    assert naming.next() and naming.concept == known[1]
    for _ in range(40):
        naming.next()
    assert naming.concept == known[-1] and not naming.next() and naming.previous()
