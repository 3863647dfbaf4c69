"""What follows from the parts that classes share: which parts are enough to tell a class, and which classes to confuse.

Source: Hesse et al., FunnyBirds, ICCV 2023.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError

Bools = NDArray[np.bool_]
Variants = NDArray[np.integer]
"""(C, P) variant of each part in each class."""

MOST_PARTS = 16
"""All sets of parts are looked at: 2 to this power."""


def sufficient_sets(variants: Variants) -> tuple[Bools, ...]:
    """Of each class its minimal sufficient part sets, (S, P) each.

    A set is sufficient when no other class has the same variants of its parts; minimal when no proper subset is
    sufficient. A class that is another one's twin has none (S = 0).

    Raises:
        DataError: there are too many parts to look at all sets.
    """
    classes, parts = variants.shape
    if parts > MOST_PARTS:
        raise DataError(f"{parts} parts have too many sets; at most {MOST_PARTS} are looked at.")
    sets = (np.arange(2**parts)[:, None] >> np.arange(parts)) & 1 > 0
    differs = variants[:, None] != variants[None]
    made = []
    for c in range(classes):
        others = np.delete(differs[c], c, axis=0)
        sufficient = np.all(sets.astype(np.int32) @ others.T.astype(np.int32) > 0, axis=1)
        # a set is not minimal when it is sufficient without one of its parts
        shorter = np.arange(2**parts)[:, None] & ~(1 << np.arange(parts))
        redundant = np.any(sets & sufficient[shorter], axis=1)
        made.append(sets[sufficient & ~redundant])
    return tuple(made)


@dataclass(frozen=True)
class Rivals:
    """Two classes that share different parts with a third one.

    Attributes:
        classes: c1, c2.
        shared: (2, P) the parts each shares with the third class; they have none in common.
        exact: each shares as many parts as were asked for.
    """

    classes: tuple[int, int]
    shared: Bools
    exact: bool


def rivals(variants: Variants, c: int, shared: int = 2) -> Rivals | None:
    """The first pair of classes, in class order, whose parts in common with class ``c`` do not overlap.

    First among classes that share exactly ``shared`` parts with it; if none of them qualify, among all that share any.
    ``None`` where there is no pair. (FunnyBirds uses the last pair it looked at where none qualifies.)
    """
    same = variants == variants[c]
    number = same.sum(1)
    for exact in (True, False):
        found = [d for d in np.flatnonzero(number == shared if exact else number > 0).tolist() if d != c]
        for i, one in enumerate(found):
            for two in found[i + 1 :]:
                if not (same[one] & same[two]).any():
                    return Rivals((one, two), same[[one, two]], exact)
    return None


def rank_correlation(a: NDArray[np.floating], b: NDArray[np.floating], valid: Bools) -> NDArray[np.float64]:
    """(n,) Spearman's rho of rows of two tables (n, P) over their valid places; NaN where one of them is constant.

    Equal values share the mean of their ranks.
    """

    def ranks(x: NDArray[np.floating]) -> NDArray[np.float64]:
        pairs = valid[:, None, :] & valid[:, :, None]
        below = (pairs & (x[:, None, :] < x[:, :, None])).sum(2)
        equal = (pairs & (x[:, None, :] == x[:, :, None])).sum(2)
        return np.where(valid, below + (equal + 1) / 2, 0.0)

    count = np.maximum(valid.sum(1), 1)
    one, two = ranks(a), ranks(b)
    one = np.where(valid, one - one.sum(1, keepdims=True) / count[:, None], 0)
    two = np.where(valid, two - two.sum(1, keepdims=True) / count[:, None], 0)
    spread = np.sqrt((one**2).sum(1) * (two**2).sum(1))
    return np.asarray(np.divide((one * two).sum(1), spread, out=np.full(len(spread), np.nan), where=spread > 1e-12))
