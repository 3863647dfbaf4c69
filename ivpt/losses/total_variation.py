"""Total variation of attention maps, Eq. 17."""

from jaxtyping import Float
from torch import Tensor


def total_variation(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, ""]:
    """Sum of absolute differences between vertical and horizontal neighbours over all maps / (b h w)."""
    batch, _, height, width = attention.shape
    down = (attention[:, :, 1:] - attention[:, :, :-1]).abs().sum()
    right = (attention[..., 1:] - attention[..., :-1]).abs().sum()
    return (down + right) / (batch * height * width)
