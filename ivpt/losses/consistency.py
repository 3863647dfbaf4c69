"""Region consistency: the combined fine regions of a group should be the coarse region, Eq. 8."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from ivpt.concepts.discovery import regions
from ivpt.concepts.output import LayerConcepts

EPS = 1e-10
"""Added inside logarithms."""


def patch_consistency(coarse: Float[Tensor, "b g h w"], grouped: Float[Tensor, "b g h w"]) -> Float[Tensor, ""]:
    """KL(coarse || fine) of each patch over the n groups and background, mean over patches and batch, in nats.

    Both are soft maps that sum to 1 over the groups. The coarse map is the target and gets no gradient.
    """
    target = coarse.detach()
    return (target * ((target + EPS).log() - (grouped + EPS).log())).sum(1).mean()


def region_consistency(fine: Float[Tensor, "b n h w"], coarse: Float[Tensor, "b n h w"]) -> Float[Tensor, ""]:
    """Eq. 8 on hard region maps: KL(R^f, R^c), mean over groups, patches and batch; gradient to both sides.

    Region maps are no distributions (they are 0 almost everywhere, and a group may be empty), so the divergence is
    taken in its form for unnormalised measures, ``f log(f / c) - f + c``, which is 0 for equal maps, never negative,
    and finite for empty ones.
    """
    return (fine * ((fine + EPS).log() - (coarse + EPS).log()) - fine + coarse).mean()


def consistency(layer: LayerConcepts, coarse: LayerConcepts, form: Literal["patch", "regions"]) -> Float[Tensor, ""]:
    """Region consistency of one prompted block.

    Args:
        layer: a block with groups.
        coarse: the set after the last block.
        form: ``patch`` compares soft maps, ``regions`` hard ones as printed.
    """
    assert layer.groups is not None
    assert layer.grouped is not None
    if form == "patch":
        return patch_consistency(coarse.attention, layer.grouped)
    hard = regions(layer.attention)
    fine = (layer.groups.transpose(1, 2) @ hard.flatten(2)).reshape(coarse.attention.shape)
    first = coarse.background + 1
    return region_consistency(fine[:, first:], regions(coarse.attention)[:, first:])


__all__ = ["EPS", "consistency", "patch_consistency", "region_consistency"]
