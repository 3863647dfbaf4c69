"""10,729 photographs of five classes from four older data sets, each a domain of its own."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.folder import SUFFIXES
from ivpt.data.images import read_image
from ivpt.data.places import data_root, require
from ivpt.errors import ConfigError, DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Place, Source

DOMAINS = ("Caltech101", "LabelMe", "SUN09", "VOC2007")
CLASSES = ("bird", "car", "chair", "dog", "person")

TrainDomain = Literal["all", "Caltech101", "LabelMe", "SUN09", "VOC2007"]

HOMEPAGE = "https://github.com/facebookresearch/DomainBed"

TERMS = "for research; VLCS states no licence, the photographs are those of Caltech-101, LabelMe, SUN09 and VOC2007"

CITATION = (
    "Fang, C.; Xu, Y. & Rockmore, D. N. Unbiased Metric Learning: On the Utilization of Multiple Datasets and Web "
    "Images for Softening Bias. ICCV 2013. DOI 10.1109/ICCV.2013.208"
)


@final
class Vlcs(Dataset):
    """Birds, cars, chairs, dogs and people in four domains (VLCS); the domain is an attribute.

    No split is published. ``train_domain`` makes one for the question how a model of one domain fares in the others.

    Args:
        root: folder that holds VLCS, or that folder itself (``--data DIR``).
        train_domain: the one domain to learn from, the others are for the test; ``all`` draws the usual split.
        held_out: in [0, 1); share of each class of the training domain that is kept for the test as well, so that the
            test has all four domains.

    Raises:
        ConfigError: ``held_out`` is out of its range.
    """

    def __init__(self, root: str | None = None, train_domain: TrainDomain = "all", held_out: float = 0.2) -> None:
        if not 0 <= held_out < 1:
            raise ConfigError(f"vlcs: held_out must be at least 0 and less than 1, not {held_out:g}.")
        self.root = root
        self.train_domain = train_domain
        self.held_out = held_out

    @property
    def source(self) -> Source:
        """Four folders of five."""
        root = data_root("vlcs", self.root)
        home = self._home.relative_to(root)
        return Source(
            root,
            HOMEPAGE,
            TERMS,
            tuple(Place((home / domain).as_posix(), f"folders {', '.join(CLASSES)} with images") for domain in DOMAINS),
            {"all": 10729},
        )

    @property
    def info(self) -> DatasetInfo:
        """Five classes, and the domain as attribute."""
        return DatasetInfo(
            "vlcs",
            CLASSES,
            attributes={"domain": DOMAINS},
            licence=TERMS,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def records(self) -> Sequence[Record]:
        """All images by domain, class and name.

        Raises:
            DataError: a folder is missing or holds no image.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph."""
        return read_image(self._home / self._records[index].id)

    @property
    def _home(self) -> Path:
        root = data_root("vlcs", self.root)
        return root if (root / DOMAINS[0]).is_dir() else root / "VLCS"

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        require("vlcs", self.source)
        records: list[Record] = []
        for number, domain in enumerate(DOMAINS):
            for label, name in enumerate(CLASSES):
                ids = [f"{domain}/{name}/{file}" for file in _images(self._home / domain / name)]
                tests = self._tests(domain, ids)
                for image in ids:
                    split: Split | None = "test" if image in tests else "train"
                    if self.train_domain == "all":
                        split = None
                    records.append(Record(image, label, split, {"domain": number}))
        return tuple(records)

    def _tests(self, domain: str, ids: list[str]) -> set[str]:
        """Which images of one class and domain are for the test.

        An image's place depends on its name only. At least two stay in the training domain: one to learn from, one for
        val.
        """
        if domain != self.train_domain:
            return set(ids)
        count = min(round(self.held_out * len(ids)), max(len(ids) - 2, 0))
        return set(sorted(ids, key=lambda name: hashlib.sha256(name.encode()).digest())[:count])


def _images(folder: Path) -> list[str]:
    files = folder.iterdir() if folder.is_dir() else ()
    found = sorted(file.name for file in files if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    if not found:
        raise DataError(f"The folder {folder} holds no images, or is not there.", "Unpack the archive again.")
    return found


__all__ = ["CLASSES", "DOMAINS", "Vlcs"]
