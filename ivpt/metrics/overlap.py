"""Two labellings of the same cells: how far do the groups they form coincide, image by image?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.metrics.ratios import divided, known_mean

Labels = NDArray[np.int8]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Overlap:
    """Cells of two labellings of n images, group by group; group 0 is background.

    Attributes:
        both: (n, G) cells that carry the group in both.
        either: (n, G) cells that carry it in at least one.
        source: (n, G) cells that carry it in the first.
    """

    both: Counts
    either: Counts
    source: Counts

    def per_image(self, background: bool) -> NDArray[np.float64]:
        """(n,) mean IoU over the groups that are there in at least one labelling; NaN where none is."""
        first = 0 if background else 1
        return known_mean(divided(self.both[:, first:], self.either[:, first:]))

    def pooled(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """(B,) mean IoU over the groups, cells of all images put together; images count as (B, n) weights say."""
        return known_mean(divided(weights @ self.both, weights @ self.either))


def overlap(source: Labels, target: Labels, groups: int) -> Overlap:
    """Count cells.

    Args:
        source: (n, h, w) group of each cell, 0 to G - 1; -1 for none.
        target: as source.
        groups: G, background included.
    """
    n, side = len(source), groups + 1
    pair = (source.astype(np.int32) + 1) * side + (target + 1) + np.arange(n, dtype=np.int32)[:, None, None] * side**2
    table = np.bincount(pair.ravel(), minlength=n * side * side).reshape(n, side, side)
    first, second = table.sum(axis=2)[:, 1:], table.sum(axis=1)[:, 1:]
    both = table.diagonal(axis1=1, axis2=2)[:, 1:]
    return Overlap(both, first + second - both, first)


def of_channels(channels: NDArray[np.integer], groups: NDArray[np.integer]) -> Labels:
    """(n, h, w) group of each cell, from the channel that owns it and the (n, m) group of each channel."""
    rows = np.arange(len(channels))[:, None, None]
    return np.asarray(groups.astype(np.int8)[rows, channels])


def soft_labels(maps: NDArray[np.floating], groups: NDArray[np.integer], count: int) -> Labels:
    """(n, h, w) group whose summed maps (n, m, h, w) are largest in each cell; of equal ones the first."""
    member = (groups[:, None, :] == np.arange(count)[:, None]).astype(maps.dtype)
    summed = member @ maps.reshape(*maps.shape[:2], -1)
    return np.asarray(summed.argmax(axis=1).reshape(len(maps), *maps.shape[2:]), np.int8)


def shuffled(groups: NDArray[np.integer], background: int, generator: np.random.Generator) -> NDArray[np.integer]:
    """(n, m) groups of each image's foreground channels dealt out anew among them."""
    result = groups.copy()
    foreground = np.arange(groups.shape[1]) != background
    result[:, foreground] = generator.permuted(groups[:, foreground], axis=1)
    return result
