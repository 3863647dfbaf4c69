"""Writing a run file, map batch by map batch."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivpt.errors import OutputError
from ivpt.runfile import quantise
from ivpt.runfile.arrays import array
from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent
from ivpt.runfile.evidence import ClassImportance
from ivpt.runfile.indexing import write_index
from ivpt.runfile.publish import replacing, writing
from ivpt.runfile.schema import (
    FORMAT,
    GZIP_LEVEL,
    SPLITS,
    VERSION,
    layer_group,
    layer_key,
    rows_per_chunk,
    smallest_signed,
    smallest_unsigned,
)
from ivpt.runfile.sink import Sink, writable

MapBits = Literal[8, 16]
_BLOB = 1 << 20


def write_run(path: Path, content: RunContent, maps: Iterable[MapBatch], *, map_bits: MapBits = 8) -> Path:
    """Write a complete run file; it appears at ``path`` by one atomic rename, replacing what was there.

    Args:
        path: where; folders are made.
        content: everything but the maps.
        maps: batches of maps, consumed one at a time.
        map_bits: 8 for quantised attention maps, 16 for half precision.

    Returns:
        ``path``.

    Raises:
        OutputError: the file cannot be written, or a map is not finite; what was at ``path`` is untouched.
        ValueError: arrays do not fit together.
    """
    with RunWriter(path, content, map_bits=map_bits) as writer:
        for batch in maps:
            writer.append(batch)
    return path


class RunWriter:
    """A run file in the making; a context manager that publishes it on leaving without an exception.

    Args:
        path: where it will appear.
        content: everything but the maps.
        map_bits: 8 for quantised attention maps, 16 for half precision.
    """

    def __init__(self, path: Path, content: RunContent, *, map_bits: MapBits = 8) -> None:
        self.path = Path(path)
        self._content = content
        self._bits = map_bits
        self._labels = np.asarray(content.images.labels, np.int64)
        self._splits = np.asarray(content.images.splits, np.int64)
        _check(content, self._labels, self._splits)
        self._map_row = np.full(len(self._labels), -1, np.int32)
        self._predictions = np.full(len(self._labels), -1, np.int32)
        self._rows: list[NDArray[np.int32]] = []
        self._importance = ClassImportance(len(content.classes), content.coarse)
        self._stack = ExitStack()
        self._file: h5py.File
        self._sink: Sink

    def __enter__(self) -> Self:
        temporary = self._stack.enter_context(replacing(self.path))
        try:
            with writing(self.path):
                self._file, self._sink = self._stack.enter_context(writable(temporary, "w"))
                self._write_content()
                self._sink.check()
        except BaseException as error:
            self._abandon(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._abandon(error)
            return
        try:
            with writing(self.path):
                self._write_results()
                self._file.flush()
                self._sink.check()
        except BaseException as failure:
            self._abandon(failure)
            raise
        with writing(self.path):
            self._stack.__exit__(None, None, None)

    def append(self, batch: MapBatch) -> None:
        """Add what the model says about some images.

        Raises:
            OutputError: the disk is full, or a map or score is not finite.
            ValueError: shapes do not fit, or an image was there already.
        """
        indices = np.asarray(batch.indices, np.int64)
        self._check_batch(batch, indices)
        start = sum(len(rows) for rows in self._rows)
        with writing(self.path):
            for layer in self._content.layers:
                self._append_layer(layer, batch, start)
            extend_rows(self._file["scores"], np.asarray(batch.scores, np.float32), start)
            self._sink.check()
        self._rows.append(indices.astype(np.int32))
        self._map_row[indices] = np.arange(start, start + len(indices))
        self._predictions[indices] = batch.predictions
        held_out = self._splits[indices] != SPLITS.index("train")
        self._importance.add(np.asarray(batch.scores, np.float32)[held_out], self._labels[indices][held_out])

    def set_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Replace the metrics, which may be known only after the last batch."""
        with writing(self.path):
            write_json(self._file, "metrics", metrics)

    def _abandon(self, error: BaseException) -> None:
        self._stack.__exit__(type(error), error, error.__traceback__)

    def _check_batch(self, batch: MapBatch, indices: NDArray[np.int64]) -> None:
        b = len(indices)
        if b and (indices.min() < 0 or indices.max() >= len(self._labels)):
            raise ValueError("a map batch names images outside the image table")
        if len(np.unique(indices)) != b or (self._map_row[indices] >= 0).any():
            raise ValueError("a map batch names an image twice")
        expected = (b, self._content.coarse, len(self._content.classes))
        if np.shape(batch.scores) != expected or np.shape(batch.predictions) != (b,):
            raise ValueError(f"scores {np.shape(batch.scores)} or predictions do not fit {expected}")
        check_finite(np.asarray(batch.scores), "scores", self._content.images.ids, indices)
        for layer in self._content.layers:
            maps = batch.attention[layer.key]
            if maps.shape != (b, *layer.spatial_bias.shape):
                raise ValueError(f"attention of {layer.key} is {maps.shape}, expected {(b, *layer.spatial_bias.shape)}")
            check_finite(maps, f"attention maps of {layer.key}", self._content.images.ids, indices)

    def _append_layer(self, layer: LayerContent, batch: MapBatch, start: int) -> None:
        group = self._file[layer_group(layer.block)]
        maps = np.asarray(batch.attention[layer.key], np.float32)
        channels = maps.shape[1]
        regions = maps.argmax(axis=1)
        owned = regions[:, None] == np.arange(channels)[:, None, None]
        cells = owned.sum(axis=(2, 3))
        extend_attention(group, maps, start)
        extend_rows(group["regions"], regions, start)
        extend_rows(group["area"], cells / regions[0].size, start)
        extend_rows(group["strength"], (maps * owned).sum(axis=(2, 3)) / np.maximum(cells, 1), start)
        if layer.key in batch.groups:
            if "groups" not in group:
                if start:
                    raise ValueError(f"groups of {layer.key} were missing in an earlier batch")
                empty_rows(group, "groups", (channels,), smallest_signed(self._content.coarse))
            extend_rows(group["groups"], np.asarray(batch.groups[layer.key]), start)
        elif "groups" in group:
            raise ValueError(f"groups of {layer.key} are missing in a batch")

    def _write_content(self) -> None:
        file, content = self._file, self._content
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = VERSION
        file.attrs["created"] = datetime.now(UTC).isoformat(timespec="seconds")
        file.attrs["seed"] = content.seed
        file.attrs["split_sha256"] = content.split_sha256
        file.attrs["num_images"] = len(self._labels)
        file.attrs["coarse"] = content.coarse
        for name in ("config", "versions", "info", "backbone", "metrics"):
            write_json(file, name, getattr(content, name))
        strings(file, "classes", content.classes)
        if content.origin:
            write_json(file, "origin", {"steps": content.origin})
        if content.edits:
            strings(file, "edits", content.edits)
        self._write_images(content.images)
        for layer in content.layers:
            self._write_layer(layer)
        classes = len(content.classes)
        # gzip takes off a tenth and makes reading all of them, which removed evidence asks for, ten times as slow
        empty_rows(file, "scores", (content.coarse, classes), np.dtype(np.float32), unpacked=len(self._labels))
        history = file.create_group("history", track_order=True)
        for column, values in content.history.items():
            array(history, column, np.asarray(values, np.float64))
        parameters = file.create_group("parameters", track_order=True)
        for name, value in content.parameters.items():
            if "/" in name:
                raise ValueError(f"parameter name {name!r} holds a slash")
            parameters.create_dataset(name, data=np.asarray(value))

    def _write_images(self, table: ImageTable) -> None:
        images = self._file.create_group("images")
        n = len(self._labels)
        strings(images, "id", table.ids)
        array(images, "label", self._labels.astype(np.int32))
        array(images, "split", self._splits.astype(np.uint8))
        images["split"].attrs["values"] = list(SPLITS)
        optional: dict[str, tuple[ArrayLike | None, type[np.generic]]] = {
            "size": (table.sizes, np.int32),
            "keypoints": (table.keypoints, np.float32),
            "box": (table.boxes, np.float32),
        }
        for name, (values, kind) in optional.items():
            if values is not None:
                array(images, name, _of_length(np.asarray(values, kind), n, name))
        attributes = images.create_group("attributes")
        for name, values in table.attributes.items():
            array(attributes, name.replace("/", "-"), _of_length(np.asarray(values, np.int32), n, name))
            attributes[name.replace("/", "-")].attrs["name"] = name
        for name, files in (("thumbnails", table.thumbnails), ("part_masks", table.part_masks)):
            if files is not None:
                _write_files(images, name, files, n)

    def _write_layer(self, layer: LayerContent) -> None:
        group = self._file.create_group(layer_group(layer.block))
        m, h, w = layer.spatial_bias.shape
        group.attrs["key"] = layer_key(layer.block)
        group.attrs["block"] = -1 if layer.block is None else layer.block
        group.attrs["background"] = layer.background
        if layer.removed:
            group.attrs["removed"] = np.array(layer.removed, np.int32)
        array(group, "prototypes", np.asarray(layer.prototypes, np.float32))
        array(group, "spatial_bias", np.asarray(layer.spatial_bias, np.float32))
        empty_attention(group, (m, h, w), self._bits == 8)
        empty_rows(group, "regions", (h, w), smallest_unsigned(m))
        empty_rows(group, "area", (m,), np.dtype(np.float32))
        empty_rows(group, "strength", (m,), np.dtype(np.float32))

    def _write_results(self) -> None:
        images = self._file["images"]
        array(images, "prediction", self._predictions)
        array(images, "map_row", self._map_row)
        array(self._file, "map_image", np.concatenate([np.zeros(0, np.int32), *self._rows]))
        array(self._file, "importance", self._importance.mean())
        write_index(self._file, self._file, self.path)


