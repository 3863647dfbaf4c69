"""Presence of every foreground concept in some image, and of background in every image, Eq. 13-15."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

ReduceMax = Callable[[Tensor], Tensor]


def pooled(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, "b m p q"]:
    """3 x 3 average pooling, stride 1, no padding; a grid narrower than 3 is pooled over its whole width."""
    height, width = attention.shape[2:]
    return F.avg_pool2d(attention, (min(3, height), min(3, width)), stride=1)


def presence(
    attention: Float[Tensor, "b k h w"], reduce_max: ReduceMax | None = None
) -> Float[Tensor, ""]:
    """1 - mean over foreground concepts of the largest pooled attention in the batch, Eq. 13.

    Args:
        attention: foreground channels only.
        reduce_max: maximum over processes of a (k,) tensor, so that the batch is the global one.
    """
    highest = pooled(attention).amax((0, 2, 3))
    if reduce_max is not None:
        highest = reduce_max(highest)
    return 1 - highest.mean()


def radial_mask(height: int, width: int, like: Tensor) -> Float[Tensor, "p q"]:
    """m of Eq. 15: 0 in the middle, 1 in the corners; an axis of length one counts as middle."""
    rows = torch.linspace(-1, 1, height, dtype=like.dtype, device=like.device) if height > 1 else like.new_zeros(1)
    columns = torch.linspace(-1, 1, width, dtype=like.dtype, device=like.device) if width > 1 else like.new_zeros(1)
    return (rows[:, None].square() + columns[None].square()) / 2


def background_presence(attention: Float[Tensor, "b h w"]) -> Float[Tensor, ""]:
    """-log of the largest masked, pooled background attention of each image, averaged over images, Eq. 14."""
    smooth = pooled(attention[:, None])[:, 0]
    mask = radial_mask(*smooth.shape[1:], like=smooth)
    highest = (smooth * mask).amax((1, 2))
    # Binary cross-entropy against 1 is -log, with the logarithm bounded below at -100; clamped for a bias outside the
    # softmax, which can leave [0, 1].
    highest = highest.clamp(0, 1)
    return F.binary_cross_entropy(highest, torch.ones_like(highest))
