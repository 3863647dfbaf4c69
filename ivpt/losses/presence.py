"""Presence: each foreground concept somewhere in the batch, background at the border of each image, Eq. 13-15."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ivpt.concepts.output import BACKGROUND

EPS = 1e-10
"""Added inside the logarithm."""

ReduceMax = Callable[[Tensor], Tensor]
"""Maximum (k,) over the batch of one process to the maximum over the global batch."""


def smooth(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, "b m i j"]:
    """3x3 mean without padding, so that one cell alone is no presence; a side shorter than 3 is averaged whole."""
    height, width = attention.shape[2:]
    return avg_pool2d(attention, (min(3, height), min(3, width)), stride=1)


def border_mask(height: int, width: int, like: Tensor) -> Float[Tensor, "h w"]:
    """Weights of Eq. 15: 0 in the centre, 1 in the corners. A side of one cell counts as border."""
    rows = torch.linspace(-1, 1, height, dtype=like.dtype, device=like.device)
    columns = torch.linspace(-1, 1, width, dtype=like.dtype, device=like.device)
    return (rows.square().unsqueeze(1) + columns.square()) / 2


def presence(attention: Float[Tensor, "b m h w"], reduce_max: ReduceMax | None = None) -> Float[Tensor, ""]:
    """Foreground presence (Eq. 13): one minus the mean over concepts of the largest smoothed attention in the batch."""
    largest = smooth(attention[:, BACKGROUND + 1 :]).amax((0, 2, 3))
    return 1 - (largest if reduce_max is None else reduce_max(largest)).mean()


def background_presence(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, ""]:
    """Background presence (Eq. 14), mean over the batch, in nats."""
    smoothed = smooth(attention[:, BACKGROUND : BACKGROUND + 1]).squeeze(1)
    weighted = smoothed * border_mask(smoothed.shape[1], smoothed.shape[2], like=smoothed)
    return -(weighted.amax((1, 2)) + EPS).log().mean()


__all__ = ["ReduceMax", "background_presence", "border_mask", "presence", "smooth"]
