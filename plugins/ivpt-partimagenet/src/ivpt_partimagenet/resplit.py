"""The table of PDiscoFormer's split: the training classes of the OOD release, divided into train and test."""

import csv
from pathlib import Path
from typing import NamedTuple

from ivpt.errors import DataError
from ivpt.interfaces.dataset import Split


class Row(NamedTuple):
    """One image: its id in the training annotations, its split, its class and its file."""

    number: int
    split: Split
    label: int
    synset: str
    file: str


def read_table(path: Path) -> list[Row]:
    """All rows; tab-separated without a header: image id, is test, label from 0, WordNet id, file name.

    Raises:
        DataError: the file cannot be read, a line does not fit, or labels and classes are not one to one.
    """
    rows: list[Row] = []
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, test, label, synset, file in csv.reader(lines, delimiter="\t"):
                rows.append(Row(int(number), "test" if int(test) else "train", int(label), synset, file))
    except (OSError, ValueError) as error:
        where = f"line {len(rows) + 1} of {path}" if isinstance(error, ValueError) else str(path)
        raise DataError(f"The table of the split cannot be read: {where}: {error}.") from None
    pairs = {(row.label, row.synset) for row in rows}
    labels = sorted(label for label, _ in pairs)
    if labels != list(range(len(pairs))) or len({synset for _, synset in pairs}) != len(pairs):
        raise DataError(f"The labels of {path} are not the numbers 0 to {len(pairs) - 1}, one for each class.")
    return rows


__all__ = ["Row", "read_table"]
