"""From the maps of up to six pathologists to one."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ivpt.errors import DataError

EXPERTS = (1, 2, 3, 4, 5, 6)
"""The folders are Maps1_T to Maps6_T."""

GRADES = (3, 4, 5)

Consensus = Literal["majority", "weighted"]

WEIGHTS: dict[Consensus, tuple[float, ...]] = {
    "majority": (1.0,) * 6,
    "weighted": (0.401, 0.413, 0.612, 0.583, 0.591, 0.532),
}
"""Of each expert's vote; the weights are those of Foucart, Debeir and Decaestecker (SIPAIM 2021)."""

_VALUES = (0, 1, *GRADES)
"""Unlabelled, benign, Gleason 3, 4 and 5."""


def read_map(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One expert's map of a core: 0 unlabelled, 1 benign, or a grade of 3 to 5.

    The value 6, which occurs and is no grade, becomes benign.

    Args:
        path: of the map, 8-bit with one channel.
        size: width and height of the core.

    Raises:
        DataError: it cannot be read, is not as large as its core, or has other values.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of images as large as cores may be
            with Image.open(path) as image:
                mode, counts, values = image.mode, image.histogram(), np.array(image)
    except Exception as error:  # decoders of damaged files raise anything
        raise DataError(f"The map {path} cannot be read: {error}.", "Unpack the archive again.") from None
    if mode not in ("L", "P") or values.shape != size[::-1]:
        raise DataError(f"The map {path} is not one 8-bit channel of {size[0]}x{size[1]} pixels, the size of its core.")
    strange = [value for value, count in enumerate(counts) if count and value not in (*_VALUES, 6)]
    if strange:
        raise DataError(
            f"The map {path} has the value {strange[0]}, which means nothing.", "Leave it out by --dataset.exclude."
        )
    if counts[6]:
        values[values == 6] = 1
    return values


def vote(maps: Sequence[NDArray[np.uint8]], weights: Sequence[float]) -> NDArray[np.uint8]:
    """What most experts say of each pixel; 0 where two answers have equally many votes.

    Unlabelled is an answer as well: an expert who left tissue unlabelled saw no cancer there.

    Args:
        maps: (height, width) each, of the experts that looked at this core.
        weights: of their votes.
    """
    votes = np.zeros((len(_VALUES), *maps[0].shape))
    for drawn, weight in zip(maps, weights, strict=True):
        for number, value in enumerate(_VALUES):
            votes[number] += weight * (drawn == value)
    most = votes.max(axis=0)
    tied = (votes > most - 1e-9).sum(axis=0) > 1
    return np.where(tied, 0, np.array(_VALUES)[votes.argmax(axis=0)]).astype(np.uint8)


__all__ = ["EXPERTS", "GRADES", "WEIGHTS", "Consensus", "read_map", "vote"]
