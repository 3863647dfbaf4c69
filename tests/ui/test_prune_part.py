"""The prune screen without a terminal."""

import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.jobs.lines import Failed, Finished, Noted, Progressed
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.prune import CLASSES, EVIDENCE, FLIPS, MARKS, MODEL, SUMMARY, Prune, changed_classes, free
from ivpt.ui.session import Session
from tests.ui.reading import read

FINE, FIRST, SECOND = Concept("L6", 3), Concept("coarse", 1), Concept("coarse", 2)


@pytest.fixture
def session(run_path: Path, tmp_path: Path) -> Iterator[Session]:
    path = Path(shutil.copy(run_path, tmp_path / "a run.h5"))
    made = Session(RunFile(path))
    yield made
    made.part(Prune).stop()
    made.run.close()


def mark(session: Session, *concepts: Concept) -> Prune:
    read(session, "edits.edited")
    edits = session.edits
    edits.written(edits.write(lambda log: log.mark(concepts)))
    prune = session.part(Prune)
    read(session, "prune.evidence")
    return prune


@pytest.mark.parametrize("split", ["test", "val"])
def test_evidence_removed_is_the_sum_without_those_scores(session: Session, split: str) -> None:
    prune = mark(session, FINE, FIRST, SECOND)
    if split == "val":
        prune.next_split()
        read(session, "prune.evidence")
    run, answer = session.run, prune.answers[0]
    assert answer is not None and prune.split == split
    images = [i for i in run.map_images.tolist() if run.splits[i] == (2 if split == "test" else 1)]
    logits = {i: run.scores(i)[2:].sum(axis=0) for i in images}
    after = {i: int(np.argmax(logits[i])) for i in images}
    assert answer["images"] == len(images)
    assert answer["after"]["correct"] == sum(after[i] == run.labels[i] for i in images)
    assert answer["before"]["correct"] == sum(run.predictions[i] == run.labels[i] for i in images)
    flips = {f["image"]: (f["before"], f["after"]) for f in answer["flips"]}
    assert flips == {
        i: (run.classes[run.predictions[i]], run.classes[after[i]]) for i in images if after[i] != run.predictions[i]
    }
    counts = Counter(run.classes[run.labels[i]] for i in images)
    assert {c["class"]: c["images"] for c in changed_classes(answer)} == counts
    changes = [abs(c["after"] - c["before"]) / c["images"] for c in changed_classes(answer)]
    assert changes == sorted(changes, reverse=True)


def test_a_fine_prototype_has_no_evidence(session: Session) -> None:
    prune = mark(session, FINE)
    assert prune.coarse_drops == () and prune.answers == (None, None)
    assert session.wish("prune.evidence") is None and not prune.impossible


def test_nothing_and_everything_cannot_be_removed(session: Session) -> None:
    prune = mark(session)
    assert prune.impossible == "Nothing is marked." and prune.prepare() is None
    prune = mark(session, *(Concept("coarse", k) for k in (1, 2, 3, 4)))
    assert "Nothing of coarse would be left" in prune.impossible and prune.prepare() is None
    assert prune.answers == (None, None) and session.wish("prune.evidence") is None


def test_the_commands_give_the_same_again(session: Session) -> None:
    prune = mark(session, SECOND, FINE)
    path = session.run.path
    evidence, model = shlex.split(prune.command_line(evidence=True)), shlex.split(prune.command_line())
    assert evidence == ["ivpt", "prune", str(path), "--drop", "coarse:2", "--evidence"]
    both = ["ivpt", "prune", str(path), "--drop", "L6:3", "--drop", "coarse:2"]
    assert model == [*both, "-o", str(path.with_name("a run-pruned.h5"))]
    prune.toggle_refit()
    assert "--refit-head" in shlex.split(prune.command_line()) and "--refit-head" not in prune.command_line(
        evidence=True
    )
    assert free(prune.proposed) == prune.proposed
    prune.proposed.touch()
    prune.proposed.with_stem("a run-pruned2").touch()
    assert free(prune.proposed) == path.with_name("a run-pruned3.h5")
    # the command writes where nothing is
    read(session, "prune.place")
    assert shlex.split(prune.command_line())[-1] == str(path.with_name("a run-pruned3.h5"))


