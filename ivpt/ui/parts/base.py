"""What a part of the session is: some state, commands that change it, and things it reads for what is chosen."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from ivpt.ui.session import Session

T = TypeVar("T")

Wish = tuple[int, Hashable]
"""Which version of the run, and what of it."""


class Reading(Generic[T]):
    """Something that is read in a worker for what is chosen.

    Args:
        wanted: what is to be read now; None when nothing is.
        read: reads it; called in a worker with the run and what was wanted, and may use nothing else.
        keep: how many results to keep, so that going back reads nothing.
        reports: it takes long: ``read`` is called with a third argument, to be told the share that is done.
    """

    def __init__(
        self, wanted: Callable[[], Hashable | None], read: Callable[..., T], *, keep: int = 1, reports: bool = False
    ) -> None:
        self._wanted, self.read, self._keep, self.reports = wanted, read, keep, reports
        self.progress = 0.0
        self._kept: OrderedDict[Wish, T] = OrderedDict()
        self._refused: dict[Wish, str] = {}
        self._version = 0
        self.last: T | None = None

    @property
    def value(self) -> T | None:
        """What is wanted now, once it has been read."""
        wish = self._wish()
        if wish is None or wish not in self._kept:
            return None
        self._kept.move_to_end(wish)
        self.last = self._kept[wish]
        return self.last

    @property
    def latest(self) -> T | None:
        """What is wanted now or, while it is being read, what was shown before; None when it cannot be read."""
        value = self.value
        if value is not None or (self._wish() is not None and not self.trouble):
            return self.last
        return None

    @property
    def trouble(self) -> str:
        """Why what is wanted now cannot be read; empty when nothing went wrong."""
        wish = self._wish()
        return self._refused.get(wish, "") if wish is not None else ""

    def missing(self) -> Wish | None:
        """What has to be read; None when nothing has."""
        wish = self._wish()
        return None if wish is None or wish in self._kept or wish in self._refused else wish

    def take(self, wish: Wish, found: T) -> bool:
        """Keep what was read; whether it is what is wanted now."""
        if wish[0] != self._version:
            return False
        self._kept[wish] = found
        self._kept.move_to_end(wish)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)
        return wish == self._wish()

    def refuse(self, wish: Wish, words: str) -> bool:
        """Remember that something cannot be read, so that it is not tried again and again."""
        if wish[0] != self._version:
            return False
        self._refused[wish] = words
        return wish == self._wish()

    def renew(self, version: int) -> None:
        """The run has been published anew: everything is to be read again, and the old stays until then."""
        self._version = version
        self._kept.clear()
        self._refused.clear()

    def forget(self) -> None:
        """Read again what is wanted, for instance because it has been changed by an edit."""
        self._kept.clear()
        self._refused.clear()

    def _wish(self) -> Wish | None:
        what = self._wanted()
        return None if what is None else (self._version, what)


class Part:
    """One concern of a session. A command is a method without arguments that returns whether anything changed.

    Args:
        session: whose part it is.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.readings: dict[str, Reading[Any]] = {}

    def reads(
        self,
        name: str,
        wanted: Callable[[], Hashable | None],
        read: Callable[..., T],
        *,
        keep: int = 1,
        reports: bool = False,
    ) -> Reading[T]:
        """Declare something that is read; screens ask for it as ``part.name``.

        Args:
            name: within the part.
            wanted: what is to be read now; None when nothing is.
            read: reads it, in a worker.
            keep: how many results to keep.
            reports: it takes long and says how far it is.
        """
        made = self.readings[name] = Reading(wanted, read, keep=keep, reports=reports)
        return made

    def adopted(self) -> None:
        """The run has been published anew; drop what was derived from the old one."""
