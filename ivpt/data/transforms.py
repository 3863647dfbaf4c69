"""Images to model input: pure functions; chance enters through the generator that is passed in."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Size = tuple[int, int]
"""(height, width) in pixels."""

Augment = Literal["paper", "flip", "none"]

MAX_ANGLE = 90.0
"""Degrees, either way (the published recipe, as the next two)."""
MAX_SHIFT = 0.2
"""Share of width and of height, either way."""
SCALES = (0.8, 1.2)


def visible_box(width: int, height: int, size: Size) -> tuple[float, float, float, float]:
    """What of an image the evaluation view shows: the largest centred box of the view's proportions.

    Args:
        width: of the image.
        height: of the image.
        size: of the view.

    Returns:
        x, y, width, height in pixels of the image; a point (px, py) of it is shown at
        ``((px - x) * size[1] / width, (py - y) * size[0] / height)``.
    """
    scale = max(size[0] / height, size[1] / width)
    box_width, box_height = min(size[1] / scale, width), min(size[0] / scale, height)
    return (width - box_width) / 2, (height - box_height) / 2, box_width, box_height


def evaluation_crop(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Short side to the view's side (bicubic, antialiased), then the centre; still 8-bit RGB.

    Args:
        image: (height, width, 3).
        size: of the result.
    """
    if image.shape[:2] == size:
        return image
    x, y, width, height = visible_box(image.shape[1], image.shape[0], size)
    resized = Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BICUBIC, (x, y, x + width, y + height))
    return np.asarray(resized)


def normalised(image: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> Float[Tensor, "3 H W"]:
    """8-bit RGB to float32 channels with the backbone's normalisation."""
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float()
    return pixels.sub_(_channels(mean) * 255).div_(_channels(std) * 255)


def evaluation_view(
    image: NDArray[np.uint8], size: Size, mean: Sequence[float], std: Sequence[float]
) -> Float[Tensor, "3 H W"]:
    """The one view that validation, test and every map in a run file are made from."""
    return normalised(evaluation_crop(image, size), mean, std)


def training_view(
    image: NDArray[np.uint8],
    size: Size,
    mean: Sequence[float],
    std: Sequence[float],
    augment: Augment,
    generator: np.random.Generator,
) -> Float[Tensor, "3 H W"]:
    """A view to learn from.

    ``paper``: short side to the view's side, horizontal flip (p = 0.5), rotation, translation and scaling about the
    centre, random crop; all in one bilinear sampling. Where nothing is known the mean colour is filled in, which is
    zero after normalisation. ``flip``: the evaluation view, flipped or not. ``none``: the evaluation view.
    """
    if augment == "none":
        return evaluation_view(image, size, mean, std)
    flip = bool(generator.random() < 0.5)
    if augment == "flip":
        view = evaluation_view(image, size, mean, std)
        return view.flip(-1) if flip else view
    covering = normalised(_cover(image, size), mean, std)
    height, width = covering.shape[1:]
    angle = math.radians(_between(generator, -MAX_ANGLE, MAX_ANGLE))
    shift = (
        _between(generator, -MAX_SHIFT, MAX_SHIFT) * width,
        _between(generator, -MAX_SHIFT, MAX_SHIFT) * height,
    )
    scale = _between(generator, *SCALES)
    corner = (int(generator.random() * (width - size[1] + 1)), int(generator.random() * (height - size[0] + 1)))
    return _sample(covering, size, flip, angle, shift, scale, corner)


def _cover(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    new = (max(round(width * scale), size[1]), max(round(height * scale), size[0]))
    if new == (width, height):
        return image
    return np.asarray(Image.fromarray(image).resize(new, Image.Resampling.BICUBIC))


def _sample(
    image: Float[Tensor, "3 h w"],
    size: Size,
    flip: bool,
    angle: float,
    shift: tuple[float, float],
    scale: float,
    corner: tuple[int, int],
) -> Float[Tensor, "3 H W"]:
    """Flip, then rotate and scale about the centre and shift, then cut out; lengths in pixels of ``image``.

    Each pixel of the result is traced back to where it comes from: out = R scale (in - centre) + centre + shift.
    """
    height, width = image.shape[1:]
    x = torch.arange(size[1], dtype=torch.float32) + 0.5 + corner[0] - width / 2 - shift[0]
    y = torch.arange(size[0], dtype=torch.float32) + 0.5 + corner[1] - height / 2 - shift[1]
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    from_x = cos * x[None, :] + sin * y[:, None]
    from_y = -sin * x[None, :] + cos * y[:, None]
    # Coordinates of grid_sample run from -1 to 1 between the outer edges (align_corners=False).
    grid = torch.stack(((-from_x if flip else from_x) * (2 / width), from_y * (2 / height)), dim=-1)
    return F.grid_sample(image[None], grid[None], mode="bilinear", padding_mode="zeros", align_corners=False)[0]


def _between(generator: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(generator.random())


def _channels(values: Sequence[float]) -> Tensor:
    return torch.tensor([float(value) for value in values]).view(3, 1, 1)


__all__ = ["Augment", "Size", "evaluation_crop", "evaluation_view", "normalised", "training_view", "visible_box"]
