"""The run file and newer versions of it, opened in workers, as a run in training is published again and again."""

import gc
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.message import Message

from ivpt.errors import IvptError
from ivpt.ui.actions import SCREENS
from ivpt.ui.card import Card, read_card

if TYPE_CHECKING:
    # these import h5py and numpy, which the first paint does not wait for
    from ivpt.runfile.reader import RunFile
    from ivpt.ui.app import Explorer
    from ivpt.ui.session import Session


class Opened(Message):
    """A worker has opened the run."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session


class Republished(Message):
    """A worker has opened a newer version of the run."""

    def __init__(self, run: "RunFile", card: Card) -> None:
        super().__init__()
        self.run, self.card = run, card


class Versions:
    """Starts the workers that open a run, which post :class:`Opened` and :class:`Republished`.

    Args:
        app: gets the messages.
    """

    def __init__(self, app: "Explorer") -> None:
        self._app = app
        self._looking = False

    def open(self) -> None:
        """Open the run for the first time."""
        self._app.run_worker(self._open, name="open", thread=True)

    def look(self, run: "RunFile") -> None:
        """Open a newer version than the one at hand, if there is one."""
        if not self._looking and run.is_stale() and run.path.exists():
            self._looking = True
            self._app.run_worker(lambda: self._reopen(run.path), name="reopen", thread=True)

    def done(self) -> None:
        """The message about a newer version has arrived."""
        self._looking = False

    def _open(self) -> None:
        from ivpt.runfile.reader import RunFile
        from ivpt.ui.session import Session

        app = self._app
        try:
            session = Session(RunFile(app.path), app.card, marks=app.marks)
        except IvptError as error:
            # it was well when its card was read: it has been removed or replaced since
            app.call_from_thread(app.exit, return_code=int(error.exit_code), message=Text(str(error)))
            return
        # before more can be shown: the loop waits neither for imports nor for a search through them for garbage
        for name in ("dialogs", *(f"screens.{screen}" for screen in SCREENS)):
            import_module(f"ivpt.ui.{name}")
        gc.freeze()
        app.post_message(Opened(session))

    def _reopen(self, path: Path) -> None:
        from ivpt.runfile.reader import RunFile

        try:
            run = RunFile(path)
            self._app.post_message(Republished(run, read_card(run)))
        except IvptError:
            # a copy may be half done; the next look tries again, the version at hand stays
            self._looking = False
