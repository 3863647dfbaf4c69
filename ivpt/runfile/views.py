"""Adding a view to a run file: what the model says about changed images, in the same form as its maps."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.arrays import array
from ivpt.runfile.content import MapBatch
from ivpt.runfile.publish import writing
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import JsonObject, LayerInfo, layer_group, smallest_signed, smallest_unsigned
from ivpt.runfile.sink import Sink, writable
from ivpt.runfile.writer import (
    MapBits,
    check_finite,
    empty_attention,
    empty_rows,
    extend_attention,
    extend_rows,
    write_json,
)


class ViewWriter:
    """A view in the making; a context manager, streaming: one batch is in memory at a time.

    It changes the file in place, so it is to be used on a copy (see :func:`ivpt.runfile.update.revised`).

    Args:
        path: of the copy.
        name: of the view; an existing one of that name is replaced.
        layers: keys of the layers whose maps are kept.
        about: how the pass was made, in words.
        map_bits: 8 or 16, as in :func:`ivpt.runfile.writer.write_run`; ``None`` for those of the file's own maps.
        shown: what errors call the file; default: ``path``.

    Raises:
        RunFileError: ``path`` is no run file.
        OutputError: from here and every method, when the disk is full or a map is not finite.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        layers: Sequence[str],
        about: JsonObject,
        *,
        map_bits: MapBits | None = None,
        shown: Path | None = None,
    ) -> None:
        self._path, self._name, self._about, self._shown = path, name, about, shown or path
        with RunFile(path) as run:
            self._layers = [layer for layer in run.layers if layer.key in set(layers)]
            self._shape = (run.coarse, len(run.classes))
            self._old = run.views.get(name)
            numbers = [int(place.rpartition("/")[2]) for place in run.views.values()]
            self._ids = run.ids()
            own = [run.dataset(f"{run.group_of(layer.key)}/attention_range") for layer in self._layers]
        self._eight = map_bits == 8 if map_bits else None not in own
        self._place = self._old or f"views/{max(numbers, default=-1) + 1}"
        self._images: list[NDArray[np.int32]] = []
        self._stack = ExitStack()
        self._file: h5py.File
        self._sink: Sink

    def __enter__(self) -> Self:
        with writing(self._shown):
            self._file, self._sink = self._stack.enter_context(writable(self._path, "r+"))
        try:
            self._do(self._begin)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        try:
            self._do(self._end)
        except BaseException as failure:
            self._stack.__exit__(type(failure), failure, failure.__traceback__)
            raise
        with writing(self._shown):
            self._stack.__exit__(None, None, None)

    def append(self, batch: MapBatch) -> None:
        """Add what the model says about some changed images.

        Raises:
            ValueError: shapes do not fit.
        """
        indices = np.asarray(batch.indices, np.int64)
        scores = np.asarray(batch.scores, np.float32)
        if scores.shape != (len(indices), *self._shape) or len(batch.predictions) != len(indices):
            raise ValueError(f"scores {scores.shape} or predictions do not fit {(len(indices), *self._shape)}")
        check_finite(scores, "scores", self._ids, indices)
        for layer in self._layers:
            maps = batch.attention[layer.key]
            if maps.shape != (len(indices), layer.prototypes, *layer.grid):
                raise ValueError(f"attention of {layer.key} is {maps.shape}")
            check_finite(maps, f"attention maps of {layer.key}", self._ids, indices)
        self._do(lambda: self._extend(batch, scores, sum(len(rows) for rows in self._images)))
        self._images.append(indices.astype(np.int32))

    def _do(self, change: Callable[[], None]) -> None:
        with writing(self._shown):
            change()
            self._sink.check()

    def _begin(self) -> None:
        if self._old is not None:
            del self._file[self._old]
        view = self._file.create_group(self._place)
        view.attrs["name"] = self._name
        view.attrs["created"] = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(view, "about", self._about)
        empty_rows(view, "scores", self._shape, np.dtype(np.float32))
        empty_rows(view, "prediction", (), np.dtype(np.int32))
        for layer in self._layers:
            group = view.create_group(layer_group(layer.block))
            empty_attention(group, (layer.prototypes, *layer.grid), self._eight)
            empty_rows(group, "regions", layer.grid, smallest_unsigned(layer.prototypes))

    def _extend(self, batch: MapBatch, scores: NDArray[np.float32], start: int) -> None:
        view = self._file[self._place]
        extend_rows(view["scores"], scores, start)
        extend_rows(view["prediction"], np.asarray(batch.predictions, np.int32), start)
        for layer in self._layers:
            group, maps = view[layer_group(layer.block)], np.asarray(batch.attention[layer.key], np.float32)
            extend_attention(group, maps, start)
            extend_rows(group["regions"], maps.argmax(axis=1), start)
            self._extend_groups(group, layer, batch, start)

    def _extend_groups(self, group: h5py.Group, layer: LayerInfo, batch: MapBatch, start: int) -> None:
        if (layer.key in batch.groups) != ("groups" in group) and start:
            raise ValueError(f"groups of {layer.key} are in some batches only")
        if layer.key not in batch.groups:
            return
        if not start:
            empty_rows(group, "groups", (layer.prototypes,), smallest_signed(self._shape[0]))
        extend_rows(group["groups"], np.asarray(batch.groups[layer.key]), start)

    def _end(self) -> None:
        array(self._file[self._place], "map_image", np.concatenate([np.zeros(0, np.int32), *self._images]))
        self._file.flush()
