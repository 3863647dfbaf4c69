"""Intra-region feature aggregation (IFA): regions to one vector per concept, Eq. 3 and 7."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ivpt.concepts.discovery import regions
from ivpt.concepts.precision import no_autocast, widen

EMPTY = 1e-6
"""A region whose summed weights are at most this is empty: dividing by less says nothing and its gradient overflows."""


def aggregate(
    weights: Float[Tensor, "b m h w"], features: Float[Tensor, "b u d"]
) -> tuple[Float[Tensor, "b m d"], Float[Tensor, "b m"]]:
    """Weighted mean of the patch embeddings of each concept (Eq. 7), as one matrix product.

    Args:
        weights: r of Eq. 6 (or attention itself), not negative.
        features: patch embeddings, row-major over (h, w).

    Returns:
        The vectors and the mass of each region. Empty regions have vector 0 and mass 0, and send no gradient.
    """
    with no_autocast(features):
        flat, wide = weights.flatten(2), widen(features)
        mass = flat.sum(2)
        filled = mass > EMPTY
        mean = (flat @ wide) / torch.where(filled, mass, 1.0).unsqueeze(2)
        return torch.where(filled.unsqueeze(2), mean, 0.0), torch.where(filled, mass, 0.0)


def pool(
    attention: Float[Tensor, "b m h w"], features: Float[Tensor, "b u d"], mode: Literal["region", "global"]
) -> tuple[Float[Tensor, "b m d"], Float[Tensor, "b m"]]:
    """Concept vectors: ``region`` is Eq. 6 and 7; ``global`` leaves the arg max out (Table 3)."""
    return aggregate(regions(attention) if mode == "region" else attention, features)


__all__ = ["EMPTY", "aggregate", "pool"]
