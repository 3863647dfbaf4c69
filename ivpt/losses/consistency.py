"""Concept region consistency: grouped fine regions agree with the coarse ones, Eq. 8."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

EPS = 1e-10


def consistency(
    fine: Float[Tensor, "b g h w"], coarse: Float[Tensor, "b g h w"], form: Literal["patch", "regions"] = "patch"
) -> Float[Tensor, ""]:
    """KL divergence of the grouped fine maps from the coarse maps; the coarse side teaches and gets no gradient.

    Args:
        fine: grouped maps, group 0 is background (soft maps for ``patch``, hard region maps for ``regions``).
        coarse: maps of the coarse set, channel 0 is background.
        form: ``patch`` is the categorical KL(coarse || fine) over the n + 1 groups of each patch, averaged over patches
            and images; ``regions`` is Eq. 8 as printed: each group's maps as distributions over the image,
            KL(fine || coarse), averaged over the n groups (background left out) and images. Empty regions have no
            distribution: both sides are smoothed by a small constant before they are normalised.
    """
    coarse = coarse.detach()
    if form == "patch":
        fine, coarse = fine.clamp(min=0) + EPS, coarse.clamp(min=0) + EPS
        return (coarse * (coarse.log() - fine.log())).sum(1).mean()
    f, c = fine[:, 1:].flatten(2).clamp(min=0) + 1e-6, coarse[:, 1:].flatten(2).clamp(min=0) + 1e-6
    f, c = f / f.sum(-1, keepdim=True), c / c.sum(-1, keepdim=True)
    return (f * (f.log() - c.log())).sum(-1).mean()
