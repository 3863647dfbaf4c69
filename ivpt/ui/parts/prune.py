"""What removing concepts changes: two answers that are never the same question.

*Evidence removed* leaves out the stored scores of coarse concepts; it is arithmetic and at hand at once. *Removed from
the model* runs the network again without the prototypes, in a process of its own, and ends with a run file. What is
marked to be dropped is an edit of the run and lives in :mod:`ivpt.ui.parts.edits`.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ivpt.analysis.pruning import describe_change, evidence_removed
from ivpt.jobs.lines import Event
from ivpt.runfile.concept import Concept
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE
from ivpt.ui.parts.base import Part
from ivpt.ui.parts.edits import Edits
from ivpt.ui.trial import Answer, Question, Trial

if TYPE_CHECKING:
    from ivpt.ui.session import Session

MARKS, EVIDENCE, MODEL = "marks", "evidence", "model"
PANES = (MARKS, EVIDENCE, MODEL)
"""Where the arrow keys move: the list of concepts, or the rows of one of the answers."""

SUMMARY, CLASSES, FLIPS = "summary", "classes", "flips"
VIEWS = (SUMMARY, CLASSES, FLIPS)

ANSWERED = ("test", "val")
"""Splits about which is answered."""


class Prune(Part):
    """Marks, the two answers about them, and the job.

    Args:
        session: of the run.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.pane, self.view, self.split = MARKS, SUMMARY, ANSWERED[0]
        self.refit = False
        self.at = 0
        self._folder = Path.cwd()
        self.trial: Trial | None = None
        self._over: dict[Question, Trial] = {}
        self._scratch: TemporaryDirectory[str] | None = None
        self._trials = 0
        self.place = self.reads("place", lambda: self.proposed if self.drops else None, lambda _, path: free(path))
        self.evidence = self.reads("evidence", self._wanted, read_evidence, keep=8, reports=True)

    @property
    def edits(self) -> Edits:
        """Where the marks are."""
        return self.session.part(Edits)

    # what is asked

    @property
    def drops(self) -> tuple[Concept, ...]:
        """Everything marked, in the order of layers and numbers."""
        order = [layer.key for layer in self.session.layers]
        known = [c for c in self.edits.drops if c.layer in order]
        return tuple(sorted(known, key=lambda c: (order.index(c.layer), c.number)))

    @property
    def coarse_drops(self) -> tuple[Concept, ...]:
        """The marked concepts that have class scores."""
        return tuple(c for c in self.drops if c.layer == COARSE)

    @property
    def question(self) -> Question:
        """What would be removed from the model now, and how."""
        return self.drops, self.refit

    @property
    def impossible(self) -> str:
        """Why nothing can be removed: nothing is marked, or a layer would have no concept left; else empty."""
        if not self.drops:
            return "Nothing is marked."
        for layer in self.session.layers:
            if layer.present and not set(layer.present) - {c.number for c in self.drops if c.layer == layer.key}:
                return f"Nothing of {layer.key} would be left: keep at least one concept."
        return ""

    def _wanted(self) -> tuple[tuple[Concept, ...], str] | None:
        layer = next((layer for layer in self.session.layers if layer.key == COARSE), None)
        drops = self.coarse_drops
        if layer is None or not drops or not set(layer.present) - {c.number for c in drops}:
            return None
        return drops, self.split

    def command_line(self, *, evidence: bool = False) -> str:
        """The command line that gives the same answer."""
        drops = self.coarse_drops if evidence else self.drops
        words = ["ivpt", "prune", self._here(self.session.run.path), *(w for c in drops for w in ("--drop", str(c)))]
        if evidence:
            return shlex.join([*words, "--evidence"])
        out = self._here(self.place.latest or self.proposed)
        return shlex.join([*words, *["--refit-head"] * self.refit, "-o", out])

    def _here(self, path: Path) -> str:
        """A path as one would type it where the explorer was started."""
        return str(path.relative_to(self._folder) if path.is_relative_to(self._folder) else path)

    @property
    def proposed(self) -> Path:
        """``runs/x-pruned.h5`` for ``runs/x.h5``."""
        path = self.session.run.path
        return path.with_name(f"{path.stem}-pruned{path.suffix}")

    # what is answered

    @property
    def answers(self) -> tuple[Answer | None, Answer | None]:
        """Evidence removed and removed from the model, about the split chosen; ``None`` where there is no answer."""
        trial = self.shown
        return self.evidence.value, None if trial is None else trial.answer(self.split)

    @property
    def shown(self) -> Trial | None:
        """The trial of exactly what is marked, or ``None``: no answer is shown beside a question it was not asked."""
        if self.trial is not None and self.trial.question == self.question:
            return self.trial
        return self._over.get(self.question)

    @property
    def elsewhere(self) -> Trial | None:
        """A trial that is running about something else than what is marked now."""
        trial = self.trial
        return trial if trial is not None and trial.running and trial.question != self.question else None

    @property
    def rows(self) -> int:
        """Number of rows of the view in the pane with the arrow keys."""
        if self.pane == MARKS or self.view == SUMMARY:
            return 0
        answer = self.answers[0 if self.pane == EVIDENCE else 1]
        return 0 if answer is None else len(changed_classes(answer) if self.view == CLASSES else answer["flips"])

    @property
    def flip(self) -> dict[str, Any] | None:
        """The flipped image the arrow keys stand on."""
        answer = None if self.pane == MARKS else self.answers[0 if self.pane == EVIDENCE else 1]
        if answer is None or self.view != FLIPS or not answer["flips"]:
            return None
        found: dict[str, Any] = answer["flips"][min(self.at, len(answer["flips"]) - 1)]
        return found

    # commands

    def next_pane(self) -> bool:
        """Move the arrow keys to the next pane."""
        return self.show_pane(PANES[(PANES.index(self.pane) + 1) % len(PANES)])

    def show_pane(self, pane: str) -> bool:
        """Move the arrow keys to a pane."""
        changed, self.pane, self.at = self.pane != pane, pane, 0
        return changed

    def next_view(self) -> bool:
        """Figures over all images, per class, or the images that flip; in both answers at once."""
        self.view, self.at = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)], 0
        return True

    def next_split(self) -> bool:
        """Answer about the other split."""
        self.split, self.at = ANSWERED[(ANSWERED.index(self.split) + 1) % len(ANSWERED)], 0
        return True

    def toggle_refit(self) -> bool:
        """Fit the head anew after removing prototypes from the model, or not."""
        self.refit = not self.refit
        return True

    def next(self) -> bool:
        """The next row of the pane."""
        return self._step(1)

    def previous(self) -> bool:
        """The previous row of the pane."""
        return self._step(-1)

    def _step(self, by: int) -> bool:
        if self.pane == MARKS:
            concept = self.concept
            if concept is None:
                return False
            known = self.session.layer.foreground
            to = min(max(known.index(concept.number) + by, 0), len(known) - 1)
            return self.session.choose(concept=known[to], steps="concepts")
        before, self.at = self.at, min(max(self.at + by, 0), max(self.rows - 1, 0))
        return self.at != before

    @property
    def concept(self) -> Concept | None:
        """The concept the list of the layer stands on."""
        layer, chosen = self.session.layer, self.session.view.concept
        at = chosen if chosen in layer.foreground else next(iter(layer.foreground), None)
        return None if at is None else Concept(layer.key, at)

    # the job

    def prepare(self, out: Path | None = None) -> Trial | None:
        """A trial of what is marked, to be started; ``None`` while another one runs or when nothing can be removed.

        Args:
            out: where the pruned run is to stay; ``None`` for a trial that only answers.
        """
        if self.impossible or (self.trial is not None and self.trial.running):
            return None
        if out is None and self._scratch is None:
            self._scratch = TemporaryDirectory(prefix="ivpt-trial-")
        self._trials += 1
        place = out or Path(self._scratch.name if self._scratch else "") / f"{self._trials}.h5"
        # the notes on what is dropped are the reasons for it
        notes = ((c, self.edits.note(c.layer, c.number)) for c in self.drops)
        why = "; ".join(f"{c}: {note}" for c, note in notes if note)
        self.trial = Trial(self.question, place, out is not None, why)
        return self.trial

    def hear(self, trial: Trial, event: Event) -> bool:
        """Take what a trial's process says; whether it is worth drawing."""
        trial.hear(event)
        if trial.report is not None:
            # a trial that was kept answers as well, and its file will still be there
            self._over[trial.question] = trial
            self.place.forget()
        return True

    def done(self) -> Trial | None:
        """The finished trial of exactly what is marked, whose file can be kept."""
        trial = self.shown
        return trial if trial is not None and trial.report is not None and trial.out.exists() else None

    def stop(self) -> None:
        """End the job at once and throw away what was only tried; when the explorer ends."""
        if self.trial is not None and self.trial.job is not None and self.trial.running:
            self.trial.job.kill()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def adopted(self) -> None:
        """Answers were about the old version."""
        self._over.clear()
        if self.trial is not None and not self.trial.running:
            self.trial = None


def free(proposed: Path) -> Path:
    """The proposed place or, where a file is, ``-pruned2`` and so on; in a thread, as it looks at the disk."""
    place, number = proposed, 1
    while place.exists():
        number += 1
        place = proposed.with_stem(f"{proposed.stem}{number}")
    return place


def read_evidence(
    run: RunFile, what: tuple[tuple[Concept, ...], str], report: Callable[[float], None]
) -> Answer | None:
    """Answer from stored scores; ``None`` without images of that split.

    Raises:
        RunFileError: the file is damaged.
    """
    drops, split = what
    told = evidence_removed(run, drops, split, progress=lambda done, total, _: report(done / max(total, 1)))
    found = describe_change(run, told)
    return found if found["images"] else None


def changed_classes(answer: Answer) -> list[dict[str, Any]]:
    """Classes with images, those whose accuracy changes most first."""
    known = [c for c in answer["per_class"] if c["images"]]
    return sorted(known, key=lambda c: -abs(c["after"] - c["before"]) / c["images"])
