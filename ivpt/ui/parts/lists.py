"""Ascending lists of images: those of the run's index, or, where a file has none, lists made of its arrays."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.integer[Any]]


class ImageNumbers(Protocol):
    """What :class:`ivpt.runfile.index.ImageList` and :class:`Numbers` can do."""

    def __len__(self) -> int: ...
    def __getitem__(self, k: int) -> int: ...
    def __contains__(self, image: object) -> bool: ...

    def find(self, image: int) -> int:
        """Position of the first element that is ``image`` or greater."""

    def step(self, image: int, by: int) -> int | None:
        """The image ``by`` places after (or before) ``image``; None beyond the ends."""


class Numbers:
    """A list in memory.

    Args:
        images: ascending.
    """

    def __init__(self, images: Indices) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, k: int) -> int:
        return int(self._images[k])

    def __contains__(self, image: object) -> bool:
        return isinstance(image, int) and (k := self.find(image)) < len(self) and self[k] == image

    def find(self, image: int) -> int:
        """Position of the first element that is ``image`` or greater."""
        return int(np.searchsorted(self._images, image))

    def step(self, image: int, by: int) -> int | None:
        """The image ``by`` places after (or before) ``image``; None beyond the ends."""
        at = self.find(image)
        to = at + by - (0 if image in self or by <= 0 else 1)
        return self[to] if 0 <= to < len(self) else None
