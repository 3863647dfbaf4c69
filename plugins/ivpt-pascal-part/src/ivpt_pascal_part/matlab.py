"""The annotation of one image: a MATLAB struct of objects, each with parts."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from ivpt.errors import DataError
from ivpt_pascal_part.parts import CLASSES, part_name


class Object(NamedTuple):
    """One object.

    Attributes:
        label: index of its class.
        mask: (height, width) its silhouette.
        parts: name with class, and mask, in the order of the file.
    """

    label: int
    mask: NDArray[np.bool_]
    parts: tuple[tuple[str, NDArray[np.bool_]], ...]


def read_objects(path: Path) -> list[Object]:
    """All objects of an image, in the order of the file.

    Raises:
        DataError: the file cannot be read or is not as expected; the message names it.
    """
    try:
        # Not squeezed: lists of one object or no part would lose their dimension.
        anno = loadmat(path, variable_names=["anno"])["anno"]
        found = [_object(entry) for entry in np.ravel(anno[0, 0]["objects"])]
    except Exception as error:  # of damaged files scipy raises anything from TypeError to zlib.error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DataError(f"The annotation {path} cannot be read: {reason}.", "Unpack the archive again.") from None
    shapes = {mask.shape for thing in found for mask in (thing.mask, *(mask for _, mask in thing.parts))}
    if len(shapes) > 1:
        raise DataError(f"The masks in {path} are not all of one size.", "Unpack the archive again.")
    return found


def _object(entry: Any) -> Object:
    kind, number = _word(entry["class"]), int(entry["class_ind"].item())
    if kind not in CLASSES or CLASSES.index(kind) != number - 1:  # class_ind begins at 1
        raise ValueError(f"its class {kind!r} has the number {number}")
    # Without parts the field is an empty array of numbers.
    parts = tuple((part_name(kind, _word(part["part_name"])), part["mask"] > 0) for part in np.ravel(entry["parts"]))
    return Object(number - 1, entry["mask"] > 0, parts)


def _word(value: NDArray[Any]) -> str:
    return str(value.item())


__all__ = ["Object", "read_objects"]
