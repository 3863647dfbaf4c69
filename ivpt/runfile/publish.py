"""A file appears whole or not at all.

What is being written is a hidden neighbour of its target, locked while its writer lives. It takes the target's place by
an atomic rename; a neighbour nobody holds a lock on was left by a killed writer and is removed by the next one.
"""

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ivpt.errors import OutputError

if sys.platform != "win32":
    import fcntl

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space, or write to another disk with --out."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, or write to another disk with --out."),
    errno.EFBIG: ("the file would be larger than is allowed here", "Raise the limit, or write elsewhere with --out."),
    errno.EACCES: ("permission is missing", "Choose a folder you may write to with --out."),
    errno.EPERM: ("permission is missing", "Choose a folder you may write to with --out."),
    errno.EROFS: ("the file system is read-only", "Choose a folder you may write to with --out."),
    errno.EISDIR: ("it is a folder", "Name a file with --out."),
    errno.ENOTDIR: ("a part of that path is a file, not a folder", "Choose another path with --out."),
    errno.EEXIST: ("a part of that path is a file, not a folder", "Choose another path with --out."),
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while writing ``path`` into an :class:`OutputError`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        said = (str(error).splitlines() or [type(error).__name__])[0]
        words, hint = _REASONS.get(number or 0, (said, ""))
        raise OutputError(f"{path} cannot be written: {words}.", hint) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out an empty file that becomes ``path`` when the block ends well and vanishes when it does not.

    Args:
        path: the target; folders are made, a symbolic link keeps pointing where it did.

    Raises:
        OutputError: the folder or file cannot be written.
    """
    target = Path(os.path.realpath(path))
    with writing(path):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        temporary, handle = _create(target)
    try:
        yield temporary
        with writing(path):
            _sync(temporary)
            temporary.replace(target)
            _sync(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        os.close(handle)


def remove_leftovers(target: Path) -> list[Path]:
    """Remove neighbours of ``target`` that a killed writer left; those of living writers stay.

    Returns:
        What was removed.
    """
    prefix, suffix = _affixes(target)
    removed = []
    for name in os.listdir(target.parent):
        if not (name.startswith(prefix) and name.endswith(suffix)):
            continue
        leftover = target.parent / name
        with suppress(OSError):
            handle = os.open(leftover, os.O_RDWR)
            try:
                if _lock(handle):
                    leftover.unlink()
                    removed.append(leftover)
            finally:
                os.close(handle)
    return removed


def _affixes(target: Path) -> tuple[str, str]:
    return f".{target.name}.", ".partial"


def _create(target: Path) -> tuple[Path, int]:
    prefix, suffix = _affixes(target)
    while True:
        temporary = target.with_name(f"{prefix}{secrets.token_hex(6)}{suffix}")
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(handle)
        # another writer may have taken it for a leftover before it was locked
        if os.fstat(handle).st_nlink:
            return temporary, handle
        os.close(handle)


def _lock(handle: int) -> bool:
    """Try to take the lock of an open file; False when somebody holds it or files cannot be locked here."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync(path: Path) -> None:
    if path.is_dir() and sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
