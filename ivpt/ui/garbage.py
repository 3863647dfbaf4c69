"""Garbage is looked for between keys: a search through everything blocks the loop, on top of what is being drawn."""

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer

SETTLED_AFTER = 0.5
"""Seconds after which a screen has been made."""

LOOK_EVERY = 1.0
QUIET = 0.4
"""Seconds between two moments at which garbage may be looked for, and without a change that make one of them quiet."""

PILED_UP = 1000
"""Python's third threshold, instead of 10: nothing is ever quiet for somebody who holds down a key."""


class Garbage:
    """When to look for it.

    Args:
        app: whose loop is not to be blocked.
    """

    def __init__(self, app: "Explorer") -> None:
        self._app = app
        self._usual = gc.get_threshold()
        self._changed, self._looked = time.monotonic(), 0.0

    def begin(self) -> None:
        """From now on, a search through everything waits for a quiet moment."""
        gc.set_threshold(*self._usual[:2], PILED_UP)
        self._app.set_interval(LOOK_EVERY, self.look)

    def end(self) -> None:
        """Leave it to Python again."""
        gc.set_threshold(*self._usual)

    def changed(self) -> None:
        """Something has been done."""
        self._changed = time.monotonic()

    def look(self) -> None:
        """Look for garbage, if something has been done since the last time, and nothing just now."""
        now = time.monotonic()
        if self._looked < self._changed < now - QUIET:
            self._looked = now
            gc.collect()

    def settle(self) -> None:
        """Have what has been imported and made so far never be looked through again, in a moment.

        What is garbage at that moment stays: a little, as this is done once for every screen.
        """
        self._app.set_timer(SETTLED_AFTER, gc.freeze)
