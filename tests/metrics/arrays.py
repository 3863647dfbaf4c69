"""Evidence made of plain arrays in memory, for tests and benchmarks of metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Probe, View
from ivpt.runfile.schema import LayerInfo


@dataclass
class ArrayEvidence:
    """One view per name; maps are float32 (rows, m, h, w) by view name and layer key."""

    classes: tuple[str, ...]
    layers: tuple[LayerInfo, ...]
    labels: NDArray[np.integer]
    sizes: NDArray[np.integer]
    rows: Mapping[str, NDArray[np.integer]]
    maps: Mapping[str, Mapping[str, NDArray[np.float32]]] = field(default_factory=dict)
    class_scores: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    assigned: Mapping[str, Mapping[str, NDArray[np.integer]]] = field(default_factory=dict)
    points: NDArray[np.float32] | None = None
    rectangles: NDArray[np.float32] | None = None
    masks: Mapping[int, NDArray[np.uint8]] = field(default_factory=dict)
    values: Mapping[str, NDArray[np.integer]] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    keypoint_names: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_size: tuple[int, int] = (96, 96)
    coarse: int = 4
    probe: Probe | None = None

    @property
    def splits(self) -> NDArray[np.integer]:
        found = np.zeros(len(self.labels), np.int64)
        for code, name in ((1, "val, whole"), (2, "test, whole")):
            found[self.rows.get(name, [])] = code
        return found

    def indices(self, view: View) -> NDArray[np.integer]:
        return self.rows[view.name]

    def frames(self, view: View) -> NDArray[np.float64]:
        if view.crop == "box":
            return np.trunc(np.nan_to_num(self.boxes(self.indices(view)))).astype(np.float64)
        wide = self.sizes[self.indices(view)].astype(np.float64)
        return np.concatenate([np.zeros_like(wide), wide], 1)

    def predictions(self, view: View) -> NDArray[np.integer]:
        return self.scores(view).mean(1).argmax(1)

    def scores(self, view: View) -> NDArray[np.float32]:
        return self.class_scores[view.name]

    def attention(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        stored = self.maps[view.name][layer]
        for start in range(0, len(stored), window):
            rows = slice(start, min(start + window, len(stored)))
            yield rows, stored[rows]

    def regions(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        for rows, maps in self.attention(view, layer, window):
            yield rows, maps.argmax(1).astype(np.uint8)

    def groups(self, view: View, layer: str) -> NDArray[np.integer] | None:
        return self.assigned.get(view.name, {}).get(layer)

    def keypoints(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        assert self.points is not None
        return self.points[indices]

    def boxes(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        if self.rectangles is None:
            return np.full((len(indices), 4), np.nan, np.float32)
        return self.rectangles[indices]

    def attribute(self, name: str) -> NDArray[np.integer]:
        return self.values[name]

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        return self.masks.get(index)


BACKGROUND = 0


def one_layer(views: Mapping[View, NDArray[np.float32]], labels: NDArray[np.integer], **more: Any) -> ArrayEvidence:
    """Evidence with one prompted layer ``L6``.

    Args:
        views: view to (n, K, h, w) maps of the foreground concepts of all n images; background is added as zeros.
        labels: (n,).
        **more: fields of :class:`ArrayEvidence`; ``sizes`` are 224 x 224 if not given.
    """
    labels = np.asarray(labels)
    maps = {
        view.name: {"L6": np.insert(found, BACKGROUND, 0, axis=1).astype(np.float32)} for view, found in views.items()
    }
    _, channels, *grid = next(iter(maps.values()))["L6"].shape
    n = len(labels)
    return ArrayEvidence(
        classes=tuple(f"class {c}" for c in range(int(labels.max()) + 1)),
        layers=(LayerInfo("L6", 6, channels, BACKGROUND, (grid[0], grid[1])),),
        labels=labels,
        sizes=more.pop("sizes", np.full((n, 2), 224)),
        rows={name: np.arange(n) for name in (View().name, *maps)},
        maps=maps,
        **more,
    )


def hot(cells: Any, grid: tuple[int, int] = (8, 8)) -> NDArray[np.float32]:
    """(..., 2) row and column to (..., h, w) maps in which that cell is 1 and all others are 0."""
    where = np.asarray(cells)
    return np.eye(grid[0] * grid[1], dtype=np.float32)[where[..., 0] * grid[1] + where[..., 1]].reshape(
        *where.shape[:-1], *grid
    )
