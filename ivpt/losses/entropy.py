"""Entropy: each patch should belong to one concept, Eq. 16."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

EPS = 1e-10
"""Smallest value inside the logarithm: 0 log 0 is 0, and so is what it teaches."""


def entropy(attention: Float[Tensor, "b m h w"], form: Literal["mean", "sum"]) -> Float[Tensor, ""]:
    """Entropy of the attention in nats, mean over the batch.

    Args:
        attention: maps in [0, 1].
        form: ``mean`` over patches of each patch's entropy over the concepts, which does not depend on the grid;
            ``sum`` over patches divided by the number of concepts, as printed.
    """
    terms = -attention * attention.clamp_min(EPS).log()
    if form == "mean":
        return terms.sum(1).mean()
    return terms.sum((2, 3)).mean()


__all__ = ["entropy"]
