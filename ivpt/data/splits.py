"""Train, val and test: published where there is a published split, drawn and fingerprinted where there is none."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.dataset import Record

TRAIN, VAL, TEST = 0, 1, 2
"""Codes of the splits, here and in run files."""

CODES = {"train": TRAIN, "val": VAL, "test": TEST}


@dataclass(frozen=True)
class SplitTable:
    """Which image is for what.

    Attributes:
        split: (images,) 0 train, 1 val, 2 test, in the order of the records.
        sha256: of the (id, split) pairs in the order of the ids; equal tables have equal values.
    """

    split: NDArray[np.uint8]
    sha256: str

    def indices(self, *codes: int) -> NDArray[np.int64]:
        """Positions of all images of the given splits, ascending."""
        return np.flatnonzero(np.isin(self.split, codes)).astype(np.int64)


def make_split(
    records: Sequence[Record],
    *,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    classes: Sequence[str] = (),
) -> SplitTable:
    """Complete a split: published val and test images stay where they are, what is missing is taken out of train.

    Val and test are drawn class by class, so that every class keeps its share in each. An image's place in the draw is
    a hash of (seed, id): it depends neither on the order of the records nor on any library's random numbers.

    Args:
        records: all images; ``Record.split`` is the published split or ``None``.
        val_fraction: share of each class's training images that becomes val, unless val images are published.
        test_fraction: share of each class's images that becomes test, unless test images are published.
        seed: of the draw.
        classes: class names, for errors.

    Raises:
        DataError: two images have one id, there are fewer than two classes, or a class is too small to be split.
    """
    _refuse_unusable(records, len(classes))
    split = np.array([CODES[record.split or "train"] for record in records], dtype=np.uint8)
    draw_test, draw_val = TEST not in split, VAL not in split
    needed = 1 + draw_test + draw_val
    for label in range(max(len(classes), 1 + max(record.label for record in records))):
        pool = [i for i, record in enumerate(records) if record.label == label and split[i] == TRAIN]
        if len(pool) < needed:
            name = repr(classes[label]) if classes else str(label)
            raise DataError(
                f"The class {name} has {len(pool)} image{'' if len(pool) == 1 else 's'} to learn from, "
                f"and at least {needed} are needed.",
                "Add images, or leave the class out.",
            )
        pool.sort(key=lambda i: _place(seed, records[i].id))
        tests = _share(test_fraction, len(pool), needed - 1) if draw_test else 0
        split[pool[:tests]] = TEST
        vals = _share(val_fraction, len(pool) - tests, 1) if draw_val else 0
        split[pool[tests : tests + vals]] = VAL
    split.setflags(write=False)
    return SplitTable(split, _fingerprint(records, split))


def _refuse_unusable(records: Sequence[Record], num_classes: int) -> None:
    if not records:
        raise DataError("The data set holds no images.")
    repeated = [name for name, count in Counter(record.id for record in records).items() if count > 1]
    if repeated:
        raise DataError(f"The data set holds the image {repeated[0]!r} more than once.")
    labels = {record.label for record in records}
    if len(labels) < 2 and num_classes < 2:
        raise DataError("The data set has one class, and at least two are needed.")


def _share(fraction: float, count: int, keep: int) -> int:
    """At least 1, and at most so many that ``keep`` are left."""
    return min(max(round(fraction * count), 1), count - keep)


def _place(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()


def _fingerprint(records: Sequence[Record], split: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256()
    for name, code in sorted((record.id, int(code)) for record, code in zip(records, split, strict=True)):
        digest.update(f"{name}\0{code}\n".encode())
    return digest.hexdigest()


__all__ = ["CODES", "TEST", "TRAIN", "VAL", "SplitTable", "make_split"]
