"""CIFAR-100: 60,000 pictures of 32x32 pixels in 100 classes and 20 superclasses."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.harmless_pickle import read_pickle
from ivpt.data.places import data_root, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Download, Place, Source

_FOLDER = "cifar-100-python"
_PAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"
_FILES: tuple[Split, ...] = ("train", "test")
SIDE = 32

CITATION = "Krizhevsky, A. Learning multiple layers of features from tiny images. University of Toronto, 2009."


@final
class Cifar100(Dataset):
    """CIFAR-100 in its python version: 100 classes, their 20 superclasses as an attribute, published split.

    The files are pickles and are read without executing them.

    Args:
        root: folder that holds cifar-100-python, or that folder itself (``--data DIR``).
    """

    def __init__(self, *, root: str | None = None) -> None:
        self.root = root

    @property
    def source(self) -> Source:
        """One archive, its checksum on its page."""
        home = "" if self._home == data_root("cifar100", self.root) else f"{_FOLDER}/"
        return Source(
            data_root("cifar100", self.root),
            _PAGE,
            "no licence is stated; to be cited when used",
            (
                Place(home + "train", "50,000 pictures and labels, pickled"),
                Place(home + "test", "10,000 pictures and labels, pickled"),
                Place(home + "meta", "names of classes and superclasses, pickled"),
            ),
            {"train": 50000, "test": 10000},
            (
                Download(
                    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
                    (f"{_FOLDER}/train", f"{_FOLDER}/test", f"{_FOLDER}/meta"),
                    checksum="md5:eb9058c3a382ffc7106e4002c42a8d85",
                    checksum_from=_PAGE,
                ),
            ),
        )

    @property
    def info(self) -> DatasetInfo:
        """Fine labels as classes, coarse ones as the attribute *superclass*.

        Raises:
            DataError: as :meth:`records`.
        """
        fine, coarse = self._names
        return DatasetInfo(
            "cifar100",
            fine,
            attributes={"superclass": coarse},
            licence="none stated; to be cited when used",
            citation=CITATION,
            homepage=_PAGE,
        )

    def records(self) -> Sequence[Record]:
        """Train, then test, each in the order of its file; ids are places in the file.

        Raises:
            DataError: a file is missing, damaged, or asks for something to be executed.
        """
        return self._read[1]

    def image(self, index: int) -> NDArray[np.uint8]:
        """32x32 pixels; each row of the file holds all reds, then all greens, then all blues, each row by row."""
        planes = self._read[0][index].reshape(3, SIDE, SIDE)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))

    def __getstate__(self) -> dict[str, object]:
        """Loader processes read the files anew instead of receiving their content."""
        return {"root": self.root}

    @property
    def _home(self) -> Path:
        root = data_root("cifar100", self.root)
        return root if (root / "meta").is_file() else root / _FOLDER

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        require("cifar100", self.source)
        found = read_pickle(self._home / "meta")
        fine, coarse = (_words(found, key, self._home / "meta") for key in ("fine_label_names", "coarse_label_names"))
        return fine, coarse

    @cached_property
    def _read(self) -> tuple[NDArray[np.uint8], tuple[Record, ...]]:
        fine, coarse = self._names
        pixels, records = [], []
        for split in _FILES:
            path = self._home / split
            found = read_pickle(path)
            data = found.get("data")
            if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3 * SIDE * SIDE:
                raise DataError(f"The file {path} does not hold pictures of 32x32 pixels.")
            labels = _numbers(found, "fine_labels", len(data), len(fine), path)
            above = _numbers(found, "coarse_labels", len(data), len(coarse), path)
            pixels.append(data)
            records += [
                Record(f"{split}/{i:05d}", label, split, {"superclass": wide})
                for i, (label, wide) in enumerate(zip(labels, above, strict=True))
            ]
        return np.concatenate(pixels), tuple(records)


def _words(found: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
    values = found.get(key)
    if not isinstance(values, list) or not all(isinstance(value, bytes | str) for value in values):
        raise DataError(f"The file {path} has no {key}.")
    return tuple((v.decode() if isinstance(v, bytes) else v).replace("_", " ") for v in values)


def _numbers(found: dict[str, Any], key: str, count: int, limit: int, path: Path) -> list[int]:
    values = found.get(key)
    if not isinstance(values, list) or len(values) != count:
        raise DataError(f"The file {path} does not have one of {key} for each picture.")
    if not all(isinstance(value, int) and 0 <= value < limit for value in values):
        raise DataError(f"The file {path} has {key} that are not numbers from 0 to {limit - 1}.")
    return values


__all__ = ["Cifar100"]
