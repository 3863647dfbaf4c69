"""At most one read of each kind under way, and only the latest wish after it.

Held-down keys wish faster than a disk answers. A read that has begun is finished; of the wishes that came meanwhile
only the last one is read.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message
from textual.worker import get_current_worker

from ivpt.errors import IvptError

if TYPE_CHECKING:
    from textual.app import App

    from ivpt.ui.parts.base import Wish
    from ivpt.ui.session import Session


SAID_EVERY = 0.2
"""Seconds between two words about progress."""


class Found(Message):
    """A worker has read something."""

    def __init__(self, kind: str, wish: "Wish", found: object) -> None:
        super().__init__()
        self.kind, self.wish, self.found = kind, wish, found


class Missed(Message):
    """A worker could not read something."""

    def __init__(self, kind: str, wish: "Wish", words: str) -> None:
        super().__init__()
        self.kind, self.wish, self.words = kind, wish, words


class Progressed(Message):
    """A worker is still reading something that takes long."""

    def __init__(self, kind: str, share: float) -> None:
        super().__init__()
        self.kind, self.share = kind, share


class GivenUpError(Exception):
    """What is being read has been given up."""


class Fetcher:
    """Starts workers that read and post :class:`Found` or :class:`Missed`; holds no result.

    Args:
        app: starts the workers and gets the messages.
        session: is only read from.
    """

    def __init__(self, app: "App[None]", session: "Session") -> None:
        self._app, self._session = app, session
        self._busy: set[str] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing is being read."""
        return not self._busy

    def ask(self, kind: str) -> None:
        """Read what the session wishes for, unless a read of that kind is under way: it is asked again at its end."""
        if kind in self._busy:
            return
        wish = self._session.wish(kind)
        if wish is not None:
            self._busy.add(kind)
            self._app.run_worker(partial(self._read, kind, wish), name=kind, thread=True)

    def done(self, kind: str) -> None:
        """The message of a read has arrived."""
        self._busy.discard(kind)

    def _reporter(self, kind: str) -> Callable[[float], None]:
        last, worker = time.monotonic(), get_current_worker()

        def report(share: float) -> None:
            nonlocal last
            if worker.is_cancelled:
                raise GivenUpError
            if time.monotonic() - last >= SAID_EVERY:
                last = time.monotonic()
                self._app.post_message(Progressed(kind, share))

        return report

    def _read(self, kind: str, wish: "Wish") -> None:
        try:
            self._app.post_message(Found(kind, wish, self._session.read(kind, wish, self._reporter(kind))))
        except IvptError as error:
            self._app.post_message(Missed(kind, wish, str(error)))
        except GivenUpError:
            # the explorer is being left: nobody waits for it any more
            return
