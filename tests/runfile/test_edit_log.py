import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.errors import ConfigError, DataError, OutputError
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog, save_copy
from ivpt.runfile.edits import edits_path, read_edits
from ivpt.runfile.names import export_names, import_names
from ivpt.runfile.reader import RunFile
from tests.two_programs import at_once

BEAK, WING = Concept("L6", 3), Concept("coarse", 1)


def log_of(path: Path, who: str = "Ada") -> EditLog:
    """A session of its own."""
    with RunFile(path) as run:
        return EditLog(run, who)


def test_edits_outlive_their_session_and_leave_the_run_alone(run_path: Path) -> None:
    before = run_path.read_bytes()
    log_of(run_path).name(BEAK, " beak ", why="in every picture")
    log_of(run_path).drop(WING)
    log_of(run_path).note(WING, "only in flight")
    state = log_of(run_path, "Bo").state()
    assert (state.names, state.notes, state.drops) == ({BEAK: "beak"}, {WING: "only in flight"}, (WING,))
    assert read_edits(run_path)[0].why == "in every picture"
    assert run_path.read_bytes() == before


def test_undo_and_redo_across_sessions(run_path: Path) -> None:
    log_of(run_path).name(BEAK, "first")
    log_of(run_path).name(BEAK, "second")
    log_of(run_path, "Bo").name(WING, "wing")
    taken = log_of(run_path).undo(why="no")
    assert taken is not None and taken.arguments["name"] == "second"
    assert log_of(run_path).state().names == {BEAK: "first", WING: "wing"}
    back = log_of(run_path).redo()
    assert back == taken
    assert log_of(run_path).state().names == {BEAK: "second", WING: "wing"}
    assert log_of(run_path).redo() is None
    assert len(read_edits(run_path)) == 5 and read_edits(run_path)[3].why == "no"
    assert log_of(run_path, "Cy").undo() is None


def test_named_sets(run_path: Path) -> None:
    log = log_of(run_path)
    log.mark([BEAK, WING])
    log.save_set("both")
    log.save_set("one", [WING])
    log.restore(BEAK)
    assert log.state().drops == (WING,)
    log.use_set("both")
    assert log.state().drops == (BEAK, WING)
    log.forget_set("one")
    assert log.state().sets == {"both": (BEAK, WING)}
    with pytest.raises(ConfigError, match="no set of edits 'bot'") as caught:
        log.use_set("bot")
    assert "'both'" in caught.value.hint
    with pytest.raises(ConfigError, match="needs a name"):
        log.save_set(" ")


@pytest.mark.parametrize("wrong", [Concept("L6", 0), Concept("L6", 11), Concept("L1", 1)])
def test_a_concept_that_is_not_there_gets_no_edit(run_path: Path, wrong: Concept) -> None:
    log = log_of(run_path)
    for attempt in (lambda: log.name(wrong, "x"), lambda: log.drop(wrong), lambda: log.mark([BEAK, wrong])):
        with pytest.raises(ConfigError):
            attempt()
    assert read_edits(run_path) == []


def _undo_all(path: Path, who: str) -> None:
    log = log_of(path, who)
    for number in range(20):
        log.name(BEAK, f"{who} {number}")
        log.drop(WING)
        log.undo()


def test_two_programs_that_edit_and_undo(run_path: Path) -> None:
    at_once(_undo_all, run_path)
    edits = read_edits(run_path)
    assert len(edits) == 120
    undone = [edits[edit.arguments["edit"] - 1] for edit in edits if edit.what == "undo"]
    assert len(undone) == 40 and {edit.what for edit in undone} == {"drop"}
    assert all(edits[e.arguments["edit"] - 1].who == e.who for e in edits if e.what == "undo")
    assert log_of(run_path).state().drops == ()


def test_a_saved_copy_holds_its_log_and_goes_on_from_there(run_path: Path, tmp_path: Path) -> None:
    log = log_of(run_path)
    log.name(BEAK, "beak")
    log.name(WING, "wing")
    log.undo()
    log.save_set("some", [WING])
    copy = tmp_path / "copy.h5"
    with RunFile(run_path) as run:
        save_copy(run, copy)
        with pytest.raises(OutputError, match="exists already"):
            save_copy(run, copy)
        with pytest.raises(OutputError, match="exists already"):
            save_copy(run, run_path, overwrite=True)
    assert not edits_path(copy).exists() and len(read_edits(run_path)) == 4
    assert log_of(copy).state() == log_of(run_path).state()
    assert log_of(copy).undo() is None and log_of(copy).redo() is None, "what is inside stays"
    log_of(copy).drop(BEAK)
    log_of(copy).drop(WING)
    log_of(copy).undo()
    assert log_of(copy).state().drops == (BEAK,)
    again = tmp_path / "again.h5"
    with RunFile(copy) as run:
        save_copy(run, again)
    assert log_of(again).state() == log_of(copy).state()
    with h5py.File(run_path) as first, h5py.File(again) as last:
        names: list[str] = []
        first.visit(names.append)
        kept: list[str] = []
        last.visit(kept.append)
        assert sorted([*names, "edits"]) == sorted(kept)
        for name in names:
            if isinstance(first[name], h5py.Dataset):
                one, other = np.asarray(first[name][()]), np.asarray(last[name][()])
                assert one.tolist() == other.tolist() if one.dtype.kind == "O" else one.tobytes() == other.tobytes()


def test_names_go_to_another_annotator_and_come_back(run_path: Path, tmp_path: Path) -> None:
    log = log_of(run_path)
    log.name(BEAK, "[red]Schnäbel\x1b[0m")
    log.note(WING, "or tail")
    sheet = tmp_path / "names.json"
    sheet.write_text(json.dumps(export_names(log)), encoding="utf-8")
    before = log.state()
    assert import_names(log, sheet) == 0, "nothing differs"
    log.name(BEAK, "")
    log.note(WING, "")
    assert log.state().names == {}
    assert import_names(log, sheet) == 2
    assert (log.state().names, log.state().notes) == (before.names, before.notes)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "x"}', '{"format": "ivpt-names", "concepts": {"L6:3": 1}}']
)
def test_a_file_of_other_things(run_path: Path, tmp_path: Path, content: str) -> None:
    sheet = tmp_path / "names.json"
    sheet.write_text(content)
    with pytest.raises(DataError, match="not a file of concept names"):
        import_names(log_of(run_path), sheet)
    with pytest.raises(DataError, match="cannot be read"):
        import_names(log_of(run_path), tmp_path / "none.json")


def test_names_of_another_run_add_nothing(run_path: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "names.json"
    concepts = {"L6:3": {"name": "beak"}, "L99:1": {"name": "x"}}
    sheet.write_text(json.dumps({"format": "ivpt-names", "concepts": concepts}))
    with pytest.raises(ConfigError, match="no layer 'L99'"):
        import_names(log_of(run_path), sheet)
    assert read_edits(run_path) == []
