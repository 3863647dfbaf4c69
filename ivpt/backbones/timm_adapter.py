"""The token interface over any plain timm vision transformer."""

from collections.abc import Sequence

from jaxtyping import Float
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from ivpt.interfaces.backbone import WeightsRecord

TUNABLE = ("cls_token", "dist_token", "reg_token", "pos_embed")
"""Attributes of timm's transformers that the paper's recipe unfreezes, as far as a model has them."""


class TimmTokenModel(nn.Module):
    """A timm vision transformer cut open at its blocks; implements :class:`ivpt.interfaces.backbone.TokenModel`.

    ``embed`` then every ``block`` then ``normalise`` is exactly ``vit.forward_features``. The one exception are models
    that timm builds with mean pooling, which normalise after pooling: ``normalise`` applies that norm to each token.

    The classifier is dropped, everything is frozen, and the module always computes as in evaluation: prompts are
    tuned, never the dropout of a frozen backbone. Whoever tunes the tokens of :meth:`tunable_tokens` unfreezes them.

    Args:
        vit: the transformer at its final image size, with its final weights.
        name: full model name, for people.
        mean: of each channel, for images in [0, 1].
        std: of each channel, for images in [0, 1].
        weights: which weights ``vit`` holds.
    """

    def __init__(
        self, vit: VisionTransformer, name: str, mean: Sequence[float], std: Sequence[float], weights: WeightsRecord
    ) -> None:
        super().__init__()
        vit.reset_classifier(0)
        vit.attn_pool = None  # type: ignore[assignment]
        self.vit = vit
        self.name = name
        self.dim = int(vit.embed_dim)
        self.depth = len(vit.blocks)
        self.num_prefix = int(vit.num_prefix_tokens)
        self.patch_size = _pair(vit.patch_embed.patch_size)
        self.image_size = _pair(vit.patch_embed.img_size)
        self.grid = _pair(vit.patch_embed.grid_size)
        self.mean = _triple(mean)
        self.std = _triple(std)
        self.weights = weights
        self._norm = "fc_norm" if isinstance(vit.norm, nn.Identity) else "norm"
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> "TimmTokenModel":
        """Stay in evaluation mode whatever the model around this one does: no dropout, no stochastic depth."""
        super().train(False)
        return self

    def embed(self, images: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b t d"]:
        """Normalised images to the tokens that enter block 0: prefix tokens, then patches in row-major order."""
        tokens: Tensor = self.vit.patch_embed(images)
        tokens = self.vit._pos_embed(tokens)
        tokens = self.vit.patch_drop(tokens)
        return self.vit.norm_pre(tokens)  # type: ignore[no-any-return]

    def block(self, index: int, tokens: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        """Run block ``index`` (0-based) on any number of tokens."""
        return self.vit.blocks[index](tokens)  # type: ignore[no-any-return]

    def normalise(self, tokens: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        """The final LayerNorm, token by token."""
        return getattr(self.vit, self._norm)(tokens)  # type: ignore[no-any-return]

    def tunable_tokens(self) -> dict[str, nn.Parameter]:
        """Class, distillation and register tokens and the position embedding, by timm's names, as far as present."""
        found = {name: getattr(self.vit, name, None) for name in TUNABLE}
        return {name: token for name, token in found.items() if isinstance(token, nn.Parameter)}


def _pair(value: object) -> tuple[int, int]:
    assert isinstance(value, Sequence)
    return int(value[0]), int(value[1])


def _triple(value: Sequence[float]) -> tuple[float, float, float]:
    return float(value[0]), float(value[1]), float(value[2])


__all__ = ["TUNABLE", "TimmTokenModel"]
