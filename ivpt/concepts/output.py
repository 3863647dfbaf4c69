"""What the model returns: named tensors, layers keyed by block index, background marked."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

BACKGROUND = 0
"""Channel of the background prototype in every map this package makes, and the group that stands for background."""


@dataclass(frozen=True, eq=False)
class LayerConcepts:
    """The concepts of one prompted block, or of the set after the last block.

    Attributes:
        background: channel of the background prototype.
        attention: A of Eq. 5, in [0, 1].
        vectors: p_k of Eq. 7; zero where the region is empty.
        mass: sum of r_k over the image; 0 means that the region is empty.
        groups: weight of each prototype in each of the n + 1 groups (0 is background); rows sum to 1. The background
            prototype always belongs to group 0; the row of a removed prototype is 0. ``None`` after the last block and
            without fusion.
        grouped: R^f of Eq. 8 on soft maps: attention summed with the *relaxed* group weights, which keep a gradient
            when a group has no member. ``None`` where ``groups`` is.
    """

    background: int
    attention: Float[Tensor, "b m h w"]
    vectors: Float[Tensor, "b m d"]
    mass: Float[Tensor, "b m"]
    groups: Float[Tensor, "b m g"] | None = None
    grouped: Float[Tensor, "b g h w"] | None = None


@dataclass(frozen=True, eq=False)
class ConceptOutput:
    """One forward pass.

    Attributes:
        layers: prompted blocks by 0-based index.
        coarse: the set after the last block; channel 0 is background, channel k is coarse concept k.
        modulated: normalised coarse vectors, background first; they enter the heads and Eq. 11.
        scores: s_k of Eq. 4; row k - 1 belongs to coarse concept k.
        logits: mean of the scores over the concepts.
        transformed: attention of each set on the transformed images, when the pass was given any (Eq. 12).
    """

    layers: dict[int, LayerConcepts]
    coarse: LayerConcepts
    modulated: Float[Tensor, "b g d"]
    scores: Float[Tensor, "b n c"]
    logits: Float[Tensor, "b c"]
    transformed: "Maps | None" = None

    @property
    def maps(self) -> "Maps":
        """Attention of every set, prompted blocks first."""
        return {**{index: layer.attention for index, layer in self.layers.items()}, "coarse": self.coarse.attention}


Maps = dict[int | str, Tensor]
"""Attention maps (b, m, h, w) by block index, and under ``"coarse"`` those after the last block."""

__all__ = ["BACKGROUND", "ConceptOutput", "LayerConcepts", "Maps"]
