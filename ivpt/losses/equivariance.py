"""Equivariance: maps of transformed images, brought back, should be the maps of the images, Eq. 12."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ivpt.concepts.output import BACKGROUND
from ivpt.losses.transform import Affine, unwarp

TINY = 1e-12
"""A map whose squared norm is at most this is empty: its similarity to anything is 0, and it gets no gradient."""


def similarity(
    dot: Float[Tensor, "b k"], first: Float[Tensor, "b k"], second: Float[Tensor, "b k"]
) -> Float[Tensor, "b k"]:
    """``dot / sqrt(first * second)`` of squared norms, 0 where one of them is."""
    product = first * second
    seen = (first > TINY) & (second > TINY)
    return torch.where(seen, dot * torch.where(seen, product, 1.0).rsqrt(), 0.0)


def equivariance(
    attention: Float[Tensor, "b m h w"],
    transformed: Float[Tensor, "b m h w"],
    affine: Affine,
    form: Literal["cosine", "norms"] = "cosine",
) -> Float[Tensor, ""]:
    """One minus the similarity of each foreground map and its counterpart, mean over concepts and batch.

    Args:
        attention: on the images.
        transformed: on the transformed images.
        affine: the transform.
        form: ``cosine`` of the maps over the cells seen in both, in [0, 1]; ``norms`` divides by the norm of the
            transformed map before it is brought back, as printed, which is no cosine once the transform changes scale.
    """
    fine, other = attention[:, BACKGROUND + 1 :], transformed[:, BACKGROUND + 1 :]
    returned, valid = unwarp(other, affine)
    returned = returned * valid
    dot = (fine * returned).sum((2, 3))
    if form == "cosine":
        alike = similarity(dot, (fine * valid).square().sum((2, 3)), returned.square().sum((2, 3)))
    else:
        alike = similarity(dot.abs(), fine.square().sum((2, 3)), other.square().sum((2, 3)))
    return 1 - alike.mean()


__all__ = ["equivariance"]
