"""NABirds: 555 kinds of North American birds with 11 keypoints and boxes, in a hierarchy."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.birds import LAYOUT, Tables, annotated, photograph, read_tables
from ivpt.data.crops import Crop
from ivpt.data.places import data_root, require
from ivpt.data.tables import columns, names
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.interfaces.source import Place, Source

_TERMS = "after accepting the terms of use: non-commercial research and education"

CITATION = (
    "Van Horn, G., Branson, S., Farrell, R., Haber, S., Barry, J., Ipeirotis, P., Perona, P. & Belongie, S. Building a "
    "bird recognition app and large scale dataset with citizen scientists: the fine print in fine-grained dataset "
    "collection. CVPR 2015."
)


@final
class NaBirds(Dataset):
    """NABirds: 48,562 photographs of 555 kinds of birds, 11 keypoints and a box each, published split.

    Class ids are places in a hierarchy of 1,011; the 555 that have images become labels 0 to 554 in the order of the
    ids. The attribute *group* is the kind's ancestor just below the root.

    Args:
        root: folder with images.txt (``--data DIR``).
        crop: ``box`` cuts every image to its box.
    """

    def __init__(self, *, root: str | None = None, crop: Crop = "none") -> None:
        self.root, self.crop = root, crop

    @property
    def source(self) -> Source:
        """To be asked for: its terms have to be accepted first."""
        return Source(
            data_root("nabirds", self.root),
            "https://dl.allaboutbirds.org/nabirds",
            _TERMS,
            (*LAYOUT, Place("hierarchy.txt", "class id, class id of its parent")),
            {"train": 23929, "test": 24633},
        )

    @property
    def info(self) -> DatasetInfo:
        """Kinds of birds, parts and groups.

        Raises:
            DataError: as :meth:`records`.
        """
        return DatasetInfo(
            "nabirds",
            self._classes[1],
            keypoints=self._tables.part_names,
            attributes={"group": self._groups[0]},
            licence=_TERMS,
            citation=CITATION,
            homepage="https://dl.allaboutbirds.org/nabirds",
        )

    def records(self) -> Sequence[Record]:
        """All images in the order of images.txt.

        Raises:
            DataError: a file is missing or damaged.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph; cut to its box where that was asked for."""
        return photograph(self._tables, index, self._path(index), self.crop)

    def annotations(self, index: int) -> Annotations:
        """Keypoints and box as published."""
        return annotated(self._tables, index, self._path(index), self.crop)

    @cached_property
    def _tables(self) -> Tables:
        require("nabirds", self.source)
        return read_tables(data_root("nabirds", self.root))

    @cached_property
    def _names(self) -> dict[int, str]:
        path = data_root("nabirds", self.root) / "classes.txt"
        return {int(key): name for key, name in names(path).items()}

    @cached_property
    def _classes(self) -> tuple[dict[int, int], tuple[str, ...]]:
        ids = np.unique(self._tables.class_ids).tolist()
        strange = set(ids) - self._names.keys()
        if strange:
            raise DataError(f"image_class_labels.txt names a class {min(strange)} that is not in classes.txt.")
        # A kind may be called like another one elsewhere in the hierarchy.
        times = Counter(self._names[number] for number in ids)
        named = [self._names[n] if times[self._names[n]] == 1 else f"{self._names[n]} ({n})" for n in ids]
        return {number: label for label, number in enumerate(ids)}, tuple(named)

    @cached_property
    def _groups(self) -> tuple[tuple[str, ...], dict[int, int]]:
        """Names of the groups, and class id to group."""
        path = data_root("nabirds", self.root) / "hierarchy.txt"
        table = columns(path, [("child", "i8"), ("parent", "i8")])
        above = dict(zip(table["child"].tolist(), table["parent"].tolist(), strict=True))
        tops = {number: _top(number, above, path.name) for number in self._classes[0]}
        order = sorted(set(tops.values()))
        titles = tuple(self._names.get(top, str(top)) for top in order)
        if len(set(titles)) < len(titles):
            titles = tuple(f"{title} ({top})" for title, top in zip(titles, order, strict=True))
        return titles, {number: order.index(top) for number, top in tops.items()}

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        tables, labels, groups = self._tables, self._classes[0], self._groups[1]
        shown = {number: {"group": group} for number, group in groups.items()}
        return tuple(
            Record(path, labels[number], "train" if train else "test", shown[number])
            for path, number, train in zip(tables.paths, tables.class_ids.tolist(), tables.train.tolist(), strict=True)
        )

    def _path(self, index: int) -> Path:
        return data_root("nabirds", self.root) / "images" / self._tables.paths[index]


def _top(number: int, above: dict[int, int], file: str) -> int:
    """The ancestor whose parent has no parent: just below the root."""
    passed = [number]
    while above.get(passed[-1]) in above:
        passed.append(above[passed[-1]])
        if len(passed) > len(above):
            raise DataError(f"{file} goes in circles at the class {number}.")
    return passed[-1]


__all__ = ["NaBirds"]
