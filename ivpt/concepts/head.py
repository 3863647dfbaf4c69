"""Concept-conditioned class scores, Eq. 4."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ConceptHead(nn.Module):
    """Normalise the coarse vectors and score every class from each of them.

    Args:
        concepts: n, background excluded.
        dim: width D.
        classes: number of classes.
        head: one linear layer per ``concept`` (Eq. 4) or one ``shared`` by all (the published code); without bias, so
            that an absent concept (zero after normalisation) says nothing.
        norm: LayerNorm of each ``concept`` vector, or ``joint`` over (n + 1, D), background included.
    """

    def __init__(
        self,
        concepts: int,
        dim: int,
        classes: int,
        head: Literal["concept", "shared"],
        norm: Literal["concept", "joint"],
    ) -> None:
        super().__init__()
        self.joint = norm == "joint"
        # Affine part of each concept's own LayerNorm, or of the joint one: the same shape either way.
        self.scale = nn.Parameter(torch.ones(concepts + 1, dim))
        self.shift = nn.Parameter(torch.zeros(concepts + 1, dim))
        self.weight = nn.Parameter(torch.empty(1 if head == "shared" else concepts, classes, dim))
        nn.init.trunc_normal_(self.weight, std=0.02)

    def modulate(self, vectors: Float[Tensor, "b g d"]) -> Float[Tensor, "b g d"]:
        """Normalised vectors, background included; they also enter Eq. 11."""
        shape = vectors.shape[1:] if self.joint else vectors.shape[2:]
        normed = nn.functional.layer_norm(vectors, shape)
        return normed * self.scale + self.shift

    def forward(self, modulated: Float[Tensor, "b g d"], background: int) -> Float[Tensor, "b n c"]:
        """Scores s_k of every class from each foreground concept; the logits are their mean over k."""
        keep = [k for k in range(modulated.shape[1]) if k != background]
        foreground = modulated[:, keep].transpose(0, 1)
        return (foreground @ self.weight.transpose(1, 2)).transpose(0, 1)
