"""Struct arrays out of MATLAB files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from ivpt.errors import DataError


def variable(path: Path, name: str) -> NDArray[Any]:
    """One variable as a flat array; the fields of a struct array are read by name: ``row["bbox_x1"]``.

    Raises:
        DataError: the file cannot be read as MATLAB's, or lacks the variable; the message names the file.
    """
    try:
        # A single row would be squeezed to no dimension at all.
        return np.atleast_1d(loadmat(path, squeeze_me=True, variable_names=[name])[name]).ravel()
    except KeyError:
        raise DataError(
            f"The file {path} has no variable {name!r}.", "Is it the file of that name of the devkit?"
        ) from None
    except Exception as error:  # of damaged files scipy raises anything from TypeError to zlib.error
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DataError(f"The file {path} cannot be read: {reason}.", "Fetch it again.") from None


__all__ = ["variable"]
