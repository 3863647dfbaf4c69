"""The explorer's app: it passes keys to the session and results of workers to the screens."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from ivpt.ui.actions import ACTIONS, COMPARE, CONCEPTS, IMAGE, OVERVIEW, SCREENS, Action, on_screen, spelled
from ivpt.ui.card import Card
from ivpt.ui.fetching import Fetcher, Found, Missed, Progressed
from ivpt.ui.garbage import Garbage
from ivpt.ui.pictures.rungs import Terminal
from ivpt.ui.screens.base import SessionScreen
from ivpt.ui.screens.overview import OverviewScreen
from ivpt.ui.text import plain
from ivpt.ui.theme import THEME
from ivpt.ui.versions import Opened, Republished, Versions

if TYPE_CHECKING:
    from textual.command import Provider

    # imports h5py and numpy, which the first paint does not wait for
    from ivpt.ui.session import Session

LOOK_EVERY = 2.0
"""Seconds between looks whether a newer version of the run has been published."""


def _screen(name: str) -> Callable[[], Screen[None]]:
    """Import a screen's module when it is first shown."""

    def make() -> Screen[None]:
        made: Screen[None] = getattr(import_module(f"ivpt.ui.screens.{name}"), f"{name.capitalize()}Screen")()
        return made

    return make


def _commands() -> "type[Provider]":
    from ivpt.ui.screens.commands import ActionCommands

    return ActionCommands


