"""Evidence made up for tests of metrics: a few images, two layers, everything annotated, no run file and no model."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import View
from ivpt.runfile.schema import LayerInfo

SIDE, GRID, IMAGES = 64, 8, 27
PARTS = ("head", "body", "tail")


class MadeProbe:
    """Answers that depend on what is asked and on nothing else: a concept loses score with every part taken out."""

    def __init__(self, scores: NDArray[np.float32]) -> None:
        self._scores = scores

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Each class has its own head, and they share the rest."""
        return {"head": (0, 1, 2), "body": (0, 0, 0), "tail": (0, 1, 1)}

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """All parts and two things."""
        return PARTS, ("thing 0", "thing 1")

    def thing_masks(self, index: int) -> Mapping[str, NDArray[np.bool_]]:
        """Two corners."""
        corners = {name: np.zeros((SIDE, SIDE), np.bool_) for name in ("thing 0", "thing 1")}
        corners["thing 0"][:8, :8] = corners["thing 1"][-8:, -8:] = True
        return corners

    def redrawn(
        self, indices: Sequence[int], without: Sequence[frozenset[str]], backgrounds: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Each part costs 0.3 of the score, each thing 0.01."""
        cost = [sum(0.3 if name in PARTS else 0.01 for name in names) for names in without]
        return np.asarray(self._scores[list(indices)] - np.array(cost, np.float32)[:, None, None])

    def masked(
        self, indices: Sequence[int], keep: NDArray[np.bool_], fill: Literal["mean", "blur"]
    ) -> NDArray[np.float32]:
        """The score shrinks with what is filled."""
        kept = keep.reshape(len(indices), -1).mean(axis=1, dtype=np.float32)
        return np.asarray(self._scores[list(indices)] * kept[:, None, None])


class MadeEvidence:
    """Images of a body with a head and a tail, three classes; concepts lie on the parts, a little off.

    Args:
        annotated: whether keypoints, boxes, masks and attributes are there.
        declared: views that may be read besides whole val and test images.
        rows: per window at most, whatever is asked for.
    """

    def __init__(self, *, annotated: bool = True, declared: Collection[View] = (), rows: int = 256) -> None:
        self._declared, self._rows, self._annotated = frozenset(declared), rows, annotated
        self.classes: tuple[str, ...] = ("first", "second", "third")
        self.layers: tuple[LayerInfo, ...] = (
            LayerInfo("L6", 6, 6, 0, (GRID, GRID)),
            LayerInfo("coarse", None, 4, 0, (GRID, GRID)),
        )
        self.parts: tuple[str, ...] = PARTS if annotated else ()
        self.keypoint_names: tuple[str, ...] = PARTS if annotated else ()
        self.attributes: Mapping[str, tuple[str, ...]] = {"place": ("land", "water")} if annotated else {}
        self.image_size, self.coarse = (SIDE, SIDE), 3
        rng = np.random.default_rng(0)
        self._splits = np.arange(IMAGES) % 3
        self._centres = rng.integers(24, 40, (IMAGES, 2))
        self._places = rng.integers(0, 2, IMAGES)
        self._scores = rng.normal(size=(IMAGES, self.coarse, 3)).astype(np.float32)
        self._scores[np.arange(IMAGES), :, self.labels] += 1.5
        self.asked: list[str] = []

    @property
    def probe(self) -> MadeProbe | None:
        """Answers to questions about changed images."""
        return MadeProbe(self._scores) if self._annotated else None

    @property
    def labels(self) -> NDArray[np.integer]:
        """(N,) class of each image."""
        return (np.arange(IMAGES) // 3) % 3

    @property
    def splits(self) -> NDArray[np.integer]:
        """(N,) 0 train, 1 val, 2 test."""
        return self._splits

    @property
    def sizes(self) -> NDArray[np.integer]:
        """(N, 2) width and height in pixels."""
        return np.full((IMAGES, 2), SIDE)

    def indices(self, view: View) -> NDArray[np.integer]:
        """Images of a view in the order of its rows."""
        if view not in self._declared and (
            view.split == "train" or view.crop != "whole" or view.noise_seed is not None
        ):
            self.asked.append(view.name)
        return np.flatnonzero(self._splits == {"train": 0, "val": 1, "test": 2}[view.split])

    def frames(self, view: View) -> NDArray[np.float64]:
        """(rows, 4) x, y, width, height of the part of each image that the maps lie over."""
        rows = self.indices(view)
        whole = np.tile(np.array([0.0, 0.0, SIDE, SIDE]), (len(rows), 1))
        return np.nan_to_num(self.boxes(rows)).astype(np.float64) if view.crop == "box" else whole

    def predictions(self, view: View) -> NDArray[np.integer]:
        """(rows,) predicted classes."""
        return np.asarray(self.scores(view).mean(axis=1).argmax(axis=1))

    def scores(self, view: View) -> NDArray[np.float32]:
        """(rows, n, C) class scores of each coarse concept."""
        return np.array(self._scores[self.indices(view)])

    def attention(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows with their maps (rows, m, h, w), which sum to 1 over m."""
        rows, channels = self.indices(view), self._layer(layer).prototypes
        step = min(window, self._rows)
        for start in range(0, len(rows), step):
            maps = [self._map(int(index), channels, view) for index in rows[start : start + step]]
            yield slice(start, start + len(maps)), np.stack(maps)

    def regions(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Windows of rows with their region maps (rows, h, w)."""
        for where, maps in self.attention(view, layer, window):
            yield where, maps.argmax(axis=1).astype(np.uint8)

    def groups(self, view: View, layer: str) -> NDArray[np.integer] | None:
        """(rows, m) group of each prototype; ``None`` for the coarse ones."""
        if layer == "coarse":
            return None
        channels = self._layer(layer).prototypes
        group = np.array([0, *(1 + k % self.coarse for k in range(channels - 1))])
        return np.tile(group, (len(self.indices(view)), 1))

    def keypoints(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, K, 3) x, y, visible: head left, body in the middle, tail right; every fifth tail is hidden."""
        points = np.zeros((len(indices), len(self.keypoint_names), 3), np.float32)
        for row, index in enumerate(indices if self._annotated else ()):
            for part in range(len(PARTS)):
                points[row, part] = (*self._middle(int(index), part), part < 2 or index % 5 > 0)
        return points

    def boxes(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, 4) x, y, width, height."""
        if not self._annotated:
            return np.full((len(indices), 4), np.nan, np.float32)
        return np.array([(*(self._centres[i] - 22), 44, 44) for i in indices], np.float32).reshape(-1, 4)

    def attribute(self, name: str) -> NDArray[np.integer]:
        """(N,) value index of an attribute."""
        if name not in self.attributes:
            raise KeyError(name)
        return self._places.copy()

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        """(height, width): three squares."""
        if not self._annotated:
            return None
        mask = np.zeros((SIDE, SIDE), np.uint8)
        for part in range(len(PARTS)):
            x, y = self._middle(index, part)
            mask[y - 7 : y + 7, x - 7 : x + 7] = part + 1
        return mask

    def _layer(self, key: str) -> LayerInfo:
        return next(layer for layer in self.layers if layer.key == key)

    def _middle(self, index: int, part: int) -> tuple[int, int]:
        x, y = self._centres[index]
        return int(x + 14 * (part - 1)), int(y)

    def _map(self, index: int, channels: int, view: View) -> NDArray[np.float32]:
        rng = np.random.default_rng([index, channels, 0 if view.noise_seed is None else view.noise_seed + 1])
        rows, columns = np.mgrid[:GRID, :GRID]
        maps = rng.random((channels, GRID, GRID)) * 0.2
        maps[0] += 0.6
        for channel in range(1, channels):
            x, y = (place * GRID / SIDE for place in self._middle(index, (channel - 1) % len(PARTS)))
            maps[channel] += 2.0 * np.exp(-((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2) / 2)
        found: NDArray[np.float32] = (maps / maps.sum(axis=0)).astype(np.float32)
        return found


__all__ = ["MadeEvidence", "MadeProbe"]
