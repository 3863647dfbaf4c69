"""The total loss, Eq. 10: names the terms, averages them over layers, weighs them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ivpt.concepts.discovery import regions
from ivpt.concepts.fusion import group_maps
from ivpt.concepts.model import ConceptModel
from ivpt.concepts.outputs import ConceptOutput, LayerConcepts
from ivpt.config import LossConfig
from ivpt.losses.consistency import consistency
from ivpt.losses.entropy import entropy
from ivpt.losses.equivariance import equivariance
from ivpt.losses.orthogonality import orthogonality
from ivpt.losses.presence import ReduceMax, background_presence, presence
from ivpt.losses.total_variation import total_variation
from ivpt.losses.transform import Affine, unwarp, warp

PART_SHAPING = ("orthogonality", "equivariance", "presence", "background_presence", "entropy", "total_variation")
TERMS = ("classification", "consistency", *PART_SHAPING)
"""Names of the loss terms, in the order they are reported."""


class Objective:
    """Terms of the loss by name, and their weighted sum as ``total``.

    Presence, entropy, total variation and equivariance are averaged over all map sets (prompted layers and the coarse
    set), consistency over the prompted layers, orthogonality acts on the coarse vectors only.
    """

    def __init__(self, config: LossConfig) -> None:
        self.config = config

    @property
    def needs_transform(self) -> bool:
        """Whether a transformed pass has to be made at all."""
        return self.config.part_shaping * self.config.equivariance > 0

    def __call__(
        self,
        output: ConceptOutput,
        labels: Int[Tensor, " b"],
        transformed: dict[int | str, Tensor] | None = None,
        affine: Affine | None = None,
        reduce_max: ReduceMax | None = None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Evaluate every term.

        Args:
            output: of the model on the images.
            labels: true classes.
            transformed: attention maps of the same images after ``affine``, by layer; None leaves equivariance at 0.
            affine: the transform.
            reduce_max: maximum over processes, for the terms that look across the batch.
        """
        config = self.config
        sets: dict[int | str, LayerConcepts] = {**output.layers, "coarse": output.coarse}
        zero = output.logits.new_zeros(())

        def mean(values: Sequence[Tensor]) -> Tensor:
            return torch.stack(list(values)).mean() if values else zero

        terms = {
            "classification": F.cross_entropy(output.logits, labels),
            "consistency": mean([self._consistency(layer, output.coarse) for layer in output.layers.values()]),
            "orthogonality": orthogonality(self._vectors(output), config.orthogonality_form),
            "equivariance": zero,
            "presence": mean([presence(_foreground(s.attention, s), reduce_max) for s in sets.values()]),
            "background_presence": mean([background_presence(s.attention[:, s.background]) for s in sets.values()]),
            "entropy": mean([entropy(s.attention, config.entropy_form) for s in sets.values()]),
            "total_variation": mean([total_variation(s.attention) for s in sets.values()]),
        }
        if transformed is not None and affine is not None:
            terms["equivariance"] = mean([self._equivariance(s, transformed[key], affine) for key, s in sets.items()])
        shaping = sum((getattr(config, name) * terms[name] for name in PART_SHAPING), zero)
        terms["total"] = (
            config.classification * terms["classification"]
            + config.part_shaping * shaping
            + config.consistency * terms["consistency"]
        )
        return terms

    def _vectors(self, output: ConceptOutput) -> Tensor:
        if self.config.orthogonality_background:
            return output.modulated
        return _foreground(output.modulated, output.coarse)

    def _consistency(self, layer: LayerConcepts, coarse: LayerConcepts) -> Tensor:
        if layer.grouped is None or layer.groups is None:
            return layer.attention.new_zeros(())
        if self.config.consistency_form == "patch":
            return consistency(layer.grouped, coarse.attention, "patch")
        fine = group_maps(regions(layer.attention), layer.groups)
        return consistency(fine, regions(coarse.attention), "regions")

    def _equivariance(self, layer: LayerConcepts, maps: Tensor, affine: Affine) -> Tensor:
        there = _foreground(maps, layer)
        back, inside = unwarp(there, affine)
        return equivariance(_foreground(layer.attention, layer), back, inside, there, self.config.equivariance_form)


def _foreground(channels: Tensor, layer: LayerConcepts) -> Tensor:
    """All channels (dimension 1) but the background."""
    return torch.cat([channels[:, : layer.background], channels[:, layer.background + 1 :]], 1)


def training_terms(
    model: ConceptModel,
    objective: Objective,
    images: Float[Tensor, "b 3 H W"],
    labels: Int[Tensor, " b"],
    noise: dict[int, Tensor] | None,
    affine: Affine | None,
    reduce_max: ReduceMax | None = None,
) -> tuple[ConceptOutput, dict[str, Float[Tensor, ""]]]:
    """Both passes of one training step: the images, and the same images transformed.

    Args:
        model: the model.
        objective: names and weighs the terms.
        images: normalised.
        labels: true classes.
        noise: Gumbel noise of the first pass; the transformed pass has none.
        affine: one transform for the whole batch; None leaves the second pass out.
        reduce_max: maximum over processes.
    """
    output = model(images, noise)
    transformed = None
    if affine is not None and objective.needs_transform:
        transformed = model.attention_maps(warp(images, affine))
    return output, objective(output, labels, transformed, affine, reduce_max)
