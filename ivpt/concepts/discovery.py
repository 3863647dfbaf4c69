"""Concept region discovery (CRD): prototypes to attention maps and regions, Eq. 2, 5 and 6."""

from collections.abc import Iterable
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import linear

from ivpt.concepts.output import BACKGROUND
from ivpt.concepts.precision import no_autocast, widen

BiasPlace = Literal["inside", "outside", "off"]


def attention_maps(
    features: Float[Tensor, "b u d"],
    prototypes: Float[Tensor, "m d"],
    bias: Float[Tensor, "m h w"],
    place: BiasPlace = "inside",
    removed: Bool[Tensor, " m"] | None = None,
) -> Float[Tensor, "b m h w"]:
    """Attention of every prototype on every patch (Eq. 5).

    ``-||e - q||^2`` is ``2 e.q - ||q||^2 - ||e||^2``; the last term is the same for all prototypes, so the softmax
    drops it. Leaving it out is exact in theory and better in float32, where it may be far larger than what differs.

    Args:
        features: patch embeddings, row-major over (h, w).
        prototypes: one row per concept.
        bias: spatial bias B of each prototype, on the grid of patches.
        place: ``inside`` adds the bias to the logits; ``outside`` adds it to the softmax as printed and clamps the sum
            to [0, 1], the range the paper states for A, which the sum itself leaves; ``off`` ignores it.
        removed: prototypes that take no part: the softmax runs over the others, as if these had never been there.

    Returns:
        Attention in [0, 1]; with ``inside`` and ``off`` it sums to 1 over the prototypes of each patch. That of removed
        prototypes is 0 everywhere.
    """
    with no_autocast(features):
        wide = widen(features)
        prototypes = prototypes.to(wide.dtype)
        logits = linear(wide, 2 * prototypes, -prototypes.square().sum(1)).transpose(1, 2)
        if place == "inside":
            logits = logits + bias.flatten(1)
        if removed is not None:
            logits = logits.masked_fill(removed[:, None], -torch.inf)
        attention = logits.softmax(1)
        if place == "outside":
            attention = (attention + bias.flatten(1)).clamp(0, 1)
            if removed is not None:
                attention = attention.masked_fill(removed[:, None], 0)
        return attention.reshape(len(attention), *bias.shape)


def regions(attention: Float[Tensor, "b m h w"]) -> Float[Tensor, "b m h w"]:
    """Concept regions (Eq. 6): each patch keeps the attention of its strongest prototype, all others become 0.

    On a tie the first prototype wins, so that a patch never belongs to two regions. The gradient passes through the
    kept values; the choice itself has none.
    """
    winner = attention.argmax(1, keepdim=True)
    return torch.zeros_like(attention).scatter(1, winner, attention.gather(1, winner))


class ConceptSet(nn.Module):
    """The prototypes of one layer, with their spatial bias maps; channel 0 is background.

    Args:
        count: m, background included.
        dim: D.
        grid: (rows, columns) of patches, which is the resolution of the bias.
        init_std: standard deviation of the prototypes at the start.
        place: where the bias enters; with ``off`` it is zero and frozen.
    """

    removed: Tensor | None
    """(m,) which prototypes are gone; part of the model and not of its trained state. ``None``: none."""

    def __init__(self, count: int, dim: int, grid: tuple[int, int], init_std: float, place: BiasPlace) -> None:
        super().__init__()
        self.place: BiasPlace = place
        self.prototypes = nn.Parameter(torch.randn(count, dim) * init_std)
        self.bias = nn.Parameter(torch.zeros(count, *grid), requires_grad=place != "off")
        self.register_buffer("removed", None, persistent=False)

    def forward(self, features: Float[Tensor, "b u d"]) -> Float[Tensor, "b m h w"]:
        """Attention maps of one batch of patch embeddings (Eq. 5)."""
        return attention_maps(features, self.prototypes, self.bias, self.place, self.removed)

    def remove(self, channels: Iterable[int]) -> None:
        """Take prototypes out; they keep their channels, which stay empty.

        Raises:
            ValueError: a channel is background or not there.
        """
        gone = torch.zeros(len(self.prototypes), dtype=torch.bool) if self.removed is None else self.removed.clone()
        for channel in channels:
            if not BACKGROUND < channel < len(gone):
                raise ValueError(f"channel {channel} cannot be removed")
            gone[channel] = True
        self.removed = gone.to(self.prototypes.device)

    @property
    def kept(self) -> list[int]:
        """Channels that are left, background first."""
        count = len(self.prototypes)
        return list(range(count)) if self.removed is None else (~self.removed).nonzero().flatten().tolist()


__all__ = ["BiasPlace", "ConceptSet", "attention_maps", "regions"]
