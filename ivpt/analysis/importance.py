"""How much each coarse concept speaks for each class (paper, Eq. 4).

The logits are the mean over the n coarse concepts of their class scores, so a concept's share of a logit is exact:
``contributions``. Everything here takes scores of one image (n, C) or of many (..., n, C).
"""

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.evidence import contributions

__all__ = ["contrast", "contributions", "display_shares", "logits_without"]

Scores = NDArray[np.float32]


def display_shares(scores: Scores) -> Scores:
    """Softmax over the concepts of each class: bars between 0 and 1 that sum to 1.

    A convention for display, and to be labelled as one: it hides the sign of a contribution and the common level of the
    scores. Use :func:`contributions` for every other purpose.

    Args:
        scores: (..., n, C).

    Returns:
        (..., n, C); sums over the concepts are 1.
    """
    weights = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-2, keepdims=True), np.float32)


def contrast(scores: Scores, c: int, other: int) -> Scores:
    """Why class ``c`` and not class ``other``: what each concept adds to the difference of their logits.

    Returns:
        (..., n), signed; the sum is ``logit[c] - logit[other]``.
    """
    own = contributions(scores)
    return own[..., c] - own[..., other]


def logits_without(scores: Scores, dropped: tuple[int, ...]) -> Scores:
    """Logits when the evidence of some coarse concepts is removed: the mean of the scores that are left.

    Args:
        scores: (..., n, C).
        dropped: rows to leave out (row k - 1 is coarse concept k).

    Returns:
        (..., C).

    Raises:
        ValueError: nothing would be left.
    """
    kept = [k for k in range(scores.shape[-2]) if k not in dropped]
    if not kept:
        raise ValueError("every concept was dropped; there is no evidence left")
    return np.asarray(scores[..., kept, :].mean(axis=-2))
