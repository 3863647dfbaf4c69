"""Edits without a terminal: two explorers on one run, undo over sessions."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ivpt.errors import ConfigError
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.edits import Edit, edits_path, read_edits
from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.edits import Edits, toggle, told
from ivpt.ui.session import Session
from tests.ui.reading import read

BEAK, WING = Concept("L6", 3), Concept("coarse", 2)


@pytest.fixture
def path(run_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(run_path, tmp_path / "run.h5"))


def opened(path: Path, who: str) -> Session:
    session = Session(RunFile(path))
    session.part(Edits).who = who
    read(session, "edits.edited")
    return session


def do(session: Session, change: object) -> None:
    """What a screen does, without its thread."""
    session.edits.written(session.edits.write(change))  # type: ignore[arg-type]


def test_marks_and_names_are_shown_at_once_and_are_on_the_disk(path: Path) -> None:
    before = path.read_bytes()
    session = opened(path, "Ada")
    do(session, toggle(WING))
    do(session, lambda log: log.name(BEAK, "the\x1b[31m beak"))
    assert session.edits.drops == (WING,)
    assert session.edits.name("L6", 3) == "the\N{REPLACEMENT CHARACTER}[31m beak"
    assert session.wish("edits.edited") is None, "what was written need not be read"
    do(session, toggle(WING))
    assert session.edits.drops == ()
    assert [e.what for e in read_edits(path)] == ["drop", "name", "restore"]
    assert path.read_bytes() == before, "the run file itself is never changed"
    session.run.close()


def test_undo_reaches_into_earlier_sessions(path: Path) -> None:
    first = opened(path, "Ada")
    do(first, toggle(WING))
    do(first, lambda log: log.name(BEAK, "beak"))
    first.run.close()
    second = opened(path, "Ada")
    assert second.edits.now is not None and second.edits.now.undo is not None
    assert told(second.edits.now.undo) == "name L6:3 'beak'"
    do(second, lambda log: log.undo())
    do(second, lambda log: log.undo())
    assert second.edits.drops == () and second.edits.name("L6", 3) == ""
    assert second.edits.now.undo is None and told(second.edits.now.redo) == "mark coarse:2"
    second.run.close()
    third = opened(path, "Ada")
    do(third, lambda log: log.redo())
    assert third.edits.drops == (WING,) and third.edits.name("L6", 3) == ""
    third.run.close()


def test_two_explorers_on_one_run_see_and_keep_each_others_edits(path: Path) -> None:
    ada, bo = opened(path, "Ada"), opened(path, "Bo")
    do(ada, toggle(WING))
    assert bo.edits.drops == ()
    assert bo.edits.look(), "the log has grown"
    read(bo, "edits.edited")
    assert bo.edits.drops == (WING,) and not bo.edits.look()
    do(bo, lambda log: log.name(BEAK, "bill"))
    do(bo, toggle(WING))
    do(bo, lambda log: log.undo())
    assert ada.edits.look()
    read(ada, "edits.edited")
    assert ada.edits.drops == (WING,), "Bo's undo takes Bo's edit back"
    do(ada, lambda log: log.undo())
    assert ada.edits.drops == () and ada.edits.name("L6", 3) == "bill", "and Ada's her own"
    ada.run.close()
    bo.run.close()


def test_edits_made_at_once_are_all_kept(path: Path) -> None:
    sessions = [opened(path, who) for who in ("Ada", "Bo")]

    def many(session: Session) -> None:
        for number in range(20):
            session.edits.write(lambda log, n=number: log.note(Concept("L6", 1 + n % 5), f"{log.who} {n}"))  # type: ignore[misc]

    threads = [threading.Thread(target=many, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for who in ("Ada", "Bo"):
        notes = [e.arguments["note"] for e in read_edits(path) if e.who == who]
        assert notes == [f"{who} {n}" for n in range(20)]
    for session in sessions:
        session.run.close()


def test_a_toggle_goes_by_the_log_and_not_by_what_was_shown(path: Path) -> None:
    ada, bo = opened(path, "Ada"), opened(path, "Bo")
    do(ada, toggle(WING))
    do(bo, toggle(WING))
    assert bo.edits.drops == (), "it was marked by then, whatever Bo saw"
    with pytest.raises(ConfigError, match="background"):
        ada.edits.write(toggle(Concept("L6", 0)))
    ada.run.close()
    bo.run.close()


def test_every_edit_can_be_told_in_one_harmless_line(path: Path) -> None:
    with RunFile(path) as run:
        log = EditLog(run, "Ada")
        log.name(BEAK, "a\x1b]0;b\x07")
        log.name(BEAK, "")
        log.note(BEAK, "n")
        log.drop(BEAK)
        log.restore(BEAK)
        log.mark((WING,))
        log.mark(())
        log.save_set("both", (WING, BEAK))
        log.forget_set("both")
        words = [told(edit) for edit in log.edits()]
    assert len(set(words)) == len(words) and all(word.isprintable() for word in words)
    assert told(None) == "nothing" and told(Edit("", "", "new\x1b", {})) == "new\N{REPLACEMENT CHARACTER}"
    assert edits_path(path).exists()


def test_none_of_it_knows_a_widget_or_the_model() -> None:
    modules = ["parts." + name for name in ("edits", "prune", "compare", "naming")]
    modules += ["study", "study_log", "study_results", "blind", "comparing"]
    code = (
        f"import sys, importlib\nfor name in {modules!r}: importlib.import_module('ivpt.ui.' + name)\n"
        "print([m for m in ('textual', 'rich', 'torch', 'PIL', 'scipy') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
