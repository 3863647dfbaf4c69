"""Storing an array of known size, and reading some rows of one."""

import math
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.schema import GZIP_LEVEL, rows_per_chunk

_SMALL = 4096


def array(group: h5py.Group, name: str, values: NDArray[np.generic]) -> None:
    """Put an array at ``name``, compressed unless it is small."""
    if values.nbytes <= _SMALL:
        group.create_dataset(name, data=values)
        return
    rows = min(len(values), rows_per_chunk(values.nbytes // len(values)))
    group.create_dataset(
        name,
        data=values,
        chunks=(rows, *values.shape[1:]),
        compression="gzip",
        compression_opts=GZIP_LEVEL,
        shuffle=True,
    )


def rows_at(dataset: h5py.Dataset, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
    """Some rows of a data set.

    Rows that lie near each other are read as one block: h5py's own selection of scattered rows takes many times longer
    than reading each by itself.

    Args:
        dataset: any.
        rows: ascending, none twice.
    """
    if not len(rows):
        return np.zeros((0, *dataset.shape[1:]), dataset.dtype)
    if rows[-1] >= dataset.shape[0]:
        raise ValueError(f"{dataset.name} has {dataset.shape[0]} rows, row {rows[-1]} was asked for")
    found = np.empty((len(rows), *dataset.shape[1:]), dataset.dtype)
    row_bytes = math.prod(dataset.shape[1:]) * dataset.dtype.itemsize
    gap = max(2, _SMALL // max(row_bytes, 1))
    ends = np.append(np.flatnonzero(np.diff(rows) > gap) + 1, len(rows))
    start = 0
    for end in ends.tolist():
        first, last = int(rows[start]), int(rows[end - 1])
        found[start:end] = dataset[first : last + 1][rows[start:end] - first]
        start = end
    return found
