"""Fitting the head anew to what is left of a model: backbone, prototypes and norms stay as they are."""

from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ivpt.data.loading import ImageSet, plain_error
from ivpt.errors import DataError, TrainingError
from ivpt.evaluation.reload import Reloaded
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.losses.classification import classification
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.training.evaluation import make_loader
from ivpt.training.randomness import Purpose, generator
from ivpt.training.selection import ValScore, is_better

EPOCHS = 30
"""Passes over the stored features; cheap, as no image is looked at again."""


@dataclass(frozen=True)
class HeadFit:
    """How a head was fitted; goes into the history of the pruned run.

    Attributes:
        loss: of the fit.
        optimiser: with its only rate.
        rate: learning rate, that of the run's heads; it falls to 0 by a cosine.
        epochs: passes over the features.
        batch_size: of the fit.
        seed: of the order.
        images: number of training images, each seen once, unchanged.
        selection: how the kept epoch was chosen.
        kept: 1-based epoch; 0 is the head as it was.
        val_before: share of val images recognised by the pruned model with the head as it was.
        val_after: with the kept one.
    """

    loss: str
    optimiser: str
    rate: float
    epochs: int
    batch_size: int
    seed: int
    images: int
    selection: str
    kept: int
    val_before: float
    val_after: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def fit_head(
    run: RunFile,
    reloaded: Reloaded,
    dataset: Dataset,
    *,
    batch_size: int,
    epochs: int = EPOCHS,
    progress: Progress | None = None,
) -> HeadFit:
    """Train the head on the training images and keep the epoch that is best on val; test images are not looked at.

    The features that enter the head are computed once, from images without augmentation, and kept in memory
    (images x coarse concepts x width, in 32 bits). Features of removed concepts are 0 and get no gradient.

    Args:
        run: open; for its split.
        reloaded: its model, with what is to be removed taken out; its head is changed.
        dataset: its data set.
        batch_size: images at a time while features are computed.
        epochs: passes over the features.
        progress: told about every batch and epoch.

    Raises:
        DataError: there are no images to train or to select on, or one cannot be decoded.
        TrainingError: the loss is not a number.
    """
    model, config = reloaded.model, reloaded.config
    features, labels = {}, {}
    for split in ("train", "val"):
        features[split], labels[split] = _features(run, reloaded, dataset, split, batch_size, progress)
    device = reloaded.accelerator.device
    weight = model.head.weight
    size = min(config.training.batch_size, len(labels["train"]))
    steps = len(labels["train"]) // size
    optimiser = torch.optim.Adam([weight], lr=config.training.lr_layers)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    first = kept = _val_score(model.head, features["val"], labels["val"], 0)
    best = weight.detach().clone()
    for epoch in range(epochs):
        order = torch.randperm(
            len(labels["train"]), generator=generator(config.training.seed, Purpose.ORDER, epoch)
        ).tolist()
        for step in range(steps):
            rows = order[step * size : (step + 1) * size]
            scores = model.head(features["train"][rows].to(device))
            loss = classification(scores.mean(1), labels["train"][rows].to(device))
            if not bool(torch.isfinite(loss)):
                raise TrainingError("The loss of the head is not a number.", "Leave --refit-head out.")
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        schedule.step()
        score = _val_score(model.head, features["val"], labels["val"], epoch + 1)
        if is_better(score, kept, "best"):
            kept, best = score, weight.detach().clone()
        if progress is not None:
            progress(epoch + 1, epochs, "fitting the head")
    with torch.no_grad():
        weight.copy_(best)
    return HeadFit(
        loss="cross-entropy of the averaged scores",
        optimiser="Adam",
        rate=config.training.lr_layers,
        epochs=epochs,
        batch_size=size,
        seed=config.training.seed,
        images=len(labels["train"]),
        selection="best accuracy on val, then least loss; epoch 0 is the head as it was",
        kept=kept.epoch,
        val_before=first.accuracy,
        val_after=kept.accuracy,
    )


def _features(
    run: RunFile, reloaded: Reloaded, dataset: Dataset, split: str, batch_size: int, progress: Progress | None
) -> tuple[Tensor, Tensor]:
    """(N, n + 1, D) normalised coarse vectors of a split's readable images and (N,) classes, on the CPU."""
    indices = usable_images(run, split)
    if not len(indices):
        raise DataError(f"The run has no readable {split} images to fit a head with.")
    model = reloaded.model
    backbone = model.backbone
    images = ImageSet(dataset, indices, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std)
    batches = [part.tolist() for part in np.split(np.arange(len(indices)), range(batch_size, len(indices), batch_size))]
    found: list[Tensor] = []
    done = 0
    try:
        for batch in make_loader(images, batches, reloaded.config.data.workers):
            with torch.no_grad(), reloaded.accelerator.autocast():
                output = model(batch["image"].to(reloaded.accelerator.device, non_blocking=True))
            found.append(output.modulated.float().cpu())
            done += len(found[-1])
            if progress is not None:
                progress(done, len(indices), f"features of {split} images")
    except DataError as error:
        raise plain_error(error) from None
    return torch.cat(found), torch.from_numpy(images.labels)


def usable_images(run: RunFile, split: str) -> NDArray[np.int64]:
    """Positions of the readable images of a split."""
    indices = np.flatnonzero(run.splits == SPLITS.index(split))
    sizes = run.image_sizes()
    return indices if sizes is None else indices[(sizes[indices] > 0).all(axis=1)]


@torch.no_grad()
def _val_score(head: torch.nn.Module, features: Tensor, labels: Tensor, epoch: int) -> ValScore:
    device = next(head.parameters()).device
    parts = torch.split(features, 1024)
    logits = torch.cat([cast(Tensor, head(part.to(device))).mean(1).double().cpu() for part in parts])
    loss = float(torch.nn.functional.cross_entropy(logits, labels))
    return ValScore(epoch, float((logits.argmax(1) == labels).double().mean()), loss)


__all__ = ["EPOCHS", "HeadFit", "fit_head", "usable_images"]
