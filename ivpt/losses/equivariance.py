"""Equivariance: a concept's region moves with the image, Eq. 12."""

from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor


def equivariance(
    attention: Float[Tensor, "b k h w"],
    back: Float[Tensor, "b k h w"],
    inside: Bool[Tensor, "h w"],
    transformed: Float[Tensor, "b k h w"],
    form: Literal["cosine", "norms"] = "cosine",
) -> Float[Tensor, ""]:
    """1 - agreement of each foreground map with the one found in the transformed image and carried back.

    Args:
        attention: foreground maps of the image.
        back: foreground maps of the transformed image, carried back.
        inside: cells that lay inside the transformed image; the others are left out of ``cosine``.
        transformed: foreground maps of the transformed image before they were carried back.
        form: ``cosine`` of the flattened valid cells, in [0, 1] for maps that are not negative; ``norms`` divides the
            norm of the elementwise product by the norms of the two maps in their own frames, as printed.
    """
    if form == "norms":
        product = (attention * back).flatten(2).norm(dim=2)
        scale = attention.flatten(2).norm(dim=2) * transformed.flatten(2).norm(dim=2)
        return 1 - (product / scale.clamp(min=1e-8)).mean()
    valid = inside.to(attention.dtype)
    one, two = (attention * valid).flatten(2), (back * valid).flatten(2)
    cosine = (one * two).sum(2) / (one.norm(dim=2) * two.norm(dim=2)).clamp(min=1e-8)
    return 1 - cosine.mean()
