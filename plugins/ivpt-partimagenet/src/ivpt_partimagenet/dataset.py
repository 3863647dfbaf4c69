"""24,095 images of 158 ImageNet classes, with masks of 40 kinds of parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.crops import Crop, Window, cut_image, window
from ivpt.data.imagenet import titles
from ivpt.data.images import read_image
from ivpt.data.places import data_root, find, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Progress, Record, Split
from ivpt.interfaces.source import Source
from ivpt.part_masks import mask_keypoints
from ivpt_partimagenet.annotations import Image
from ivpt_partimagenet.files import SPLITS, images_of, layout
from ivpt_partimagenet.parts import PARTS
from ivpt_partimagenet.resplit import read_table

HOMEPAGE = "https://github.com/TACJu/PartImageNet"

TERMS = "images: ImageNet's terms, for non-commercial research and education; no licence of the annotations is stated"

CITATION = (
    "He, J.; Yang, S.; Yang, S.; Kortylewski, A.; Yuan, X.; Chen, J.-N.; Liu, S.; Yang, C.; Yu, Q. & Yuille, A. "
    "PartImageNet: A Large, High-Quality Dataset of Parts. ECCV 2022. arXiv:2112.00933"
)


class _Item(NamedTuple):
    folder: Split  # where the image lies, whatever split it is in here
    image: Image


class _Read(NamedTuple):
    synsets: tuple[str, ...]
    items: tuple[_Item, ...]
    records: tuple[Record, ...]


@final
class PartImageNet(Dataset):
    """Animals, vehicles and bottles of 158 ImageNet classes with part masks (PartImageNet).

    Keypoints are the points of the part masks, and the box surrounds them: the annotations have neither.

    Args:
        root: folder with ``images`` and ``annotations`` (``--data DIR``).
        crop: ``box`` cuts every image to its object.
        division: ``published`` keeps the split of the files, which must have every class in train (the Seg release);
            ``drawn`` has the core draw one over all 158 classes.
        table: a tab-separated file that divides the training images anew into train and test, as PDiscoFormer did.
    """

    def __init__(
        self,
        root: str | None = None,
        crop: Crop = "none",
        division: Literal["published", "drawn"] = "published",
        table: str | None = None,
    ) -> None:
        self.root = root
        self.crop = crop
        self.division = division
        self.table = table
        self._done: _Read | None = None

    @property
    def source(self) -> Source:
        """Images and annotations by split."""
        splits = SPLITS[:1] if self.table else SPLITS
        counts = {"test": 1658} if self.table else {"all": 24095}
        return Source(data_root("partimagenet", self.root), HOMEPAGE, TERMS, layout(splits, bool(self.table)), counts)

    @property
    def info(self) -> DatasetInfo:
        """Classes in the words of their synsets, the 40 parts as masks and keypoints; raises as :meth:`records`."""
        return DatasetInfo(
            "partimagenet",
            titles(self._read().synsets),
            parts=PARTS,
            keypoints=PARTS,
            licence=TERMS,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def prepare(self, progress: Progress | None = None) -> None:
        """Read the annotations the first time, and the cache from then on.

        Raises:
            DataError: as :meth:`records`.
            OutputError: the cache cannot be written.
        """
        self._read(progress)

    def records(self) -> Sequence[Record]:
        """All images by split and in the order of the annotations, or in the order of the table.

        Raises:
            DataError: files are missing or damaged, or val and test have classes that train does not have.
        """
        return self._read().records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph, or its object.

        Raises:
            DataError: it cannot be read, or is not as large as the annotations say.
        """
        folder, entry = self._read().items[index]
        path = self._file(folder, entry)
        image = read_image(path)
        if image.shape[:2] != (entry.height, entry.width):
            raise DataError(
                f"The image {path} has {image.shape[1]}x{image.shape[0]} pixels, "
                f"and its annotations say {entry.width}x{entry.height}.",
                "Images and annotations have to be of one release.",
            )
        return cut_image(image, self._window(entry)) if self.crop == "box" else image

    def annotations(self, index: int) -> Annotations:
        """Part mask, the points of the parts, and the box around all parts; without parts, none is visible."""
        entry = self._read().items[index].image
        box, mask = entry.box(), entry.part_mask()
        if self.crop == "box":
            mask = cut_image(mask, self._window(entry))
            box = box and (0, 0, mask.shape[1], mask.shape[0])
        return Annotations(mask_keypoints(mask, len(PARTS)), box, mask)

    def _window(self, entry: Image) -> Window:
        return window(entry.box(), entry.width, entry.height)

    def _file(self, folder: Split, entry: Image) -> Path:
        name = Path(entry.file).name
        below = [f"images/{folder}/{entry.file}", f"images/{folder}/{entry.synset}/{name}"]
        if self.table:
            below += [f"{made}/{entry.synset}/{name}" for made in ("train_train", "train_test")]
        root = data_root("partimagenet", self.root)
        return find(root, "|".join(below)) or root / below[0]

    def _read(self, progress: Progress | None = None) -> _Read:
        if self._done is None:
            source = self.source
            require("partimagenet", source)
            root = data_root("partimagenet", self.root)
            images = images_of(root, SPLITS[:1] if self.table else SPLITS, progress)
            self._done = self._divided(images["train"], self.table) if self.table else self._published(images)
        return self._done

    def _published(self, images: dict[Split, list[Image]]) -> _Read:
        classes = {split: {image.synset for image in found} for split, found in images.items()}
        strange = (classes["val"] | classes["test"]) - classes["train"]
        if strange and self.division == "published":
            raise DataError(
                f"{len(strange)} classes of val and test are not in train, for example {min(strange)}: this is the "
                "OOD release, whose splits have classes of their own.",
                "Use the Seg release, or --dataset.division drawn, or --dataset.table FILE.",
            )
        synsets = tuple(sorted(set().union(*classes.values())))
        label = {synset: number for number, synset in enumerate(synsets)}
        items = tuple(_Item(split, image) for split, found in images.items() for image in found)
        return _Read(
            synsets,
            items,
            tuple(
                Record(
                    f"{item.folder}/{item.image.file}",
                    label[item.image.synset],
                    item.folder if self.division == "published" else None,
                )
                for item in items
            ),
        )

    def _divided(self, images: list[Image], table: str) -> _Read:
        rows = read_table(Path(table).expanduser())
        known = {image.number: image for image in images}
        for row in rows:
            if row.number not in known or Path(known[row.number].file).name != row.file:
                raise DataError(
                    f"The table {table} has an image {row.number}, {row.file}, unknown to train's annotations."
                )
        return _Read(
            tuple(dict(sorted((row.label, row.synset) for row in rows)).values()),
            tuple(_Item("train", known[row.number]) for row in rows),
            tuple(Record(f"train/{known[row.number].file}", row.label, row.split) for row in rows),
        )


__all__ = ["PartImageNet"]
