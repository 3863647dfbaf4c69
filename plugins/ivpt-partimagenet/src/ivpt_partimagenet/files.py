"""Where images and annotations lie, and the annotations as read once."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ivpt.data.places import find
from ivpt.data.remembered import fingerprint, remembered
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Progress, Split
from ivpt.interfaces.source import Place
from ivpt_partimagenet.annotations import Image, read_annotations

SPLITS: tuple[Split, ...] = ("train", "val", "test")

_VERSION = 1
"""Counts changes to what is kept of the annotations."""


def layout(splits: Sequence[Split], divided: bool) -> tuple[Place, ...]:
    """What is looked for, with or without a table that divides the training images anew."""
    return tuple(place for split in splits for place in (_annotations(split), _images(split, divided)))


def _annotations(split: Split) -> Place:
    return Place(f"annotations/{split}|annotations/{split}.json", f"part masks of {split}, *.json in COCO's layout")


def _images(split: Split, divided: bool) -> Place:
    more = "|train_train" if divided else ""
    return Place(f"images/{split}{more}", f"images of {split}, n01440764_123.JPEG and so on, or in folders by class")


def images_of(root: Path, splits: Sequence[Split], progress: Progress | None) -> dict[Split, list[Image]]:
    """The images of each split, from the annotations or, if they have been read before, from the cache.

    Raises:
        DataError: a file is missing or damaged.
        OutputError: the cache cannot be written.
    """
    files = {split: _files(root, split) for split in splits}

    def read() -> list[list[Image]]:
        found = []
        for split in splits:
            words = f"reading annotations of {split} (once)"
            told = None if progress is None else partial(_tell, progress, words)
            found.append([image for file in files[split] for image in read_annotations(file, told)])
        return found

    key = fingerprint([file for split in splits for file in files[split]], _VERSION, tuple(splits))
    kept = remembered("partimagenet", key, read)
    return {split: [Image(*entry) for entry in found] for split, found in zip(splits, kept, strict=True)}


def _tell(progress: Progress, words: str, done: int, total: int) -> None:
    progress(done, total, words)


def _files(root: Path, split: Split) -> list[Path]:
    found = find(root, _annotations(split))
    assert found is not None  # it has been required
    files = [found] if found.is_file() else sorted(found.glob("*.json"))
    if not files:
        raise DataError(f"The folder {found} holds no .json file.", "Its annotations belong there.")
    return files


__all__ = ["SPLITS", "images_of", "layout"]