def write_json(group: h5py.Group, name: str, value: Mapping[str, Any]) -> None:
    """Put a JSON object at ``name`` as one UTF-8 string, replacing what is there; not-a-number becomes null."""
    if name in group:
        del group[name]
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False)
    group.create_dataset(name, data=text, dtype=h5py.string_dtype())


def strings(group: h5py.Group, name: str, values: Iterable[str]) -> None:
    """Put a list of UTF-8 strings of any length at ``name``."""
    group.create_dataset(name, data=np.array(list(values), dtype=object), dtype=h5py.string_dtype())


def empty_rows(
    group: h5py.Group, name: str, shape: tuple[int, ...], kind: "np.dtype[Any]", *, unpacked: int | None = None
) -> None:
    """Make an empty data set of one row per image with maps; packed, unless it is told how many there will be."""
    rows = rows_per_chunk(math.prod(shape) * kind.itemsize)
    packing = {"compression": "gzip", "compression_opts": GZIP_LEVEL, "shuffle": True} if unpacked is None else {}
    if unpacked is not None:
        # a chunk that is not packed takes its whole size, however few rows are in it
        rows = max(min(rows, unpacked), 1)
    group.create_dataset(name, shape=(0, *shape), maxshape=(None, *shape), dtype=kind, chunks=(rows, *shape), **packing)


