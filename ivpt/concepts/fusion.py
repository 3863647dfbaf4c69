"""Cross-layer prompt fusion: grouped fine prompts to the n prompts that enter a block, Eq. 9."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from ivpt.concepts.grouping import GroupingLayer, Groups, group_means
from ivpt.concepts.output import BACKGROUND
from ivpt.concepts.precision import no_autocast
from ivpt.config import ConceptsConfig


class Fusion(nn.Module):
    """Grouping, group means, LayerNorm and network of one prompted block.

    A group without members has mean 0, which the LayerNorm turns into its own shift: the prompt is then the same for
    every image, and the number of prompts never changes.

    Args:
        dim: D.
        config: which of the documented alternatives to build.
    """

    def __init__(self, dim: int, config: ConceptsConfig) -> None:
        super().__init__()
        zero = config.empty_regions == "zero"
        self.grouping = GroupingLayer(
            dim,
            config.coarse,
            config.grouping,
            config.grouping_temperature,
            background_group=config.background_group,
            uniform_empty=zero,
        )
        self.norm = nn.LayerNorm(dim if config.fusion_norm == "prompt" else (config.coarse, dim))
        self.norm.requires_grad_(config.train_fusion_norm)
        self.network = fusion_network(dim, config.fusion_network)
        self.count_empty = zero
        self.detach_groups = config.detach_groups

    def forward(
        self,
        vectors: Float[Tensor, "b m d"],
        mass: Float[Tensor, "b m"],
        noise: Float[Tensor, "b m g"] | None,
    ) -> tuple[Float[Tensor, "b n d"], Groups]:
        """Fuse the prompts of one layer.

        Args:
            vectors: p_k of all prototypes, background included (it is never fused).
            mass: of their regions; empty ones do not count, unless configured as published.
            noise: Gumbel noise, or ``None``.

        Returns:
            p^fs of Eq. 9, and the groups.
        """
        with no_autocast(vectors):
            groups = self.grouping(vectors, mass, noise)
            weights = groups.weights.detach() if self.detach_groups else groups.weights
            foreground = slice(BACKGROUND + 1, None)
            present = mass[:, foreground] > 0
            counted = present | True if self.count_empty else present
            means = group_means(weights[:, foreground, foreground], vectors[:, foreground], counted)
            return self.network(self.norm(means)), groups


def fusion_network(dim: int, kind: Literal["mlp", "linear"]) -> nn.Module:
    """The network of Eq. 9: D-D-D with GELU, or one linear layer."""
    if kind == "linear":
        return nn.Linear(dim, dim)
    return nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))


__all__ = ["Fusion", "fusion_network"]
