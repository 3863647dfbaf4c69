"""Evidence made of plain arrays in memory, for tests and benchmarks of metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

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

    def indices(self, view: View) -> NDArray[np.integer]:
        return self.rows[view.name]

    def frames(self, view: View) -> NDArray[np.float64]:
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
        assert self.rectangles is not None
        return self.rectangles[indices]

    def attribute(self, name: str) -> NDArray[np.integer]:
        return self.values[name]

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        return self.masks.get(index)
