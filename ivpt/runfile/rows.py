"""Maps of many images, in windows of rows: those of a split, or those of a view."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile import quantise
from ivpt.runfile.arrays import rows_at
from ivpt.runfile.guard import reading

if TYPE_CHECKING:
    import h5py

    from ivpt.runfile.reader import RunFile

WINDOW = 256
"""Rows that are in memory at a time unless somebody asks otherwise."""


class MapRows:
    """Some rows of one stored set of maps; every method raises RunFileError when the file is damaged.

    Args:
        run: the open run file.
        place: path before ``layers/...`` and ``scores``: empty, or that of a view with its slash.
        rows: (R,) ascending rows of the stored arrays; kept as ``rows``.
        images: (R,) position of each row's image in the table of images.
        layers: keys of the layers that are stored.
    """

    def __init__(
        self,
        run: "RunFile",
        place: str,
        rows: NDArray[np.integer],
        images: NDArray[np.integer],
        layers: tuple[str, ...],
    ) -> None:
        self._run = run
        self._place = place
        self.rows = rows
        self.images = images
        self.layers = layers

    def __len__(self) -> int:
        return len(self.rows)

    def predictions(self) -> NDArray[np.integer]:
        """(R,) predicted classes."""
        if not self._place:
            return np.asarray(self._run.predictions[self.images])
        return self._read(f"{self._place}prediction", self.rows)

    def scores(self) -> NDArray[np.float32]:
        """(R, n, C) score of each class by each coarse concept."""
        return self._read(f"{self._place}scores", self.rows)

    def windows_of_scores(self, window: int = WINDOW) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows with their scores (rows, n, C), each a copy of its own."""
        for window_rows, rows in self._windows(window):
            yield window_rows, self._read(f"{self._place}scores", rows)

    def groups(self, key: str) -> NDArray[np.integer] | None:
        """(R, m) group of each prototype: 0 background, k coarse concept k; None for layers without groups."""
        name = f"{self._layer(key)}/groups"
        return None if self._run.dataset(name) is None else self._read(name, self.rows)

    def attention(self, key: str, window: int = WINDOW) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows with their attention maps (rows, m, h, w), Eq. 5."""
        name, span = f"{self._layer(key)}/attention", f"{self._layer(key)}/attention_range"
        quantised = self._run.dataset(span) is not None
        for window_rows, rows in self._windows(window):
            maps = self._read(name, rows)
            decoded = quantise.decode(maps, self._read(span, rows)) if quantised else np.asarray(maps, np.float32)
            yield window_rows, decoded

    def regions(self, key: str, window: int = WINDOW) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Windows of rows with their region maps (rows, h, w), Eq. 6, from the maps before they were quantised."""
        for window_rows, rows in self._windows(window):
            yield window_rows, self._read(f"{self._layer(key)}/regions", rows)

    def _windows(self, window: int) -> Iterator[tuple[slice, NDArray[np.integer]]]:
        for start in range(0, len(self.rows), window):
            part = slice(start, min(start + window, len(self.rows)))
            yield part, self.rows[part]

    def _layer(self, key: str) -> str:
        if key not in self.layers:
            raise KeyError(f"no maps of layer {key!r} here; there are {', '.join(self.layers)}")
        return self._place + self._run.group_of(key)

    def _read(self, name: str, rows: NDArray[np.integer]) -> NDArray[Any]:
        dataset: h5py.Dataset | None = self._run.dataset(name)
        if dataset is None:
            raise RunFileError(f"The run file {self._run.path} is damaged: {name} is missing.")
        if len(rows) and int(rows[-1]) >= dataset.shape[0]:
            raise RunFileError(f"The run file {self._run.path} is damaged: {name} has too few rows.")
        with reading(self._run.path):
            return rows_at(dataset, rows)
