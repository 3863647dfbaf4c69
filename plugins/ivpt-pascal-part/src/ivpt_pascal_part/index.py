"""Which objects there are: read from all annotation files once, then kept in the cache."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ivpt.data.remembered import fingerprint, remembered
from ivpt_pascal_part.matlab import read_objects

_VERSION = 1
"""Counts changes to what is kept."""


class Entry(NamedTuple):
    """One object.

    Attributes:
        image: id of its image.
        number: its place among the objects of that image.
        label: its class.
        area: pixels of its silhouette.
        x, y, width, height: of the box around its silhouette.
        columns, rows: size of the image.
    """

    image: str
    number: int
    label: int
    area: int
    x: int
    y: int
    width: int
    height: int
    columns: int
    rows: int


class Index(NamedTuple):
    """All objects with a silhouette, and the names of the parts that occur."""

    entries: tuple[Entry, ...]
    parts: tuple[str, ...]


def read_index(folder: Path, images: Sequence[str], progress: Callable[[int, int, str], None] | None = None) -> Index:
    """Objects of some images, from their annotation files or from the cache.

    Raises:
        DataError: a file is missing or damaged.
        OutputError: the cache cannot be written.
    """
    files = [folder / f"{image}.mat" for image in images]

    def find_out() -> tuple[list[Entry], list[str]]:
        entries: list[Entry] = []
        parts: set[str] = set()
        for done, (image, file) in enumerate(zip(images, files, strict=True)):
            if progress is not None:
                progress(done, len(files), "reading part annotations (once)")
            for number, found in enumerate(read_objects(file)):
                parts.update(name for name, _ in found.parts)
                rows, columns = np.flatnonzero(found.mask.any(axis=1)), np.flatnonzero(found.mask.any(axis=0))
                if len(rows):
                    box = (columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
                    numbers = (number, found.label, found.mask.sum(), *box, *found.mask.shape[::-1])
                    entries.append(Entry(image, *(int(value) for value in numbers)))
        return entries, sorted(parts)

    entries, parts = remembered("pascal_part", fingerprint(files, _VERSION), find_out)
    return Index(tuple(Entry(*entry) for entry in entries), tuple(parts))


__all__ = ["Entry", "Index", "read_index"]
