"""Orthogonality of the normalised coarse vectors, Eq. 11."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

TINY = 1e-6
"""A vector at most this long has no direction: its cosine with anything is 0, and it gets no gradient."""


def cosines(vectors: Float[Tensor, "b k d"]) -> Float[Tensor, "b k k"]:
    """Pairwise cosines, with 0 on the diagonal."""
    squared = vectors.square().sum(2, keepdim=True)
    long = squared > TINY**2
    unit = torch.where(long, vectors * torch.where(long, squared, 1.0).rsqrt(), 0.0)
    diagonal = torch.eye(vectors.shape[1], dtype=torch.bool, device=vectors.device)
    return (unit @ unit.transpose(1, 2)).masked_fill(diagonal, 0.0)


def orthogonality(vectors: Float[Tensor, "b k d"], form: Literal["squared", "sum"]) -> Float[Tensor, ""]:
    """Similarity of different concepts' vectors, mean over the batch.

    Args:
        vectors: the normalised coarse vectors, with or without background.
        form: ``squared`` is the mean of squared cosines over all k * k pairs, in [0, 1]; ``sum`` is the sum of cosines
            over ordered pairs as printed, whose minimum is anti-correlation instead of orthogonality.
    """
    pairs = cosines(vectors)
    return pairs.square().mean() if form == "squared" else pairs.sum((1, 2)).mean()


__all__ = ["cosines", "orthogonality"]
