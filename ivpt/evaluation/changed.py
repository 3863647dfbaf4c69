"""Changed images as model input: box crops and noise (metrics.md 1.1, 1.4)."""

import hashlib

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ivpt.data.loading import ImageSet, Item
from ivpt.data.transforms import Size, evaluation_view, normalised
from ivpt.interfaces.backbone import TokenModel
from ivpt.interfaces.dataset import Dataset
from ivpt.interfaces.metric import View
from ivpt.runfile.frames import Boxes


class ChangedImages(ImageSet):
    """Images as a view shows them; any order and any batch gives the same.

    Args:
        dataset: prepared.
        indices: positions in ``dataset.records()``.
        view: what is changed.
        backbone: for its input size and normalisation.
        ids: of the whole data set; noise is seeded by them.
        frames: (len(indices), 4) whole numbers: the box each image is cropped to, where the view crops.
    """

    def __init__(
        self,
        dataset: Dataset,
        indices: NDArray[np.integer],
        view: View,
        backbone: TokenModel,
        ids: list[str],
        frames: Boxes,
    ) -> None:
        super().__init__(dataset, indices, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std)
        self.view = view
        self._names = [ids[i] for i in indices]
        self._frames = frames.astype(np.int64)

    def __getitem__(self, position: int) -> Item:
        """The item at a position in ``indices``.

        Raises:
            DataError: the image cannot be decoded.
        """
        index, view = int(self.indices[position]), self.view
        image = self.dataset.image(index)
        if view.crop == "box":
            shown = normalised(squashed(image, self._frames[position], self.image_size), self.mean, self.std)
        else:
            shown = evaluation_view(image, self.image_size, self.mean, self.std)
        if view.noise_seed is not None:
            shape = (3, *self.image_size)
            shown = shown + noise(view.noise_seed, self._names[position], shape, view.noise_std, view.noise_clip)
        return {"image": shown, "label": int(self.labels[position]), "index": index}


def squashed(image: NDArray[np.uint8], frame: NDArray[np.int64], size: Size) -> NDArray[np.uint8]:
    """Cut out a box and resize it to the input's size, whatever its proportions (bicubic, antialiased).

    Args:
        image: (height, width, 3).
        frame: x, y, width, height; begins inside the image, and the cut ends at its border.
        size: of the result.
    """
    x, y, width, height = (int(value) for value in frame)
    cut = Image.fromarray(np.ascontiguousarray(image[y : y + height, x : x + width]))
    return np.asarray(cut.resize((size[1], size[0]), Image.Resampling.BICUBIC))


def noise(seed: int, name: str, shape: tuple[int, int, int], std: float, clip: float) -> Float[Tensor, "3 H W"]:
    """Clipped normal noise that belongs to an image: it depends on the seed and the image's name alone."""
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), np.uint32).tolist()
    generator = np.random.Generator(np.random.PCG64([seed, *words]))
    drawn = generator.standard_normal(shape, np.float32) * np.float32(std)
    return torch.from_numpy(np.clip(drawn, -np.float32(clip), np.float32(clip)))
