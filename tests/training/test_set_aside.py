"""What was said about a run that is replaced is kept, and does not speak of the new one."""

from pathlib import Path

from ivpt.runfile.edits import answers_of, answers_path, append_edit, edits_path
from ivpt.training.export import set_aside_edits


def test_edits_and_answers_are_renamed(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    assert set_aside_edits(run) is None
    for turn in ("1", "2"):
        append_edit(run, "note", {"text": turn}, who="Ada")
        append_edit(answers_of(run), "study", {"turn": turn}, who="Ada")
        assert set_aside_edits(run) == tmp_path / f"run.h5.edits.jsonl.{turn}"
        assert not edits_path(run).exists() and not answers_path(run).exists()
        assert turn in (tmp_path / f"run.h5.blind.edits.jsonl.{turn}").read_text()
    append_edit(answers_of(run), "study", {}, who="Ada")
    assert set_aside_edits(run) is None and (tmp_path / "run.h5.blind.edits.jsonl.3").exists()
