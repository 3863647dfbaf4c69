"""The 312 attributes of CUB-200-2011."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivpt.data.tables import columns, id_type, names, rows_of
from ivpt.errors import DataError

VALUES = ("absent", "present")

NOT_VISIBLE = 1
"""Certainty id of the annotators' *not visible*."""


def read_attributes(
    names_file: Path, labels_file: Path, ids: NDArray[np.str_]
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """What annotators saw on each image.

    Some lines of the published table have more than its five columns; the first four are sound and the only ones read.

    Args:
        names_file: attribute id (from 1) and name.
        labels_file: image id, attribute id, present, certainty id.
        ids: (N,) image ids.

    Returns:
        (A,) names, and (N, A) index into :data:`VALUES`, -1 where it is not annotated or not visible.

    Raises:
        DataError: a table is damaged or contradicts another.
    """
    named = {int(key): name for key, name in names(names_file).items()}
    table = columns(labels_file, [("id", id_type(ids)), ("attribute", "i4"), ("present", "i1"), ("certainty", "i1")])
    order = np.array(sorted(named), np.int64)
    which = np.minimum(np.searchsorted(order, table["attribute"]), len(order) - 1)
    if (order[which] != table["attribute"]).any():
        strange = table["attribute"][order[which] != table["attribute"]][0]
        raise DataError(f"{labels_file} is about an attribute {strange} that is not in {names_file.name}.")
    values = np.full((len(ids), len(order)), -1, np.int8)
    seen = table["certainty"] != NOT_VISIBLE
    values[rows_of(table["id"], ids, labels_file)[seen], which[seen]] = table["present"][seen] != 0
    return tuple(named[number] for number in sorted(named)), values


__all__ = ["VALUES", "read_attributes"]
