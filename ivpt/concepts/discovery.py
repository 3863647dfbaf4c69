"""Concept region discovery (CRD): where in the image each prototype finds its concept. Paper, Eq. 2, 5 and 6."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class ConceptDiscovery(nn.Module):
    """Prototypes and spatial bias maps of one layer.

    Args:
        prototypes: m, background included.
        dim: width D of the features.
        grid: rows and columns of patches.
        init_std: standard deviation of the prototypes at the start (section 4.1).
        spatial_bias: ``inside`` the softmax, ``outside`` (added after it, as Eq. 5 is printed) or ``off``.
    """

    def __init__(
        self,
        prototypes: int,
        dim: int,
        grid: tuple[int, int],
        init_std: float,
        spatial_bias: Literal["inside", "outside", "off"],
    ) -> None:
        super().__init__()
        self.spatial_bias = spatial_bias
        self.prototypes = nn.Parameter(torch.randn(prototypes, dim) * init_std)
        self.bias = nn.Parameter(torch.zeros(prototypes, *grid), requires_grad=spatial_bias != "off")

    def forward(self, features: Float[Tensor, "b n d"]) -> Float[Tensor, "b m h w"]:
        """Attention maps of patch features in row-major order, Eq. 5.

        ``|e|^2`` is common to all prototypes and cancels in the softmax, so it is never added: with features of large
        norm it would only cost precision.
        """
        logits = 2 * features @ self.prototypes.T - self.prototypes.square().sum(1)
        maps = logits.transpose(1, 2).unflatten(2, tuple(self.bias.shape[1:]))
        # A softmax in half precision would lose the small probabilities that entropy and KL terms look at.
        if self.spatial_bias == "inside":
            return (maps.float() + self.bias).softmax(1)
        attention = maps.float().softmax(1)
        return attention + self.bias if self.spatial_bias == "outside" else attention


def assigned(attention: Float[Tensor, "b m h w"]) -> Int[Tensor, "b h w"]:
    """The concept each patch belongs to: the arg max of Eq. 6; ties go to the lower index."""
    return attention.argmax(1)


def regions(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, "b m h w"]:
    """Hard region maps R, Eq. 6: the attention where a concept has the highest one, else 0."""
    mask = torch.zeros_like(attention).scatter_(1, assigned(attention)[:, None], 1.0)
    return attention * mask