def report(session: Session, flips: list[dict[str, Any]]) -> dict[str, Any]:
    share = {"accuracy": 0.5, "interval": [0.4, 0.6], "correct": 1}
    answer = {
        "images": 2,
        "before": share,
        "after": share,
        "flipped": len(flips),
        "lost": 0,
        "won": 0,
        "worst_groups": {},
        "per_class": [{"class": name, "images": 1, "before": 1, "after": 0} for name in session.run.classes],
        "flips": flips,
    }
    return {"splits": {"test": answer, "val": {**answer, "images": 0}}}


FLIP = {"image": 7, "id": "x.png", "label": "a", "before": "a", "after": "b"}


def test_an_answer_of_the_model_belongs_to_its_question(session: Session) -> None:
    prune = mark(session, FIRST)
    trial = prune.prepare()
    assert trial is not None and trial.running and prune.shown is trial and prune.prepare() is None
    prune.hear(trial, Progressed("predicting", 3, 10, 4.0))
    prune.hear(trial, Noted("as stored"))
    assert (trial.stage, trial.done, trial.total, trial.seconds_left, trial.notes) == (
        "predicting",
        3,
        10,
        4.0,
        ["as stored"],
    )
    mark(session, SECOND)
    assert prune.shown is None and prune.elsewhere is trial and prune.answers[1] is None
    prune.hear(trial, Finished(report(session, [FLIP])))
    assert prune.elsewhere is None and prune.answers[1] is None, "that was asked about another concept"
    mark(session, FIRST)
    assert prune.shown is trial and prune.answers[1] == trial.report["splits"]["test"]  # type: ignore[index]
    prune.toggle_refit()
    assert prune.shown is None, "and without a new head"
    prune.toggle_refit()
    assert prune.done() is None, "no file is there to be kept"
    trial.out.touch()
    assert prune.done() is trial
    prune.next_split()
    assert prune.answers[1] is None, "no val images"
    prune.stop()
    assert not trial.out.exists(), "what was only tried vanishes"


def test_a_trial_that_fails_or_is_cancelled_gives_no_answer(session: Session) -> None:
    prune = mark(session, FIRST)
    trial = prune.prepare()
    assert trial is not None
    prune.hear(trial, Failed("Stopped.", "", 130, cancelled=True))
    assert not trial.running and prune.answers[1] is None and prune.done() is None
    again = prune.prepare(session.run.path.with_name("kept.h5"))
    assert again is not None and again.kept and prune.shown is again
    assert trial.out != again.out


def test_arrow_keys_move_in_the_pane_chosen(session: Session) -> None:
    prune = mark(session, FIRST)
    layer = session.layer
    assert prune.pane == MARKS and prune.concept == Concept(layer.key, layer.foreground[0])
    prune.next()
    assert prune.concept == Concept(layer.key, layer.foreground[1]) and prune.previous()
    assert prune.concept == Concept(layer.key, layer.foreground[0]) and not prune.previous()
    trial = prune.prepare()
    assert trial is not None
    prune.hear(trial, Finished(report(session, [FLIP, {**FLIP, "image": 9}])))
    assert prune.show_pane(MODEL) and prune.view == SUMMARY and prune.rows == 0 and not prune.next()
    prune.next_view()
    assert prune.view == CLASSES and prune.rows == len(session.run.classes)
    prune.next_view()
    assert prune.view == FLIPS and prune.rows == 2
    assert prune.flip == FLIP and prune.next() and prune.flip["image"] == 9 and not prune.next()
    assert prune.previous() and not prune.previous()
    prune.show_pane(EVIDENCE)
    answer = prune.answers[0]
    assert answer is not None and prune.rows == len(answer["flips"])
    prune.next_pane()
    assert prune.pane == MODEL and prune.at == 0
    prune.next_pane()
    assert prune.pane == MARKS and prune.flip is None


def test_a_newer_version_of_the_run_is_asked_again(session: Session) -> None:
    prune = mark(session, FIRST)
    trial = prune.prepare()
    assert trial is not None
    prune.hear(trial, Finished(report(session, [])))
    session.adopt(RunFile(session.run.path), session.card)
    assert prune.shown is None and prune.answers == (None, None)


def test_marks_of_another_program_are_answered_too(session: Session) -> None:
    prune = mark(session)
    EditLog(session.run, "Bo").drop(SECOND)
    assert session.edits.look()
    read(session, "edits.edited", "prune.evidence")
    assert prune.drops == (SECOND,) and prune.answers[0] is not None
