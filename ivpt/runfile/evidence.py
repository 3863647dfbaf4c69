"""Scores of coarse concepts as evidence for classes."""

import numpy as np
from numpy.typing import NDArray


def contributions(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each coarse concept adds to each logit: ``s_k / n``, signed; the sum over k is the logit (paper, Eq. 4).

    Args:
        scores: (..., n, C).

    Returns:
        (..., n, C).
    """
    return scores / np.float32(scores.shape[-2])


class ClassImportance:
    """Mean contribution of each coarse concept to class c over the images of class c, summed up batch by batch.

    Args:
        classes: C.
        concepts: n.
    """

    def __init__(self, classes: int, concepts: int) -> None:
        self._sum = np.zeros((classes, concepts), np.float64)
        self._count = np.zeros(classes, np.int64)

    def add(self, scores: NDArray[np.float32], labels: NDArray[np.integer]) -> None:
        """Count (b, n, C) scores of images whose true classes are ``labels`` (b,)."""
        own = contributions(scores)[np.arange(len(labels)), :, labels]
        np.add.at(self._sum, labels, own)
        np.add.at(self._count, labels, 1)

    def mean(self) -> NDArray[np.float32]:
        """(C, n); NaN for classes without images."""
        counts = self._count[:, None].astype(np.float64)
        return np.divide(
            self._sum, counts, out=np.full_like(self._sum, np.nan), where=np.broadcast_to(counts > 0, self._sum.shape)
        ).astype(np.float32)
