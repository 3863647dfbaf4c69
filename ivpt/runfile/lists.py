"""Lists of images in the index: of each split and class, of each confusion, the mistakes, those with maps."""

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.arrays import array
from ivpt.runfile.schema import SPLITS

Ints = NDArray[np.integer[Any]]


def write_lists(index: h5py.Group, labels: Ints, splits: Ints, predictions: Ints, rows: Ints, classes: int) -> None:
    """Write them, and how many there are.

    Args:
        index: the group.
        labels: (N,) classes.
        splits: (N,) 0 to 2.
        predictions: (N,) classes, -1 where there is none.
        rows: (M,) image of each row of maps.
        classes: C.
    """
    label, split = labels.astype(np.int64), splits.astype(np.int64)
    judged = np.flatnonzero(predictions >= 0)
    right = judged[predictions[judged] == labels[judged]]
    at = split * classes + label
    counts = [np.bincount(at[of], minlength=len(SPLITS) * classes) for of in (slice(None), judged, right)]
    array(index, "counts", np.stack(counts).reshape(3, len(SPLITS), classes).astype(np.int32))
    array(index, "class_maps", np.bincount(label[rows], minlength=classes).astype(np.int32))
    images = index.create_group("images")
    array(images, "mapped", np.sort(rows).astype(np.int32))
    array(images, "mistakes", np.setdiff1d(judged, right).astype(np.int32))
    _write_sorted(images, "split", split, len(SPLITS))
    _write_sorted(images, "class", label, classes)
    _write_pairs(images, judged, split, label, predictions.astype(np.int64))


def _write_sorted(images: h5py.Group, name: str, member: Ints, count: int) -> None:
    """All images ordered by what they belong to, and where each set begins."""
    array(images, f"of_{name}", np.argsort(member, kind="stable").astype(np.int32))
    array(images, f"{name}_offset", np.concatenate([[0], np.cumsum(np.bincount(member, minlength=count))]))


def _write_pairs(images: h5py.Group, judged: Ints, split: Ints, label: Ints, predicted: Ints) -> None:
    order = judged[np.lexsort((predicted[judged], label[judged], split[judged]))]
    keys = np.stack([split[order], label[order], predicted[order]], axis=1)
    pairs, begins = np.unique(keys, axis=0, return_index=True)
    array(images, "of_pair", order.astype(np.int32))
    array(images, "pairs", pairs.astype(np.int32))
    array(images, "pair_offset", np.append(begins, len(order)))
