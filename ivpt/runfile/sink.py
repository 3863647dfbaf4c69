"""The file under an HDF5 file that is being written: HDF5 never learns that the disk is full.

When a write fails, the HDF5 library cannot close its file any more; it prints pages of errors and crashes the process
at its end. So the first failure (also Ctrl-C, which may arrive here) is remembered, what could not be stored is kept in
memory (little, as the writer stops at once), and HDF5 closes in peace. Whoever writes calls :meth:`Sink.check`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import h5py

Buffer = bytes | bytearray | memoryview


class Sink:
    """A file-like object for :class:`h5py.File`.

    Args:
        path: an existing file.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._position = 0
        self._failure: BaseException | None = None
        self._unstored: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the first failure, if there was one."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Close the file; the failure, if any, stays known."""
        os.close(self._handle)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place counted from the start, from here, or from the end."""
        base = (0, self._position, self._size())[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The place where the next bytes go."""
        return self._position

    def write(self, data: Buffer) -> int:
        """Store bytes, or keep them in memory when the disk does not take them."""
        content = bytes(data)
        start, end = self._position, self._position + len(content)
        try:
            self.check()
            while self._position < end:
                os.lseek(self._handle, self._position, os.SEEK_SET)
                self._position += os.write(self._handle, content[self._position - start :])
        except BaseException as error:
            self._failure = self._failure or error
            self._unstored.append((start, content))
            self._position = end
        return len(content)

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read as many bytes as fit; places that were never written are zeros."""
        view = memoryview(buffer).cast("B")
        view[:] = bytes(len(view))
        try:
            stored = self._stored(len(view))
        except KeyboardInterrupt as stop:
            self._failure = self._failure or stop
            stored = self._stored(len(view))
        view[: len(stored)] = stored
        for start, content in self._unstored:
            low, high = max(start, self._position), min(start + len(content), self._position + len(view))
            if low < high:
                view[low - self._position : high - self._position] = content[low - start : high - start]
        self._position += len(view)
        return len(view)

    def read(self, size: int) -> bytes:
        """The next bytes; h5py tells a file-like object by this method."""
        buffer = bytearray(size)
        self.readinto(buffer)
        return bytes(buffer)

    def truncate(self, size: int | None = None) -> int:
        """Make the file so long."""
        wanted = self._position if size is None else size
        try:
            self.check()
            os.ftruncate(self._handle, wanted)
        except BaseException as error:
            self._failure = self._failure or error
        return wanted

    def flush(self) -> None:
        """Nothing is held back here; :func:`ivpt.runfile.publish.replacing` syncs the finished file."""

    def _stored(self, size: int) -> bytes:
        os.lseek(self._handle, self._position, os.SEEK_SET)
        return os.read(self._handle, size)

    def _size(self) -> int:
        return max([os.fstat(self._handle).st_size, *(start + len(content) for start, content in self._unstored)])


@contextmanager
def writable(path: Path, mode: Literal["w", "r+"]) -> Iterator[tuple[h5py.File, Sink]]:
    """Open an HDF5 file over a :class:`Sink` and close both.

    Args:
        path: an existing file.
        mode: ``w`` starts an empty file, ``r+`` changes what is there.

    Raises:
        OSError: the disk did not take everything; raised when the block is left, at the latest.
    """
    sink = Sink(path)
    try:
        with h5py.File(sink, mode) as file:
            yield file, sink
        sink.check()
    finally:
        sink.close()
