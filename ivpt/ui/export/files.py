"""New files that never take the place of others."""

import re
from pathlib import Path

from ivpt.errors import OutputError


def stem(*parts: str) -> str:
    """A file name without ending from words that may hold anything: letters, digits, dots and dashes remain."""
    words = [re.sub(r"[^\w.]+", "-", part, flags=re.ASCII).strip("-.") for part in parts]
    return "-".join(word for word in words if word)[:120] or "ivpt"


def save(folder: Path, name: str, ending: str, content: bytes) -> Path:
    """Write a new file; where the name is taken a number is added.

    Args:
        folder: where to, must exist.
        name: without ending.
        ending: with its dot.
        content: of the file.

    Returns:
        Path of the file.

    Raises:
        OutputError: the folder cannot be written.
    """
    number = 1
    while True:
        path = folder / (f"{name}{ending}" if number == 1 else f"{name}-{number}{ending}")
        try:
            # x: whoever else takes this name in the same moment is noticed
            with path.open("xb") as file:
                file.write(content)
            return path
        except FileExistsError:
            number += 1
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror or error}.", "Start ivpt in a folder that you may write to."
            ) from error
