"""16,185 photographs of 196 models of cars, with a box each, read from the devkit's MATLAB files."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.crops import Crop, Window, cut_annotations, cut_image, window
from ivpt.data.images import image_size, read_image
from ivpt.data.places import data_root, find, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Place, Source
from ivpt_stanford_cars.matlab import variable

META = Place("devkit/cars_meta.mat", "names of the classes")
TRAIN = Place("devkit/cars_train_annos.mat", "boxes and classes of the training images")
TEST = Place(
    "cars_test_annos_withlabels.mat|devkit/cars_test_annos_withlabels.mat",
    "boxes and classes of the test images (cars_test_annos.mat has no classes)",
)
IMAGES = (Place("cars_train", "training images, 00001.jpg and on"), Place("cars_test", "test images, 00001.jpg and on"))

ALL_IN_ONE = Place("cars_annos.mat", "boxes, classes, their names and the split in one file")
ALL_IMAGES = Place("car_ims", "images, 000001.jpg and on")

TERMS = "photographs from the web, for non-commercial research; no licence is stated"

CITATION = (
    "Krause, J.; Stark, M.; Deng, J. & Fei-Fei, L. 3D Object Representations for Fine-Grained Categorization. "
    "4th IEEE Workshop on 3D Representation and Recognition, at ICCV 2013. DOI 10.1109/ICCVW.2013.77"
)


class _Car(NamedTuple):
    record: Record
    box: tuple[float, float, float, float]


@final
class StanfordCars(Dataset):
    """Cars of 196 models and years (Stanford Cars), 8,144 to learn from and 8,041 to test on.

    Args:
        root: folder with the unpacked files (``--data DIR``).
        crop: ``box`` cuts every image to its car.
    """

    def __init__(self, root: str | None = None, crop: Crop = "none") -> None:
        self.root = root
        self.crop = crop

    @property
    def source(self) -> Source:
        """The devkit and its images, or the single table of all images that is also about."""
        root = data_root("cars", self.root)
        layout = (ALL_IN_ONE, ALL_IMAGES) if find(root, ALL_IN_ONE) else (META, TRAIN, TEST, *IMAGES)
        page = "https://ai.stanford.edu/~jkrause/cars/car_dataset.html"
        return Source(root, page, TERMS, layout, {"train": 8144, "test": 8041})

    @property
    def info(self) -> DatasetInfo:
        """Classes as the devkit names them; raises as :meth:`records`."""
        return DatasetInfo("cars", self._read[0], licence=TERMS, citation=CITATION, homepage=self.source.page)

    def records(self) -> Sequence[Record]:
        """All cars in the order of the tables, train before test.

        Raises:
            DataError: a file is missing or damaged, or a class is none of those named.
        """
        return [car.record for car in self._read[1]]

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph, or its car."""
        image = read_image(self._file(index))
        return cut_image(image, self._window(index, image.shape[1], image.shape[0]))

    def annotations(self, index: int) -> Annotations:
        """The car's box, as far as it lies in the image."""
        whole = Annotations(box=self._read[1][index].box)
        return cut_annotations(whole, self._window(index, *image_size(self._file(index))))

    def _file(self, index: int) -> Path:
        return data_root("cars", self.root) / self._read[1][index].record.id

    def _window(self, index: int, width: int, height: int) -> Window:
        return window(self._read[1][index].box if self.crop == "box" else None, width, height)

    @cached_property
    def _read(self) -> tuple[tuple[str, ...], tuple[_Car, ...]]:
        require("cars", self.source)
        root = data_root("cars", self.root)
        if table := find(root, ALL_IN_ONE):
            classes = _names(table)
            return classes, tuple(_car(table, row, len(classes)) for row in variable(table, "annotations"))
        meta, train, test = (path for place in (META, TRAIN, TEST) if (path := find(root, place)))
        classes = _names(meta)
        return classes, (
            *(_car(train, row, len(classes), "train") for row in variable(train, "annotations")),
            *(_car(test, row, len(classes), "test") for row in variable(test, "annotations")),
        )


def _names(path: Path) -> tuple[str, ...]:
    return tuple(str(name) for name in variable(path, "class_names"))


def _car(path: Path, row: Any, classes: int, split: Split | None = None) -> _Car:
    # By name, for the devkit's README lists the fields of the box in another order than the file has them.
    try:
        name = f"cars_{split}/{row['fname']}" if split else str(row["relative_im_path"])
        split = split or ("test" if int(row["test"]) else "train")
        x1, y1, x2, y2 = (int(row[f"bbox_{corner}"]) for corner in ("x1", "y1", "x2", "y2"))
        number = int(row["class"])
    except (TypeError, ValueError) as error:
        raise DataError(f"The file {path} is not as expected: {error}.", "Fetch it again.") from None
    if not 1 <= number <= classes:
        raise DataError(f"The image {name} in {path} is of class {number}, and there are classes 1 to {classes}.")
    # MATLAB's pixels: the first is number 1, and the last one of a box belongs to it.
    return _Car(Record(name, number - 1, split), (x1 - 1, y1 - 1, x2 - x1 + 1, y2 - y1 + 1))


__all__ = ["StanfordCars"]
