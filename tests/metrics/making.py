"""Small evidence with maps, for tests."""

from collections.abc import Mapping, Sequence

import numpy as np

from ivpt.runfile.schema import LayerInfo
from tests.metrics.arrays import ArrayEvidence


class Framed(ArrayEvidence):
    """Evidence whose maps lie over a part of each image."""

    frame: tuple[float, float, float, float] | None = None

    def frames(self, view):
        if self.frame is None:
            return super().frames(view)
        return np.tile(np.array(self.frame, np.float64), (len(self.indices(view)), 1))


def layer(prototypes: int, grid: tuple[int, int], background: int | None = None, block: int | None = 1) -> LayerInfo:
    """Background is the last channel unless said otherwise."""
    key = "coarse" if block is None else f"L{block}"
    return LayerInfo(key, block, prototypes, prototypes - 1 if background is None else background, grid)


def with_maps(
    maps: np.ndarray,
    *,
    size: tuple[int, int],
    info: LayerInfo | None = None,
    labels: Sequence[int] | None = None,
    classes: int = 3,
    frame: tuple[float, float, float, float] | None = None,
    train: int = 0,
    scores: np.ndarray | None = None,
    order: Sequence[int] | None = None,
    **more: object,
) -> Framed:
    """All images in test, but for the first ``train`` ones; maps (N, m, h, w); size is (width, height).

    ``order`` permutes the images of test.
    """
    n = len(maps)
    info = info or layer(maps.shape[1], maps.shape[2:])
    rows: Mapping[str, np.ndarray] = {"train, whole": np.arange(train), "test, whole": np.arange(train, n)}
    if order is not None:
        rows = {**rows, "test, whole": rows["test, whole"][list(order)]}
    made = Framed(
        classes=tuple(f"c{i}" for i in range(classes)),
        layers=(info,),
        labels=np.zeros(n, int) if labels is None else np.array(labels),
        sizes=np.tile(np.array(size), (n, 1)),
        rows=rows,
        maps={name: {info.key: np.asarray(maps, np.float32)[where]} for name, where in rows.items()},
        class_scores={} if scores is None else {name: np.asarray(scores, np.float32)[w] for name, w in rows.items()},
        image_size=(size[1], size[0]),
        **more,
    )
    made.frame = frame
    return made


def one_hot(regions: np.ndarray, channels: int) -> np.ndarray:
    """(N, h, w) channel of each cell to (N, channels, h, w) maps of 0 and 1."""
    return (np.asarray(regions)[:, None] == np.arange(channels)[:, None, None]).astype(np.float32)
