"""Waterbirds: birds of CUB pasted on land and water, tied to the class in train and balanced in val and test."""

import csv
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt.data.places import data_root, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Download, Place, Source

_FOLDER = "waterbird_complete95_forest2water2"
_PAGE = "https://github.com/kohpangwei/group_DRO"

CLASSES = ("landbird", "waterbird")
PLACES = ("land", "water")
SPLITS: tuple[Split, ...] = ("train", "val", "test")
"""By their numbers in the table."""

GROUPS = {"train": (3498, 184, 56, 1057), "val": (467, 466, 133, 133), "test": (2255, 2255, 642, 642)}
"""Published images by group, 2 x class + place."""

_TERMS = "none stated; birds from CUB-200-2011 (non-commercial), backgrounds from Places"

CITATION = (
    "Sagawa, S., Koh, P. W., Hashimoto, T. B. & Liang, P. Distributionally robust neural networks for group shifts: on "
    "the importance of regularization for worst-case generalization. ICLR 2020."
)


@final
class Waterbirds(Dataset):
    """Waterbirds (95 % tied): landbirds and waterbirds before land or water, published split.

    The attribute *place* is the background; `ivpt evaluate` gives the worst of the four groups of class and place.
    Keypoints of CUB are not read: whether they hold for a composite depends on how it was made.

    Args:
        root: folder that holds waterbird_complete95_forest2water2, or that folder itself (``--data DIR``).
    """

    def __init__(self, *, root: str | None = None) -> None:
        self.root = root

    @property
    def source(self) -> Source:
        """One archive, without a published checksum."""
        home = "" if self._home == data_root("waterbirds", self.root) else f"{_FOLDER}/"
        return Source(
            data_root("waterbirds", self.root),
            _PAGE,
            _TERMS,
            (Place(home + "metadata.csv", "image id, path, class, split, place; the photographs lie beside it"),),
            {split: sum(counts) for split, counts in GROUPS.items()},
            (
                Download(
                    f"https://nlp.stanford.edu/data/dro/{_FOLDER}.tar.gz",
                    (f"{_FOLDER}/metadata.csv",),
                ),
            ),
        )

    @property
    def info(self) -> DatasetInfo:
        """Two classes and two places."""
        return DatasetInfo(
            "waterbirds",
            CLASSES,
            attributes={"place": PLACES},
            licence=_TERMS,
            citation=CITATION,
            homepage=_PAGE,
        )

    def records(self) -> Sequence[Record]:
        """All images in the order of the table.

        Raises:
            DataError: the table is missing or damaged.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The composite."""
        return read_image(self._home / self._records[index].id)

    @property
    def _home(self) -> Path:
        root = data_root("waterbirds", self.root)
        return root if (root / "metadata.csv").is_file() else root / _FOLDER

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        require("waterbirds", self.source)
        path = self._home / "metadata.csv"
        records = []
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    label, place, split = (_index(row[key], limit) for key, limit in _COLUMNS)
                    records.append(Record(row["img_filename"], label, SPLITS[split], {"place": place}))
        except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
            line = len(records) + 2
            raise DataError(f"Line {line} of {path} cannot be read: {error}.", "Unpack the archive again.") from None
        return tuple(records)


_COLUMNS = (("y", len(CLASSES)), ("place", len(PLACES)), ("split", len(SPLITS)))


def _index(word: str, limit: int) -> int:
    value = int(word)
    if not 0 <= value < limit:
        raise ValueError(f"{value} is not from 0 to {limit - 1}")
    return value


__all__ = ["GROUPS", "Waterbirds"]
