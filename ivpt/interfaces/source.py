"""Where the files of a data set come from, how they lie, and how many images there should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A file or folder that the reader looks for.

    Attributes:
        path: below the root, with forward slashes; other paths that will do as well follow after ``|``.
        words: what it is, for a list.
        option: the option that needs it (``segmentations``); empty if it is always needed.
    """

    path: str
    words: str
    option: str = ""


@dataclass(frozen=True)
class Download:
    """One file that may be downloaded without asking anyone.

    Attributes:
        url: http or https.
        gives: paths below the root that are there once it is unpacked; if all are there it is not downloaded again.
        into: folder below the root into which it is unpacked (tar, tar.gz, tar.xz, zip), or moved if it is no archive.
        size: in bytes as published; ``None`` if it is not.
        checksum: ``md5:`` or ``sha256:`` and hexadecimal digits; empty if none is published.
        checksum_from: where that checksum was published.
    """

    url: str
    gives: tuple[str, ...]
    into: str = ""
    size: int | None = None
    checksum: str = ""
    checksum_from: str = ""

    def __post_init__(self) -> None:
        if bool(self.checksum) != bool(self.checksum_from):
            raise ValueError("a checksum is worth as much as its source: give both or none")

    @property
    def file(self) -> str:
        """Its name."""
        return self.url.partition("?")[0].rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class Source:
    """What ``ivpt data NAME`` tells of a data set's files before they are there.

    Attributes:
        root: where the files are looked for; ``None`` if that has to be said with ``--data DIR``.
        page: where a person gets them.
        terms: what may be done with them, as their source states it.
        layout: what is looked for.
        counts: published number of images by split (``train``, ``val``, ``test``), or ``all`` where there is no split.
        downloads: what may be fetched; empty where one has to ask, register or agree first.
    """

    root: Path | None
    page: str = ""
    terms: str = ""
    layout: tuple[Place, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    downloads: tuple[Download, ...] = ()


__all__ = ["Download", "Place", "Source"]
