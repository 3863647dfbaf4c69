"""Your own pictures: a folder of class folders."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Source

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".avif")
)
"""Files with other endings are not taken for images."""

SPLIT_FOLDERS: dict[str, Split] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}


@final
class Folder(Dataset):
    """Your own: DIR/class/.../image, or DIR/{train,val,test}/class/.../image where the split is made already.

    Classes are the class folders' names in alphabetical order; hidden files and folders are passed over.

    Args:
        root: the folder (``--data DIR``).
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = root

    @property
    def source(self) -> Source:
        """The folder that was named."""
        return Source(Path(self.root).expanduser() if self.root else None)

    @property
    def info(self) -> DatasetInfo:
        """Classes as found in the folder.

        Raises:
            DataError: as :meth:`records`.
        """
        return DatasetInfo("folder", self._found[0])

    def records(self) -> Sequence[Record]:
        """All images, ordered by split folder, class and path.

        Raises:
            DataError: no folder is named or it is not there, it has fewer than two classes, a class has no image, or a
                class of val or test is not in train.
        """
        return self._found[1]

    def image(self, index: int) -> NDArray[np.uint8]:
        """Decode one image; see :func:`ivpt.data.images.read_image`."""
        return read_image(self._path / self._found[1][index].id)

    @property
    def _path(self) -> Path:
        if not self.root:
            raise DataError("The data set 'folder' needs the folder of your images.", "Name it with --data DIR.")
        path = Path(self.root).expanduser()
        if not path.is_dir():
            raise DataError(f"There is no folder {path}.", "Name a folder with one subfolder of images per class.")
        return path

    @cached_property
    def _found(self) -> tuple[tuple[str, ...], tuple[Record, ...]]:
        root = self._path
        top = _folders(root)
        # A class may be called "train"; it is the split only where train itself holds class folders.
        if "train" in top and set(top) <= SPLIT_FOLDERS.keys() and _folders(root / "train"):
            alone = len(top) == 1
            parts = [(name, None if alone else SPLIT_FOLDERS[name]) for name in top]
            classes = tuple(_folders(root / "train"))
        else:
            parts = [("", None)]
            classes = tuple(top)
        if len(classes) < 2:
            raise DataError(
                f"The folder {root} has {len(classes) or 'no'} class folder{'' if len(classes) == 1 else 's'}, "
                "and at least two are needed.",
                "Put the images of each class into a folder of its own.",
            )
        records = []
        for part, split in parts:
            for name in _folders(root / part):
                if name not in classes:
                    raise DataError(f"The class {name!r} in {root / part} has no training images.")
                files = _images(root / part / name)
                if not files:
                    raise DataError(f"The class folder {root / part / name} holds no images.", _ENDINGS)
                label = classes.index(name)
                records += [Record(file.relative_to(root).as_posix(), label, split) for file in files]
        return classes, tuple(records)


_ENDINGS = "Images end in " + ", ".join(sorted(SUFFIXES)) + "."


def _folders(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _images(path: Path) -> list[Path]:
    found = []
    for folder, below, names in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                _refuse_undecodable(Path(folder) / name)
                found.append(Path(folder) / name)
    return sorted(found, key=lambda file: file.as_posix())


def _refuse_undecodable(file: Path) -> None:
    try:
        str(file).encode("utf-8")
    except UnicodeEncodeError:
        shown = ascii(str(file))
        raise DataError(f"The file name {shown} is not valid UTF-8.", "Rename the file.") from None


__all__ = ["SPLIT_FOLDERS", "SUFFIXES", "Folder"]
