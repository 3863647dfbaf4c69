"""Storing an array of known size."""

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
