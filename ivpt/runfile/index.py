"""What a run file knows about all its images together, so that no screen has to read them all.

Everything here is a group ``index`` of the run file, written with it (:mod:`ivpt.runfile.indexing`). For a file that has
none, :func:`compute_index` makes the same group in memory; that takes time in proportion to the number of images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile.guard import item, reading
from ivpt.runfile.schema import SPLITS, LayerInfo, layer_group

if TYPE_CHECKING:
    from ivpt.runfile.reader import RunFile

INDEX = "index"
"""Group of the run file."""

INDEX_VERSION = 1
"""Attribute ``version`` of the group; an index of another version is not used but computed again."""

RANKS = ("strongest", "median", "weakest")

Rank = Literal["strongest", "median", "weakest"]
Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


class ImageList:
    """Ascending positions in the image table, kept on disk: asking for one of them reads one of them.

    Args:
        dataset: of positions.
        path: of the run file, for errors.
        start, stop: the part of the dataset that is this list.
    """

    def __init__(self, dataset: h5py.Dataset, path: Path, start: int, stop: int) -> None:
        self._dataset, self._path, self._start, self._stop = dataset, path, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, k: int) -> int:
        if not 0 <= k < len(self):
            raise IndexError(f"image {k} of {len(self)} in the list")
        with reading(self._path):
            return int(self._dataset[self._start + k])

    def __contains__(self, image: object) -> bool:
        return isinstance(image, int | np.integer) and (k := self.find(int(image))) < len(self) and self[k] == image

    def find(self, image: int) -> int:
        """Position of the first element that is ``image`` or greater; ``len(self)`` when there is none."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self[middle] < image:
                low = middle + 1
            else:
                high = middle
        return low

    def step(self, image: int, by: int) -> int | None:
        """The image ``by`` places after (or before) ``image`` in the list; ``None`` beyond its ends.

        ``image`` need not be in the list: the first step then leads to its neighbour.
        """
        at = self.find(image)
        here = at < len(self) and self[at] == image
        to = at + by - (0 if here or by <= 0 else 1)
        return self[to] if 0 <= to < len(self) else None

    def all(self) -> Ints:
        """All of them at once."""
        with reading(self._path):
            return np.asarray(self._dataset[self._start : self._stop])


@dataclass(frozen=True)
class Counts:
    """Images per split and class.

    Attributes:
        images: (3, C) of each split and class.
        judged: (3, C) those with a stored prediction.
        correct: (3, C) those whose prediction is their class.
    """

    images: Ints
    judged: Ints
    correct: Ints


@dataclass(frozen=True)
class Confusion:
    """Which class was taken for which, on one split; only pairs that occur.

    Attributes:
        labels, predictions, counts: (P,) each, ordered by label, then prediction.
    """

    labels: Ints
    predictions: Ints
    counts: Ints


@dataclass(frozen=True)
class Overlap:
    """How the regions of one layer lie over those of another, over all images with maps.

    Attributes:
        fine, coarse: keys of the layers.
        cells: (m_fine, m_coarse) cells that a fine and a coarse prototype share.
        images: (m_fine, m_coarse) images in which the coarse prototype owns more of the fine one's region than any
            other prototype of its layer does (the first of equals).
    """

    fine: str
    coarse: str
    cells: Ints
    images: Ints


@dataclass(frozen=True)
class LayerIndex:
    """Figures of one layer over all images with maps; m prototypes, background included.

    Attributes:
        key: of the layer.
        total: (3,) images with maps per split.
        area: (3, m) sum over images of the share of the map that each region covers.
        images: (3, m) images in which it has a region.
        groups: (m, n + 1) images in which it has a region and is assigned to each group; ``None`` for layers without
            groups.
        likeness: (m, m) cosine of the attention maps, over all cells of ``sampled`` images spread evenly.
        sampled: their number.
        boxed: (m,) cells of each region in images with a box, and ``inside`` (m,) those whose middle lies in the box.
        inside: see ``boxed``.
        box_share: share of all cells of images with a box that lie in it; ``None`` without boxes.
        parts: (m, K) visible keypoints of each kind in each region; ``None`` without keypoints.
    """

    key: str
    total: Ints
    area: Floats
    images: Ints
    groups: Ints | None
    likeness: Floats
    sampled: int
    boxed: Ints
    inside: Ints
    box_share: float | None
    parts: Ints | None


@dataclass(frozen=True)
class Ranked:
    """Images by how much of a concept they show, where it has a region at all.

    The order is by *mass*: the attention inside the region, summed over its cells and divided by the number of all
    cells of the map (area times mean attention). A large and sure region comes first, a single cell that was barely won
    last.

    Attributes:
        strongest: images from the greatest mass downwards.
        median: images around the middle of the order, downwards; element ``len // 2`` of the whole order is among them.
        weakest: images from the smallest mass upwards.
        firing: number of images in the order. Where it is small the three share images; :meth:`pick` does not.
    """

    strongest: Ints
    median: Ints
    weakest: Ints
    firing: int

    def pick(self, each: int) -> dict[Rank, Ints]:
        """At most ``each`` images per rank, fewer where there are not enough; no image appears twice."""
        each = min(each, max(self.firing // 3, 1), len(self.strongest))
        begin = max((self.firing - each) // 2, 0) - max((self.firing - len(self.median)) // 2, 0)
        return {
            "strongest": self.strongest[:each],
            "median": self.median[begin : begin + each] if self.firing > 1 else self.median[:0],
            "weakest": self.weakest[:each] if self.firing > 2 else self.weakest[:0],
        }


class RunIndex:
    """Read an index; every method raises RunFileError when it is damaged.

    Args:
        root: the file that holds a group ``index``.
        run: whose index it is.
        stored: whether it was found in the run file.
    """

    def __init__(self, root: h5py.File, run: "RunFile", *, stored: bool) -> None:
        self._root, self._run, self.stored = root, run, stored


def stored_index(run: "RunFile") -> RunIndex | None:
    """The index in a run file; ``None`` when it has none (or one of another version): see :func:`compute_index`."""
    raise NotImplementedError


def compute_index(run: "RunFile", progress: Callable[[float], None] = lambda share: None) -> RunIndex:
    """The index of a file that holds none, made in memory; for a worker, as it reads the regions of all images.

    Args:
        run: open.
        progress: told the share that is done, 0 to 1, now and then.

    Raises:
        RunFileError: the file is damaged.
    """
    raise NotImplementedError
