"""What a run file knows about all its images together, so that no screen has to read them all.

Everything here is a group ``index`` of the run file, written with it (:mod:`ivpt.runfile.indexing`). For a file that
has none, :func:`compute_index` makes the same group in memory; that takes time in proportion to the number of images.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile.guard import item, reading
from ivpt.runfile.schema import SPLITS, layer_group

if TYPE_CHECKING:
    from ivpt.runfile.reader import RunFile

INDEX = "index"
"""Group of the run file."""

INDEX_VERSION = 1
"""Attribute ``version`` of the group; an index of another version is not used but computed again."""

Rank = Literal["strongest", "median", "weakest"]

RANKS: tuple[Rank, ...] = ("strongest", "median", "weakest")
Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


class ImageList:
    """Ascending positions in the image table, kept on disk: asking for one of them reads one of them.

    Args:
        dataset: of positions.
        path: of the run file, for errors.
        start, stop: the part of the dataset that is this list.
        images: number of images in the table.
    """

    def __init__(self, dataset: h5py.Dataset, path: Path, start: int, stop: int, images: int) -> None:
        self._dataset, self._path, self._start, self._stop, self._images = dataset, path, start, stop, images

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, k: int) -> int:
        if not 0 <= k < len(self):
            raise IndexError(f"image {k} of {len(self)} in the list")
        with reading(self._path):
            return int(_checked(self._dataset[self._start + k], self._images, self._path))

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
            return _checked(self._dataset[self._start : self._stop], self._images, self._path)


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
        likeness: (m, m) correlation of the attention maps over all cells of ``sampled`` images spread evenly; 0 for
            maps that do not vary.
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
            "median": self.median[begin : begin + each] if self.firing > 2 else self.median[:0],
            "weakest": self.weakest[:each] if self.firing > 1 else self.weakest[:0],
        }


class RunIndex:
    """Read an index; every method raises RunFileError when it is damaged.

    Args:
        root: the file that holds a group ``index``; it stays open.
        run: whose index it is.
        stored: whether it was found in the run file.
    """

    def __init__(self, root: h5py.File, run: "RunFile", *, stored: bool) -> None:
        self._root, self._path, self._images, self.stored = root, run.path, run.num_images, stored
        self._layers = {layer.key: layer for layer in run.layers}
        self._lists: dict[str, h5py.Dataset] = {}
        self._figures: dict[str, LayerIndex] = {}

    # images

    def counts(self) -> Counts:
        """Images per split and class."""
        images, judged, correct = self._read("counts")
        return Counts(images, judged, correct)

    def class_maps(self) -> Ints:
        """(C,) images with maps of each class."""
        return self._read("class_maps")

    def mapped(self) -> ImageList:
        """Images with maps."""
        return self._list("mapped")

    def mistakes(self) -> ImageList:
        """Images whose prediction is not their class, of all splits."""
        return self._list("mistakes")

    def of_split(self, split: str) -> ImageList:
        """All images of a split."""
        return self._part("split", SPLITS.index(split))

    def of_class(self, c: int) -> ImageList:
        """All images of a class."""
        return self._part("class", c)

    def confusion(self, split: str) -> Confusion:
        """Which class was taken for which."""
        pairs, offset = self._read("images/pairs"), self._read("images/pair_offset")
        own = pairs[:, 0] == SPLITS.index(split)
        return Confusion(pairs[own, 1], pairs[own, 2], np.diff(offset)[own])

    def of_pair(self, split: str, label: int, prediction: int) -> ImageList:
        """Images of a split and class with that prediction."""
        pairs, offset = self._read("images/pairs"), self._read("images/pair_offset")
        found = np.flatnonzero((pairs == (SPLITS.index(split), label, prediction)).all(axis=1))
        start, stop = (offset[found[0]], offset[found[0] + 1]) if len(found) else (0, 0)
        return ImageList(self._held("images/of_pair"), self._path, int(start), int(stop), self._images)

    # concepts

    def layer(self, key: str) -> LayerIndex:
        """Figures of a layer; read once, as they are few."""
        if key not in self._figures:
            self._figures[key] = self._read_layer(key)
        return self._figures[key]

    def _read_layer(self, key: str) -> LayerIndex:
        place = self._place(key)
        read, find = self._read, self._find
        with reading(self._path):
            sampled = int(self._root[f"{INDEX}/{place}"].attrs["sampled"])
        m = self._layers[key].prototypes
        boxed = find(f"{place}/boxed")
        inside = np.zeros(m, np.int64) if boxed is None else read(f"{place}/inside")
        return LayerIndex(
            key,
            read(f"{place}/total"),
            read(f"{place}/area"),
            read(f"{place}/images"),
            find(f"{place}/groups"),
            read(f"{place}/likeness"),
            sampled,
            np.zeros(m, np.int64) if boxed is None else boxed,
            inside,
            float(inside.sum() / boxed.sum()) if boxed is not None and boxed.any() else None,
            find(f"{place}/parts"),
        )

    def class_presence(self, key: str) -> tuple[Ints, Floats]:
        """(C, m) images of each class in which each concept has a region, and the sum of its area over them."""
        place = self._place(key)
        return self._read(f"{place}/class_images"), self._read(f"{place}/class_area")

    def ranked(self, key: str, channel: int, *, split: str | None = None, c: int | None = None) -> Ranked:
        """Strongest, median and weakest images of a concept: of all, of a split, or of a class.

        Raises:
            ValueError: both a split and a class are given.
        """
        if split is not None and c is not None:
            raise ValueError("images are ranked within a split or within a class, not within both")
        place = self._place(key)
        if c is not None:
            name, at, firing = "class", c, self._one(f"{place}/class_images", (c, channel))
        elif split is not None:
            name, at = "split", SPLITS.index(split)
            firing = self._one(f"{place}/images", (at, channel))
        else:
            name, at, firing = "all", 0, self._one(f"{place}/images", (slice(None), channel)).sum()
        rows = self._one(f"{place}/ranked_{name}", (at, channel))
        strongest, median, weakest = (_checked(row[row >= 0], self._images, self._path) for row in rows)
        return Ranked(strongest, median, weakest, int(firing))

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Of each layer with the next, from the first to the coarse set; layers of different grids are left out."""
        ends: dict[str, tuple[str, str]] = {}
        with reading(self._path):
            group = item(self._root, self._path, f"{INDEX}/overlaps")
            if isinstance(group, h5py.Group):
                for name in sorted(group, key=int):
                    ends[name] = (str(group[name].attrs["fine"]), str(group[name].attrs["coarse"]))
        return tuple(
            Overlap(fine, coarse, self._read(f"overlaps/{name}/cells"), self._read(f"overlaps/{name}/images"))
            for name, (fine, coarse) in ends.items()
        )

    # access

    def _place(self, key: str) -> str:
        if key not in self._layers:
            raise KeyError(f"no layer {key!r}; there are {', '.join(self._layers)}")
        return layer_group(self._layers[key].block)

    def _dataset(self, name: str) -> h5py.Dataset | None:
        with reading(self._path):
            found = item(self._root, self._path, f"{INDEX}/{name}")
        return found if isinstance(found, h5py.Dataset) else None

    def _need(self, name: str) -> h5py.Dataset:
        found = self._dataset(name)
        if found is None:
            raise RunFileError(f"The run file {self._path} is damaged: {INDEX}/{name} is missing.")
        return found

    def _held(self, name: str) -> h5py.Dataset:
        if name not in self._lists:
            self._lists[name] = self._need(name)
        return self._lists[name]

    def _find(self, name: str) -> NDArray[Any] | None:
        found = self._dataset(name)
        with reading(self._path):
            return None if found is None else np.asarray(found[()])

    def _read(self, name: str) -> NDArray[Any]:
        return self._one(name, ())

    def _one(self, name: str, at: Any) -> NDArray[Any]:
        found = self._need(name)
        with reading(self._path):
            return np.asarray(found[at])

    def _list(self, name: str) -> ImageList:
        dataset = self._held(f"images/{name}")
        return ImageList(dataset, self._path, 0, dataset.shape[0], self._images)

    def _part(self, name: str, number: int) -> ImageList:
        start, stop = (int(end) for end in self._one(f"images/{name}_offset", slice(number, number + 2)))
        return ImageList(self._held(f"images/of_{name}"), self._path, start, stop, self._images)