class Explorer(App[None]):
    """Explores one run file. Its card is painted first; then a worker opens the file.

    Args:
        path: of the run file.
        card: read from it before.
        marks: start with characters instead of colours; by default where the terminal has few colours.
        keys: the user's own, by id of an action; see :mod:`ivpt.ui.keys`.
        other: a second run file to lay beside it.
        who: name of the person whose edits are made; by default the user of this machine.
    """

    TITLE = "ivpt"
    CSS_PATH = Path(__file__).with_name("explore.tcss")
    MODES = {name: _screen(name) for name in SCREENS}
    DEFAULT_MODE = OVERVIEW
    COMMANDS = {_commands}
    BINDINGS = [
        Binding(",".join(a.keys), a.binding, a.help, show=False, id=a.id)
        for a in ACTIONS
        if a.keys and not a.screens and a.id != "palette"
    ]

    def __init__(
        self,
        path: Path,
        card: Card,
        *,
        marks: bool | None = None,
        keys: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        other: Path | None = None,
        who: str | None = None,
    ) -> None:
        super().__init__()
        self._other, self._who = other, who
        self.keys = keys
        if keys:
            self.set_keymap({name: ",".join(given) for name, given in keys.items()})
        self.path, self.card = path, card
        self.terminal = Terminal()
        few_colours = self.no_color or self.console.color_system not in ("truecolor", "256")
        self.marks = few_colours if marks is None else marks
        self.shown_path = plain(_short(path))
        self._session: Session | None = None
        self._fetcher: Fetcher | None = None
        self._early: list[tuple[str | ActionParseResult, DOMNode | None]] = []
        self.register_theme(THEME)
        # set before anything is parsed; through the watcher every style would be parsed twice at the start
        self.set_reactive(App.theme, THEME.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.versions = Versions(self)
        self.garbage = Garbage(self)

    def on_mount(self) -> None:
        """Follow a run that is still training."""
        self.set_interval(LOOK_EVERY, self.look)
        self.garbage.begin()

    # the run

    @property
    def opened(self) -> bool:
        """Whether the run has been opened; until then only the card can be shown."""
        return self._session is not None

    @property
    def session(self) -> "Session":
        """What is chosen in the open run."""
        if self._session is None:
            raise RuntimeError("the run has not been opened yet")
        return self._session

    @property
    def fetcher(self) -> Fetcher:
        """Starts the workers that read."""
        if self._fetcher is None:
            raise RuntimeError("the run has not been opened yet")
        return self._fetcher

    async def on_opened(self, message: Opened) -> None:
        """From here on everything can be shown."""
        self._session = message.session
        self._fetcher = Fetcher(self, message.session)
        if self._who:
            self.session.edits.who = self._who
        if self._other is not None:
            self.compare_with(self._other)
        await self.complete_overview()
        self.fetch()
        early, self._early = self._early, []
        for action, namespace in early:
            await self.run_action(action, namespace)
        self.garbage.settle()

    async def complete_overview(self) -> None:
        """Let the overview add what needs the open run."""
        for screen in self.screen_stack:
            if isinstance(screen, OverviewScreen):
                await screen.complete()

    def close(self) -> None:
        """Close the run."""
        self.garbage.end()
        if self._session is not None:
            self._session.run.close()

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Until the run is open there is nothing to act on: what is asked for meanwhile is done as soon as it is.

        Args:
            action: as Textual spells it.
            default_namespace: whose action it is, when it does not say.
            namespaces: by name.

        Returns:
            Whether the action has been handled.
        """
        if self.opened or action == "app.quit":
            return await super().run_action(action, default_namespace, namespaces)
        self._early.append((action, default_namespace))
        return True

    # what is shown

    @property
    def shown(self) -> SessionScreen | None:
        """The screen below any dialog."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, SessionScreen)), None)

    def pop_screen(self) -> AwaitComplete:
        """Close the box on top; one that is answered twice, by two keys at once, is closed once.

        Returns:
            Something to wait for.
        """
        return super().pop_screen() if len(self.screen_stack) > 1 else AwaitComplete()

    def fetch(self) -> None:
        """Have workers read what the screen needs; nothing when the explorer is being left."""
        if not self.screen_stack:
            return
        for kind in self.shown.needs if self.shown else ():
            self.fetcher.ask(kind)
        for kind in getattr(self.screen, "reads", ()):
            self.fetcher.ask(kind)

    def changed(self) -> None:
        """The session has changed: read what is missing and draw; nothing when the explorer is being left."""
        if not self.screen_stack:
            return
        self.garbage.changed()
        self.fetch()
        for screen in {self.shown, self.screen}:
            if screen is not None and hasattr(screen, "show") and screen.is_mounted:
                screen.show()

    # messages of workers

    def on_found(self, message: Found) -> None:
        """Put in place what was read."""
        self.fetcher.done(message.kind)
        if self.session.take(message.kind, message.wish, message.found):
            self.changed()
        else:
            self.fetch()

    def on_missed(self, message: Missed) -> None:
        """Say what could not be read."""
        self.fetcher.done(message.kind)
        if self.session.refuse(message.kind, message.wish, message.words):
            self.notify(plain(message.words), severity="error", markup=False)
        self.changed()

    def on_progressed(self, message: Progressed) -> None:
        """Something that takes long goes on."""
        self.session.reading(message.kind).progress = message.share
        self.changed()

    def look(self) -> None:
        """Open a newer version of the run in a worker, if there is one; read edits that somebody else has made."""
        if self.opened and self.session.edits.look():
            self.changed()
        if self.opened:
            self.versions.look(self.session.run)

    def on_republished(self, message: Republished) -> None:
        """Go on with the newer version. The old one closes when the last worker that reads it lets it go."""
        self.versions.done()
        if self.session.adopt(message.run, message.card):
            self.card = message.card
            self.notify("The run has been published anew.", timeout=2, markup=False)
            self.changed()

    # actions

    def action_command(self, owner: str, name: str, *values: object) -> None:
        """Run a command of the session or of one of its parts; what is clicked gives it values."""
        if self.session.command(owner, name, *values):
            if (owner, name) in (("session", "back"), ("session", "forward")):
                self.switch(self.session.view.screen)
            self.changed()

    def action_show(self, name: str) -> None:
        """Show one of the screens."""
        if name == IMAGE:
            self.session.images.start()
        self.session.choose(screen=name)
        self.switch(name)

    def switch(self, name: str) -> None:
        """Put a screen in front; which one the session says is not changed."""
        if self.current_mode != name:
            self.switch_mode(name)

    def action_layer(self, key: str) -> None:
        """Choose a layer; from the overview, go to its concepts."""
        changed = self.session.choose_layer(key)
        if self.current_mode == OVERVIEW:
            self.action_show(CONCEPTS)
        elif changed:
            self.changed()

    def action_concept(self, key: str, channel: int) -> None:
        """Choose a concept that was clicked."""
        if self.session.choose_concept(key, channel):
            self.changed()

    def action_strongest(self) -> None:
        """Show the strongest image of the concept the list stands on."""
        if self.session.concepts.strongest():
            self.action_show(IMAGE)

    async def action_edit(self, what: str) -> None:
        """Change the edits of the run: a function of :mod:`ivpt.ui.editing`."""
        from ivpt.ui import editing

        await getattr(editing, what)(self)

    def compare_with(self, other: Path) -> None:
        """Lay a second run file beside this one."""
        from ivpt.ui.parts.compare import Compare

        self.session.part(Compare).beside(other)
        self.action_show(COMPARE)
        self.changed()

    def action_class_images(self) -> None:
        """Go through the images of the class or confusion at hand."""
        if self.session.classes.open_images():
            self.action_show(IMAGE)
        else:
            self.notify("There are no such images.", timeout=3, markup=False)

    def action_find(self, purpose: str) -> None:
        """Ask for part of a name."""
        from ivpt.ui import dialogs

        dialogs.find(self, purpose)

    def action_save(self, what: str) -> None:
        """Save what is shown in the working directory."""
        from ivpt.ui.export import saving

        (saving.save_figure if what == "figure" else saving.save_tables)(self)

    def action_help(self) -> None:
        """Show all keys."""
        from ivpt.ui import dialogs

        dialogs.keys(self)

    def action_explain(self) -> None:
        """Say what the panel in focus shows."""
        from ivpt.ui import dialogs

        dialogs.explain(self)

    def action_command_palette(self) -> None:
        """Show the command palette."""
        from ivpt.ui.screens.commands import Commands

        if not isinstance(self.screen, Commands):
            self.push_screen(Commands(id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: the actions of the screen, from the table."""
        return (command for _, command in self.commands())

    def commands(self) -> Iterator[tuple[str, SystemCommand]]:
        """Name of each action of the screen, and what the command palette says of it."""
        for action in on_screen(self.current_mode):
            if action.id != "palette":
                keys = " ".join(spelled(key) for key in self.keys_of(action))
                yield action.id, SystemCommand(action.help.rstrip("."), keys, self._runner(action.binding))

    def keys_of(self, action: Action) -> tuple[str, ...]:
        """The keys of an action, the user's own where there are some."""
        return self.keys.get(action.id, action.keys)

    def _runner(self, binding: str) -> Callable[[], None]:
        def run() -> None:
            self.call_later(self.run_action, binding)

        return run


def _short(path: Path) -> str:
    home = os.path.expanduser("~")
    text = str(path)
    return "~" + text[len(home) :] if text.startswith(home + os.sep) else text
