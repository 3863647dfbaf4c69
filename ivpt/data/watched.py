"""A data set plugin at work: whatever it does wrong becomes one sentence that names it, its package and its version."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import IvptError, PluginError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Progress, Record
from ivpt.interfaces.source import Source
from ivpt.registry import first_words

T = TypeVar("T")

LARGEST_INFO = 5_000_000
"""Letters in all that a data set says of itself; it goes into every run file."""

SLACK = 2.0
"""Pixels by which a visible keypoint may lie outside its image: annotators click on borders."""


class Watched(Dataset):
    """A data set that checks what a plugin hands out, and takes the blame to where it belongs.

    Errors meant for users (:class:`~ivpt.errors.IvptError`) pass as they are. What the plugin prints goes to stderr.

    Args:
        inner: the plugin's own instance; attributes that this class lacks are asked of it.
        who: kind, name, distribution and version, as a sentence begins.
    """

    def __init__(self, inner: Dataset, who: str) -> None:
        self.inner, self.who = inner, who
        self._info: DatasetInfo | None = None
        self._records: list[Record] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

    def __getstate__(self) -> dict[str, Any]:
        """Loader processes ask the plugin again instead of receiving a second copy of its records."""
        return {"inner": self.inner, "who": self.who, "_info": None, "_records": None}

    @property
    def info(self) -> DatasetInfo:
        """What the plugin says of itself, checked once.

        Raises:
            PluginError: it is no DatasetInfo, too large, or names something in control characters.
        """
        if self._info is None:
            self._info = self._checked_info(self._do("says nothing of itself", lambda: self.inner.info))
        return self._info

    @property
    def source(self) -> Source | None:
        """Where its files come from."""
        return self._do("does not say where its files are", lambda: self.inner.source)

    def prepare(self, progress: Progress | None = None) -> None:
        """Let the plugin prepare its files."""
        self._do("cannot be prepared", lambda: self.inner.prepare(progress))

    def records(self) -> Sequence[Record]:
        """All images, checked once.

        Raises:
            PluginError: something is no Record, or a label, split or attribute is none of those in ``info``.
        """
        if self._records is None:
            found = self._do("cannot list its images", lambda: _all(self.inner.records()))
            self._check_records(found)
            self._records = found
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """One image.

        Raises:
            PluginError: reading it breaks, or it is no (height, width, 3) of 8 bits.
        """
        image = self._do(f"fails on image {index}", lambda: self.inner.image(index), index)
        fits = isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3 and min(image.shape) > 0
        if not fits or image.dtype != np.uint8:
            kind = getattr(image, "dtype", type(image).__name__)
            raise self._error(
                f"gives {self._called(index)} as {kind} of shape {np.shape(image)}, and (height, width, 3) of uint8 is "
                "wanted"
            )
        return image

    def annotations(self, index: int) -> Annotations:
        """What is annotated on one image.

        Raises:
            PluginError: reading it breaks, or keypoints or mask have another shape than ``info`` says.
        """
        words = f"fails on the annotations of image {index}"
        found = self._do(words, lambda: self.inner.annotations(index), index)
        if not isinstance(found, Annotations):
            raise self._error(f"gives {self._called(index)} annotations of the type {type(found).__name__}")
        shape = (len(self.info.keypoints), 3)
        if found.keypoints is not None and np.shape(found.keypoints) != shape:
            raise self._error(
                f"gives {self._called(index)} keypoints of shape {np.shape(found.keypoints)}, and {shape} is wanted"
            )
        if found.box is not None and (len(found.box) != 4 or not np.isfinite(found.box).all()):
            raise self._error(f"gives {self._called(index)} the box {found.box!r}")
        return found

    def refuse_impossible(self, index: int, image: NDArray[np.uint8], found: Annotations) -> None:
        """Refuse annotations that cannot be true of an image.

        Raises:
            PluginError: a visible keypoint far outside the image, a mask of another size or with unknown parts.
        """
        height, width = image.shape[:2]
        if found.keypoints is not None:
            for name, (x, y, visible) in zip(self.info.keypoints, found.keypoints.tolist(), strict=True):
                inside = -SLACK <= x <= width + SLACK and -SLACK <= y <= height + SLACK  # false for NaN as well
                if visible and not inside:
                    raise self._error(
                        f"puts the visible keypoint {name!r} of {self._called(index)} at ({x:g}, {y:g}), outside its "
                        f"{width}x{height} pixels"
                    )
        if found.part_mask is not None:
            mask = found.part_mask
            if np.shape(mask) != (height, width):
                raise self._error(
                    f"gives {self._called(index)} of {width}x{height} pixels a mask of shape {np.shape(mask)}"
                )
            if int(mask.max(initial=0)) > len(self.info.parts):
                raise self._error(
                    f"marks part {int(mask.max())} in {self._called(index)}, and names {len(self.info.parts)} parts"
                )

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Which classes share which parts."""
        return self._do("does not say which parts its classes share", self.inner.class_parts)

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """What can be taken out of an image."""
        return self._do(f"fails on image {index}", lambda: self.inner.removable(index), index)

    def redrawn(self, index: int, *, without: Collection[str] = (), background: str | None = None) -> NDArray[np.uint8]:
        """An image drawn again."""
        again = lambda: self.inner.redrawn(index, without=without, background=background)  # noqa: E731
        return self._do(f"fails on image {index}", again, index)

    def _do(self, words: str, call: Callable[[], T], index: int | None = None) -> T:
        with self._blamed(words, index):
            return call()

    @contextmanager
    def _blamed(self, words: str, index: int | None) -> Iterator[None]:
        try:
            # stdout is data.
            with redirect_stdout(sys.stderr):
                yield
        except (IvptError, MemoryError, BrokenPipeError):
            raise
        except (Exception, SystemExit) as error:
            if index is not None:
                words += f" ({self._id(index)})"
            raise self._error(f"{words}: {type(error).__name__}: {first_words(error)}") from error

    def _checked_info(self, info: object) -> DatasetInfo:
        if not isinstance(info, DatasetInfo):
            raise self._error(f"says of itself {type(info).__name__}, and a DatasetInfo is wanted")
        names = [*info.classes, *info.parts, *info.keypoints, *info.attributes]
        names += [value for values in info.attributes.values() for value in values]
        for name in names:
            if not isinstance(name, str):
                raise self._error(f"names something {name!r}, which is no text")
            if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name[:1000]):
                raise self._error(f"names something {name[:80]!r}, which holds control characters")
        size = sum(map(len, (*names, info.name, info.licence, info.citation, info.homepage)))
        if size > LARGEST_INFO:
            raise self._error(f"says {size:,} letters of itself, and at most {LARGEST_INFO:,} are stored")
        return info

    def _check_records(self, records: Sequence[object]) -> None:
        classes, attributes = len(self.info.classes), self.info.attributes
        ids: set[object] = set()
        for index, record in enumerate(records):
            if not isinstance(record, Record):
                raise self._error(f"lists image {index} as {type(record).__name__}, and a Record is wanted")
            if not isinstance(record.id, str) or record.id in ids:
                raise self._error(f"lists the image {str(record.id)[:80]!r} more than once, or not by a text")
            ids.add(record.id)
            if not isinstance(record.label, int | np.integer) or not 0 <= record.label < classes:
                raise self._error(
                    f"labels image {index} ({str(record.id)[:80]!r}) {record.label!r}, and has {classes} classes"
                )
            if record.split not in (None, "train", "val", "test"):
                raise self._error(f"puts image {index} into the split {record.split!r}")
            for name, value in record.attributes.items():
                if name not in attributes or not 0 <= value < len(attributes[name]):
                    raise self._error(f"gives image {index} the attribute {name!r} = {value!r}, which it does not name")

    def _called(self, index: int) -> str:
        return f"image {index} ({self._id(index)})"

    def _id(self, index: int) -> str:
        known = self._records
        return repr(str(known[index].id)[:80]) if known is not None and 0 <= index < len(known) else "not listed"

    def _error(self, words: str) -> PluginError:
        return PluginError(
            f"{self.who} {words}.", "Its authors can mend that: its tests with ivpt.testing.DatasetTests show it."
        )


def _all(records: Sequence[Record]) -> list[Record]:
    # By length and position, as a sequence promises: list() passes over what len() of a plugin's own kind raises.
    return [records[position] for position in range(len(records))]


__all__ = ["Watched"]
