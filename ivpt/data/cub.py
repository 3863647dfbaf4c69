"""CUB-200-2011: 200 species of birds with 15 keypoints, boxes, and on request silhouettes and attributes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.birds import LAYOUT, Tables, annotated, photograph, read_tables
from ivpt.data.crops import Crop
from ivpt.data.cub_attributes import VALUES, read_attributes
from ivpt.data.images import image_size, read_image
from ivpt.data.places import data_root, find, require
from ivpt.data.tables import names
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.interfaces.source import Download, Place, Source

_HOME = "CUB_200_2011"
_SEGMENTATIONS = f"segmentations|{_HOME}/segmentations"
_ATTRIBUTES = f"attributes.txt|{_HOME}/attributes/attributes.txt|attributes/attributes.txt|../attributes.txt"
"""The first two below the folder that holds CUB_200_2011, the others below that folder itself."""

SILHOUETTE = 128
"""Grey value from which a pixel of a segmentation is bird: at least half of the annotators say so."""

CITATION = (
    "Wah, C., Branson, S., Welinder, P., Perona, P. & Belongie, S. The Caltech-UCSD Birds-200-2011 Dataset. "
    "California Institute of Technology, CNS-TR-2011-001, 2011."
)


@final
class Cub(Dataset):
    """CUB-200-2011: 11,788 photographs of 200 species, 15 keypoints and a box each, published split.

    Args:
        root: folder that holds CUB_200_2011, or that folder itself (``--data DIR``).
        crop: ``box`` cuts every image to its box, as prototype methods are usually trained and tested.
        segmentations: read silhouettes (a separate download) as part masks of the one part *bird*.
        attributes: read the 312 attributes of each image; *not visible* ones are left out.
    """

    def __init__(
        self, *, root: str | None = None, crop: Crop = "none", segmentations: bool = False, attributes: bool = False
    ) -> None:
        self.root, self.crop, self.segmentations, self.attributes = root, crop, segmentations, attributes

    @property
    def source(self) -> Source:
        """Two archives of CaltechDATA."""
        home = "" if self._home == data_root("cub", self.root) else f"{_HOME}/"
        return Source(
            data_root("cub", self.root),
            "https://www.vision.caltech.edu/datasets/cub_200_2011/",
            "for non-commercial research and education; the photographers own the photographs",
            (
                *(replace(place, path=home + place.path) for place in LAYOUT),
                Place(_SEGMENTATIONS, "silhouettes, in the folders of images", "segmentations"),
                Place(_ATTRIBUTES, "attribute id, name", "attributes"),
                Place(
                    home + "attributes/image_attribute_labels.txt",
                    "image id, attribute id, present, certainty id",
                    "attributes",
                ),
            ),
            {"train": 5994, "test": 5794},
            (
                Download(
                    "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz",
                    (f"{_HOME}/images.txt",),
                    checksum="md5:97eceeb196236b17998738112f37df78",
                    checksum_from="https://github.com/TDeVries/cub2011_dataset",
                ),
                Download(
                    "https://data.caltech.edu/records/w9d68-gec53/files/segmentations.tgz",
                    ("segmentations",),
                ),
            ),
        )

    @property
    def info(self) -> DatasetInfo:
        """Species without their numbers, parts, and attributes if they were asked for.

        Raises:
            DataError: as :meth:`records`.
        """
        return DatasetInfo(
            "cub",
            self._classes[1],
            parts=("bird",) if self.segmentations else (),
            keypoints=self._tables.part_names,
            attributes=dict.fromkeys(self._attributes[0], VALUES) if self.attributes else {},
            licence="non-commercial research and education (photographs: their photographers)",
            citation=CITATION,
            homepage="https://www.vision.caltech.edu/datasets/cub_200_2011/",
        )

    def records(self) -> Sequence[Record]:
        """All images in the order of images.txt.

        Raises:
            DataError: a file is missing or damaged.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph, grey ones in three channels; cut to its box where that was asked for."""
        return photograph(self._tables, index, self._path(index), self.crop)

    def annotations(self, index: int) -> Annotations:
        """Keypoints and box as published; the silhouette if it was asked for.

        Raises:
            DataError: the silhouette cannot be read, or is not as large as its image.
        """
        mask = self._silhouette(index) if self.segmentations else None
        return annotated(self._tables, index, self._path(index), self.crop, mask)

    @property
    def _home(self) -> Path:
        root = data_root("cub", self.root)
        return root if (root / "images.txt").is_file() else root / _HOME

    @cached_property
    def _tables(self) -> Tables:
        switched = [name for name in ("segmentations", "attributes") if getattr(self, name)]
        require("cub", self.source, *switched)
        return read_tables(self._home)

    @cached_property
    def _classes(self) -> tuple[dict[int, int], tuple[str, ...]]:
        """Class id to label, and names in the order of the ids (which begin at 1)."""
        named = {int(key): name for key, name in names(self._home / "classes.txt").items()}
        ids = sorted(named)
        return {number: label for label, number in enumerate(ids)}, tuple(plain_name(named[number]) for number in ids)

    @cached_property
    def _attributes(self) -> tuple[tuple[str, ...], NDArray[np.int8]]:
        where = find(data_root("cub", self.root), _ATTRIBUTES)
        assert where is not None  # _tables has required it
        return read_attributes(where, self._home / "attributes" / "image_attribute_labels.txt", self._tables.ids)

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        tables, labels = self._tables, self._classes[0]
        strange = set(tables.class_ids.tolist()) - labels.keys()
        if strange:
            raise DataError(f"image_class_labels.txt names a class {min(strange)} that is not in classes.txt.")
        shown: Sequence[dict[str, int]] = [{}] * len(tables.paths)
        if self.attributes:
            known, values = self._attributes
            shown = [{name: v for name, v in zip(known, row, strict=True) if v >= 0} for row in values.tolist()]
        return tuple(
            Record(path, labels[number], "train" if train else "test", attributes)
            for path, number, train, attributes in zip(
                tables.paths, tables.class_ids.tolist(), tables.train.tolist(), shown, strict=True
            )
        )

    def _path(self, index: int) -> Path:
        return self._home / "images" / self._tables.paths[index]

    def _silhouette(self, index: int) -> NDArray[np.uint8]:
        folder = find(data_root("cub", self.root), _SEGMENTATIONS)
        assert folder is not None  # _tables has required it
        path = (folder / self._tables.paths[index]).with_suffix(".png")
        # Grey levels say how many annotators agree. Some files have three equal channels.
        grey = read_image(path)[..., 0]
        if grey.shape[::-1] != image_size(self._path(index), upright=False):
            raise DataError(f"The segmentation {path} is not as large as its image.")
        return (grey >= SILHOUETTE).astype(np.uint8)


def plain_name(name: str) -> str:
    """``001.Black_footed_Albatross`` to ``Black footed Albatross``."""
    number, dot, rest = name.partition(".")
    return (rest if dot and number.isdigit() else name).replace("_", " ")


__all__ = ["Cub", "plain_name"]
