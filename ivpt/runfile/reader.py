"""Reading a run file: lazy, read-only, one image at a time."""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile import label_png, quantise
from ivpt.runfile.arrays import rows_at
from ivpt.runfile.evidence import contributions
from ivpt.runfile.guard import item, open_file, reading
from ivpt.runfile.image_files import image_file
from ivpt.runfile.rows import MapRows
from ivpt.runfile.schema import COARSE, SPLITS, Floats, LayerInfo, layer_group, layer_key, replicates_path


class RunFile:
    """A run file, opened for reading; a context manager.

    Opening reads a few numbers, whatever the number of images. Arrays over all images are read when first asked for and
    kept; maps and thumbnails are read per image and not kept. May be used from several threads. A run that is still
    training is replaced on disk by newer versions: this object keeps showing the one it opened, see :meth:`is_stale`.

    Args:
        path: of the file.

    Raises:
        RunFileError: from here and from every method, when the file is not a run file, is newer, truncated or damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        # before opening: a version that comes in between makes this one look stale, and never the other way round
        self._identity = identity(self.path)
        self._file = open_file(self.path)
        self._datasets: dict[str, h5py.Dataset | None] = {}
        self._last = (-1, -1)
        try:
            with reading(self.path):
                attributes = self._file.attrs
                self.format_version = int(attributes["format_version"])
                self.created = str(attributes["created"])
                self.seed = int(attributes["seed"])
                self.split_sha256 = str(attributes["split_sha256"])
                self.num_images = int(attributes["num_images"])
                self.coarse = int(attributes["coarse"])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        self._datasets.clear()
        self._file.close()

    @property
    def file(self) -> h5py.File:
        """The open HDF5 file, for what follows only links that :func:`ivpt.runfile.guard.item` has looked at."""
        return self._file

    def is_stale(self) -> bool:
        """Whether a newer version has taken this file's place on disk (or it was removed)."""
        return identity(self.path) != self._identity

    # what was trained on what

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved configuration."""
        return self._json("config")

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the packages the run was made with."""
        return self._json("versions")

    @cached_property
    def info(self) -> dict[str, Any]:
        """Of the data set: name, classes, parts, keypoints, attributes, licence, citation, homepage."""
        return self._json("info")

    @cached_property
    def backbone(self) -> dict[str, Any]:
        """name, weights {source, name, sha256}, dim, depth, num_prefix, patch_size, image_size, grid, mean, std."""
        return self._json("backbone")

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return tuple(self._text("classes", 0, None))

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The sets of concepts: prompted blocks ascending, the coarse set last."""
        with reading(self.path):
            group = item(self._file, self.path, "layers")
            if not isinstance(group, h5py.Group):
                return ()
            blocks = sorted(int(name) for name in group if name != COARSE)
            last = (None,) if COARSE in group else ()
        return tuple(self._layer(block) for block in (*blocks, *last))

    def layer(self, key: str) -> LayerInfo:
        """The layer of that key."""
        return self._layer_of[key]

    def history(self) -> dict[str, NDArray[np.float64]]:
        """Column name to one value per epoch."""
        return dict(self._arrays("history"))

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Name to {"value": ..., "parameters": {...}, ...}; an undefined value is None."""
        return self._json("metrics")

    def replicates(self, name: str) -> Floats | None:
        """(B,) a metric's headline in each resample of the images its entry's ``judged`` stands for; NaN: undefined.

        ``None`` where none are stored: in files of earlier versions, and for metrics that do not resample images.
        """
        path = replicates_path(name)
        if "judged" not in self.metrics().get(name, {}) or self.dataset(path) is None:
            return None
        values = self._all(path)
        if values.ndim != 1 or values.dtype.kind != "f":
            raise RunFileError(f"The run file {self.path} is damaged: {path} is not a list of numbers.")
        return values

    @cached_property
    def origin(self) -> tuple[dict[str, Any], ...]:
        """The runs this one was made from by pruning, oldest first; empty for a run as it was trained."""
        if self.dataset("origin") is None:
            return ()
        steps = self._json("origin").get("steps")
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise RunFileError(f"The run file {self.path} is damaged: origin is not a list of steps.")
        return tuple(steps)

    @cached_property
    def saved_edits(self) -> tuple[str, ...]:
        """Lines of the edit log that was saved inside; see :mod:`ivpt.runfile.edit_log`."""
        return () if self.dataset("edits") is None else tuple(self._text("edits", 0, None))

    def parameters(self) -> dict[str, NDArray[Any]]:
        """The trained arrays by name, and the backbone's own when its weights are random."""
        return dict(self._arrays("parameters"))

    def prototypes(self, key: str) -> Floats:
        """(m, d) prototypes of a layer."""
        return self._all(f"{self.group_of(key)}/prototypes")

    def spatial_bias(self, key: str) -> Floats:
        """(m, h, w) spatial bias of a layer."""
        return self._all(f"{self.group_of(key)}/spatial_bias")

    # all images

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """(N,) true classes."""
        return self._per_image("label")

    @cached_property
    def splits(self) -> NDArray[np.uint8]:
        """(N,) 0 train, 1 val, 2 test."""
        return self._per_image("split")

    @cached_property
    def predictions(self) -> NDArray[np.int32]:
        """(N,) predicted classes; -1 where the run holds no prediction."""
        return self._per_image("prediction")

    @cached_property
    def map_images(self) -> NDArray[np.int32]:
        """(M,) the image of each row of :meth:`areas`, :meth:`strengths` and the stored maps."""
        return self._all("map_image")

    def ids(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Names of images ``start`` to ``stop`` (exclusive)."""
        return self._text("images/id", start, stop)

    def attributes(self) -> dict[str, NDArray[np.int32]]:
        """Attribute name to (N,) value indices; -1 where absent."""
        return dict(self._arrays("images/attributes"))

    def image_sizes(self) -> NDArray[np.int32] | None:
        """(N, 2) original width and height in pixels; zeros for images that could not be read."""
        return None if self.dataset("images/size") is None else self._table("size", (2,))

    def all_keypoints(self) -> Floats | None:
        """(N, K, 3) x, y, visible in pixels of the original images; rows of NaN where nothing is annotated."""
        dataset = self.dataset("images/keypoints")
        return None if dataset is None else self._table("keypoints", (*dataset.shape[1:2], 3))

    def all_boxes(self) -> Floats | None:
        """(N, 4) x, y, width, height in pixels of the original images; NaN where nothing is annotated."""
        return None if self.dataset("images/box") is None else self._table("box", (4,))

    def areas(self, key: str) -> Floats:
        """(M, m) share of the map's cells in each region, of every image with maps."""
        return self._all(f"{self.group_of(key)}/area")

    def strengths(self, key: str) -> Floats:
        """(M, m) mean attention inside each region, 0 for empty ones, of every image with maps."""
        return self._all(f"{self.group_of(key)}/strength")

    def importance(self) -> Floats:
        """(C, n) mean contribution of concept k + 1 to class c over val and test images of class c; NaN: no images."""
        return self._all("importance")

    # maps of many images

    @cached_property
    def views(self) -> dict[str, str]:
        """Name of each stored view to where it is; views are passes of the model over changed images."""
        with reading(self.path):
            group = item(self._file, self.path, "views")
            numbers = sorted(group, key=int) if isinstance(group, h5py.Group) else []
        found = {}
        for number in numbers:
            with reading(self.path):
                view = item(self._file, self.path, f"views/{number}")
                if not isinstance(view, h5py.Group):
                    raise ValueError(f"views/{number} is not a group")
                found[str(view.attrs["name"])] = f"views/{number}"
        return found

    def view(self, name: str) -> MapRows:
        """The maps of a stored view.

        Raises:
            KeyError: there is no such view.
        """
        where = self.views[name]
        images = self._all(f"{where}/map_image")
        if images.ndim != 1 or (len(images) and not 0 <= images.min() <= images.max() < self.num_images):
            raise RunFileError(f"The run file {self.path} is damaged: {where}/map_image names images it does not have.")
        with reading(self.path):
            group = item(self._file, self.path, f"{where}/layers")
            here = set(group) if isinstance(group, h5py.Group) else set()
        keys = [layer.key for layer in self.layers if layer_group(layer.block).removeprefix("layers/") in here]
        return MapRows(self, f"{where}/", np.arange(len(images)), images, tuple(keys))

    def split_maps(self, split: str) -> MapRows:
        """The maps of the unchanged images of a split, as far as they are stored."""
        rows = np.flatnonzero(self.splits[self.map_images] == SPLITS.index(split))
        return MapRows(self, "", rows, self.map_images[rows], tuple(self._layer_of))

    def maps_of(self, images: NDArray[np.integer]) -> MapRows:
        """The maps of some unchanged images, as far as they are stored, in the order they are stored in.

        Args:
            images: ascending positions in the image table.
        """
        images = np.asarray(images)
        found = self._need("images/map_row")
        with reading(self.path):
            rows = rows_at(found, images)
        order = np.argsort(rows, kind="stable")
        order = order[rows[order] >= 0]
        return MapRows(self, "", rows[order], images[order], tuple(self._layer_of))

    # one image

    def label(self, i: int) -> int:
        """True class."""
        return self._number("label", i)

    def split(self, i: int) -> str:
        """``train``, ``val`` or ``test``."""
        value = self._number("split", i)
        if value >= len(SPLITS):
            raise RunFileError(f"The run file {self.path} is damaged: image {i} is of split {value}.")
        return SPLITS[value]

    def prediction(self, i: int) -> int:
        """Predicted class; -1 where the run holds no prediction."""
        return self._number("prediction", i)

    def image_size(self, i: int) -> tuple[int, int] | None:
        """Original (width, height) in pixels."""
        row = self._row("images/size", i)
        return None if row is None else (int(row[0]), int(row[1]))

    def keypoints(self, i: int) -> Floats | None:
        """(K, 3) x, y, visible in pixels of the original image."""
        row = self._row("images/keypoints", i)
        return None if row is None or np.isnan(row).all() else row

    def box(self, i: int) -> Floats | None:
        """x, y, width, height of the object in pixels of the original image."""
        row = self._row("images/box", i)
        return None if row is None or np.isnan(row).any() else row

    def thumbnail(self, i: int) -> bytes | None:
        """JPEG bytes."""
        self._check_index(i)
        return image_file(self, "thumbnails", i)

    @property
    def has_part_masks(self) -> bool:
        """Whether masks of parts are stored; single images may have none even so."""
        return self.dataset("images/part_masks/offset") is not None

    def part_mask(self, i: int) -> NDArray[np.uint8] | None:
        """(h, w) parts of what the thumbnail shows: 0 no part, k + 1 part k of ``info["parts"]``; None without a mask.

        A label is that of the pixel in the middle of what it stands for, so parts smaller than that may be missing.
        """
        png = self.part_mask_png(i)
        if png is None:
            return None
        try:
            return label_png.decode(png, len(self.info.get("parts") or ()))
        except ValueError as error:
            raise RunFileError(f"The run file {self.path} is damaged: the part mask of image {i} {error}.") from None

    def part_mask_png(self, i: int) -> bytes | None:
        """The same as it is stored: bytes of a grey PNG whose pixel values are the labels."""
        self._check_index(i)
        return image_file(self, "part_masks", i)

    def has_maps(self, i: int) -> bool:
        """Whether maps and scores of image i are stored."""
        return self._row_of(i) >= 0

    def attention(self, key: str, i: int) -> Floats:
        """(m, h, w) attention of each prototype, Eq. 5."""
        group, row = self.group_of(key), self._map_row(i)
        stored = self._need(f"{group}/attention")
        span = self.dataset(f"{group}/attention_range")
        with reading(self.path):
            maps = np.asarray(stored[row])
            return np.asarray(maps, np.float32) if span is None else quantise.decode(maps, span[row])

    def regions(self, key: str, i: int) -> NDArray[np.uint8]:
        """(h, w) the prototype that owns each cell, Eq. 6, from the maps before they were quantised."""
        return self._map(f"{self.group_of(key)}/regions", i)

    def area(self, key: str, i: int) -> Floats:
        """(m,) share of the map's cells in each region."""
        return self._map(f"{self.group_of(key)}/area", i)

    def strength(self, key: str, i: int) -> Floats:
        """(m,) mean attention inside each region, 0 for empty ones."""
        return self._map(f"{self.group_of(key)}/strength", i)

    def groups(self, key: str, i: int) -> NDArray[np.int8] | None:
        """(m,) the group of each prototype: 0 background, k the coarse concept k; None for layers without groups."""
        name = f"{self.group_of(key)}/groups"
        return None if self.dataset(name) is None else self._map(name, i)

    def scores(self, i: int) -> Floats:
        """(n, C) score of each class by each coarse concept; row k - 1 belongs to coarse concept k."""
        return self._map("scores", i)

    def contributions(self, i: int, c: int) -> Floats:
        """(n,) what each coarse concept adds to the logit of class c; signed, the sum is the logit."""
        return contributions(self.scores(i))[:, c]

    # access

    @cached_property
    def _layer_of(self) -> dict[str, LayerInfo]:
        return {layer.key: layer for layer in self.layers}

    def group_of(self, key: str) -> str:
        """Path of a layer's group: ``layers/6``."""
        if key not in self._layer_of:
            raise KeyError(f"no layer {key!r}; there are {', '.join(self._layer_of)}")
        return layer_group(self._layer_of[key].block)

    def _layer(self, block: int | None) -> LayerInfo:
        group = layer_group(block)
        bias = self._need(f"{group}/spatial_bias")
        with reading(self.path):
            m, h, w = bias.shape
            attributes = self._file[group].attrs
            removed = tuple(int(k) for k in attributes.get("removed", ()))
            return LayerInfo(layer_key(block), block, m, int(attributes["background"]), (h, w), removed)

    def dataset(self, name: str) -> h5py.Dataset | None:
        """The stored array at a path, for whoever reads parts of it inside :func:`ivpt.runfile.guard.reading`."""
        if name not in self._datasets:
            with reading(self.path):
                found = item(self._file, self.path, name)
            self._datasets[name] = found if isinstance(found, h5py.Dataset) else None
        return self._datasets[name]

    def _need(self, name: str) -> h5py.Dataset:
        found = self.dataset(name)
        if found is None:
            raise RunFileError(f"The run file {self.path} is damaged: {name} is missing.")
        return found

    def _all(self, name: str) -> NDArray[Any]:
        dataset = self._need(name)
        with reading(self.path):
            return np.asarray(dataset[()])

    def _table(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        values = self._all(f"images/{name}")
        if values.shape != (self.num_images, *shape):
            raise RunFileError(f"The run file {self.path} is damaged: images/{name} does not fit the number of images.")
        return values

    def _per_image(self, name: str) -> NDArray[Any]:
        return self._table(name, ())

    def _row(self, name: str, i: int) -> NDArray[Any] | None:
        dataset = self.dataset(name)
        self._check_index(i)
        if dataset is None:
            return None
        with reading(self.path):
            return np.asarray(dataset[i])

    def _map(self, name: str, i: int) -> NDArray[Any]:
        dataset, row = self._need(name), self._map_row(i)
        with reading(self.path):
            return np.asarray(dataset[row])

    def _map_row(self, i: int) -> int:
        if not self.has_maps(i):
            raise KeyError(f"image {i} has no stored maps")
        return self._row_of(i)

    def _row_of(self, i: int) -> int:
        image, row = self._last
        if image != i:
            row = self._number("map_row", i)
            # several maps of one image are usually asked for one after the other
            self._last = (i, row)
        return row

    def _number(self, name: str, i: int) -> int:
        self._check_index(i)
        dataset = self._need(f"images/{name}")
        with reading(self.path):
            return int(dataset[i])

    def _check_index(self, i: int) -> None:
        if not 0 <= i < self.num_images:
            raise IndexError(f"image {i} of {self.num_images}")

    def _text(self, name: str, start: int, stop: int | None) -> list[str]:
        dataset = self._need(name)
        with reading(self.path):
            return [str(value) for value in dataset.asstr(errors="replace")[start:stop]]

    def _json(self, name: str) -> dict[str, Any]:
        dataset = self._need(name)
        with reading(self.path):
            value = json.loads(dataset.asstr(errors="replace")[()])
            if not isinstance(value, dict):
                raise ValueError(f"{name} is not a JSON object")
            return value

    def _arrays(self, name: str) -> Mapping[str, NDArray[Any]]:
        with reading(self.path):
            group = item(self._file, self.path, name)
            names = list(group) if isinstance(group, h5py.Group) else []
        found = {}
        for child in names:
            dataset = self._need(f"{name}/{child}")
            with reading(self.path):
                found[str(dataset.attrs.get("name", child))] = dataset[()]
        return found


def identity(path: Path) -> tuple[int, int, int] | None:
    """What tells one version of a file from another; ``None`` when there is no file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_mtime_ns
