"""Orthogonality of the concept vectors, Eq. 11."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def orthogonality(vectors: Float[Tensor, "b k d"], form: Literal["squared", "sum"] = "squared") -> Float[Tensor, ""]:
    """How much the modulated concept vectors of an image point the same way.

    Args:
        vectors: modulated vectors, K concepts.
        form: ``squared`` is the mean over batch and K x K pairs of (cos - delta)^2, in [0, 1]; ``sum`` is the printed sum
            of cosines over pairs of different concepts, averaged over the batch, which rewards anti-correlation.
    """
    unit = F.normalize(vectors, dim=-1)
    cosine = unit @ unit.transpose(1, 2)
    diagonal = torch.eye(vectors.shape[1], dtype=torch.bool, device=vectors.device)
    off = cosine.masked_fill(diagonal, 0)
    if form == "sum":
        return off.sum((1, 2)).mean()
    # The diagonal of cos - delta is zero, so it counts in the divisor alone (as in PDiscoFormer).
    return off.square().mean()
