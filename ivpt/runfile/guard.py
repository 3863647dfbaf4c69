"""Opening a run file that may be anything, and touching nothing outside it.

An HDF5 file can point into other files (external links, external storage, virtual data sets) and can name filter
plugins to be loaded. A run file has none of these; whatever has is refused before it is read.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from ivpt.errors import RunFileError
from ivpt.runfile.schema import FORMAT, VERSION

_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_RETRAIN = "Give the path of a file written by ivpt train."


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what HDF5 says about a damaged file into one sentence."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        words = str(error).strip("'\"").splitlines() or [type(error).__name__]
        raise RunFileError(
            f"The run file {path} is damaged: {words[0]}.", "Copy it again from where it was written, or train again."
        ) from error


def open_file(path: Path) -> h5py.File:
    """Open for reading, without locks, so that a writer may replace the file meanwhile.

    Raises:
        RunFileError: there is no such file, it is not a run file, it is newer than this program, or truncated.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise RunFileError(f"There is no run file {path}.", _RETRAIN) from None
        raise RunFileError(f"The run file {path} cannot be read: {(error.strerror or 'unknown').lower()}.") from None
    if not h5py.is_hdf5(path):
        raise RunFileError(f"{path} is not a run file (not HDF5).", _RETRAIN)
    try:
        file = _open_without_locks(path)
    except (OSError, RuntimeError) as error:
        state = "truncated" if "truncated" in str(error) else "damaged"
        raise RunFileError(
            f"The run file {path} is {state}.", "Copy it again from where it was written, or train again."
        ) from error
    try:
        _check_format(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _open_without_locks(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "locking flag" not in str(error):
            raise
        # this process has the file open already, with h5py's default; HDF5 wants both alike
        return h5py.File(path, "r")


def _check_format(file: h5py.File, path: Path) -> None:
    with reading(path):
        name, version = file.attrs.get("format"), file.attrs.get("format_version")
    if name != FORMAT:
        raise RunFileError(f"{path} is an HDF5 file but not a run file.", _RETRAIN)
    try:
        number = int(version)
    except (TypeError, ValueError):
        raise RunFileError(f"The run file {path} is damaged: its format version is {version!r}.") from None
    if number > VERSION:
        raise RunFileError(
            f"The run file {path} has format {number}, but this ivpt reads formats up to {VERSION}.",
            "Install a newer one: pip install --upgrade ivpt.",
        )
    if number < 1:
        raise RunFileError(f"The run file {path} is damaged: its format version is {number}.")


def item(file: h5py.File, path: Path, name: str) -> h5py.Group | h5py.Dataset | None:
    """The object at ``name`` below the root, or None; every step must be an ordinary link inside this file.

    Raises:
        RunFileError: a step leads to another file, or the data are stored in one.
    """
    here: h5py.Group | h5py.Dataset = file
    for step in name.split("/"):
        # asked of the link, not of what it leads to: a dangling external link is refused, not taken for absent
        link = _link(here, step, path) if isinstance(here, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise _refused(path, name)
        here = here[step]
    if isinstance(here, h5py.Dataset):
        _check_storage(here, path, name)
    elif not isinstance(here, h5py.Group):
        raise RunFileError(f"The run file {path} is damaged: {name} is neither a group nor an array.")
    return here


def _link(group: h5py.Group, step: str, path: Path) -> object:
    try:
        return group.get(step, getlink=True)
    except TypeError:  # a user-defined link class
        raise _refused(path, step) from None


def _check_storage(dataset: h5py.Dataset, path: Path, name: str) -> None:
    plan = dataset.id.get_create_plist()
    if dataset.is_virtual or plan.get_external_count():
        raise _refused(path, name)
    for position in range(plan.get_nfilters()):
        if plan.get_filter(position)[0] not in _FILTERS:
            raise RunFileError(f"The run file {path} compresses {name} in a way that run files do not use.")
    kind = dataset.dtype
    if kind.kind not in "iuf" and h5py.check_string_dtype(kind) is None:
        raise RunFileError(f"The run file {path} is damaged: {name} holds neither numbers nor text.")


def _refused(path: Path, name: str) -> RunFileError:
    return RunFileError(
        f"The run file {path} points to another file at {name}; such links are not followed.",
        "Only open run files from people you trust.",
    )
