"""Where annotated boxes and keypoints lie on the maps of whole images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.arrays import rows_at
from ivpt.runfile.frames import whole_frames

Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Places:
    """Annotations of all images, still in the file.

    Attributes:
        sizes: (N, 2) width and height.
        view: height and width of the model's input.
        boxes: (N, 4); ``None`` without.
        keypoints: (N, K, 3); ``None`` without.
    """

    sizes: h5py.Dataset
    view: tuple[int, int]
    boxes: h5py.Dataset | None
    keypoints: h5py.Dataset | None

    def in_boxes(self, images: Ints, grid: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether images have a box, and (b, h, w) whether the middle of each cell lies in it.

        Args:
            images: (b,).
            grid: of the maps.
        """
        sizes = _rows(self.sizes, images)
        boxes = np.full((len(images), 4), np.nan) if self.boxes is None else _rows(self.boxes, images)
        known: NDArray[np.bool_] = np.asarray(np.isfinite(boxes).all(axis=1))
        known &= (sizes > 0).all(axis=1)
        frames = whole_frames(np.where(known[:, None], sizes, 1), self.view)
        low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
        along = []
        for axis, cells in ((1, grid[0]), (0, grid[1])):
            middles = frames[:, axis, None] + (np.arange(cells) + 0.5) / cells * frames[:, 2 + axis, None]
            along.append((middles >= low[:, axis, None]) & (middles < high[:, axis, None]))
        inside: NDArray[np.bool_] = along[0][:, :, None] & along[1][:, None, :]
        inside &= known[:, None, None]
        return known, inside

    def cells_of_keypoints(self, images: Ints, grid: tuple[int, int]) -> tuple[NDArray[np.bool_], Ints, Ints]:
        """(b, K) whether each keypoint is visible and lies on the map, and its row and column there (0 where not).

        Args:
            images: (b,).
            grid: of the maps.
        """
        sizes = _rows(self.sizes, images)
        points = np.zeros((len(images), 0, 3)) if self.keypoints is None else _rows(self.keypoints, images)
        known = np.asarray((sizes > 0).all(axis=1))
        frames = whole_frames(np.where(known[:, None], sizes, 1), self.view)
        visible: NDArray[np.bool_] = (points[..., 2] > 0) & np.isfinite(points[..., :2]).all(axis=2)
        visible &= known[:, None]
        shares = (np.where(visible[..., None], points[..., :2], 0) - frames[:, None, :2]) / frames[:, None, 2:]
        visible &= ((shares >= 0) & (shares < 1)).all(axis=2)
        at = np.where(visible[..., None], shares, 0) * (grid[1], grid[0])
        return visible, at[..., 1].astype(np.int64), at[..., 0].astype(np.int64)


def read_places(
    sizes: h5py.Dataset | None,
    boxes: h5py.Dataset | None,
    keypoints: h5py.Dataset | None,
    *,
    view: Sequence[int] | None,
) -> Places | None:
    """``None`` where nothing is annotated, or it is not known where the maps lie on the images."""
    if sizes is None or (boxes is None and keypoints is None) or not view or len(view) != 2:
        return None
    return Places(sizes, (int(view[0]), int(view[1])), boxes, keypoints)


def _rows(dataset: h5py.Dataset, images: Ints) -> NDArray[np.float64]:
    """Rows in any order."""
    order = np.argsort(images)
    found = np.empty((len(images), *dataset.shape[1:]))
    found[order] = rows_at(dataset, images[order])
    return found
