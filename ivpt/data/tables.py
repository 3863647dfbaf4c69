"""Text tables of data sets: read at once, wrong lines named."""

from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ivpt.errors import DataError


def columns(path: Path, dtype: DTypeLike) -> NDArray[np.void]:
    """The first columns of a table whose values are separated by blanks; further columns are passed over.

    Args:
        path: of the table; it has no header.
        dtype: structured, one field per column that is read.

    Raises:
        DataError: the file cannot be read, or a line does not fit; the message says which.
    """
    fields = np.dtype(dtype)
    count = len(fields.names or ())
    try:
        return np.loadtxt(path, fields, comments=None, usecols=range(count), encoding="utf-8", ndmin=1)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"The table {path} cannot be read: {_words(error)}.", "Unpack the archive again.") from None


def names(path: Path) -> dict[str, str]:
    """Lines of an id and a name; the name is all that follows the first blank and may hold blanks itself.

    Returns:
        Id to name, in the order of the file.

    Raises:
        DataError: the file cannot be read, a line has no name, or an id stands there twice.
    """
    found: dict[str, str] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The table {path} cannot be read: {_words(error)}.", "Unpack the archive again.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        key, _, name = line.strip().partition(" ")
        if not name or key in found:
            what = "has no name" if not name else f"repeats the id {key}"
            raise DataError(f"Line {number} of {path} {what}.", "Unpack the archive again.")
        found[key] = name.strip()
    return found


def id_type(ids: NDArray[np.str_]) -> str:
    """The type of a column of ids: one character longer than they are, so that a longer one is not taken for one."""
    return f"U{ids.dtype.itemsize // 4 + 1}"


def rows_of(ids: NDArray[np.str_], wanted: NDArray[np.str_], path: Path) -> NDArray[np.int64]:
    """For each id of a table its position among the images.

    Args:
        ids: (rows,) of the table.
        wanted: (N,) of all images, each once.
        path: of the table, for errors.

    Raises:
        DataError: the table is about an image that does not exist.
    """
    order = np.argsort(wanted)
    place = np.minimum(np.searchsorted(wanted, ids, sorter=order), len(wanted) - 1)
    found = order[place]
    strange = wanted[found] != ids
    if strange.any():
        raise DataError(f"{path} is about an image {ids[strange][0]!s} that is not in images.txt.")
    return np.asarray(found, np.int64)


def one_each(path: Path, rows: NDArray[np.int64], count: int, ids: NDArray[np.str_]) -> None:
    """Refuse a table that does not have exactly one line per image.

    Raises:
        DataError: an image is missing or stands there twice.
    """
    times = np.bincount(rows, minlength=count)
    if (times != 1).any():
        first = int(np.flatnonzero(times != 1)[0])
        raise DataError(f"{path} has {times[first]} lines for the image {ids[first]!s}, and one is needed.")


def _words(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split()).rstrip(".")


__all__ = ["columns", "id_type", "names", "one_each", "rows_of"]
