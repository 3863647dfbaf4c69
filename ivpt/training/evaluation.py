"""Deterministic passes over images: no noise, no augmentation, every image once for any number of processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from ivpt.concepts.model import ConceptModel
from ivpt.concepts.output import ConceptOutput
from ivpt.data.loading import ImageSet
from ivpt.runfile.content import MapBatch
from ivpt.runfile.schema import layer_key
from ivpt.training.batches import Share, evaluation_shares
from ivpt.training.processes import gather

_ATTENTION, _GROUPS = "attention:", "groups:"


def evaluate(
    accelerator: Accelerator, model: ConceptModel, images: ImageSet, *, per_process: int, workers: int = 0
) -> Iterator[MapBatch]:
    """Maps and scores of all images of a set, in its order; every process yields the same, gathered batches.

    Args:
        accelerator: whose processes share the work; all of them have to consume the iterator.
        model: put into evaluation mode.
        images: without augmentation.
        per_process: images a process computes at a time.
        workers: loader processes.
    """
    model.eval()
    shares = evaluation_shares(range(len(images)), per_process, accelerator.num_processes, accelerator.process_index)
    loader = make_loader(images, [share.positions for share in shares], workers)
    for share, batch in zip(shares, loader, strict=True):
        # Not around the yield: whoever consumes this, or stops consuming it, keeps gradients as they were.
        with torch.no_grad():
            with accelerator.autocast():
                output = model(batch["image"].to(accelerator.device, non_blocking=True))
            tensors = {"index": batch["index"].to(accelerator.device), **_tensors(output)}
            gathered = gather(accelerator, tensors)
        yield _map_batch(gathered, share)


def make_loader(images: ImageSet, batches: Sequence[list[int]], workers: int) -> DataLoader[Any]:
    """A loader of the given batches of positions."""
    return DataLoader(
        images, batch_sampler=batches, num_workers=workers, pin_memory=workers > 0 and torch.cuda.is_available()
    )


def _tensors(output: ConceptOutput) -> dict[str, Tensor]:
    tensors = {"scores": output.scores.float()}
    for block, layer in (*output.layers.items(), (None, output.coarse)):
        tensors[_ATTENTION + layer_key(block)] = layer.attention.float()
        if layer.groups is not None:
            tensors[_GROUPS + layer_key(block)] = layer.groups.argmax(dim=-1)
    return tensors


def _map_batch(tensors: dict[str, Tensor], share: Share) -> MapBatch:
    arrays = {name: tensor[: share.kept].cpu().numpy() for name, tensor in tensors.items()}
    return MapBatch(
        indices=arrays["index"],
        attention={k.removeprefix(_ATTENTION): v for k, v in arrays.items() if k.startswith(_ATTENTION)},
        scores=arrays["scores"],
        predictions=arrays["scores"].mean(axis=1).argmax(axis=1),
        groups={k.removeprefix(_GROUPS): v for k, v in arrays.items() if k.startswith(_GROUPS)},
    )


@dataclass
class Tally:
    """Labels and predictions of one split as its batches go by.

    Args:
        labels: (N,) class of every image of the data set.
        told: called with the number of images so far.
    """

    labels: NDArray[np.integer]
    told: Callable[[int], None] | None = None
    indices: list[int] = field(default_factory=list)
    predictions: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def watch(self, batches: Iterator[MapBatch]) -> Iterator[MapBatch]:
        """Pass batches on and count them."""
        for batch in batches:
            self.add(batch)
            if self.told is not None:
                self.told(len(self.indices))
            yield batch

    def add(self, batch: MapBatch) -> None:
        """Count one batch."""
        truth = self.labels[batch.indices]
        logits = batch.scores.mean(axis=1, dtype=np.float64)
        highest = logits.max(axis=1)
        evidence = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
        self.losses += (evidence - logits[np.arange(len(truth)), truth]).tolist()
        self.indices += batch.indices.tolist()
        self.predictions += batch.predictions.tolist()

    @property
    def truth(self) -> NDArray[np.integer]:
        """Labels of the counted images."""
        return self.labels[np.array(self.indices, np.int64)]

    @property
    def predicted(self) -> NDArray[np.integer]:
        """Predictions of the counted images."""
        return np.array(self.predictions, np.int64)

    @property
    def accuracy(self) -> float:
        """Share of the counted images that are recognised."""
        return float((self.truth == self.predicted).mean())

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return float(np.mean(self.losses))
