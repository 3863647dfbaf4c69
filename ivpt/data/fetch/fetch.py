"""All downloads of a data set: fetched, checked against a published checksum if there is one, unpacked."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ivpt.data.fetch.http import MEGA, download
from ivpt.data.fetch.unpack import is_archive, unpack
from ivpt.data.places import find
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Progress
from ivpt.interfaces.source import Download, Source


@dataclass(frozen=True)
class Fetched:
    """One download.

    Attributes:
        file: its name.
        bytes: of it; 0 if it was there already.
        verified: where the checksum was published that it has; empty if none is published, or it was there already.
    """

    file: str
    bytes: int
    verified: str


def fetch(source: Source, *, progress: Progress | None = None, pause: float = 1.0) -> list[Fetched]:
    """Fetch what is missing into the data set's folder.

    Args:
        source: with a root.
        progress: told about each step.
        pause: see :func:`ivpt.data.fetch.http.download`.

    Raises:
        DataError, OutputError: as downloading and unpacking; a file with another checksum is deleted.
    """
    root = source.root
    if root is None:
        raise DataError("There is no folder to put the files into.", "Name one with --data DIR.")
    root.mkdir(parents=True, exist_ok=True)
    return [_one(item, root, progress, pause) for item in source.downloads]


def _one(item: Download, root: Path, progress: Progress | None, pause: float) -> Fetched:
    if all(find(root, path) for path in item.gives):
        return Fetched(item.file, 0, "")
    target = root / item.file
    if not target.exists():
        download(item.url, target, size=item.size, progress=progress, pause=pause)
    size = target.stat().st_size
    if item.checksum:
        _verify(item, target, progress)
    into = root / item.into
    if is_archive(item.file):
        unpack(target, into, progress=progress)
        target.unlink()
    elif into != root:
        into.mkdir(parents=True, exist_ok=True)
        target.replace(into / item.file)
    absent = [path for path in item.gives if not find(root, path)]
    if absent:
        raise DataError(f"{item.file} was fetched, but {absent[0]} is not in it.")
    return Fetched(item.file, size, item.checksum_from)


def _verify(item: Download, file: Path, progress: Progress | None) -> None:
    kind, _, wanted = item.checksum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    total, done = file.stat().st_size, 0
    with file.open("rb") as stream:
        while chunk := stream.read(2**20):
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done // MEGA, total // MEGA + 1, f"checking {item.file} (MB)")
    if digest.hexdigest() != wanted.lower():
        file.unlink()
        raise DataError(
            f"{item.file} has the {kind} checksum {digest.hexdigest()}, and {wanted} is published "
            f"({item.checksum_from}).",
            "It was deleted, as it is damaged or another file. Fetch it again.",
        )


__all__ = ["Fetched", "fetch"]
