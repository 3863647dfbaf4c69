"""Objects of PASCAL VOC 2010 with masks of their parts; every object is an image of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.crops import Window, cut_image, window
from ivpt.data.images import read_image
from ivpt.data.places import data_root, find, require
from ivpt.errors import ConfigError, DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Progress, Record, Split
from ivpt.interfaces.source import Place, Source
from ivpt.part_masks import mask_keypoints
from ivpt_pascal_part.index import Entry, read_index
from ivpt_pascal_part.matlab import read_objects
from ivpt_pascal_part.parts import CLASSES, PARTS

VOC = "VOCdevkit/VOC2010"

ANNOTATIONS = Place(f"Annotations_Part|{VOC}/Annotations_Part", "part masks, 2008_000008.mat and on, 10,103 files")
IMAGES = Place(f"JPEGImages|{VOC}/JPEGImages", "images, 2008_000008.jpg and on")

LISTS: dict[Split, Place] = {
    "train": Place(f"ImageSets/Main/train.txt|{VOC}/ImageSets/Main/train.txt", "ids of the training images"),
    "test": Place(f"ImageSets/Main/val.txt|{VOC}/ImageSets/Main/val.txt", "ids of the val images"),
}
"""The test of VOC is secret: its val is the test here."""

HOMEPAGE = "http://roozbehm.info/pascal-parts/pascal-parts.html"

TERMS = "images: Flickr's terms of use; no licence of the annotations is stated"

CITATION = (
    "Chen, X.; Mottaghi, R.; Liu, X.; Fidler, S.; Urtasun, R. & Yuille, A. Detect What You Can: Detecting and "
    "Representing Objects using Holistic Models and Body Parts. CVPR 2014. DOI 10.1109/CVPR.2014.254\n"
    "Everingham, M.; Van Gool, L.; Williams, C. K. I.; Winn, J. & Zisserman, A. The PASCAL Visual Object Classes "
    "Challenge 2010 (VOC2010)."
)


class _Read(NamedTuple):
    parts: tuple[str, ...]
    entries: tuple[Entry, ...]
    records: tuple[Record, ...]


@final
class PascalPart(Dataset):
    """Objects of 20 classes with part masks (PASCAL-Part), each cut out of its image by the box of its silhouette.

    Keypoints are the points of the part masks. VOC 2010's train is to learn from, its val is the test.

    Args:
        root: folder with ``Annotations_Part`` and VOC2010's ``JPEGImages`` and ``ImageSets`` (``--data DIR``).
        min_area: objects with a silhouette of fewer pixels are left out; at least 1.

    Raises:
        ConfigError: ``min_area`` is out of its range.
    """

    def __init__(self, root: str | None = None, min_area: int = 1024) -> None:
        if min_area < 1:
            raise ConfigError(f"pascal_part: min_area must be at least 1, not {min_area}.")
        self.root = root
        self.min_area = min_area
        self._done: _Read | None = None

    @property
    def source(self) -> Source:
        """VOC 2010, and the annotations that another page adds to it."""
        return Source(data_root("pascal_part", self.root), HOMEPAGE, TERMS, (ANNOTATIONS, *LISTS.values(), IMAGES))

    @property
    def info(self) -> DatasetInfo:
        """Classes, and parts as masks and as keypoints; raises as :meth:`records`."""
        parts = self._read().parts
        return DatasetInfo(
            "pascal_part",
            CLASSES,
            parts=parts,
            keypoints=parts,
            licence=TERMS,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def prepare(self, progress: Progress | None = None) -> None:
        """Read all annotations the first time, which takes minutes, and the cache from then on.

        Raises:
            DataError: files are missing or damaged.
            OutputError: the cache cannot be written.
        """
        self._read(progress)

    def records(self) -> Sequence[Record]:
        """All objects in the order of the lists of images and of the annotations; raises as :meth:`prepare`."""
        return self._read().records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The object with what else is in its box.

        Raises:
            DataError: the image cannot be read, or is not as large as its masks.
        """
        entry = self._read().entries[index]
        path = self._folder(IMAGES) / f"{entry.image}.jpg"
        image = read_image(path)
        if image.shape[:2] != (entry.rows, entry.columns):
            raise DataError(
                f"The image {path} has {image.shape[1]}x{image.shape[0]} pixels, "
                f"and its masks have {entry.columns}x{entry.rows}.",
                "The annotations are those of VOC2010.",
            )
        return cut_image(image, _window(entry))

    def annotations(self, index: int) -> Annotations:
        """Part mask and the points of the parts; the box is the whole image.

        Where parts overlap, the one that stands later in the file is on top, as in the authors' own maps. What a later
        object of the image hides is no part of this one.
        """
        entry, names = self._read().entries[index], self._read().parts
        found = read_objects(self._folder(ANNOTATIONS) / f"{entry.image}.mat")
        mask = np.zeros((entry.rows, entry.columns), np.uint8)
        for name, where in found[entry.number].parts:
            mask[where] = names.index(name) + 1
        mask[~found[entry.number].mask] = 0
        for later in found[entry.number + 1 :]:
            mask[later.mask] = 0
        mask = cut_image(mask, _window(entry))
        return Annotations(mask_keypoints(mask, len(names)), (0, 0, entry.width, entry.height), mask)

    def _folder(self, place: Place) -> Path:
        root = data_root("pascal_part", self.root)
        return find(root, place) or root / place.path.partition("|")[0]

    def _read(self, progress: Progress | None = None) -> _Read:
        if self._done is None:
            require("pascal_part", self.source)
            splits = {image: split for split, place in LISTS.items() for image in _ids(self._folder(place))}
            annotated = self._folder(ANNOTATIONS)
            if absent := [image for image in splits if not (annotated / f"{image}.mat").is_file()]:
                raise DataError(
                    f"{annotated} lacks {absent[0]}.mat: {len(absent)} of {len(splits)} annotations are missing.",
                    "Unpack the archive again; there is one for every image of VOC2010's train and val.",
                )
            index = read_index(annotated, list(splits), progress)
            parts = (*PARTS, *(name for name in index.parts if name not in PARTS))
            if len(parts) > np.iinfo(np.uint8).max:
                raise DataError(f"The annotations in {annotated} name {len(parts)} parts, more than a part mask holds.")
            entries = tuple(entry for entry in index.entries if entry.area >= self.min_area)
            records = (Record(f"{e.image}/{e.number}", e.label, splits[e.image]) for e in entries)
            self._done = _Read(parts, entries, tuple(records))
        return self._done


def _ids(path: Path) -> list[str]:
    try:
        found = path.read_text("ascii").split()
    except (OSError, ValueError) as error:
        raise DataError(f"The list {path} cannot be read: {error}.", "Unpack VOC2010 again.") from None
    if not found:
        raise DataError(f"The list {path} names no image.", "Unpack VOC2010 again.")
    return found


def _window(entry: Entry) -> Window:
    return window((entry.x, entry.y, entry.width, entry.height), entry.columns, entry.rows)


__all__ = ["PascalPart"]
