"""Random decisions that are the same on every Python, library version and processor."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

RGB = tuple[int, int, int]


class Draws:
    """A stream of random decisions named by a string.

    Only ``random.Random(str).random()`` is used: its value for a given string is guaranteed by
    Python, while ``choice``, ``shuffle`` and numpy's generators have changed between versions.

    Args:
        key: Name of the stream; equal names give equal streams.
    """

    def __init__(self, key: str) -> None:
        self._random = random.Random(key).random

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._random()

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability in [0, 1]."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self._random() * len(options))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order (Fisher-Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = int(self._random() * (last + 1))
            result[last], result[other] = result[other], result[last]
        return result

    def colour(self, low: int = 25, high: int = 245) -> RGB:
        """Any colour, 0..255 per channel, each channel in low..high."""
        return self.integer(low, high), self.integer(low, high), self.integer(low, high)

    def near(self, colour: RGB, spread: int = 18) -> RGB:
        """A colour close to the given one: a shift in brightness and a smaller one per channel."""
        shift = self.integer(-spread, spread)
        red, green, blue = (min(250, max(8, c + shift + self.integer(-spread // 2, spread // 2))) for c in colour)
        return red, green, blue


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """The colour `share` of the way from first (0) to second (1)."""
    weight = int(share * 256)
    red, green, blue = (a + ((b - a) * weight >> 8) for a, b in zip(first, second, strict=True))
    return red, green, blue
