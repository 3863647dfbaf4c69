"""Evidence whose maps are somebody else's: what a score still reaches on it, it does not owe to the concepts."""

from collections.abc import Iterator, Mapping
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Evidence, Probe, View
from ivpt.runfile.schema import LayerInfo

Kind = Literal["prototypes", "cells"]


class Shuffled:
    """The evidence of a run with shuffled maps; everything else, the scores included, is the run's own.

    ``prototypes``: in each image the channels of each layer change places, background too. ``cells``: in each image
    the cells change places, all channels of a layer in the same way. The order depends on seed, image and layer alone:
    the same in each view of the same image.

    Args:
        evidence: of the run.
        kind: what is shuffled.
        seed: of the orders.
    """

    def __init__(self, evidence: Evidence, kind: Kind, seed: int = 0) -> None:
        self._evidence, self._kind, self._seed = evidence, kind, seed
        self.classes = evidence.classes
        self.layers: tuple[LayerInfo, ...] = evidence.layers
        self.parts = evidence.parts
        self.keypoint_names = evidence.keypoint_names
        self.attributes: Mapping[str, tuple[str, ...]] = evidence.attributes
        self.image_size = evidence.image_size
        self.coarse = evidence.coarse

    @property
    def labels(self) -> NDArray[np.integer]:
        """(N,) class of each image."""
        return self._evidence.labels

    @property
    def splits(self) -> NDArray[np.integer]:
        """(N,) 0 train, 1 val, 2 test."""
        return self._evidence.splits

    @property
    def sizes(self) -> NDArray[np.integer]:
        """(N, 2) width and height of each original image in pixels."""
        return self._evidence.sizes

    @property
    def probe(self) -> Probe | None:
        """The model, as it is."""
        return self._evidence.probe

    def indices(self, view: View) -> NDArray[np.integer]:
        """Images of a view in the order of its rows."""
        return self._evidence.indices(view)

    def frames(self, view: View) -> NDArray[np.float64]:
        """(rows, 4) the part of each original image that the maps lie over."""
        return self._evidence.frames(view)

    def predictions(self, view: View) -> NDArray[np.integer]:
        """(rows,) predicted classes of a view."""
        return self._evidence.predictions(view)

    def scores(self, view: View) -> NDArray[np.float32]:
        """(rows, n, C) class scores of each coarse concept."""
        return self._evidence.scores(view)

    def attention(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows of a view with their shuffled maps (rows, m, h, w)."""
        indices = self._evidence.indices(view)
        for rows, maps in self._evidence.attention(view, layer, window):
            m, cells = maps.shape[1], maps.shape[2] * maps.shape[3]
            flat = maps.reshape(len(maps), m, cells)
            if self._kind == "prototypes":
                mixed = np.take_along_axis(flat, self._orders(indices[rows], layer, m)[:, :, None], 1)
            else:
                mixed = np.take_along_axis(flat, self._orders(indices[rows], layer, cells)[:, None, :], 2)
            yield rows, mixed.reshape(maps.shape)

    def regions(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Windows of rows of a view with their shuffled region maps (rows, h, w)."""
        indices = self._evidence.indices(view)
        m = next(info.prototypes for info in self.layers if info.key == layer)
        for rows, owners in self._evidence.regions(view, layer, window):
            flat = owners.reshape(len(owners), -1)
            if self._kind == "prototypes":
                # channel j now shows what channel order[j] was: its region carries the name j
                names = np.argsort(self._orders(indices[rows], layer, m), axis=1).astype(owners.dtype)
                mixed = np.take_along_axis(names, flat.astype(np.intp), 1)
            else:
                mixed = np.take_along_axis(flat, self._orders(indices[rows], layer, flat.shape[1]), 1)
            yield rows, mixed.reshape(owners.shape)

    def groups(self, view: View, layer: str) -> NDArray[np.integer] | None:
        """(rows, m) group of each channel, as it is: the maps no longer belong to it."""
        return self._evidence.groups(view, layer)

    def keypoints(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, K, 3) x, y, visible."""
        return self._evidence.keypoints(indices)

    def boxes(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, 4) x, y, width, height."""
        return self._evidence.boxes(indices)

    def attribute(self, name: str) -> NDArray[np.integer]:
        """(N,) value index of an attribute."""
        return self._evidence.attribute(name)

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        """(height, width) of one image."""
        return self._evidence.part_mask(index)

    def _orders(self, indices: NDArray[np.integer], layer: str, count: int) -> NDArray[np.intp]:
        """(b, count) order of each image."""
        name = crc32(layer.encode())
        return np.stack([np.random.default_rng([self._seed, name, int(i)]).permutation(count) for i in indices])
