"""Naming concepts: whose names there are, how far they agree, and the blind studies of the run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivpt.analysis.agreement import Agreement, Rated, names_agree, ratings_agree
from ivpt.errors import OutputError
from ivpt.runfile.edits import Edit
from ivpt.runfile.publish import replacing, writing
from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.base import Part
from ivpt.ui.study import Study, Task, draw_tasks, in_order_of
from ivpt.ui.study_log import begin, read_studies
from ivpt.ui.study_results import as_csv, as_json, rows

if TYPE_CHECKING:
    from ivpt.ui.parts.edits import Edits
    from ivpt.ui.session import Session

Names = Mapping[str, str]
"""Concept (``L6:3``) to name."""

IMPORTED = "imported from"
"""How the reason of an edit begins that took somebody else's name over."""


@dataclass(frozen=True)
class Opinions:
    """What several people say.

    Attributes:
        names: agreement on the names of concepts.
        descriptions: agreement on the descriptions in blind studies, region by region.
        ratings: of the blind studies, question by question.
    """

    names: Agreement
    descriptions: Agreement
    ratings: tuple[Rated, ...]


class Naming(Part):
    """Names of several people and blind studies.

    Args:
        session: of the run.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.others: dict[str, Names] = {}
        self._looked = 0
        self._opinions: tuple[object, Opinions] | None = None
        self.studies = self.reads("studies", lambda: self._looked, lambda run, _: read_studies(run.path))

    @property
    def edits(self) -> "Edits":
        """Names, notes and marks of the run."""
        from ivpt.ui.parts.edits import Edits

        return self.session.part(Edits)

    def look(self) -> bool:
        """Read the studies anew, for instance because somebody has answered."""
        self._looked += 1
        return True

    @property
    def concept(self) -> int | None:
        """The concept the list stands on."""
        chosen, known = self.session.view.concept, self.session.layer.foreground
        return chosen if chosen in known else known[0] if known else None

    def next(self) -> bool:
        """The next concept of the layer."""
        return self._step(1)

    def previous(self) -> bool:
        """The previous concept of the layer."""
        return self._step(-1)

    def _step(self, by: int) -> bool:
        known, at = self.session.layer.foreground, self.concept
        if at is None:
            return False
        to = known[min(max(known.index(at) + by, 0), len(known) - 1)]
        return self.session.choose(concept=to, steps="concept")

    # what people say

    @property
    def people(self) -> dict[str, Names]:
        """Names by person: from the log, and from files that were laid beside it."""
        now = self.edits.now
        found = names_by_person(now.log, now.undone) if now is not None else {}
        for who, names in self.others.items():
            found[who if who not in found else f"{who} (file)"] = names
        return found

    @property
    def taken_over(self) -> dict[str, Names]:
        """File to the names that were imported from it and still hold."""
        now = self.edits.now
        return names_by_file(now.log, now.undone) if now is not None else {}

    @property
    def opinions(self) -> Opinions:
        """Agreement on everything that more than one person has said."""
        studies = self.studies.latest or {}
        # asked for by every drawing, and takes as long as ten of them
        about = (self.edits.now, tuple(studies.items()), tuple(self.others.items()))
        if self._opinions is None or self._opinions[0] != about:
            found = Opinions(
                names_agree(self.people),
                names_agree({who: described(study) for who, study in studies.items()}),
                ratings_agree({who: rated(study) for who, study in studies.items()}),
            )
            self._opinions = about, found
        return self._opinions[1]

    def study_of(self, who: str) -> Study | None:
        """The latest study of a person."""
        return (self.studies.latest or {}).get(who)

    def beside(self, who: str, names: Names) -> bool:
        """Compare with the names of somebody else, without taking them over."""
        self.others[who] = names
        return True


def names_by_person(log: "tuple[Edit, ...]", undone: frozenset[int]) -> dict[str, Names]:
    """The last name that each person gave to each concept; names taken over from a file are nobody's own."""
    found: dict[str, dict[str, str]] = {}
    for number, edit in enumerate(log, 1):
        if edit.what == "name" and number not in undone and not edit.why.startswith(IMPORTED):
            found.setdefault(edit.who, {})[str(edit.arguments["concept"])] = str(edit.arguments["name"])
    return {who: own for who, names in found.items() if (own := {c: n for c, n in names.items() if n})}


def names_by_file(log: "tuple[Edit, ...]", undone: frozenset[int]) -> dict[str, Names]:
    """The names that hold now and were taken over, by the name of their file."""
    last = {
        str(edit.arguments["concept"]): edit
        for number, edit in enumerate(log, 1)
        if edit.what == "name" and number not in undone
    }
    found: dict[str, dict[str, str]] = {}
    for concept, edit in last.items():
        if edit.why.startswith(IMPORTED) and edit.arguments["name"]:
            found.setdefault(edit.why.removeprefix(IMPORTED).strip(), {})[concept] = str(edit.arguments["name"])
    return {**found}


def described(study: Study) -> dict[str, str]:
    """Region to description; a region is the same for everybody who was shown it."""
    return {_item(study.tasks[at]): a.text for at, a in study.answers.items() if a.text and not study.tasks[at].into}


def rated(study: Study) -> dict[str, dict[str, int]]:
    """Task to its ratings."""
    return {_item(study.tasks[at]): dict(a.ratings) for at, a in study.answers.items() if a.ratings}


def _item(task: Task) -> str:
    return " ".join(map(str, task.to_json()))


# studies; to be called in a thread


def start_study(run: RunFile, who: str, seed: int) -> Study:
    """Draw tasks and store that a person begins with them.

    Raises:
        OutputError: the log cannot be written.
        RunFileError: the run file is damaged.
    """
    return begin(run.path, who, seed, in_order_of(who, seed, draw_tasks(run, seed)))


def results(run: RunFile, names: Names) -> list[dict[str, Any]]:
    """Rows of everybody's latest study.

    Raises:
        RunFileError: the log or the run file is damaged.
    """
    found = []
    for _, study in sorted(read_studies(run.path).items()):
        images = {study.tasks[at].image for at in study.answers}
        ids = {i: run.ids(i, i + 1)[0] if i < run.num_images else "" for i in images}
        found += rows(study, ids, names)
    return found


def write_results(run: RunFile, names: Names, out: Path) -> int:
    """Store everybody's results as CSV, or as JSON with the agreement between people where the name ends so.

    Returns:
        Number of answers.

    Raises:
        OutputError: the file exists or cannot be written.
        RunFileError: the log or the run file is damaged.
    """
    table = results(run, names)
    if out.suffix == ".json":
        studies = read_studies(run.path)
        descriptions = names_agree({who: described(study) for who, study in studies.items()})
        ratings = ratings_agree({who: rated(study) for who, study in studies.items()})
        agreement = {"descriptions": asdict(descriptions), "ratings": [asdict(each) for each in ratings]}
        write_new(out, as_json(run.path.name, table, agreement))
    else:
        write_new(out, as_csv(table))
    return len(table)


def write_new(out: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        OutputError: it is, or it cannot be written.
    """
    if out.exists():
        raise OutputError(f"{out} exists already.", "Choose another name.")
    with replacing(out) as temporary, writing(out):
        temporary.write_text(text, encoding="utf-8")
