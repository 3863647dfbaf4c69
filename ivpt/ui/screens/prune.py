"""Prune: marks at the left; at the right what removing changes, asked in two ways that are not the same."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from textual import events
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from ivpt.errors import OutputError
from ivpt.jobs.lines import Event, Failed, Finished
from ivpt.runfile.publish import replacing, writing
from ivpt.ui import editing
from ivpt.ui.actions import IMAGE, PRUNE
from ivpt.ui.parts.prune import EVIDENCE, FLIPS, MARKS, MODEL, Prune, free
from ivpt.ui.screens import prune_lines
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import layers_title
from ivpt.ui.screens.prompt import path_of
from ivpt.ui.text import plain
from ivpt.ui.trial import Trial
from ivpt.ui.widgets.sheet import Sheet

_PANES = {"prune-list": MARKS, "prune-evidence": EVIDENCE, "prune-model": MODEL}


class Heard(Message):
    """A trial's process has said something."""

    def __init__(self, trial: Trial, event: Event) -> None:
        super().__init__()
        self.trial, self.event = trial, event


class PruneScreen(SessionScreen):
    """Marks, answer A, answer B, and the command lines that give them."""

    name_in_table = PRUNE
    needs = ("edits.edited", "prune.evidence", "prune.place", "summary.index", "summary.facts")
    BINDINGS = bindings(PRUNE)

    _clock: Timer | None = None

    @property
    def prune(self) -> Prune:
        """What is asked and answered."""
        return self.session.part(Prune)

    def body(self) -> Iterator[Widget]:
        """List and marks; the answers; the commands."""
        with Horizontal(classes="fill"):
            with Vertical(id="prune-left"):
                yield Sheet(id="prune-list", classes="panel")
                yield Sheet(id="prune-marked", classes="panel")
            with Vertical(id="prune-right"):
                yield Sheet(id="prune-evidence", classes="panel")
                yield Sheet(id="prune-model", classes="panel")
        yield Sheet(id="prune-commands")

    def show(self) -> None:
        """Draw everything."""
        session, prune = self.session, self.prune
        panes = {
            "#prune-list": (prune_lines.list_lines, layers_title(session), MARKS),
            "#prune-evidence": (prune_lines.evidence_lines, prune_lines.pane_title(prune, EVIDENCE), EVIDENCE),
            "#prune-model": (prune_lines.model_lines, prune_lines.pane_title(prune, MODEL), MODEL),
        }
        for id, (make, title, pane) in panes.items():
            sheet = self.query_one(id, Sheet)
            sheet.set_class(prune.pane == pane, "-chosen")
            sheet.draw(partial(make, session, prune), title)
        marked = self.query_one("#prune-marked", Sheet)
        marked.draw(partial(prune_lines.marked_lines, session, prune), prune_lines.marked_title(prune))
        self.query_one("#prune-commands", Sheet).draw(partial(prune_lines.command_lines, prune))

    def on_screen_resume(self, event: events.ScreenResume | None = None) -> None:
        """Files may have come or gone since the place for the pruned run was looked for.

        Args:
            event: as Textual sends it, which then calls the base's handler by itself.
        """
        if self.explorer.opened:
            self.prune.place.forget()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The arrow keys follow the focus."""
        pane = _PANES.get(event.widget.id or "")
        if pane is not None and self.prune.show_pane(pane):
            self.show()

    # marks

    async def action_mark_clicked(self, key: str, channel: int) -> None:
        """Stand on a concept that was clicked; mark it when it was stood on before."""
        session, prune = self.session, self.prune
        at = prune.concept
        prune.show_pane(MARKS)
        if at is not None and (at.layer, at.number) == (key, channel):
            await editing.mark(self.explorer)
        else:
            session.choose(layer=key, concept=channel)
        self.explorer.changed()

    def action_flip(self, pane: str, at: int) -> None:
        """Stand on an image that was clicked, and look at it."""
        self.prune.show_pane(pane)
        self.prune.at = at
        self.action_look()

    def action_look(self) -> None:
        """Look at the flipped image; in the other panes at the concept."""
        prune = self.prune
        if prune.pane == MARKS:
            concept = prune.concept
            if concept is not None:
                self.session.choose(concept=concept.number)
                self.explorer.action_show("concepts")
        elif prune.view != FLIPS:
            prune.view = FLIPS
            self.explorer.changed()
        elif (flip := prune.flip) is not None:
            self.session.images.to(int(flip["image"]))
            self.explorer.action_show(IMAGE)

    # the job

    async def action_run(self) -> None:
        """Ask the model, without keeping a run file."""
        if self.prune.done() is None:
            await self._start(None)

    async def _start(self, out: Path | None) -> None:
        prune = self.prune
        trial = prune.prepare(out)
        if trial is None:
            self.notify(prune.impossible or "A trial is running already; esc cancels it.", markup=False)
            return
        self.explorer.changed()
        # a thread of its own: it may wait for minutes, which the pool that reads from the disk must not do
        thread = threading.Thread(target=self._listen, args=(trial,), name="trial", daemon=True)
        thread.start()
        if self._clock is None:
            self._clock = self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        """Move the clock of a trial on."""
        if self.prune.trial is not None and self.prune.trial.running:
            self.query_one("#prune-model").refresh()
        elif self._clock is not None:
            self._clock.stop()
            self._clock = None

    def _listen(self, trial: Trial) -> None:
        try:
            job = trial.start(self.session.run.path, self.prune.edits.who)
        except OSError as error:
            self.post_message(Heard(trial, Failed(f"No process can be started: {error.strerror}.", "", 1)))
            return
        for event in job.events():
            self.post_message(Heard(trial, event))

    def on_heard(self, message: Heard) -> None:
        """Show how far the job is, or what it found."""
        message.stop()
        trial = message.trial
        self.prune.hear(trial, message.event)
        if isinstance(message.event, Finished):
            kept = f" {plain(trial.out)} is written." if trial.kept else ""
            self.notify(f"The model has answered.{kept}", markup=False)
        elif isinstance(message.event, Failed) and not message.event.cancelled:
            self.notify(plain(message.event.message), severity="error", markup=False)
        if self.explorer.shown is self:
            self.explorer.changed()

    async def action_cancel(self) -> None:
        """Ask the job to stop."""
        trial = self.prune.trial
        if trial is not None and trial.running and trial.job is not None:
            await editing.in_thread(self.explorer, trial.job.cancel)

    async def action_kill(self) -> None:
        """End the job at once; what it has begun is removed."""
        trial = self.prune.trial
        if trial is not None and trial.running and trial.job is not None:
            await editing.in_thread(self.explorer, trial.job.kill)

    async def action_keep(self) -> None:
        """Ask where the pruned run is to be kept."""
        prune = self.prune
        if prune.impossible:
            self.notify(prune.impossible, markup=False)
            return
        place = await editing.in_thread(self.explorer, partial(free, prune.proposed))
        if place is not None:
            hint = "the marked prototypes are removed from the model (answer B)"
            editing.ask(self.explorer, "Keep the pruned run as", self._keep, str(place), hint, endings=(".h5",))

    async def _keep(self, typed: str) -> None:
        if not typed:
            return
        out, prune = path_of(typed), self.prune
        trial = prune.done()
        if trial is None:
            await self._start(out)
            return
        if await editing.in_thread(self.explorer, partial(keep_copy, trial.out, out)):
            trial.out, trial.kept = out, True
            prune.place.forget()
            self.notify(f"{plain(out)} is written.", markup=False)
            self.explorer.changed()

    def action_compare(self) -> None:
        """Lay the pruned run beside this one."""
        trial = self.prune.done()
        if trial is None:
            self.notify("Ask the model first (r).", markup=False)
            return
        self.explorer.compare_with(trial.out)

    def on_unmount(self) -> None:
        """The explorer ends: so does the job."""
        if self.explorer.opened:
            self.prune.stop()


def keep_copy(source: Path, out: Path) -> bool:
    """Copy the result of a trial to where it stays; a file that is there is never overwritten.

    Raises:
        OutputError: there is one, or it cannot be written.
    """
    if out.exists():
        raise OutputError(f"{out} exists already.", "Choose another name.")
    with replacing(out) as temporary, writing(out):
        shutil.copyfile(source, temporary)
    return True


__all__ = ["PruneScreen"]