def extend_rows(dataset: h5py.Dataset, values: NDArray[Any], start: int) -> None:
    """Add rows after the first ``start``."""
    dataset.resize(start + len(values), axis=0)
    dataset[start:] = values


def empty_attention(group: h5py.Group, shape: tuple[int, int, int], eight: bool) -> None:
    """Make the attention maps of a layer, in 8 bits with the values their bytes stand for, or in half precision."""
    empty_rows(group, "attention", shape, np.dtype(np.uint8 if eight else np.float16))
    if eight:
        empty_rows(group, "attention_range", (2,), np.dtype(np.float32))


def extend_attention(group: h5py.Group, maps: NDArray[np.float32], start: int) -> None:
    """Add (b, m, h, w) maps after the first ``start`` to those of :func:`empty_attention`."""
    if "attention_range" not in group:
        extend_rows(group["attention"], maps.astype(np.float16), start)
        return
    steps, span = quantise.encode(maps)
    extend_rows(group["attention"], steps, start)
    extend_rows(group["attention_range"], span, start)


def _write_files(images: h5py.Group, name: str, files: Sequence[bytes | None], n: int) -> None:
    """One run of bytes and where each file begins: no per-image object, and nothing to read before it is asked for."""
    if len(files) != n:
        raise ValueError(f"{len(files)} {name} for {n} images")
    group = images.create_group(name)
    data = group.create_dataset("data", shape=(0,), maxshape=(None,), dtype=np.uint8, chunks=(64 * 1024,))
    offsets = np.zeros(n + 1, np.int64)
    pending: list[bytes] = []
    held = 0
    for i in range(n):
        file = files[i] or b""
        offsets[i + 1] = offsets[i] + len(file)
        pending.append(file)
        held += len(file)
        if held >= _BLOB or i == n - 1:
            extend_rows(data, np.frombuffer(b"".join(pending), np.uint8), int(offsets[i + 1]) - held)
            pending, held = [], 0
    array(group, "offset", offsets)


def _check(content: RunContent, labels: NDArray[np.int64], splits: NDArray[np.int64]) -> None:
    n = len(content.images.ids)
    if labels.shape != (n,) or splits.shape != (n,):
        raise ValueError(f"{n} ids, {labels.shape} labels, {splits.shape} splits")
    if n and (labels.min() < 0 or labels.max() >= len(content.classes)):
        raise ValueError("a label is not a class")
    if n and (splits.min() < 0 or splits.max() >= len(SPLITS)):
        raise ValueError("a split is not 0, 1 or 2")
    for layer in content.layers:
        m = len(layer.prototypes)
        if layer.spatial_bias.ndim != 3 or len(layer.spatial_bias) != m or not 0 <= layer.background < m:
            raise ValueError(f"prototypes, spatial bias and background of {layer.key} do not fit")


def check_finite(values: NDArray[np.generic], what: str, ids: Sequence[str], indices: NDArray[np.int64]) -> None:
    """Refuse rows that are not finite, naming the first image that has them."""
    good = np.isfinite(np.asarray(values, np.float32)).reshape(len(values), -1).all(axis=1)
    if not good.all():
        name = ids[int(indices[int(np.flatnonzero(~good)[0])])]
        raise OutputError(f"The {what} of image {name!r} are not finite, so the run cannot be written.")


def _of_length(values: NDArray[Any], n: int, name: str) -> NDArray[Any]:
    if len(values) != n:
        raise ValueError(f"{len(values)} rows of {name} for {n} images")
    return values


def plain(value: Any) -> Any:
    """JSON-able copy: numpy values become Python's, not-a-number and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
