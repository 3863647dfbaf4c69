"""Entropy of the assignment of patches to concepts, Eq. 16."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor


def entropy(attention: Float[Tensor, "b m h w"], form: Literal["mean", "sum"] = "mean") -> Float[Tensor, ""]:
    """Entropy in nats.

    Args:
        attention: maps of all m concepts, background included; values below 0 count as 0.
        form: ``mean`` of the categorical entropy of each patch over patches and images, in [0, log m], independent of
            the resolution; ``sum`` over patches divided by m as printed, averaged over images.
    """
    safe = attention.clamp(min=1e-12)
    cells = -(safe * safe.log()).sum(1)
    if form == "mean":
        return cells.mean()
    return cells.sum((1, 2)).mean() / attention.shape[1]
