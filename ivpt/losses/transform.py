"""The random affine transform of the equivariance loss, and its way back (Eq. 12)."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

MAX_ANGLE = 90.0
MAX_TRANSLATE = 0.11
MIN_SCALE, MAX_SCALE = 0.8, 1.4


@dataclass(frozen=True)
class Affine:
    """A point at offset p from the centre moves to ``scale * R(angle) p + translate``.

    Attributes:
        angle: degrees, clockwise as seen on the image.
        translate: (x, y) as shares of width and height.
        scale: above 1 enlarges.
    """

    angle: float = 0.0
    translate: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


def sample_affine(generator: torch.Generator) -> Affine:
    """Draw a transform: angle U(-90, 90) degrees, translation U(-0.11, 0.11) each way, scale U(0.8, 1.4)."""
    angle, x, y, scale = torch.rand(4, generator=generator, device=generator.device, dtype=torch.float64).tolist()
    return Affine(
        angle=(2 * angle - 1) * MAX_ANGLE,
        translate=((2 * x - 1) * MAX_TRANSLATE, (2 * y - 1) * MAX_TRANSLATE),
        scale=MIN_SCALE + scale * (MAX_SCALE - MIN_SCALE),
    )


def warp(images: Float[Tensor, "b c H W"], affine: Affine) -> Float[Tensor, "b c H W"]:
    """Transform images, bilinearly; what comes in from outside is 0, the mean colour of normalised images."""
    return grid_sample(images, _sources(images, affine, back=False), align_corners=False)


def unwarp(maps: Float[Tensor, "b m h w"], affine: Affine) -> tuple[Float[Tensor, "b m h w"], Bool[Tensor, "h w"]]:
    """Bring maps of transformed images back, with one bilinear reading.

    Args:
        maps: attention on transformed images; cells are taken to be square.
        affine: the transform the images went through.

    Returns:
        The maps in the frame of the original images, and the cells that were seen on the transformed image. Other
        cells hold no measurement.
    """
    grid = _sources(maps, affine, back=True)
    height, width = maps.shape[2:]
    # Inside the hull of the cell centres a reading mixes real cells only, none of the zeros beyond the border.
    hull = torch.tensor([1 - 1 / width, 1 - 1 / height], dtype=grid.dtype, device=grid.device) + 1e-5
    return grid_sample(maps, grid, align_corners=False), (grid[0].abs() <= hull).all(-1)


def _sources(images: Float[Tensor, "b c H W"], affine: Affine, back: bool) -> Float[Tensor, "b H W 2"]:
    """Where each output cell is read, in coordinates from -1 to 1 along each side."""
    height, width = images.shape[2:]
    turn, (shift_x, shift_y) = math.radians(affine.angle), affine.translate
    cos, sin, aspect = math.cos(turn), math.sin(turn), height / width
    # Rotation mixes distances, not shares of sides: going from one side's share to the other's takes the aspect ratio.
    forward = torch.tensor(
        [
            [affine.scale * cos, -affine.scale * sin * aspect, 2 * shift_x],
            [affine.scale * sin / aspect, affine.scale * cos, 2 * shift_y],
            [0.0, 0.0, 1.0],
        ],
        dtype=torch.float64,
    )
    matrix = forward if back else torch.linalg.inv(forward)
    theta = matrix[:2].to(images.dtype).to(images.device).expand(len(images), 2, 3)
    return affine_grid(theta, [len(images), 1, height, width], align_corners=False)


__all__ = ["Affine", "sample_affine", "unwarp", "warp"]
