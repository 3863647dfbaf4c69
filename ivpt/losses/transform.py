"""The random transform of the equivariance loss and its inverse on maps."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Affine:
    """Scale, then rotate about the centre, then shift.

    Attributes:
        angle: degrees, counter-clockwise in the picture.
        shift: rightwards and downwards, as shares of width and height.
        scale: enlargement.
    """

    angle: float
    shift: tuple[float, float]
    scale: float


def sample_affine(generator: torch.Generator) -> Affine:
    """Rotation U(-90, 90) degrees, shift up to 11 %, scale U(0.8, 1.4), no shear (PDiscoFormer)."""
    angle, right, down, scale = torch.rand(4, generator=generator, dtype=torch.float64).tolist()
    return Affine(180 * angle - 90, (0.22 * right - 0.11, 0.22 * down - 0.11), 0.8 + 0.6 * scale)


def _forward_matrix(affine: Affine, size: tuple[int, int]) -> Tensor:
    """Source to target in coordinates of [-1, 1]: (3, 3) float64. Rotation is rigid in pixels, also on a non-square image."""
    height, width = size
    turn = math.radians(affine.angle)
    cos, sin = affine.scale * math.cos(turn), affine.scale * math.sin(turn)
    aspect = height / width
    return torch.tensor(
        [[cos, sin * aspect, 2 * affine.shift[0]], [-sin / aspect, cos, 2 * affine.shift[1]], [0, 0, 1]],
        dtype=torch.float64,
    )


def _sample(images: Tensor, matrix: Tensor) -> Tensor:
    """Bilinear sampling at target-to-source ``matrix``; zero outside."""
    theta = matrix[:2].to(images)[None].expand(len(images), -1, -1)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def warp(images: Float[Tensor, "b c H W"], affine: Affine) -> Float[Tensor, "b c H W"]:
    """Transform images; what comes from outside is 0, the mean of normalised images."""
    return _sample(images, torch.linalg.inv(_forward_matrix(affine, (images.shape[2], images.shape[3]))))


def unwarp(
    maps: Float[Tensor, "b k h w"], affine: Affine
) -> tuple[Float[Tensor, "b k h w"], Bool[Tensor, "h w"]]:
    """Carry maps of a warped image back, and say which cells lay inside the warped image altogether."""
    matrix = _forward_matrix(affine, (maps.shape[2], maps.shape[3]))
    back = _sample(maps, matrix)
    inside = _sample(maps.new_ones(1, 1, *maps.shape[2:]), matrix)[0, 0] > 1 - 1e-4
    return back, inside
