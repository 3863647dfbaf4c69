"""What a forward pass returns: named, shaped fields; layers keyed by block index, background marked."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

BACKGROUND = 0
"""Channel of the background prototype in every map that this package makes."""


@dataclass(frozen=True)
class LayerConcepts:
    """Concepts of one prompted block, or of the set after the last block.

    Attributes:
        background: index of the background channel.
        attention: Eq. 5; in [0, 1] and summing to 1 over ``m`` unless the spatial bias enters after the softmax.
        vectors: Eq. 7, mean feature of each region; zero for empty regions.
        mass: sum of the region map of each concept, the divisor of Eq. 7; 0 marks an empty region.
        groups: weight of each prototype in each of ``g = n + 1`` groups (0 is background), rows sum to 1; None for the
            coarse set and without fusion.
        grouped: attention summed within groups, the soft counterpart of R^f in Eq. 8; None where ``groups`` is.
    """

    background: int
    attention: Float[Tensor, "b m h w"]
    vectors: Float[Tensor, "b m d"]
    mass: Float[Tensor, "b m"]
    groups: Float[Tensor, "b m g"] | None = None
    grouped: Float[Tensor, "b g h w"] | None = None


@dataclass(frozen=True)
class ConceptOutput:
    """Everything a forward pass says about a batch.

    Attributes:
        layers: prompted blocks by block index, ascending.
        coarse: the set after the last block; channel k of 1..n is coarse concept k.
        modulated: normalised coarse vectors, background included; they enter the heads and Eq. 11.
        scores: class scores of each coarse concept, ``scores[:, k - 1]`` for coarse channel k.
        logits: mean of ``scores`` over concepts, Eq. 4.
    """

    layers: dict[int, LayerConcepts]
    coarse: LayerConcepts
    modulated: Float[Tensor, "b g d"]
    scores: Float[Tensor, "b n c"]
    logits: Float[Tensor, "b c"]
