"""What takes long to find out about a data set's files, found out once and kept in the cache."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ivpt.errors import OutputError
from ivpt.paths import cache_dir


def fingerprint(files: Iterable[Path], *parameters: object) -> str:
    """16 hexadecimal digits that are others whenever a file or a parameter is another.

    A file counts as the same while path, size and time of change are, as for ``make``: reading all of them would take
    as long as what is to be saved.

    Args:
        files: in any order; one that is missing counts as well.
        parameters: all that the result depends on besides the files; by their ``repr``.
    """
    digest = hashlib.sha256(repr(parameters).encode())
    for file in sorted(files):
        try:
            status = file.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            state = "missing"
        digest.update(f"\0{file}\0{state}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def remembered(name: str, key: str, find_out: Callable[[], Any]) -> Any:
    """The result of a long search, from the cache if it was done before.

    Args:
        name: of the data set; the folder in the cache.
        key: see :func:`fingerprint`.
        find_out: gives what JSON can hold, lists and numbers for example; called if nothing usable is kept.

    Raises:
        OutputError: the result cannot be written.
    """
    path = cache_dir() / name / f"{key}.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # not there yet, or damaged
        pass
    result = find_out()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(result, file)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"The cache file {path} cannot be written: {error.strerror}.", "Name another cache folder by IVPT_CACHE."
        ) from None
    return json.loads(path.read_text("utf-8"))


__all__ = ["fingerprint", "remembered"]
