"""The bridge from a data set to torch's loaders."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from ivpt.data.transforms import Augment, Size, training_view
from ivpt.errors import DataError, IvptError
from ivpt.interfaces.dataset import Dataset


class Item(TypedDict):
    """One image for the model.

    Attributes:
        image: normalised.
        label: class index.
        index: position in the data set's records.
    """

    image: Float[Tensor, "3 H W"]
    label: int
    index: int


class ImageSet(TorchDataset[Item]):
    """Some images of a data set as model input.

    The chance in an augmented image depends on (seed, epoch, position in the data set) and on nothing else: not on
    loader workers, processes, batch order or where training was resumed.

    Args:
        dataset: prepared.
        indices: positions in ``dataset.records()``.
        image_size: side, or (height, width), in pixels.
        mean: of each channel, for images in [0, 1].
        std: of each channel, for images in [0, 1].
        augment: see :func:`ivpt.data.transforms.training_view`.
        seed: of the augmentation.
    """

    def __init__(
        self,
        dataset: Dataset,
        indices: Sequence[int] | NDArray[np.integer],
        *,
        image_size: int | Size,
        mean: Sequence[float],
        std: Sequence[float],
        augment: Augment = "none",
        seed: int = 0,
    ) -> None:
        self.dataset = dataset
        self.indices = np.asarray(indices, dtype=np.int64)
        self.labels = np.array([record.label for record in dataset.records()], dtype=np.int64)[self.indices]
        self.image_size: Size = (image_size, image_size) if isinstance(image_size, int) else image_size
        self.mean = tuple(mean)
        self.std = tuple(std)
        self.augment = augment
        self.seed = seed
        # In shared memory, so that loader workers that outlive an epoch see the new one.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def set_epoch(self, epoch: int) -> None:
        """Draw other augmentations from now on."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> Item:
        """The item at a position in ``indices``.

        Raises:
            DataError: the image cannot be decoded.
        """
        index = int(self.indices[position])
        generator = np.random.Generator(np.random.PCG64([self.seed, int(self._epoch), index]))
        view = training_view(self.dataset.image(index), self.image_size, self.mean, self.std, self.augment, generator)
        return {"image": view, "label": int(self.labels[position]), "index": index}


def readable(
    dataset: Dataset,
    indices: Sequence[int] | NDArray[np.integer],
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[NDArray[np.int64], list[DataError]]:
    """Decode every image once and tell the good from the bad (``data.skip_unreadable``).

    Returns:
        The positions that decode, in their order, and the error of each of the others, which names its file.
    """
    good: list[int] = []
    bad: list[DataError] = []
    for done, index in enumerate(indices):
        if progress is not None:
            progress(done, len(indices), "checking images")
        try:
            dataset.image(int(index))
            good.append(int(index))
        except DataError as error:
            bad.append(error)
    return np.array(good, dtype=np.int64), bad


def plain_error(error: IvptError) -> IvptError:
    """Undo what torch's loader does to an error raised in a worker: wrap its whole traceback into the message."""
    lines = str(error).splitlines()
    kind = type(error)
    if not lines or not lines[0].startswith(f"Caught {kind.__name__}"):
        return error
    mark = f"{kind.__name__}: "
    said = [line.partition(mark)[2] for line in lines if line.startswith(f"ivpt.errors.{mark}")]
    return kind(said[-1]) if said else error


__all__ = ["ImageSet", "Item", "plain_error", "readable"]
