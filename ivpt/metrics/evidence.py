"""What metrics look at, from a run file; part masks and answers of the model are passed in from outside."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Probe, View
from ivpt.runfile.frames import box_frames, whole_frames
from ivpt.runfile.reader import RunFile
from ivpt.runfile.rows import WINDOW, MapRows

PartMask = Callable[[int], NDArray[np.uint8] | None]
"""Position of an image to its part mask."""


class RunEvidence:
    """The :class:`ivpt.interfaces.metric.Evidence` of a run file.

    Args:
        run: open; it has to stay so.
        part_mask: from the data set; ``None`` where it is not at hand.
        probe: from the model; ``None`` where it is not at hand.
    """

    def __init__(self, run: RunFile, part_mask: PartMask | None = None, probe: Probe | None = None) -> None:
        self._run = run
        self._part_mask = part_mask
        self._rows: dict[View, MapRows] = {}
        self.probe = probe
        self.classes = run.classes
        self.layers = run.layers
        self.parts = tuple(run.info.get("parts", ()))
        self.keypoint_names = tuple(run.info.get("keypoints", ()))
        self.attributes: Mapping[str, tuple[str, ...]] = {
            name: tuple(values) for name, values in run.info.get("attributes", {}).items()
        }
        height, width = run.backbone["image_size"]
        self.image_size = (int(height), int(width))
        self.coarse = run.coarse

    @property
    def labels(self) -> NDArray[np.integer]:
        """(N,) class of each image."""
        return self._run.labels

    @property
    def splits(self) -> NDArray[np.integer]:
        """(N,) 0 train, 1 val, 2 test."""
        return self._run.splits

    @cached_property
    def sizes(self) -> NDArray[np.integer]:
        """(N, 2) width and height of each original image in pixels.

        Raises:
            DataError: the run file does not know them.
        """
        sizes = self._run.image_sizes()
        if sizes is None:
            raise DataError("The run file does not know the sizes of its images.", "Train again with this ivpt.")
        return sizes

    def indices(self, view: View) -> NDArray[np.integer]:
        """Images of a view in the order of its rows."""
        return self._of(view).images

    def frames(self, view: View) -> NDArray[np.float64]:
        """(rows, 4) x, y, width, height of the part of each original image, in its pixels, that the maps lie over."""
        rows = self.indices(view)
        sizes = self.sizes[rows]
        return box_frames(self.boxes(rows), sizes) if view.crop == "box" else whole_frames(sizes, self.image_size)

    def predictions(self, view: View) -> NDArray[np.integer]:
        """(rows,) predicted classes of a view."""
        return self._of(view).predictions()

    def scores(self, view: View) -> NDArray[np.float32]:
        """(rows, n, C) class scores of each coarse concept; their mean over n are the logits."""
        return self._of(view).scores()

    def attention(self, view: View, layer: str, window: int = WINDOW) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows of a view with their maps (rows, m, h, w), Eq. 5."""
        return self._of(view).attention(layer, window)

    def regions(self, view: View, layer: str, window: int = WINDOW) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Windows of rows of a view with their region maps (rows, h, w): the channel that owns each cell, Eq. 6."""
        return self._of(view).regions(layer, window)

    def groups(self, view: View, layer: str) -> NDArray[np.integer] | None:
        """(rows, m) group of each prototype: 0 background, k coarse concept k; ``None`` without groups."""
        return self._of(view).groups(layer)

    def keypoints(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, K, 3) x, y, visible; all zeros where nothing is annotated."""
        if self._keypoints is None:
            return np.zeros((len(indices), len(self.keypoint_names), 3), np.float32)
        return np.asarray(np.nan_to_num(self._keypoints[indices]))

    def boxes(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, 4) x, y, width, height; NaN where nothing is annotated."""
        if self._boxes is None:
            return np.full((len(indices), 4), np.nan, np.float32)
        return np.asarray(self._boxes[indices])

    def attribute(self, name: str) -> NDArray[np.integer]:
        """(N,) value index of an attribute, -1 where absent."""
        return self._attributes[name]

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        """(height, width) of one image: 0 no part, ``i + 1`` is ``parts[i]``; ``None`` where nothing is annotated."""
        return None if self._part_mask is None else self._part_mask(index)

    @cached_property
    def _keypoints(self) -> NDArray[np.float32] | None:
        return self._run.all_keypoints()

    @cached_property
    def _boxes(self) -> NDArray[np.float32] | None:
        return self._run.all_boxes()

    @cached_property
    def _attributes(self) -> dict[str, NDArray[np.int32]]:
        return self._run.attributes()

    def _of(self, view: View) -> MapRows:
        if view not in self._rows:
            self._rows[view] = self._run.view(view.name) if view.name in self._run.views else self._plain(view)
        return self._rows[view]

    def _plain(self, view: View) -> MapRows:
        rows = self._run.split_maps(view.split)
        if view.crop != "whole" or view.noise_seed is not None or not len(rows):
            raise DataError(f"The run file holds no maps of the view {view.name!r}.", "ivpt evaluate makes them.")
        return rows
