"""A transformer small enough for float64 and gradcheck, with the token interface of the real ones."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ivpt.interfaces.backbone import WeightsRecord


class Block(nn.Module):
    """Attention with one head and a small network, both with residuals."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.mix = nn.Linear(dim, 3 * dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.mix(self.norm(tokens)).chunk(3, -1)
        tokens = tokens + (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        return tokens + self.mlp(tokens)


class TinyBackbone(nn.Module):
    """Implements ``TokenModel``; the grid is not square, there are two prefix tokens."""

    def __init__(self, grid: tuple[int, int] = (3, 4), dim: int = 6, depth: int = 4) -> None:
        super().__init__()
        self.name, self.dim, self.depth, self.num_prefix = "tiny", dim, depth, 2
        self.patch_size, self.grid = (2, 2), grid
        self.image_size = (2 * grid[0], 2 * grid[1])
        self.mean, self.std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        self.weights = WeightsRecord("none", "tiny", "0" * 64)
        self.patch = nn.Conv2d(3, dim, 2, 2)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.reg_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, grid[0] * grid[1], dim))
        self.blocks = nn.ModuleList(Block(dim) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.seen: list[int] = []
        self.graphs: list[bool] = []

    def embed(self, images: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b t d"]:
        patches = self.patch(images).flatten(2).mT + self.pos_embed
        prefix = torch.cat([self.cls_token, self.reg_token], 1).expand(len(images), -1, -1)
        return torch.cat([prefix, patches], 1)

    def block(self, index: int, tokens: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        self.seen.append(tokens.shape[1])
        self.graphs.append(torch.is_grad_enabled())
        return self.blocks[index](tokens)

    def normalise(self, tokens: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        return self.norm(tokens)

    def tunable_tokens(self) -> dict[str, nn.Parameter]:
        return {name: getattr(self, name) for name in ("cls_token", "reg_token", "pos_embed")}
