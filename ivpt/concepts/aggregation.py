"""Intra-region feature aggregation (IFA): one vector per region. Paper, Eq. 3 and 7."""

from jaxtyping import Float
from torch import Tensor


def aggregate(
    maps: Float[Tensor, "b m h w"], features: Float[Tensor, "b n d"]
) -> tuple[Float[Tensor, "b m d"], Float[Tensor, "b m"]]:
    """Weighted mean of the features under each map, Eq. 7, as one matrix product.

    Args:
        maps: region maps (Eq. 6), or attention maps for the aggregation over the whole image.
        features: patch features in row-major order, n = h * w.

    Returns:
        The vectors, zero for a map without mass, and the mass (the divisor of Eq. 7).
    """
    weights = maps.flatten(2)
    mass = weights.sum(2)
    # The smallest float that survives the division; a region without mass then yields the zero vector.
    safe = mass.where(mass != 0, mass.new_ones(()))
    return (weights.to(features.dtype) @ features) / safe[..., None].to(features.dtype), mass
