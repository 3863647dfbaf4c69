"""Pickled numbers, words and numpy arrays, read without executing what the pickle asks for.

A pickle is a program. This one may build lists, dictionaries, numbers and strings, and name three things of numpy,
which are replaced by descriptions; the array is made of its bytes once its type and size have been looked at.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError


class _Type:
    """Stands for ``numpy.dtype``: only its name is taken."""

    def __init__(self, name: bytes | str, *_: object) -> None:
        self.name = name.decode("ascii") if isinstance(name, bytes) else name

    def __setstate__(self, state: object) -> None:
        """Byte order and fields; of bytes there is only one order, and other types are refused."""


class _Array:
    """Stands for ``numpy.ndarray``."""

    values: NDArray[np.uint8]

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Type, bool, bytes]) -> None:
        _, shape, kind, in_columns, data = state
        if not isinstance(kind, _Type) or kind.name != "u1":
            raise pickle.UnpicklingError("an array of something other than bytes")
        if not isinstance(data, bytes) or int(np.prod(shape, dtype=object)) != len(data):
            raise pickle.UnpicklingError("an array that is not as large as it says")
        self.values = np.frombuffer(data, np.uint8).reshape(shape, order="F" if in_columns else "C")


def _reconstruct(*_: object) -> _Array:
    return _Array()


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle of Python 2 or 3.

    Returns:
        Keys as text; values as they are, strings of Python 2 as bytes, arrays of bytes as numpy arrays.

    Raises:
        DataError: the file cannot be read, or holds anything but plain values in a dictionary.
    """
    try:
        with path.open("rb") as stream:
            found = _Reader(stream, encoding="bytes").load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError("it is no dictionary")
        return {
            key.decode() if isinstance(key, bytes) else str(key): value.values if isinstance(value, _Array) else value
            for key, value in found.items()
        }
    except Exception as error:  # a damaged pickle raises anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"The file {path} cannot be read safely: {reason}.", "Unpack the archive again.") from None


__all__ = ["read_pickle"]
