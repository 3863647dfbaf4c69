import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import OutputError, RunFileError
from ivpt.runfile.edits import Edit, append_after, append_edit, edits_path, new_edit, read_edits
from tests.two_programs import at_once


def test_edits_come_back_in_order(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    assert read_edits(run) == []
    first = append_edit(run, "name", {"concept": "L6:3", "name": "beak\nor bill"}, who="Ada", why="seen")
    second = append_edit(run, "note", {"text": "ü"}, who="Bo")
    assert edits_path(run) == tmp_path / "run.h5.edits.jsonl"
    assert read_edits(run) == [first, second]
    assert first.arguments == {"concept": "L6:3", "name": "beak\nor bill"}


def test_a_line_cut_off_by_a_kill_does_not_count_and_is_written_over(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    first = append_edit(run, "name", {}, who="Ada")
    with edits_path(run).open("ab") as log:
        log.write(b'{"when": "20')
    assert read_edits(run) == [first]
    second = append_edit(run, "name", {}, who="Bo")
    assert read_edits(run) == [first, second]


@pytest.mark.parametrize(
    "line",
    [
        "words",
        "{}",
        "[1]",
        '{"when":1,"who":"a","what":"b","arguments":{},"why":""}',
        '{"when":"","who":"a","what":"b","arguments":[],"why":""}',
        '{"when":"","who":"a","what":"b","arguments":{},"why":"","more":1}',
    ],
)
def test_a_line_that_is_no_edit_is_named(tmp_path: Path, line: str) -> None:
    run = tmp_path / "run.h5"
    append_edit(run, "name", {}, who="Ada")
    with edits_path(run).open("a") as log:
        log.write(line + "\n")
    with pytest.raises(RunFileError, match="Line 2 of"):
        read_edits(run)


@given(st.binary(max_size=200))
def test_any_bytes_are_edits_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    run = tmp_path_factory.mktemp("edits") / "run.h5"
    edits_path(run).write_bytes(content)
    try:
        edits = read_edits(run)
    except RunFileError:
        return
    assert all(isinstance(edit, Edit) for edit in edits)


def _write_many(run: Path, who: str) -> None:
    for number in range(25):
        append_edit(run, "note", {"text": "x" * 3000, "number": number}, who=who)


def test_two_programs_do_not_destroy_each_others_edits(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    at_once(_write_many, run)
    edits = read_edits(run)
    for who in ("Ada", "Bo"):
        assert [edit.arguments["number"] for edit in edits if edit.who == who] == list(range(25))


def test_nobody_adds_an_edit_while_another_one_is_chosen(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    chosen, go_on = threading.Event(), threading.Event()

    def choose(pending: list[Edit]) -> Edit:
        chosen.set()
        assert go_on.wait(30)
        return new_edit("note", {"seen": len(pending)}, who="Ada")

    slow = threading.Thread(target=append_after, args=(run, choose))
    quick = threading.Thread(target=append_edit, args=(run, "note", {}), kwargs={"who": "Bo"})
    slow.start()
    assert chosen.wait(30)
    quick.start()
    quick.join(0.3)
    assert quick.is_alive() and read_edits(run) == []
    go_on.set()
    slow.join()
    quick.join()
    assert [edit.who for edit in read_edits(run)] == ["Ada", "Bo"]


def test_nothing_is_added_when_nothing_is_chosen(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    append_edit(run, "note", {}, who="Ada")
    assert append_after(run, lambda pending: None) is None
    assert len(read_edits(run)) == 1


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        append_edit(tmp_path / "file" / "run.h5", "name", {}, who="Ada")
