"""Naming: names and notes of concepts, those of other people, and blind naming."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.index import RANKS
from ivpt.runfile.names import export_names, import_names, read_names
from ivpt.ui import editing
from ivpt.ui.actions import NAMING
from ivpt.ui.blind import Blind
from ivpt.ui.parts.naming import Naming, start_study, write_new, write_results
from ivpt.ui.screens import naming_lines
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import layers_title
from ivpt.ui.screens.prompt import path_of
from ivpt.ui.study import Study
from ivpt.ui.text import plain
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet

SEED = 0
"""Of studies, unless somebody types another: whoever answers with the same seed is shown the same regions."""


class NamingScreen(SessionScreen):
    """Names at the left, regions of the concept in the middle, people at the right."""

    name_in_table = NAMING
    needs = ("edits.edited", "naming.studies", "summary.index", "summary.facts", "concepts.gallery")
    BINDINGS = bindings(NAMING)

    @property
    def naming(self) -> Naming:
        """Names and studies."""
        return self.session.part(Naming)

    def body(self) -> Iterator[Widget]:
        """List and detail; one region of each rank; people."""
        with Horizontal(classes="fill"):
            with Vertical(id="naming-left"):
                yield Sheet(id="naming-list", classes="panel")
                yield Sheet(id="naming-detail", classes="panel")
            with Vertical(id="naming-right"):
                with Horizontal(id="naming-pictures", classes="panel"):
                    for rank in RANKS:
                        yield PictureView(id=f"naming-{rank}", classes="tile")
                yield Sheet(id="naming-people", classes="panel", title="People")

    def show(self) -> None:
        """Draw everything."""
        session, naming = self.session, self.naming
        lines = naming_lines
        self.query_one("#naming-list", Sheet).draw(partial(lines.list_lines, session, naming), layers_title(session))
        at = naming.concept
        title = Content(f"{session.view.layer}:{at}" if at is not None else session.view.layer)
        self.query_one("#naming-detail", Sheet).draw(partial(lines.detail_lines, session, naming), title)
        self.query_one("#naming-people", Sheet).draw(partial(lines.people_lines, session, naming))
        gallery = session.concepts.gallery
        fits = gallery is not None and (gallery.key, gallery.channel) == (session.view.layer, at)
        words = "Strongest, median, weakest region"
        if session.summary.index is None:
            # a run file without an index: every image is looked at once
            words = f"reading all images… {session.reading('summary.index').progress:.0%}"
        elif at is not None and (facts := session.summary.of(session.view.layer, at)) is not None and not facts.images:
            words = f"{session.view.layer}:{at} never has a region"
        self.query_one("#naming-pictures").border_title = Content(words)
        for rank in RANKS:
            tile = self.query_one(f"#naming-{rank}", PictureView)
            cuttings = gallery.rows.get(rank, ()) if gallery is not None and fits else ()  # type: ignore[call-overload]
            if not cuttings:
                tile.draw(None)
                continue
            tile.draw(
                cuttings[0].picture,
                cuttings[0].regions,
                background=session.layer.background,
                opacity=0.45,
                chosen=at,
                marks=session.overlay.marks,
                numbers=False,
                only=True,
            )

    def on_screen_resume(self, event: events.ScreenResume | None = None) -> None:
        """The list stands on a concept; somebody may have answered.

        Args:
            event: as Textual sends it, which then calls the base's handler by itself.
        """
        if self.explorer.opened:
            if self.session.view.concept is None and self.naming.concept is not None:
                self.session.choose(concept=self.naming.concept)
            self.naming.look()
            self.explorer.changed()

    def action_stand(self, key: str, channel: int) -> None:
        """Stand on a concept that was clicked."""
        if self.session.choose(layer=key, concept=channel):
            self.explorer.changed()

    # names of other people

    def action_export(self) -> None:
        """Ask where names and notes are written."""
        path = self.session.run.path
        place = path.with_name(f"{path.stem}-names-{self.session.edits.who}.json")
        editing.ask(self.explorer, "Write names and notes to", self._export, str(place), endings=(".json",))

    async def _export(self, typed: str) -> None:
        if not typed:
            return
        out, run, who = path_of(typed), self.session.run, self.session.edits.who

        def write() -> int:
            names = export_names(EditLog(run, who))
            write_new(out, json.dumps(names, ensure_ascii=False, indent=1) + "\n")
            return len(names["concepts"])

        count = await editing.in_thread(self.explorer, write)
        if count is not None:
            self.notify(f"{plain(out)}: {count} concepts.", markup=False)

    def action_import_names(self) -> None:
        """Ask for a file whose names are taken over."""
        hint = "its names and notes become this run's; u undoes them one by one"
        begun = f"{self.session.run.path.parent}/"
        editing.ask(self.explorer, "Take over the names of", self._import, begun, hint, endings=(".json",))

    async def _import(self, typed: str) -> None:
        if typed and await editing.edit(self.explorer, lambda log: import_names(log, path_of(typed))):
            self.notify("The names have been taken over.", timeout=3, markup=False)

    def action_beside(self) -> None:
        """Ask for a file of somebody else's names to compare with."""
        hint = "nothing is taken over"
        begun = f"{self.session.run.path.parent}/"
        editing.ask(self.explorer, "Agreement with the names of", self._beside, begun, hint, endings=(".json",))

    async def _beside(self, typed: str) -> None:
        if not typed:
            return
        path = path_of(typed)
        found = await editing.in_thread(self.explorer, lambda: (_who(path), read_names(path)))
        if found is not None:
            who, names = found
            self.naming.beside(who, {str(c): name for c, (name, _) in names.items() if name})
            self.explorer.changed()

    # blind naming

    async def action_blind(self) -> None:
        """Go on with a study, or ask for the seed of a new one."""
        study = self.naming.study_of(self.session.edits.who)
        if study is not None and study.tasks and study.open is not None:
            self._begin(study)
            return
        hint = "whoever gives the same number is shown the same regions, in an order of their own"
        editing.ask(self.explorer, "Seed of a new study", self._new_study, str(SEED), hint)

    async def _new_study(self, typed: str) -> None:
        if not typed.isdecimal() or len(typed) > 9:
            self.notify("A seed is a whole number from 0.", severity="error", markup=False)
            return
        run, who = self.session.run, self.session.edits.who
        study = await editing.in_thread(self.explorer, lambda: start_study(run, who, int(typed)))
        if study is not None and not study.tasks:
            self.notify("This run has no regions to show.", severity="error", markup=False)
        elif study is not None:
            self._begin(study)

    def _begin(self, study: Study) -> None:
        from ivpt.ui.screens.blind import BlindScreen

        def ended(_: None) -> None:
            self.naming.look()
            self.explorer.changed()

        screen = BlindScreen(self.session.run, Blind(study), marks=self.session.overlay.marks)
        self.app.push_screen(screen, ended)

    def action_results(self) -> None:
        """Ask where the answers of everybody are written."""
        path = self.session.run.path
        place = path.with_name(f"{path.stem}-blind.csv")
        hint = ".csv or .json; tells which prototype each region belonged to"
        editing.ask(self.explorer, "Write the answers to", self._results, str(place), hint, endings=(".csv", ".json"))

    async def _results(self, typed: str) -> None:
        if not typed:
            return
        out, run, names = path_of(typed), self.session.run, self.session.edits.names
        count = await editing.in_thread(self.explorer, lambda: write_results(run, names, out))
        if count is not None:
            self.notify(f"{plain(out)}: {count} answers.", markup=False)


def _who(path: Path) -> str:
    """Who wrote a file of names; its own name when it does not say."""
    try:
        who = json.loads(path.read_text(encoding="utf-8"))["who"]
        return plain(who, 24) if isinstance(who, str) and who else plain(path.name, 24)
    except (OSError, ValueError, KeyError, TypeError):
        return plain(path.name, 24)


__all__ = ["NamingScreen"]
