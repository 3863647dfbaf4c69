"""Archives from the network, unpacked without trusting them.

Only the names and the bytes of regular files are taken: what else an archive can hold (links, devices, owners, modes)
never reaches the disk. Everything is written into a new folder first and moved from there when it is whole.
"""

import bz2
import gzip
import io
import lzma
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from ivpt.errors import DataError
from ivpt.interfaces.dataset import Progress

MAX_RATIO = 20
"""Unpacked bytes per byte of an archive; photographs have 1, tables of text up to 12."""
SPARE = 64 * 2**20
"""Bytes that any archive may hold besides."""
MAX_FILES = 3_000_000
_LARGEST_READ = 2**24
"""Bytes asked for at once; only a forged header asks for more."""

_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)


def is_archive(name: str) -> bool:
    """Whether a file of this name is to be unpacked."""
    return _ARCHIVE.search(name) is not None


def unpack(archive: Path, into: Path, *, progress: Progress | None = None) -> None:
    """Unpack a zip or tar file (plain, gz, bz2, xz); what it is, its content says.

    Args:
        archive: the file; it stays.
        into: the folder; nothing that is there is overwritten.
        progress: told in files.

    Raises:
        DataError: it is no archive, is damaged, would put something elsewhere, holds a link or anything but files and
            folders, is larger unpacked than an honest one can be, or something of the same name is there.
    """
    into.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=into))
    try:
        limit = MAX_RATIO * archive.stat().st_size + SPARE
        written = count = 0
        with _members(archive, limit) as members:
            for name, stream, size in members:
                count, written = count + 1, written + size
                if written > limit or count > MAX_FILES:
                    raise _refused(archive, "it is far larger unpacked than it can honestly be")
                _write(work / _checked(name, archive), stream)
                if progress is not None:
                    progress(count, count + 1, f"unpacking {archive.name}")
        _move(work, into, archive)
    except _DAMAGED as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{archive} cannot be unpacked: {what}.", "It may be a web page, or damaged: delete it and fetch it again."
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


_Member = tuple[str, IO[bytes] | None, int]
"""Name, content (``None``: a folder), bytes of it."""


@contextmanager
def _members(archive: Path, limit: int) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _of_zip(opened, archive)
        return
    with _uncompressed(archive) as plain, tarfile.open(fileobj=_Watched(plain, archive, limit), mode="r:") as tar:
        yield _of_tar(tar, archive)


def _of_zip(opened: zipfile.ZipFile, archive: Path) -> Iterator[_Member]:
    for info in opened.infolist():
        kind = (info.external_attr >> 16) & 0o170000
        if info.flag_bits & 1:
            raise _refused(archive, "it is encrypted")
        if kind not in (0, 0o100000, 0o040000):
            raise _refused(archive, f"{info.filename!r} is neither a file nor a folder")
        if info.is_dir():
            yield info.filename, None, 0
        else:
            # reads at most file_size bytes, and raises if there are others than the checksum says
            with opened.open(info) as stream:
                yield info.filename, stream, info.file_size


def _of_tar(tar: tarfile.TarFile, archive: Path) -> Iterator[_Member]:
    for member in tar:
        if member.isdir():
            yield member.name, None, 0
        elif member.isreg() and not member.issparse():
            stream = tar.extractfile(member)
            assert stream is not None  # as for every regular file
            with stream:
                yield member.name, stream, member.size
        else:
            raise _refused(archive, f"{member.name!r} is neither a file nor a folder")


def _uncompressed(archive: Path) -> IO[bytes]:
    with archive.open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(archive))
    if start.startswith(b"BZh"):
        return bz2.open(archive)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(archive)
    return archive.open("rb")


class _Watched(io.RawIOBase):
    """A stream for tarfile that refuses to grow without end, also in headers, which tarfile reads at once."""

    def __init__(self, stream: IO[bytes], archive: Path, limit: int) -> None:
        self._stream, self._archive, self._limit = stream, archive, limit

    def read(self, size: int = -1) -> bytes:
        """At most :data:`_LARGEST_READ` bytes."""
        if not 0 <= size <= _LARGEST_READ or self._stream.tell() > self._limit:
            raise _refused(self._archive, "it is far larger unpacked than it can honestly be")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Not beyond the limit: of a compressed file all up to there would be unpacked."""
        if offset > self._limit + _LARGEST_READ:
            raise _refused(self._archive, "it is far larger unpacked than it can honestly be")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Position in the unpacked bytes."""
        return self._stream.tell()


def _checked(name: str, archive: Path) -> Path:
    """The path of a member, which must lie below the folder."""
    plain = name.removeprefix("./").rstrip("/") if name.rstrip("/") else name
    if plain in ("", "."):
        return Path()
    parts = plain.split("/")
    # a backslash is a path and C: a drive on Windows
    if any(part in ("", ".", "..") for part in parts) or "\\" in plain or plain[1:2] == ":" or not plain.isprintable():
        raise _refused(archive, f"it would write to {name!r}")
    return Path(*parts)


def _write(path: Path, stream: IO[bytes] | None) -> None:
    if stream is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        shutil.copyfileobj(stream, out, 2**18)


def _move(work: Path, into: Path, archive: Path) -> None:
    found = sorted(work.iterdir())
    for path in found:
        if (into / path.name).exists():
            raise DataError(
                f"{archive.name} holds {path.name}, which is in {into} already.",
                "Move that away, or name another folder.",
            )
    for path in found:
        path.replace(into / path.name)


def _refused(archive: Path, why: str) -> DataError:
    return DataError(f"{archive} is not unpacked: {why}.", "Do not trust this file; delete it.")


__all__ = ["is_archive", "unpack"]
