"""The data set interface.

A data set is a list of :class:`Record` (cheap to make, no image is decoded) and two functions of a position in that
list: the image, and what is annotated on it. Everything else (val split, resizing, augmentation, batching) is done by
the core in the same way for every data set.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.source import Source

DATASET_API = 1
"""Version of this interface; a data set whose ``api_version`` differs is refused in one sentence."""

Split = Literal["train", "val", "test"]

Progress = Callable[[int, int, str], None]
"""``progress(done, total, words)``: called by long preparations so that the caller can draw a bar."""


@dataclass(frozen=True)
class DatasetInfo:
    """What is true of the whole data set.

    Attributes:
        name: the name it is registered under.
        classes: class names; a label is an index into this tuple.
        parts: names of annotated parts in the order of part masks (mask value ``i + 1`` is ``parts[i]``); may be empty.
        keypoints: names of keypoints in the order of the rows of ``Annotations.keypoints``; may be empty.
        attributes: name of each attribute with the names of its values; ``Record.attributes`` holds indices.
        licence: of the images, as the source states it.
        citation: how the source asks to be cited.
        homepage: where the data come from.
    """

    name: str
    classes: tuple[str, ...]
    parts: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    homepage: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One image, before it is decoded.

    Attributes:
        id: unique within the data set and stable across machines (a relative path, for example).
        label: index into ``DatasetInfo.classes``.
        split: the published split; ``None`` lets the core draw a stored, seeded train/val/test split.
        attributes: index of the value of each attribute of ``DatasetInfo.attributes``.
    """

    id: str
    label: int
    split: Split | None = None
    attributes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Annotations:
    """What is annotated on one image, in pixels of that image; absent things are ``None``.

    Attributes:
        keypoints: (n_keypoints, 3) float32 rows of x, y, visible (0 or 1); x and y of invisible rows mean nothing.
        box: x, y, width, height of the object.
        part_mask: (height, width) uint8; 0 is no part, ``i + 1`` is ``DatasetInfo.parts[i]``.
    """

    keypoints: NDArray[np.float32] | None = None
    box: tuple[float, float, float, float] | None = None
    part_mask: NDArray[np.uint8] | None = None


class Dataset(ABC):
    """A set of labelled images.

    A data set plugin is a concrete subclass registered in the entry-point group ``ivpt.datasets``. Its constructor
    takes explicit keyword parameters with defaults; they become the options ``--dataset.NAME VALUE``. A parameter named
    ``root`` receives ``--data DIR``. The constructor is cheap and may be called without any file being there.
    Instances are pickled to loader processes.
    """

    api_version: ClassVar[int] = DATASET_API

    recommended: ClassVar[Mapping[str, object]] = {}
    """Dotted configuration keys and values for this data set: weaker than preset, file and command line."""

    @property
    @abstractmethod
    def info(self) -> DatasetInfo:
        """What is true of the whole data set; may need :meth:`prepare` first."""

    def prepare(self, progress: Progress | None = None) -> None:  # noqa: B027 -- most have nothing to prepare
        """Render, unpack or index whatever the data set needs, once; cheap when it is done already.

        Called before anything else but ``source``; :meth:`records` is asked for right after it.

        Raises:
            DataError: files are missing or damaged; the message names them and says where to get them.
        """

    @property
    def source(self) -> Source | None:
        """Where its files come from and how they lie; known without any file. ``None`` where there are none."""
        return None

    @abstractmethod
    def records(self) -> Sequence[Record]:
        """All images in a fixed order; the same in every process."""

    @abstractmethod
    def image(self, index: int) -> NDArray[np.uint8]:
        """The image of ``records()[index]``: (height, width, 3) RGB, upright.

        Raises:
            DataError: the file cannot be decoded; the message names it.
        """

    def annotations(self, index: int) -> Annotations:
        """What is annotated on ``records()[index]``."""
        return Annotations()

    # For a data set that can draw its images again, so that explanations can be held against what is true.

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Part name to the variant of that part in each class: equal numbers look alike; empty where unknown."""
        return {}

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """Names that :meth:`redrawn` may leave out of an image: visible parts, and things in its background."""
        return (), ()

    def redrawn(self, index: int, *, without: Collection[str] = (), background: str | None = None) -> NDArray[np.uint8]:
        """The image of ``records()[index]`` drawn again, the same but for what is asked to be otherwise.

        Args:
            index: of the image.
            without: names from :meth:`removable`; what lies below them shows.
            background: the name of another background; ``None`` for its own.

        Raises:
            DataError: this data set cannot draw its images again.
        """
        raise DataError(f"The data set {self.info.name!r} cannot draw its images again.")
