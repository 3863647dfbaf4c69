"""What the reloaded model says about image files that are in no data set."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from ivpt.concepts.output import ConceptOutput
from ivpt.data.folder import SUFFIXES
from ivpt.data.images import read_image
from ivpt.data.transforms import evaluation_view
from ivpt.errors import DataError
from ivpt.evaluation.reload import Reloaded
from ivpt.interfaces.dataset import Progress
from ivpt.runfile.schema import layer_key
from ivpt.training.images import shown_part

LONGEST = 512
"""Longest side in pixels of the picture that is kept of an image, to draw regions on."""


@dataclass(frozen=True)
class Found:
    """An image file that is to be looked at.

    Attributes:
        path: of the file.
        name: what its results are called: its path below the folder that was named, or its own name; unique.
    """

    path: Path
    name: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model says about one image.

    Attributes:
        found: the image.
        picture: (height, width, 3) the part of it that the model was shown, not squashed.
        scores: (n, C) score of each class by each coarse concept; their mean over n are the logits.
        attention: by layer key, (m, h, w), Eq. 5.
        groups: by layer key, (m,) group of each prototype; no entry where there is none.
    """

    found: Found
    picture: NDArray[np.uint8]
    scores: NDArray[np.float32]
    attention: Mapping[str, NDArray[np.float32]]
    groups: Mapping[str, NDArray[np.integer]]

    @property
    def logits(self) -> NDArray[np.float32]:
        """(C,)."""
        return np.asarray(self.scores.mean(axis=0))

    @property
    def predicted(self) -> int:
        """The class with the highest logit."""
        return int(self.logits.argmax())

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(C,) softmax of the logits."""
        weights = np.exp(self.logits.astype(np.float64) - self.logits.max())
        return np.asarray(weights / weights.sum())

    def regions(self, key: str) -> NDArray[np.integer]:
        """(h, w) the prototype that owns each cell, Eq. 6."""
        return np.asarray(self.attention[key].argmax(axis=0))


@dataclass(frozen=True)
class Unreadable:
    """An image file that cannot be decoded, and why."""

    found: Found
    error: DataError


def find_images(paths: Sequence[Path]) -> list[Found]:
    """The files that are named, and the images below folders that are named, each once, in a fixed order.

    Raises:
        DataError: a folder holds no image.
    """
    found: dict[Path, Found] = {}
    taken: set[str] = set()
    for path in paths:
        if path.is_dir():
            files = sorted(_images_below(path))
            if not files:
                raise DataError(f"The folder {path} holds no images.", f"Images end in {', '.join(sorted(SUFFIXES))}.")
        else:
            files = [path]
        for file in files:
            name = PurePosixPath(file.relative_to(path) if path.is_dir() else file.name).as_posix()
            if file.resolve() not in found:
                found[file.resolve()] = Found(file, _unique(name, taken))
    return list(found.values())


def predict_images(
    reloaded: Reloaded, images: Sequence[Found], *, batch_size: int, progress: Progress | None = None
) -> Iterator[Prediction | Unreadable]:
    """Look at image files; results come in their order, and one batch is in memory at a time.

    Args:
        reloaded: the model.
        images: from :func:`find_images`.
        batch_size: images at a time.
        progress: told about every batch.
    """
    backbone = reloaded.model.backbone
    for start in range(0, len(images), batch_size):
        results: list[Prediction | Unreadable | None] = []
        inputs, pictures = [], []
        for found in images[start : start + batch_size]:
            try:
                image = read_image(found.path)
            except DataError as error:
                results.append(Unreadable(found, error))
                continue
            results.append(None)
            inputs.append(evaluation_view(image, backbone.image_size, backbone.mean, backbone.std))
            pictures.append((found, np.asarray(shown_part(image, backbone.image_size, LONGEST))))
        predictions: Iterator[Prediction] = iter(())
        if inputs:
            with torch.no_grad(), reloaded.accelerator.autocast():
                output = reloaded.model(torch.stack(inputs).to(reloaded.accelerator.device))
            predictions = _predictions(output, pictures)
        if progress is not None:
            progress(min(start + batch_size, len(images)), len(images), "looking at images")
        for result in results:
            yield next(predictions) if result is None else result


def _predictions(output: ConceptOutput, pictures: list[tuple[Found, NDArray[np.uint8]]]) -> Iterator[Prediction]:
    scores = output.scores.float().cpu().numpy()
    attention, groups = {}, {}
    for block, layer in (*output.layers.items(), (None, output.coarse)):
        attention[layer_key(block)] = layer.attention.float().cpu().numpy()
        if layer.groups is not None:
            groups[layer_key(block)] = layer.groups.argmax(dim=-1).cpu().numpy()
    for row, (found, picture) in enumerate(pictures):
        yield Prediction(
            found,
            picture,
            scores[row],
            {key: maps[row] for key, maps in attention.items()},
            {key: assigned[row] for key, assigned in groups.items()},
        )


def _images_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            Path(place) / name for name in files if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        )


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number before its suffix when another image is called so; a suffix alone tells none apart."""
    path = PurePosixPath(name)
    base = path.with_suffix("").as_posix()
    stem, number = base, 1
    while stem in taken:
        number += 1
        stem = f"{base}-{number}"
    taken.add(stem)
    return stem + path.suffix
