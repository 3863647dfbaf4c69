"""Blind naming: one region at a time, without the prototype that found it."""

import asyncio
from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from ivpt.errors import IvptError
from ivpt.runfile.reader import RunFile
from ivpt.ui.blind import Blind, Exhibit, read_exhibit
from ivpt.ui.study import LIKERT, STATEMENTS, Answer
from ivpt.ui.study_log import record
from ivpt.ui.text import plain
from ivpt.ui.widgets.bars import bar
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet, click

MOST_WORDS = 120
"""Characters of a description."""


class Exhibited(Message):
    """A worker has read what a task shows, or could not."""

    def __init__(self, at: int, exhibit: Exhibit | None, words: str = "") -> None:
        super().__init__()
        self.at, self.exhibit, self.words = at, exhibit, words


class BlindScreen(Screen[None]):
    """Shows tasks until whoever answers has had enough; every answer is on the disk before the next question.

    Args:
        run: that the study is about.
        blind: where in the study.
        marks: draw the region with characters instead of colour.
    """

    AUTO_FOCUS = None
    BINDINGS = [
        Binding("escape", "leave", "Stop; go on another time", show=False),
        Binding("pagedown,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("pageup,ctrl+b", "move(-1)", "Back", show=False, priority=True),
        Binding("e", "edit", "Describe again", show=False),
        *(Binding(str(value), f"rate({value})", f"Rate {value}", show=False) for value in LIKERT),
    ]

    def __init__(self, run: RunFile, blind: Blind, *, marks: bool = False) -> None:
        super().__init__()
        self._run, self.blind, self._marks = run, blind, marks
        self.exhibit: Exhibit | None = None
        self._trouble = ""
        self._reading = -1

    def compose(self) -> ComposeResult:
        """Two pictures above the question."""
        yield Sheet(lambda w, h: [self._progress(w)], id="blind-progress")
        with Horizontal(classes="fill"):
            yield PictureView(id="blind-first", classes="panel")
            yield PictureView(id="blind-second", classes="panel")
        yield Sheet(self._asking, id="blind-question", classes="panel")
        yield Input(
            placeholder="what does this region show?", id="blind-words", max_length=MOST_WORDS, select_on_focus=False
        )
        yield Sheet(lambda w, h: [_keys(self.blind)], id="blind-keys")

    def on_mount(self) -> None:
        """Show the first open task."""
        self.show()

    def show(self) -> None:
        """Draw the task, and read it when it is another one."""
        blind = self.blind
        typed = self.query_one(Input)
        typed.display = blind.typing
        if blind.typing and not typed.has_focus:
            typed.value = blind.answer.text
            typed.cursor_position = len(typed.value)
            typed.focus()
        elif not blind.typing:
            self.set_focus(None)
        for sheet in self.query(Sheet):
            sheet.refresh(layout=True)
        fits = self.exhibit is not None and self.exhibit.task == blind.task
        if not fits and self._reading != blind.at:
            self._reading = blind.at
            self.run_worker(partial(self._read, blind.at), name="exhibit", thread=True, exclusive=True)
        self._draw_pictures(self.exhibit if fits else None)

    def _draw_pictures(self, shown: Exhibit | None) -> None:
        first, second = self.query_one("#blind-first", PictureView), self.query_one("#blind-second", PictureView)
        if shown is None:
            first.draw(None)
            second.draw(None)
            return
        first.border_title = Content("The region" if shown.larger is None else "Finer")
        second.border_title = Content("From near" if shown.larger is None else "Coarser")
        first.draw(shown.picture, shown.region, opacity=0.6, marks=self._marks, numbers=False)
        if shown.larger is None:
            second.draw(shown.close)
        else:
            second.draw(shown.picture, shown.larger, opacity=0.6, marks=self._marks, numbers=False)

    def _read(self, at: int) -> None:
        task = self.blind.study.tasks[at]
        try:
            self.post_message(Exhibited(at, read_exhibit(self._run, task)))
        except IvptError as error:
            self.post_message(Exhibited(at, None, str(error)))
        except (KeyError, IndexError):
            words = "The run has been made anew and no longer has this region; go on with page down."
            self.post_message(Exhibited(at, None, words))

    def on_exhibited(self, message: Exhibited) -> None:
        """Draw what was read, unless the next task is shown by now."""
        if message.at == self.blind.at:
            self.exhibit, self._trouble, self._reading = message.exhibit, message.words, message.at
            self.show()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Store a description."""
        event.stop()
        await self._store(self.blind.describe(event.value))

    async def action_rate(self, value: int) -> None:
        """Store a rating."""
        await self._store(self.blind.rate(value))

    async def _store(self, answer: Answer | None) -> None:
        if answer is None:
            return
        try:
            # the next key waits for it, the screen does not
            study = await asyncio.to_thread(record, self._run.path, self.blind.study, self.blind.at, answer)
        except IvptError as error:
            self.notify(plain(error), severity="error", markup=False)
            return
        before = self.blind.at
        self.blind.stored(study)
        if study.open is None:
            self.notify("Every task is answered. Thank you.", markup=False)
        self._moved(before)

    def action_edit(self) -> None:
        """Type the description again."""
        if self.blind.edit():
            self._moved(self.blind.at)

    def action_move(self, by: int) -> None:
        """Another task."""
        before = self.blind.at
        if self.blind.next_task() if by > 0 else self.blind.previous_task():
            self._moved(before)

    def _moved(self, before: int) -> None:
        if before != self.blind.at:
            self._trouble = ""
            self.query_one(Input).value = self.blind.answer.text
        self.show()

    def action_leave(self) -> None:
        """Stop; everything is stored."""
        self.dismiss(None)

    def _progress(self, width: int) -> Content:
        study = self.blind.study
        room = max(min(width // 4, 24), 4)
        return Content.assemble(
            (" Blind naming ", "bold $background on $accent"),
            f" {plain(study.who, 20)} ",
            (bar(study.done / len(study.tasks), room), "$accent"),
            f" {study.done} of {len(study.tasks)} answered ",
            (f" task {self.blind.at + 1}", "$foreground-muted"),
        )

    def _asking(self, width: int, height: int) -> list[Content]:
        blind = self.blind
        if self._trouble:
            return [Content.styled(plain(self._trouble), "$warning")]
        if blind.typing:
            return [Content("What does the region show? A word or a few.")]
        lines = [Content.assemble(("You said: ", "$foreground-muted"), blind.answer.text)] if blind.answer.text else []
        for question in blind.task.questions:
            given = blind.answer.ratings.get(question)
            asked = question == blind.question
            lines.append(
                Content.assemble(
                    ("▸ " if asked else "  ", "bold $accent"),
                    (STATEMENTS[question], "bold" if asked else "$foreground-muted"),
                    (f"  {given}" if given else "", "bold $success"),
                )
            )
        scale = [
            Content.styled(f" {value} ", "reverse" if value == given else "bold $accent").stylize(
                click(f"screen.rate({value})")
            )
            for value in LIKERT
            for given in (blind.answer.ratings.get(blind.question or ""),)
        ]
        return [*lines, Content.assemble("  strongly disagree ", *scale, " strongly agree")]


def _keys(blind: Blind) -> Content:
    words = (
        [("⏎", "keep")] if blind.typing else [("1-5", "rate"), *([] if blind.task.into else [("e", "describe again")])]
    )
    words += [("PgDn", "skip"), ("PgUp", "back"), ("esc", "stop, go on later")]
    parts = [Content.assemble((f" {key}", "bold $accent"), (f" {what} ", "$foreground-muted")) for key, what in words]
    return Content.assemble(*parts)
