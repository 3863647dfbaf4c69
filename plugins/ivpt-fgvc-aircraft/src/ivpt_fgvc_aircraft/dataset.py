"""10,000 photographs of 100 variants of aircraft, with a box each, read from the text tables of release 2013b."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.crops import Crop, Window, cut_annotations, cut_image, window
from ivpt.data.images import image_size, read_image
from ivpt.data.places import data_root, require
from ivpt.data.tables import names
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Download, Place, Source

BANNER = 20
"""Rows at the bottom of every photograph that name its author; they are cut off."""

Level = Literal["variant", "family", "manufacturer"]

NAMES: dict[Level, str] = {"variant": "variants.txt", "family": "families.txt", "manufacturer": "manufacturers.txt"}

SPLITS: tuple[Split, ...] = ("train", "val", "test")

RELEASE = "fgvc-aircraft-2013b"

HOMEPAGE = "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/"

TERMS = "for non-commercial research only; the photographers keep the copyright of their photographs"

CITATION = (
    "Maji, S.; Rahtu, E.; Kannala, J.; Blaschko, M. & Vedaldi, A. Fine-Grained Visual Classification of Aircraft. "
    "arXiv:1306.5151, 2013."
)


class _Tables(NamedTuple):
    names: dict[Level, tuple[str, ...]]
    records: tuple[Record, ...]
    boxes: dict[str, tuple[float, float, float, float]]


@final
class FgvcAircraft(Dataset):
    """Aircraft of 100 variants, 70 families or 30 manufacturers (FGVC-Aircraft 2013b), a third each train, val, test.

    Args:
        root: folder that holds fgvc-aircraft-2013b, or its folder ``data`` (``--data DIR``).
        level: what a class is; the two other levels are attributes.
        crop: ``box`` cuts every image to its aircraft.
    """

    def __init__(self, root: str | None = None, level: Level = "variant", crop: Crop = "none") -> None:
        self.root = root
        self.level = level
        self.crop = crop

    @property
    def source(self) -> Source:
        """The archive of the authors."""
        root = data_root("aircraft", self.root)
        home = self._home.relative_to(root)
        layout = [
            Place("images", "images, 0034309.jpg and so on"),
            Place("images_box.txt", "id, xmin, ymin, xmax, ymax"),
        ]
        for level, file in NAMES.items():
            layout.append(Place(file, f"names of each {level}"))
            layout += [Place(f"images_{level}_{split}.txt", f"id and {level}, {split}") for split in SPLITS]
        return Source(
            root,
            HOMEPAGE,
            TERMS,
            tuple(Place((home / place.path).as_posix(), place.words) for place in layout),
            {"train": 3334, "val": 3333, "test": 3333},
            (Download(f"{HOMEPAGE}archives/{RELEASE}.tar.gz", (f"{RELEASE}/data/variants.txt",)),),
        )

    @property
    def info(self) -> DatasetInfo:
        """Classes of the chosen level, the other levels as attributes; raises as :meth:`records`."""
        found = self._tables.names
        return DatasetInfo(
            "aircraft",
            found[self.level],
            attributes={level: values for level, values in found.items() if level != self.level},
            licence=TERMS,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def records(self) -> Sequence[Record]:
        """All aircraft: train, val, test, each in the order of its table.

        Raises:
            DataError: a file is missing or damaged, or the tables contradict each other.
        """
        return self._tables.records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph without its banner, or its aircraft."""
        image = read_image(self._file(index))
        return cut_image(image, self._window(index, image.shape[1], image.shape[0]))

    def annotations(self, index: int) -> Annotations:
        """The aircraft's box, as far as it lies in the image above the banner."""
        whole = Annotations(box=self._tables.boxes[self.records()[index].id])
        return cut_annotations(whole, self._window(index, *image_size(self._file(index))))

    @property
    def _home(self) -> Path:
        root = data_root("aircraft", self.root)
        return root if (root / "variants.txt").is_file() else root / RELEASE / "data"

    def _file(self, index: int) -> Path:
        return self._home / "images" / f"{self.records()[index].id}.jpg"

    def _window(self, index: int, width: int, height: int) -> Window:
        box = self._tables.boxes[self.records()[index].id] if self.crop == "box" else None
        return window(box, width, height - BANNER)

    @cached_property
    def _tables(self) -> _Tables:
        require("aircraft", self.source)
        home = self._home
        found = {level: _lines(home / file) for level, file in NAMES.items()}
        box_file = home / "images_box.txt"
        boxes = {name: _box(box_file, name, numbers) for name, numbers in names(box_file).items()}
        records: list[Record] = []
        for split in SPLITS:
            tables = {level: names(home / f"images_{level}_{split}.txt") for level in NAMES}
            for name in tables[self.level]:
                values: dict[str, int] = {
                    level: _index(home / f"images_{level}_{split}.txt", found[level], name, table.get(name))
                    for level, table in tables.items()
                }
                if name not in boxes:
                    raise DataError(f"The image {name} has no line in {box_file}.", "Unpack the archive again.")
                records.append(Record(name, values.pop(self.level), split, values))
        return _Tables(found, tuple(records), boxes)


def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The table {path} cannot be read: {error}.", "Unpack the archive again.") from None


def _index(path: Path, known: tuple[str, ...], name: str, value: str | None) -> int:
    if value not in known:
        what = f"is a {value!r}, which has no line in the list of names" if value else "is missing"
        raise DataError(f"The image {name} {what} in {path}.", "Unpack the archive again.")
    return known.index(value)


def _box(path: Path, name: str, numbers: str) -> tuple[float, float, float, float]:
    try:
        x1, y1, x2, y2 = (int(number) for number in numbers.split())
    except ValueError:
        raise DataError(f"The box of {name} in {path} is {numbers!r}, and four integers are needed.") from None
    # The top left pixel is (1, 1), and the last pixel of a box belongs to it.
    return x1 - 1, y1 - 1, x2 - x1 + 1, y2 - y1 + 1


__all__ = ["BANNER", "FgvcAircraft"]
