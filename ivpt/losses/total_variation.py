"""Total variation: regions of few pieces, Eq. 17."""

from jaxtyping import Float
from torch import Tensor


def total_variation(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, ""]:
    """Absolute differences of neighbouring cells, down and across, summed over all maps, per cell and image."""
    batch, _, height, width = attention.shape
    down = attention.diff(dim=2).abs().sum()
    across = attention.diff(dim=3).abs().sum()
    return (down + across) / (batch * height * width)


__all__ = ["total_variation"]
