"""Agreement of two labellings from their table of counts: NMI, ARI, and the best-matching IoU.

Everything takes tables (..., T, P): how often true label t met predicted label p. Equal to scikit-learn's
``normalized_mutual_info_score`` and ``adjusted_rand_score`` on the label lists, which are never made: all pixels of a
data set do not fit in memory, their table does, and tables of images add up, so a bootstrap over images is a product.
"""

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.floating] | NDArray[np.integer]
Values = NDArray[np.float64]


def _entropy(shares: Values) -> Values:
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(-1))


def nmi(table: Table) -> Values:
    """(...,) normalised mutual information, in [0, 1]; 1 where both labellings are constant, NaN where nothing is.

    ``NMI = MI / ((H_true + H_predicted) / 2)``, the arithmetic mean.

    Source: Strehl and Ghosh, JMLR 3 (2002); normalisation as scikit-learn.
    """
    counts = np.asarray(table, np.float64)
    total = counts.sum((-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts / total[..., None, None]
    true, predicted = _entropy(shares.sum(-1)), _entropy(shares.sum(-2))
    joint = _entropy(shares.reshape(*shares.shape[:-2], -1))
    mutual = np.maximum(true + predicted - joint, 0)
    mutual = np.where(mutual < 1e-13, 0.0, mutual)  # what is left by rounding when they are independent
    mean = (true + predicted) / 2
    value = np.divide(mutual, mean, out=np.ones_like(mean), where=mean > 0)
    return np.where(total > 0, np.minimum(value, 1.0), np.nan)


def ari(table: Table) -> Values:
    """(...,) adjusted Rand index, in [-1, 1]; 0 is chance, 1 where both labellings are constant, NaN without counts.

    Source: Hubert and Arabie, Journal of Classification 2 (1985) 193-218, eq. 5.
    """
    counts = np.asarray(table, np.float64)
    total = counts.sum((-2, -1))
    both = _pairs(counts).sum((-2, -1))
    true, predicted = _pairs(counts.sum(-1)).sum(-1), _pairs(counts.sum(-2)).sum(-1)
    everything = np.maximum(_pairs(total), 1)
    expected = true * predicted / everything
    span = (true + predicted) / 2 - expected
    value = np.divide(both - expected, span, out=np.ones_like(span), where=span > 0)
    return np.where(total > 0, value, np.nan)


def _pairs(counts: Values) -> Values:
    return counts * (counts - 1) / 2


def best_iou(table: Table, candidates: slice = slice(None)) -> Values:
    """(..., P) IoU of each predicted label with the true label it matches best; NaN where it is never predicted.

    The largest over t of ``n_tp / (n_t + n_p - n_tp)``; several predicted labels may match the same true one.

    Args:
        table: (..., T, P).
        candidates: the true labels that may be matched (all count in the unions).
    """
    counts = np.asarray(table, np.float64)
    union = counts.sum(-1, keepdims=True) + counts.sum(-2, keepdims=True) - counts
    overlap = np.divide(counts, union, out=np.zeros_like(counts), where=union > 0)[..., candidates, :].max(-2)
    return np.where(counts.sum(-2) > 0, overlap, np.nan)
