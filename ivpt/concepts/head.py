"""Concept-conditioned scores: a norm for the coarse vectors and Head_k of Eq. 4."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from ivpt.concepts.output import BACKGROUND
from ivpt.concepts.precision import no_autocast


class Modulation(nn.Module):
    """LayerNorm of the coarse vectors.

    Args:
        count: n + 1, background included.
        dim: D.
        kind: ``concept`` normalises each vector by itself, with a gain and shift of its own; ``joint`` normalises all
            of them together over (n + 1, D), so that one concept's strength shifts every other's (published).
    """

    def __init__(self, count: int, dim: int, kind: Literal["concept", "joint"]) -> None:
        super().__init__()
        self.kind = kind
        self.weight = nn.Parameter(torch.ones(count, dim))
        self.bias = nn.Parameter(torch.zeros(count, dim))

    def forward(
        self, vectors: Float[Tensor, "b g d"], removed: Bool[Tensor, " g"] | None = None
    ) -> Float[Tensor, "b g d"]:
        """Normalised vectors; those of removed concepts are 0 and enter no norm."""
        if removed is None:
            shape = vectors.shape[2:] if self.kind == "concept" else vectors.shape[1:]
            return layer_norm(vectors, shape) * self.weight + self.bias
        left = vectors[:, ~removed]
        shape = left.shape[2:] if self.kind == "concept" else left.shape[1:]
        normalised = torch.zeros_like(vectors)
        normalised[:, ~removed] = layer_norm(left, shape) * self.weight[~removed] + self.bias[~removed]
        return normalised


class ConceptHead(nn.Module):
    """Linear class scores of each coarse concept, without a constant: a score is evidence and nothing else.

    Args:
        concepts: n.
        dim: D.
        classes: number of classes.
        kind: one matrix per concept (Eq. 4), or one shared by all (published).
    """

    def __init__(self, concepts: int, dim: int, classes: int, kind: Literal["concept", "shared"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(concepts if kind == "concept" else 1, classes, dim))
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, modulated: Float[Tensor, "b g d"]) -> Float[Tensor, "b n c"]:
        """Scores s_k of the foreground concepts; the background has none."""
        with no_autocast(modulated):
            return torch.einsum("bnd,ncd->bnc", modulated[:, BACKGROUND + 1 :], self._matrices(modulated))

    def _matrices(self, modulated: Float[Tensor, "b g d"]) -> Float[Tensor, "n c d"]:
        return self.weight.expand(modulated.shape[1] - 1, -1, -1)


__all__ = ["ConceptHead", "Modulation"]
