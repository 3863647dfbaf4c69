"""The total loss (Eq. 10): which terms there are, over which maps they are averaged, and what they weigh."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ivpt.concepts.model import Noise
from ivpt.concepts.output import ConceptOutput, Maps
from ivpt.config import LossConfig
from ivpt.losses.classification import classification
from ivpt.losses.consistency import consistency
from ivpt.losses.entropy import entropy
from ivpt.losses.equivariance import equivariance
from ivpt.losses.orthogonality import orthogonality
from ivpt.losses.presence import ReduceMax, background_presence, presence
from ivpt.losses.total_variation import total_variation
from ivpt.losses.transform import Affine, warp

PART_SHAPING = ("orthogonality", "equivariance", "presence", "background_presence", "entropy", "total_variation")
"""Terms that lambda_ps multiplies."""

TERMS = ("classification", "consistency", *PART_SHAPING)
"""All terms, in the order they are reported."""

Forward = Callable[..., ConceptOutput]
"""A :class:`~ivpt.concepts.model.ConceptModel`, as it is or wrapped for several processes."""


class Objective:
    """Weighs the loss terms.

    Orthogonality is of the set after the last block, consistency the mean over the prompted blocks, the other
    part-shaping terms the mean over all sets.

    Args:
        config: weights and forms; a term of weight 0 is not computed.
    """

    def __init__(self, config: LossConfig) -> None:
        self.config = config
        self.weights = {name: getattr(config, name) for name in TERMS}
        for name in PART_SHAPING:
            self.weights[name] *= config.part_shaping

    @property
    def needs_transform(self) -> bool:
        """Whether a second pass over transformed images is needed."""
        return bool(self.weights["equivariance"] > 0)

    def __call__(
        self,
        output: ConceptOutput,
        labels: Int[Tensor, " b"],
        *,
        transformed: Maps | None = None,
        transform: Affine | None = None,
        reduce_max: ReduceMax | None = None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Compute the terms of one batch.

        Args:
            output: of the pass over the images.
            labels: class indices.
            transformed: maps of the transformed images; without them there is no equivariance term.
            transform: the transform they went through.
            reduce_max: makes the maximum of the presence term global over processes.

        Returns:
            The raw terms that are switched on and apply to this output, and their weighted sum as ``total``.
        """
        config, maps = self.config, output.maps
        vectors = output.modulated if config.orthogonality_background else output.modulated[:, 1:]
        fused = [layer for layer in output.layers.values() if layer.groups is not None]
        computations: dict[str, Callable[[], Tensor]] = {
            "classification": lambda: classification(output.logits, labels),
            "orthogonality": lambda: orthogonality(vectors, config.orthogonality_form),
            "presence": lambda: _mean(presence(a, reduce_max) for a in maps.values()),
            "background_presence": lambda: _mean(background_presence(a) for a in maps.values()),
            "entropy": lambda: _mean(entropy(a, config.entropy_form) for a in maps.values()),
            "total_variation": lambda: _mean(total_variation(a) for a in maps.values()),
        }
        if fused:
            computations["consistency"] = lambda: _mean(
                consistency(layer, output.coarse, config.consistency_form) for layer in fused
            )
        if transformed is not None and transform is not None:
            computations["equivariance"] = lambda: _mean(
                equivariance(maps[key], transformed[key], transform, config.equivariance_form) for key in maps
            )
        terms = {name: computations[name]() for name in TERMS if name in computations and self.weights[name] > 0}
        zero = output.logits.sum() * 0
        return terms | {"total": sum((self.weights[name] * term for name, term in terms.items()), start=zero)}


def training_terms(
    model: Forward,
    objective: Objective,
    images: Float[Tensor, "b 3 H W"],
    labels: Int[Tensor, " b"],
    noise: Noise | None,
    affine: Affine | None,
    reduce_max: ReduceMax | None = None,
) -> tuple[ConceptOutput, dict[str, Tensor]]:
    """Both passes of a training step, and their loss terms.

    Both passes are one call of ``model``, so that a wrapper for several processes sees one forward per backward. They
    share their Gumbel noise: maps may differ by the transform only.

    Args:
        model: the concept model, wrapped or not.
        objective: what to compute.
        images: normalised.
        labels: class indices.
        noise: Gumbel noise of this batch.
        affine: this step's transform; unused when the equivariance term is off.
        reduce_max: see :class:`Objective`.
    """
    needed = affine if objective.needs_transform else None
    warped = None if needed is None else warp(images, needed)
    output = model(images, noise, warped)
    terms = objective(output, labels, transformed=output.transformed, transform=needed, reduce_max=reduce_max)
    return output, terms


def _mean(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).mean()


__all__ = ["PART_SHAPING", "TERMS", "Objective", "training_terms"]