def _checked(found: NDArray[Any], images: int, path: Path) -> Ints:
    """Positions in the image table, none of them outside."""
    found = np.asarray(found)
    if found.size and not 0 <= found.min() <= found.max() < images:
        raise RunFileError(f"The run file {path} is damaged: its index names images that are not there.")
    return found


def stored_index(run: "RunFile") -> RunIndex | None:
    """The index in a run file; ``None`` when it has none (or one of another version): see :func:`compute_index`.

    Raises:
        RunFileError: the file is damaged.
    """
    with reading(run.path):
        group = item(run.file, run.path, INDEX)
        if not isinstance(group, h5py.Group) or group.attrs.get("version") != INDEX_VERSION:
            return None
    return RunIndex(run.file, run, stored=True)


def compute_index(run: "RunFile", progress: Callable[[float], None] = lambda share: None) -> RunIndex:
    """The index of a file that holds none, made in memory; for a worker, as it reads the regions of all images.

    Args:
        run: open.
        progress: told the share that is done, 0 to 1, now and then; what it raises ends the work.

    Raises:
        RunFileError: the file is damaged.
    """
    from ivpt.runfile.indexing import write_index

    # not in a BytesIO: HDF5 asks for its bytes once more when the interpreter has gone, and crashes
    memory = h5py.File(f"index-{secrets.token_hex(8)}", "w", driver="core", backing_store=False)
    with reading(run.path):
        write_index(run.file, memory, run.path, progress)
    return RunIndex(memory, run, stored=False)
