"""The trained model, asked about single changed images."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ivpt.data.transforms import evaluation_view
from ivpt.errors import DataError
from ivpt.evaluation.reload import Reloaded
from ivpt.interfaces.dataset import Dataset, Progress

REMEMBERED = 256 * 2**20
"""Bytes of answers that are kept; of more, those asked for longest ago are computed again when they are asked for."""
BLUR_SIDE, BLUR_SIGMA = 11, 5.0

Question = tuple[object, ...]
Fill = Literal["mean", "blur"]


class ModelProbe:
    """The :class:`ivpt.interfaces.metric.Probe` of a reloaded model; also tells where things are seen.

    Args:
        reloaded: the model.
        dataset: its data set.
        batch_size: images at a time.
        progress: told how far the answers to one question list are.
    """

    def __init__(self, reloaded: Reloaded, dataset: Dataset, batch_size: int, progress: Progress | None = None) -> None:
        self._reloaded = reloaded
        self._dataset = dataset
        self._batch_size = batch_size
        self._progress = progress
        self._answers: OrderedDict[Question, NDArray[np.float32]] = OrderedDict()
        self._held = 0
        self.asked = 0
        """Images that the model was shown so far."""

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Part name to the variant of that part in each class; empty for a data set that does not know."""
        return self._dataset.class_parts()

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """What can be taken out of an image: names of parts, and names of things in its background."""
        return self._dataset.removable(index)

    def thing_masks(self, index: int) -> Mapping[str, NDArray[np.bool_]]:
        """Name of each removable thing to (height, width): the pixels that are others without it, shadow included."""
        _, things = self.removable(index)
        image = self._dataset.image(index)
        return {name: (self._dataset.redrawn(index, without={name}) != image).any(axis=2) for name in things}

    def redrawn(
        self, indices: Sequence[int], without: Sequence[frozenset[str]], backgrounds: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Scores (rows, n, C) of images drawn again without the named parts and things.

        Args:
            indices: positions of the images.
            without: of each, what is left out.
            backgrounds: of each, the name of its new background; ``None`` keeps their own.

        Raises:
            DataError: the data set cannot draw its images again, or there is no such part, thing or background.
        """
        places = list(backgrounds) if backgrounds is not None else [None] * len(indices)
        asked = [(int(i), frozenset(w), b) for i, w, b in zip(indices, without, places, strict=True)]

        def show(row: int) -> Tensor:
            index, left_out, background = asked[row]
            return self._input(self._dataset.redrawn(index, without=left_out, background=background))

        return self._answer([("redrawn", *question) for question in asked], show, "redrawn images")

    def masked(self, indices: Sequence[int], keep: NDArray[np.bool_], fill: Fill) -> NDArray[np.float32]:
        """Scores (rows, n, C) of images in which the cells of the patch grid that are not kept are filled.

        Args:
            indices: positions of the images.
            keep: (rows, h, w).
            fill: ``mean``, the zero of normalised space, or ``blur``, the normalised image under a Gaussian of
                11 x 11 pixels, sigma 5, with zeros outside (metrics.md 8.1).
        """
        keep = np.ascontiguousarray(keep, np.bool_)
        grid = self._reloaded.model.backbone.grid
        if keep.shape != (len(indices), *grid):
            raise ValueError(f"keep is {keep.shape}, expected {(len(indices), *grid)}")
        digests = [hashlib.blake2b(np.packbits(mask).tobytes(), digest_size=16).digest() for mask in keep]
        last: dict[int, tuple[Tensor, Tensor]] = {}

        def show(row: int) -> Tensor:
            index = int(indices[row])
            if index not in last:
                last.clear()
                image = self._input(self._dataset.image(index))
                last[index] = image, torch.zeros_like(image) if fill == "mean" else blurred(image)
            image, filling = last[index]
            return torch.where(self._pixels(keep[row]), image, filling)

        questions: list[Question] = [("masked", int(i), d, fill) for i, d in zip(indices, digests, strict=True)]
        return self._answer(questions, show, "masked images")

    def _input(self, image: NDArray[np.uint8]) -> Tensor:
        backbone = self._reloaded.model.backbone
        return evaluation_view(image, backbone.image_size, backbone.mean, backbone.std)

    def _pixels(self, cells: NDArray[np.bool_]) -> Tensor:
        height, width = self._reloaded.model.backbone.patch_size
        return torch.from_numpy(cells.repeat(height, 0).repeat(width, 1))

    def _answer(self, questions: list[Question], show: Callable[[int], Tensor], words: str) -> NDArray[np.float32]:
        found: dict[Question, NDArray[np.float32]] = {}
        for question in questions:
            if question in self._answers:
                self._answers.move_to_end(question)
                found[question] = self._answers[question]
        first = {question: row for row, question in reversed(list(enumerate(questions)))}
        new = [row for question, row in first.items() if question not in found]
        new.sort()
        for start in range(0, len(new), self._batch_size):
            rows = new[start : start + self._batch_size]
            for row, scores in zip(rows, self._scores([show(row) for row in rows]), strict=True):
                found[questions[row]] = scores
                self._remember(questions[row], scores)
            if self._progress is not None:
                self._progress(start + len(rows), len(new), f"asking the model about {words}")
        if not questions:
            model = self._reloaded.model
            return np.zeros((0, model.config.coarse, model.head.weight.shape[1]), np.float32)
        return np.stack([found[question] for question in questions])

    def _remember(self, question: Question, scores: NDArray[np.float32]) -> None:
        self._answers[question] = scores
        self._held += scores.nbytes
        while self._held > REMEMBERED:
            _, oldest = self._answers.popitem(last=False)
            self._held -= oldest.nbytes

    def _scores(self, images: list[Tensor]) -> NDArray[np.float32]:
        accelerator = self._reloaded.accelerator
        batch = torch.stack(images).to(accelerator.device)
        with torch.no_grad(), accelerator.autocast():
            scores = self._reloaded.model(batch).scores.float()
        self.asked += len(images)
        values: NDArray[np.float32] = scores.cpu().numpy()
        if not np.isfinite(values).all():
            raise DataError("The model's scores of a changed image are not finite.")
        return values


def blurred(image: Tensor) -> Tensor:
    """A normalised image (3, H, W) under a Gaussian of 11 x 11 pixels, sigma 5; outside the image there are zeros."""
    away = torch.arange(BLUR_SIDE) - BLUR_SIDE // 2
    line = torch.exp(-(away**2) / (2 * BLUR_SIGMA**2))
    line = line / line.sum()
    kernel = torch.outer(line, line).expand(3, 1, -1, -1)
    return F.conv2d(image[None], kernel, padding=BLUR_SIDE // 2, groups=3)[0]
