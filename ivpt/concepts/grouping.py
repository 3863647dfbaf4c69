"""Fine prompts to groups: the grouping layer f_g and the mean prompt of each group (section 3.3)."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ivpt.concepts.aggregation import EMPTY
from ivpt.concepts.output import BACKGROUND


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each prototype of a layer belongs to; group 0 is background, rows sum to 1.

    Attributes:
        weights: what the group means use: one-hot with the gradient of ``relaxed`` (hard grouping), or ``relaxed``.
        relaxed: the Gumbel-softmax itself; used for the maps of Eq. 8.
    """

    weights: Float[Tensor, "b m g"]
    relaxed: Float[Tensor, "b m g"]


def gumbel(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise, ``-log(E)`` with E standard exponential, on the generator's device."""
    tiny = torch.finfo(torch.float32).tiny
    return -torch.empty(shape, device=generator.device).exponential_(generator=generator).clamp_min(tiny).log()


def group_means(
    weights: Float[Tensor, "b k n"], vectors: Float[Tensor, "b k d"], counted: Bool[Tensor, "b k"]
) -> Float[Tensor, "b n d"]:
    """Mean vector of each group; a group without members has mean 0 and sends no gradient.

    Args:
        weights: of each vector in each group, not negative.
        vectors: concept vectors of one layer.
        counted: vectors that count; the others have weight 0.
    """
    shares = (weights * counted.unsqueeze(2)).transpose(1, 2)
    total = shares.sum(2, keepdim=True)
    filled = total > EMPTY
    return torch.where(filled, (shares @ vectors) / torch.where(filled, total, 1.0), 0.0)


class GroupingLayer(nn.Module):
    """f_g: one linear layer followed by a Gumbel-softmax.

    Args:
        dim: D.
        groups: n, background not counted.
        mode: ``hard`` groups by arg max with a straight-through gradient; ``soft`` keeps the softmax.
        temperature: of the softmax.
        background_group: a foreground prototype may be assigned to background (y = 0).
        uniform_empty: an empty region belongs to all n groups alike (published) instead of where f_g puts it.
    """

    def __init__(
        self,
        dim: int,
        groups: int,
        mode: Literal["hard", "soft"],
        temperature: float,
        background_group: bool,
        uniform_empty: bool,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, groups + 1 if background_group else groups)
        self.groups = groups
        self.mode = mode
        self.temperature = temperature
        self.background_group = background_group
        self.uniform_empty = uniform_empty

    def forward(
        self,
        vectors: Float[Tensor, "b m d"],
        mass: Float[Tensor, "b m"],
        noise: Float[Tensor, "b m g"] | None,
    ) -> Groups:
        """Assign the prototypes of one layer.

        Args:
            vectors: of all prototypes, background included.
            mass: of their regions.
            noise: Gumbel noise; ``None`` assigns without any, as in evaluation.
        """
        foreground = vectors[:, BACKGROUND + 1 :]
        logits = self.linear(foreground)
        if noise is not None:
            drawn = noise[:, BACKGROUND + 1 :] if self.background_group else noise[:, BACKGROUND + 1 :, 1:]
            logits = logits + drawn.to(logits)
        relaxed = (logits / self.temperature).softmax(2)
        hard = one_hot(logits.argmax(2), logits.shape[2]).to(relaxed)
        weights = hard + (relaxed - relaxed.detach()) if self.mode == "hard" else relaxed
        empty = mass[:, BACKGROUND + 1 :] == 0
        return Groups(self._complete(weights, empty), self._complete(relaxed, empty))

    def _complete(self, weights: Float[Tensor, "b k c"], empty: Bool[Tensor, "b k"]) -> Float[Tensor, "b m g"]:
        """Add the group and the prototype of the background."""
        if not self.background_group:
            weights = torch.cat([torch.zeros_like(weights[..., :1]), weights], 2)
        if self.uniform_empty:
            uniform = torch.full_like(weights[0, 0], 1 / self.groups)
            uniform[BACKGROUND] = 0
            weights = torch.where(empty.unsqueeze(2), uniform, weights)
        background = torch.zeros_like(weights[:, :1])
        background[..., BACKGROUND] = 1
        return torch.cat([background, weights], 1)


__all__ = ["GroupingLayer", "Groups", "group_means", "gumbel"]
