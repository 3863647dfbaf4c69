"""What the regions of one layer lie on, counted over all images."""

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.arrays import array
from ivpt.runfile.places import Places

Ints = NDArray[np.integer[Any]]


class RegionTally:
    """Cells in the objects' boxes and keypoints of each kind, by region.

    Args:
        channels: m.
        places: annotations; ``None`` without any.
    """

    def __init__(self, channels: int, places: Places | None) -> None:
        self._places = places
        self._boxed = np.zeros(channels, np.int64)
        self._inside = np.zeros(channels, np.int64)
        kinds = 0 if places is None or places.keypoints is None else places.keypoints.shape[1]
        self._parts = np.zeros((channels, kinds), np.int64)

    def add(self, regions: Ints, images: Ints) -> None:
        """Count (b, h, w) regions of some images (b,)."""
        if self._places is None:
            return
        grid = (int(regions.shape[1]), int(regions.shape[2]))
        if self._places.boxes is not None:
            known, inside = self._places.in_boxes(images, grid)
            self._boxed += np.bincount(regions[known].ravel(), minlength=len(self._boxed))
            self._inside += np.bincount(regions[inside], minlength=len(self._inside))
        if self._places.keypoints is not None:
            visible, row, column = self._places.cells_of_keypoints(images, grid)
            image, kind = np.nonzero(visible)
            owner = regions[image, row[image, kind], column[image, kind]]
            np.add.at(self._parts, (owner, kind), 1)

    def write(self, group: h5py.Group) -> None:
        """Put the counts beside the other figures of the layer; what is not annotated is not there."""
        if self._places is None:
            return
        if self._places.boxes is not None and self._boxed.any():
            array(group, "boxed", self._boxed)
            array(group, "inside", self._inside)
        if self._parts.size:
            array(group, "parts", self._parts)
