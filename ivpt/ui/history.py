"""Going back and forward through values that replace each other."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 200
"""Steps back that are remembered."""


class History(Generic[T]):
    """A value, what it was before and what was undone.

    Args:
        start: the first value; anything immutable.
    """

    def __init__(self, start: T) -> None:
        self.present = start
        self._past: list[T] = []
        self._future: list[T] = []
        self._run: Hashable = None

    def go(self, to: T, run: Hashable = None) -> bool:
        """Replace the value; what was undone before is forgotten.

        Args:
            to: the new value.
            run: steps in a row with the same name (held-down keys) are undone together; None joins nothing.

        Returns:
            Whether the value is another one.
        """
        if to == self.present:
            return False
        if run is None or run != self._run:
            self._past = [*self._past[-KEPT + 1 :], self.present]
        self._run = run
        self._future.clear()
        self.present = to
        return True

    def back(self) -> bool:
        """Go back to the value before; false at the start."""
        return self._move(self._past, self._future)

    def forward(self) -> bool:
        """Undo going back; false at the end."""
        return self._move(self._future, self._past)

    def mend(self, change: Callable[[T], T]) -> None:
        """Change every value remembered, for instance because what it speaks of is gone."""
        self.present = change(self.present)
        self._past = [change(value) for value in self._past]
        self._future = [change(value) for value in self._future]

    def _move(self, source: list[T], target: list[T]) -> bool:
        self._run = None
        while source:
            before, self.present = self.present, source.pop()
            target.append(before)
            # after mend() neighbours may be equal: a step that shows nothing new is no step
            if self.present != before:
                return True
        return False
