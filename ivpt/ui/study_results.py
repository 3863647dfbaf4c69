"""What the answers of a blind study come to, with what was hidden from whoever answered."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ivpt.ui.study import STATEMENTS, Study

COLUMNS = ("annotator", "seed", "order", "kind", "image", "concept", "name", "into", "answer", *STATEMENTS, "when")
"""Of exported results."""


def fold(text: str) -> str:
    """A description without differences of case and blanks."""
    return " ".join(text.casefold().split())


def rows(study: Study, ids: Mapping[int, str], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row per answered task, with what was hidden from whoever answered.

    Args:
        study: of one person.
        ids: names of the images of its tasks.
        names: of concepts, by ``L6:3``.
    """
    found = []
    for at, answer in sorted(study.answers.items()):
        task = study.tasks[at]
        into = "" if task.into is None else f"{task.into[0]}:{task.into[1]}"
        found.append(
            {
                "annotator": study.who,
                "seed": study.seed,
                "order": at + 1,
                "kind": "region" if task.into is None else "step",
                "image": ids[task.image],
                "concept": task.concept,
                "name": names.get(task.concept, ""),
                "into": into,
                "answer": answer.text,
                **{question: answer.ratings.get(question) for question in STATEMENTS},
                "when": answer.when,
            }
        )
    return found


def as_csv(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV with a head; cells of absent ratings are empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue()


def as_json(run: str, table: Sequence[Mapping[str, Any]], agreement: Mapping[str, Any]) -> str:
    """Rows as JSON, with the statements that were rated.

    Args:
        run: name of the run file.
        table: see :func:`rows`.
        agreement: between people, as plain values.
    """
    content = {"format": "ivpt-blind", "run": run, "statements": dict(STATEMENTS), "agreement": agreement}
    return json.dumps({**content, "answers": list(table)}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


@dataclass(frozen=True)
class Summary:
    """What the answers of one person come to.

    Attributes:
        ratings: question to mean and number of ratings, for questions that were rated.
        matching: descriptions that are the concept's name, and descriptions of concepts that have a name.
        repeated: pairs of regions of one concept that were described in the same words, and all such pairs.
    """

    ratings: Mapping[str, tuple[float, int]]
    matching: tuple[int, int]
    repeated: tuple[int, int]


def summary(study: Study, names: Mapping[str, str]) -> Summary:
    """Means of the ratings and how far the descriptions agree with the names and with each other."""
    rated = {q: [a.ratings[q] for a in study.answers.values() if q in a.ratings] for q in STATEMENTS}
    described = [
        (study.tasks[at].concept, fold(answer.text))
        for at, answer in study.answers.items()
        if study.tasks[at].into is None and answer.text.strip()
    ]
    named = [text == fold(names[concept]) for concept, text in described if names.get(concept, "").strip()]
    pairs = [one[1] == other[1] for one, other in combinations(described, 2) if one[0] == other[0]]
    return Summary(
        {q: (sum(values) / len(values), len(values)) for q, values in rated.items() if values},
        (sum(named), len(named)),
        (sum(pairs), len(pairs)),
    )
