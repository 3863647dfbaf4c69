"""ImageNet (ILSVRC 2012), or any part of it: folders named by WordNet ids."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt.data.places import data_root, find, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record
from ivpt.interfaces.source import Place, Source

_SYNSET = re.compile(r"n\d{8}")
_VALIDATION = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")
_DEVKIT = "ILSVRC2012_devkit_t12/data|devkit/data"

_TERMS = "after registration, for non-commercial research and education"
_PAGE = "https://www.image-net.org/download.php"

CITATION = (
    "Russakovsky, O. et al. ImageNet Large Scale Visual Recognition Challenge. International Journal of Computer "
    "Vision 115(3), 211-252, 2015."
)


@final
class ImageNet(Dataset):
    """ImageNet-1k, or a selection of its classes: train/SYNSET/*.JPEG and val.

    ``val`` may hold class folders, or the 50,000 files of the published archive beside the development kit that has
    their labels. Labels are places in the sorted list of WordNet ids, as everywhere but in the development kit. The
    published validation images are *test* here, as the labels of the published test images are secret and everyone
    reports on validation; val is drawn from train.

    Args:
        root: folder that holds train and val (``--data DIR``).
    """

    def __init__(self, *, root: str | None = None) -> None:
        self.root = root

    @property
    def source(self) -> Source:
        """To be asked for: one has to register."""
        return Source(
            data_root("imagenet", self.root),
            _PAGE,
            _TERMS,
            (
                Place("train", "one folder per class, named by its WordNet id (n01440764)"),
                Place("val", "the same folders, or the 50,000 files of the archive"),
                Place(_DEVKIT, "meta.mat and ILSVRC2012_validation_ground_truth.txt", "val without folders"),
            ),
            {"train": 1281167, "test": 50000},
        )

    @property
    def info(self) -> DatasetInfo:
        """Classes by the words of their synsets, with the WordNet id where two classes have the same words.

        Raises:
            DataError: as :meth:`records`.
        """
        return DatasetInfo(
            "imagenet", titles(self._synsets), licence=_TERMS, citation=CITATION, homepage="https://www.image-net.org/"
        )

    def records(self) -> Sequence[Record]:
        """Train, then published validation images, each by class and name.

        Raises:
            DataError: folders are missing or hold no images, or labels of validation images are missing.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph; some are grey, one is a PNG and some are CMYK although all are called JPEG."""
        return read_image(self._root / self._records[index].id)

    @property
    def _root(self) -> Path:
        return data_root("imagenet", self.root)

    @cached_property
    def _synsets(self) -> tuple[str, ...]:
        require("imagenet", self.source)
        found = tuple(_folders(self._root / "train"))
        if len(found) < 2:
            raise DataError(
                f"The folder {self._root / 'train'} has fewer than two class folders.",
                "Class folders are named by WordNet ids, n01440764 for example.",
            )
        return found

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        records = []
        for label, synset in enumerate(self._synsets):
            files = _files(self._root / "train" / synset)
            if not files:
                raise DataError(f"The folder {self._root / 'train' / synset} holds no images.")
            records += [Record(f"train/{synset}/{file}", label, "train", _NOTHING) for file in files]
        below = _folders(self._root / "val")
        if below:
            for synset in below:
                # Folders of other classes are no error where only some classes of train were kept.
                if synset in self._synsets:
                    label, files = self._synsets.index(synset), _files(self._root / "val" / synset)
                    records += [Record(f"val/{synset}/{file}", label, "test", _NOTHING) for file in files]
            return tuple(records)
        return tuple(records) + self._from_devkit()

    def _from_devkit(self) -> tuple[Record, ...]:
        require("imagenet", self.source, "val without folders")
        folder = find(self._root, _DEVKIT)
        assert folder is not None
        wnids, truth = _devkit_ids(folder / "meta.mat"), folder / "ILSVRC2012_validation_ground_truth.txt"
        try:
            labels = [wnids[int(line)] for line in truth.read_text("ascii").split()]
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"The list {truth} cannot be read: {error}.") from None
        place = {synset: label for label, synset in enumerate(self._synsets)}
        records = []
        for file in _files(self._root / "val"):
            matched = _VALIDATION.fullmatch(file)
            if matched is None:
                continue
            number = int(matched[1])  # from 1
            if not 1 <= number <= len(labels):
                raise DataError(f"The list {truth} has no line for val/{file}.")
            if labels[number - 1] in place:
                records.append(Record(f"val/{file}", place[labels[number - 1]], "test", _NOTHING))
        if not records:
            raise DataError(f"The folder {self._root / 'val'} holds neither class folders nor ILSVRC2012_val_*.JPEG.")
        return tuple(records)


_NOTHING: dict[str, int] = {}
"""One for all images: there are 1.3 million of them."""


def _devkit_ids(meta: Path) -> dict[int, str]:
    """ILSVRC2012_ID to WordNet id; their order is not the one of the sorted WordNet ids."""
    from scipy.io import loadmat

    try:
        synsets = loadmat(meta, squeeze_me=True)["synsets"]
        return {int(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in np.atleast_1d(synsets)}
    except Exception as error:  # scipy raises anything on damaged files
        raise DataError(f"The file {meta} of the development kit cannot be read: {error}.") from None


def _folders(path: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(path) if _SYNSET.fullmatch(entry.name) and entry.is_dir())


def _files(path: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(path) if entry.name.endswith((".JPEG", ".jpeg", ".jpg", ".png")))


def titles(synsets: Sequence[str]) -> tuple[str, ...]:
    """Names of classes: the words of each synset, with its WordNet id where two have the same words."""
    words = _lemmas()
    said = [words.get(synset, synset) for synset in synsets]
    times = Counter(said)
    return tuple(
        word if times[word] == 1 or word == synset else f"{word} ({synset})"
        for word, synset in zip(said, synsets, strict=True)
    )


def _lemmas() -> dict[str, str]:
    """Words of synsets, from the table that timm brings; it is found without importing timm, which imports torch."""
    timm = find_spec("timm")
    if timm is None or not timm.submodule_search_locations:
        return {}
    table = Path(timm.submodule_search_locations[0]) / "data" / "_info" / "imagenet_synset_to_lemma.txt"
    try:
        lines = table.read_text("utf-8").splitlines()
    except OSError:  # another timm keeps it elsewhere: classes are then called by their ids
        return {}
    return {synset: words for synset, _, words in (line.partition("\t") for line in lines)}


__all__ = ["ImageNet", "titles"]
