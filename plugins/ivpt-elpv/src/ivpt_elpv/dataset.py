"""2,624 solar cells with defect probability and cell type, read from the package ``elpv-dataset``."""

import csv
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt.errors import ConfigError, DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record

CLASSES = ("functional", "defective")
CELL_TYPES = ("mono", "poly")

LICENCE = "CC BY-NC-SA 4.0 (https://creativecommons.org/licenses/by-nc-sa/4.0/)"

HOMEPAGE = "https://github.com/zae-bayern/elpv-dataset"

CITATION = (
    "Buerhop-Lutz, C.; Deitsch, S.; Maier, A.; Gallwitz, F.; Berger, S.; Doll, B.; Hauch, J.; Camus, C. & Brabec, C. "
    "J. A Benchmark for Visual Identification of Defective Solar Cells in Electroluminescence Imagery. EU PVSEC, 2018. "
    "DOI 10.4229/35thEUPVSEC20182018-5CV.3.15\n"
    "Deitsch, S.; Buerhop-Lutz, C.; Sovetkin, E.; Steland, A.; Maier, A.; Gallwitz, F. & Riess, C. "
    "Segmentation of photovoltaic module cells in uncalibrated electroluminescence images. "
    "Machine Vision and Applications 32(4), 2021. DOI 10.1007/s00138-021-01191-9\n"
    "Deitsch, S.; Christlein, V.; Berger, S.; Buerhop-Lutz, C.; Maier, A.; Gallwitz, F. & Riess, C. "
    "Automatic classification of defective photovoltaic module cells in electroluminescence images. "
    "Solar Energy 185, 455-468, 2019. DOI 10.1016/j.solener.2019.02.067"
)


@final
class Elpv(Dataset):
    """Functional and defective solar cells in electroluminescence photographs, 300x300 pixels.

    The annotators' probabilities are 0, 1/3, 2/3 and 1. No split is published.

    Args:
        threshold: in (0, 1]; a cell counts as defective from this probability on.

    Raises:
        ConfigError: with this threshold one of the two classes would be empty.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        if not 0 < threshold <= 1:
            raise ConfigError(
                f"The defect threshold of elpv is {threshold}, which leaves one class empty.",
                "Choose a probability above 0 and up to 1.",
            )
        self.threshold = threshold

    @property
    def info(self) -> DatasetInfo:
        """Classes, cell type as the one attribute, and what the authors ask of users."""
        return DatasetInfo(
            "elpv",
            CLASSES,
            attributes={"cell type": CELL_TYPES},
            licence=LICENCE,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def records(self) -> Sequence[Record]:
        """All cells in the order of the published table.

        Raises:
            DataError: the package ``elpv-dataset`` is not installed, or its table is not as expected.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The photograph, its grey value in all three channels."""
        return read_image(_folder() / self._records[index].id)

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        table = _folder() / "labels.csv"
        try:
            with table.open(encoding="utf-8", newline="") as lines:
                rows = [row for row in csv.reader(lines, delimiter=" ", skipinitialspace=True) if row]
            return tuple(self._record(name, float(probability), kind) for name, probability, kind in rows)
        except (OSError, ValueError) as error:
            raise DataError(f"The table {table} cannot be read: {error}.", "Reinstall elpv-dataset.") from None

    def _record(self, name: str, probability: float, kind: str) -> Record:
        return Record(name, int(probability >= self.threshold), attributes={"cell type": CELL_TYPES.index(kind)})


def _folder() -> Path:
    # Located without importing it: the package's own loader would decode all images at once.
    found = find_spec("elpv_dataset")
    if found is None or not found.submodule_search_locations:
        raise DataError("The package elpv-dataset is not installed.", "Install it with: pip install elpv-dataset")
    return Path(found.submodule_search_locations[0]) / "data"


__all__ = ["CELL_TYPES", "CLASSES", "Elpv"]
