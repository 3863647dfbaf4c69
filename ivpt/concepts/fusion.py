"""Cross-layer prompt fusion: fine prompts are grouped and fused into coarse ones. Paper, section 3.3, Eq. 9."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ivpt.config import ConceptsConfig


class PromptFusion(nn.Module):
    """Grouping layer f_g and fusion network of one layer.

    Args:
        dim: width D.
        config: number of groups n and the forms of grouping, means and fusion network.
    """

    def __init__(self, dim: int, config: ConceptsConfig) -> None:
        super().__init__()
        self.config = config
        outputs = config.coarse + (1 if config.background_group else 0)
        self.grouping = nn.Linear(dim, outputs)
        shape = (config.coarse, dim) if config.fusion_norm == "joint" else (dim,)
        self.norm = nn.LayerNorm(shape)
        self.norm.requires_grad_(config.train_fusion_norm)
        self.network: nn.Module = nn.Linear(dim, dim)
        if config.fusion_network == "mlp":
            self.network = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))

    def groups(
        self,
        vectors: Float[Tensor, "b m d"],
        empty: Float[Tensor, "b m"],
        background: int,
        noise: Float[Tensor, "b m g"] | None,
    ) -> Float[Tensor, "b m g"]:
        """Weight of each prototype in each group; group 0 is the background, whose prototype always belongs to it.

        Args:
            vectors: prompts of Eq. 7.
            empty: 1 where a region is empty, else 0.
            background: index of the background prototype.
            noise: Gumbel noise in training; None in evaluation, which is never random.

        Returns:
            Rows that sum to 1. With hard grouping they are one-hot, and the gradient is that of the soft weights
            (straight-through). With ``empty_regions = "zero"`` an empty region belongs equally to all n groups.
        """
        logits = self.grouping(vectors).float()
        if not self.config.background_group:
            logits = F.pad(logits, (1, 0), value=float("-inf"))
        if noise is not None:
            logits = logits + noise
        soft = (logits / self.config.grouping_temperature).softmax(-1)
        weights = soft
        if self.config.grouping == "hard":
            hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)
            weights = hard + soft - soft.detach()
        n = self.config.coarse
        if self.config.empty_regions == "zero":
            uniform = F.pad(weights.new_full((n,), 1 / n), (1, 0))
            weights = torch.where(empty[..., None] > 0, uniform, weights)
        own = F.one_hot(torch.tensor(0, device=weights.device), n + 1).to(weights.dtype)
        is_background = torch.arange(weights.shape[1], device=weights.device) == background
        return torch.where(is_background[:, None], own, weights)

    def forward(
        self, vectors: Float[Tensor, "b m d"], groups: Float[Tensor, "b m g"], empty: Float[Tensor, "b m"], background: int
    ) -> Float[Tensor, "b n d"]:
        """Group means and Eq. 9: the n prompts that enter the block.

        A group without members has a zero mean.
        """
        weights = groups.detach() if self.config.detach_groups else groups
        member = torch.arange(weights.shape[1], device=weights.device) != background
        weights = weights * member[:, None]
        if self.config.empty_regions == "skip":
            weights = weights * (1 - empty)[..., None]
        weights = weights[..., 1:].transpose(1, 2)
        # Only a group without any member falls below this; its mean is then zero.
        total = weights.sum(-1, keepdim=True).clamp(min=1e-6)
        means = (weights / total).to(vectors.dtype) @ vectors
        fused: Tensor = self.network(self.norm(means))
        return fused


def group_maps(attention: Float[Tensor, "b m h w"], groups: Float[Tensor, "b m g"]) -> Float[Tensor, "b g h w"]:
    """Attention summed within groups: the soft R^f of Eq. 8, background first."""
    return (groups.transpose(1, 2) @ attention.flatten(2)).unflatten(2, attention.shape[2:])
