"""Where background prototypes begin: turned to the border of training images, away from what is everywhere."""

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor

from ivpt.concepts.model import ConceptModel
from ivpt.concepts.output import BACKGROUND
from ivpt.data.loading import ImageSet
from ivpt.losses.presence import border_mask
from ivpt.training.evaluation import make_loader
from ivpt.training.randomness import Purpose, seed_of

IMAGES = 256
"""At most so many images are looked at; a mean over their cells has settled long before."""


def start_background(
    accelerator: Accelerator, model: ConceptModel, images: ImageSet, *, seed: int, batch_size: int
) -> None:
    """Turn the background prototype of every prompted block towards the border of the images.

    Background presence (Eq. 14) alone asks of a background that starts anywhere no more than one place near the border
    of each image, which a part of the object can give as well. Its prototype keeps the length it was drawn with, so
    that it has no advantage of distance, and has nothing of the mean token, which is everywhere: with it, where tokens
    share a large mean, the background would begin with every cell. The other prototypes stay as they were drawn, and so
    does the set after the last block. Classification teaches that one, and where its background begins with the larger
    part of the image it can win all of it before classification has spoken; empty regions send no gradient, and that is
    final.

    Args:
        accelerator: the main process looks, and tells the others.
        model: on its device; its background prototypes are changed.
        images: of train, without augmentation.
        seed: chooses the images.
        batch_size: images looked at together.
    """
    if accelerator.is_main_process:
        generator = torch.Generator().manual_seed(seed_of(seed, Purpose.BACKGROUND))
        chosen = torch.randperm(len(images), generator=generator)[:IMAGES].tolist()
        for block, direction in _directions(accelerator, model, images, chosen, batch_size).items():
            prototype = model.concept_set(block).prototypes.data[BACKGROUND]
            length = direction.norm()
            if length > 0:
                prototype.copy_(direction / length * prototype.norm())
    if accelerator.num_processes > 1:
        for block in model.blocks:
            prototypes = model.concept_set(block).prototypes
            prototypes.data = broadcast(prototypes.data)


def _directions(
    accelerator: Accelerator, model: ConceptModel, images: ImageSet, chosen: list[int], batch_size: int
) -> dict[int, Tensor]:
    """(D,) of each block: mean token weighted as in Eq. 15, less the plain one and what is left along that."""
    border: dict[int, Tensor] = {}
    plain: dict[int, Tensor] = {}
    batches = [chosen[start : start + batch_size] for start in range(0, len(chosen), batch_size)]
    for batch in make_loader(images, batches, 0):
        with torch.no_grad(), accelerator.autocast():
            features = model.bare_features(batch["image"].to(accelerator.device))
        for block, cells in features.items():
            weights = border_mask(*model.backbone.grid, like=cells).flatten()
            border[block] = border.get(block, 0) + torch.einsum("bud,u->d", cells, weights / weights.sum())
            plain[block] = plain.get(block, 0) + cells.mean(1).sum(0)
    directions = {}
    for block, mean in plain.items():
        difference = border[block] - mean
        squared = mean.square().sum()
        directions[block] = difference - mean * (difference @ mean / squared) if squared > 0 else difference
    return directions


__all__ = ["IMAGES", "start_background"]
