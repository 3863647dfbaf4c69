"""Random views of pictures: affine maps, rolling, light. Coordinates are x, y in [-1, 1]."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def random_warps(batch: int, *, turn: float, move: float, share: float = 1.0) -> Tensor:
    """Affine maps from output to source coordinates, (batch, 2, 3): turn, scale, stretch, flip, move.

    Args:
        batch: how many.
        turn: largest angle in degrees, either way.
        move: largest shift is half of this.
        share: of the maps that turn, scale and so on at all; all may be flipped.
    """
    some = (torch.rand(batch) < share).float()
    angle = some * (torch.rand(batch) - 0.5) * 2 * math.radians(turn)
    scale = torch.exp(some * (torch.rand(batch) - 0.7) * 0.7)
    stretch = torch.exp(some * (torch.rand(batch) - 0.5) * 0.35)
    flip = torch.where(torch.rand(batch) < 0.5, -1.0, 1.0)
    shift = some[:, None] * (torch.rand(batch, 2) - 0.5) * move
    cos, sin = angle.cos() * scale, angle.sin() * scale
    rows = [torch.stack([cos * flip * stretch, -sin], -1), torch.stack([sin * flip * stretch, cos], -1)]
    return torch.cat([torch.stack(rows, 1), shift[..., None]], -1)


def inverse(maps: Tensor) -> Tensor:
    """The inverse affine maps, (b, 2, 3)."""
    back = torch.linalg.inv(maps[:, :, :2])
    return torch.cat([back, -back @ maps[:, :, 2:]], -1)


def apply(maps: Tensor, points: Tensor) -> Tensor:
    """Points (b, n, 2) through affine maps (b, 2, 3)."""
    return points @ maps[:, :, :2].transpose(1, 2) + maps[:, None, :, 2]


def warp(images: Tensor, maps: Tensor) -> Tensor:
    """Images read at affine maps; what lies outside is mirrored."""
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def random_rolls(batch: int, size: int, share: float = 0.85) -> Tensor:
    """Cyclic shifts (batch, 2) in pixels x, y, for a share of the images; they leave no use for a place."""
    return torch.randint(0, size, (batch, 2)) * (torch.rand(batch, 1) < share)


def roll(images: Tensor, rolls: Tensor) -> Tensor:
    """Images moved by cyclic shifts (b, 2), in pixels."""
    size = images.shape[-1]
    rows = (torch.arange(size)[None] - rolls[:, 1:2]) % size
    columns = (torch.arange(size)[None] - rolls[:, 0:1]) % size
    images = torch.gather(images, 2, rows[:, None, :, None].expand(-1, 3, -1, size))
    return torch.gather(images, 3, columns[:, None, None, :].expand(-1, 3, size, -1))


def wrapped(points: Tensor) -> Tensor:
    """Coordinates brought back into [-1, 1) by whole turns."""
    return torch.remainder(points + 1, 2) - 1


def photometric(images: Tensor) -> Tensor:
    """Brightness, contrast, saturation, channel gain, and a little noise; images in [0, 1]."""
    b = len(images)
    gain = 1 + 0.25 * (torch.rand(b, 3, 1, 1) - 0.5)
    contrast = 1 + 0.5 * (torch.rand(b, 1, 1, 1) - 0.5)
    brightness = 0.25 * (torch.rand(b, 1, 1, 1) - 0.5)
    grey = images.mean(1, keepdim=True)
    saturation = 1.3 * torch.rand(b, 1, 1, 1)
    images = grey + (images - grey) * saturation.clamp(max=1.15)
    images = (images * gain - 0.5) * contrast + 0.5 + brightness
    return (images + 0.02 * torch.randn_like(images)).clamp(0, 1)


def normalised(images: Tensor) -> Tensor:
    """Images in [0, 1] as ``vit_mini`` takes them."""
    return (images - 0.5) / 0.5
