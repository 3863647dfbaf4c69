"""Where background prototypes begin: at what the border of training images looks like."""

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
    """Put the background prototype of every set at the mean token of the images' border.

    The mean is weighted as the background's presence is (Eq. 15). Background presence (Eq. 14) alone asks of a
    background that starts anywhere no more than one place near the border of each image, which a part of the object can
    give as well. The other prototypes stay where they were drawn.

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
        _place(accelerator, model, images, chosen, batch_size)
    if accelerator.num_processes > 1:
        for key in (*model.blocks, "coarse"):
            prototypes = model.concept_set(key).prototypes
            prototypes.data = broadcast(prototypes.data)


def _place(accelerator: Accelerator, model: ConceptModel, images: ImageSet, chosen: list[int], batch_size: int) -> None:
    sums: dict[int | str, Tensor] = {}
    batches = [chosen[start : start + batch_size] for start in range(0, len(chosen), batch_size)]
    for batch in make_loader(images, batches, 0):
        with torch.no_grad(), accelerator.autocast():
            features = model.bare_features(batch["image"].to(accelerator.device))
        for key, cells in features.items():
            weights = border_mask(*model.backbone.grid, like=cells).flatten()
            found = torch.einsum("bud,u->d", cells, weights) / (weights.sum() * len(chosen))
            sums[key] = sums.get(key, torch.zeros_like(found)) + found
    for key, mean in sums.items():
        model.concept_set(key).prototypes.data[BACKGROUND] = mean


__all__ = ["IMAGES", "start_background"]
