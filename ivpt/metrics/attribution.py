"""Where the evidence for a class lies: contributions of concepts spread over their maps, and how much falls on a part.

Contributions are signed and exact (their sum is the logit); that a concept's evidence comes from where its map is large
is the claim under test.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def spread(maps: Floats) -> Floats:
    """(b, K, h, w) maps to shares of evidence per cell: no negative ones, each map sums to 1 (or to 0 if all are)."""
    positive = np.maximum(maps, 0)
    total = positive.sum((2, 3), keepdims=True)
    return np.asarray(np.divide(positive, total, out=np.zeros_like(positive), where=total > 0))


def attribution(shares: Floats, weights: NDArray[np.floating]) -> Floats:
    """``sum_k w_k A_k``: (b, K, h, w) shares and (b, K) contributions to signed evidence (b, h, w)."""
    return np.asarray(np.einsum("bk,bkhw->bhw", weights.astype(np.float32), shares), np.float32)


def order(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """(b, cells) to the cells from the largest to the smallest value; of equal ones the first in row-major order."""
    return np.argsort(-values, axis=1, kind="stable")


def gini(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(b,) Gini index of absolute values (b, cells): 0 when all are equal, towards 1 when one has all; NaN for zeros.

    ``sum_i (2i - n - 1) a_i / (n sum_i a_i)``, ascending, i from 1.

    Source: Chalasani et al., ICML 2020, as in Quantus.
    """
    size = np.sort(np.abs(np.asarray(values, np.float64)), axis=1)
    n = size.shape[1]
    total = size.sum(1)
    top = size @ (2 * np.arange(1, n + 1) - n - 1.0)
    return np.asarray(np.divide(top, n * total, out=np.full(len(size), np.nan), where=total > 0))


def complexity(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(b,) entropy in nats of absolute values (b, cells) as shares, 0 to log(cells); NaN for zeros.

    Source: Bhatt et al., IJCAI 2020, as in Quantus.
    """
    size = np.abs(np.asarray(values, np.float64))
    total = size.sum(1, keepdims=True)
    shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.where(total[:, 0] > 0, -(shares * logs).sum(1), np.nan)


def rank_accuracy(
    values: NDArray[np.floating], inside: NDArray[np.floating], pixels: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(b,) share of the object's S pixels among the S pixels with most evidence; NaN without an object.

    A cell's evidence is the same at all its pixels. Cells are taken from the largest value on until S pixels are
    reached (of equal ones the first in row-major order); of the last one, taken in part, the same part of its object.

    Args:
        values: (b, cells) evidence per pixel of a cell.
        inside: (b, cells) number of a cell's pixels in the object.
        pixels: (b, cells) number of a cell's pixels.

    Source: Arras et al., CLEVR-XAI, Information Fusion 81 (2022), relevance rank accuracy.
    """
    at = order(values)
    hit, count = np.take_along_axis(inside, at, 1), np.take_along_axis(pixels, at, 1)
    wanted = inside.sum(1, keepdims=True)
    taken = np.clip(wanted - (np.cumsum(count, 1) - count), 0, count)
    found = np.divide(taken * hit, count, out=np.zeros(count.shape), where=count > 0).sum(1)
    return np.asarray(np.divide(found, wanted[:, 0], out=np.full(len(found), np.nan), where=wanted[:, 0] > 0))
