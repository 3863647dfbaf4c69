"""Answers of blind studies, kept beside the run: an append-only log that several people and programs may write.

``<run>.blind.edits.jsonl`` has the form of the edits of a run, but is a file of its own: an answer is no edit, and
undoing an edit takes no answer back. A study is begun by a line with its tasks, so that it goes on with the same ones
when the run has been evaluated again; each answer is a line, and the last one about a task counts.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivpt.errors import RunFileError
from ivpt.runfile.edits import Edit, answers_of, answers_path, append_edit, read_edits
from ivpt.ui.study import LIKERT, STATEMENTS, Answer, Study, Task

BEGUN, ANSWERED = "study", "answer"


def log_path(run: Path) -> Path:
    """``<run>.blind.edits.jsonl`` beside the run file."""
    return answers_path(run)


def read_studies(run: Path) -> dict[str, Study]:
    """The latest study of each person; none when nobody has begun one.

    Raises:
        RunFileError: the log cannot be read, or a line is not part of a study.
    """
    studies: dict[str, Study] = {}
    for number, line in enumerate(read_edits(answers_of(run)), 1):
        try:
            if line.what == BEGUN:
                studies[line.who] = _begun(line)
            elif line.what == ANSWERED and line.arguments["study"] == studies[line.who].key:
                studies[line.who] = _answered(studies[line.who], line)
        except (KeyError, IndexError, TypeError, ValueError):
            raise RunFileError(
                f"Line {number} of {log_path(run)} is not part of a blind study.", "Mend or remove that line."
            ) from None
    return studies


def begin(run: Path, who: str, seed: int, tasks: tuple[Task, ...]) -> Study:
    """Store that a person begins; an earlier study of theirs stays in the log and no longer counts.

    Raises:
        OutputError: the log cannot be written.
    """
    begun = {"key": secrets.token_hex(8), "seed": seed, "tasks": [task.to_json() for task in tasks]}
    return _begun(append_edit(answers_of(run), BEGUN, begun, who=who))


def record(run: Path, study: Study, at: int, answer: Answer) -> Study:
    """Store an answer; it is on the disk when this returns.

    Returns:
        The study with the answer.

    Raises:
        OutputError: the log cannot be written.
    """
    said = {"study": study.key, "task": at, "text": answer.text, "ratings": dict(answer.ratings)}
    return _answered(study, append_edit(answers_of(run), ANSWERED, said, who=study.who))


def _begun(line: Edit) -> Study:
    tasks = tuple(Task.from_json(stored) for stored in line.arguments["tasks"])
    return Study(line.who, int(line.arguments["seed"]), tasks, {}, str(line.arguments["key"]))


def _answered(study: Study, line: Edit) -> Study:
    at, text = line.arguments["task"], line.arguments["text"]
    ratings: Mapping[str, int] = line.arguments["ratings"]
    fits = isinstance(at, int) and 0 <= at < len(study.tasks) and isinstance(text, str)
    if not fits or not all(q in STATEMENTS and value in LIKERT for q, value in ratings.items()):
        raise ValueError("it does not fit the study")
    return replace(study, answers={**study.answers, at: Answer(text, dict(ratings), line.when)})
