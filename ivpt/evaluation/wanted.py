"""Which views are there already, and which images the others have."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.runfile.frames import Boxes, box_frames
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS


def is_stored(run: RunFile, view: View, layers: Sequence[str]) -> bool:
    """Whether a run file holds the maps of a view: as a view, or as its plain maps of val or test images."""
    if view.name in run.views:
        return set(layers) <= set(run.view(view.name).layers)
    return view.crop == "whole" and view.noise_seed is None and len(run.split_maps(view.split)) > 0


def view_images(run: RunFile, view: View) -> tuple[NDArray[np.int64], Boxes]:
    """Which images a view has, and the box each is cropped to.

    Returns:
        (rows,) ascending positions: the readable images of the split, with a box in the image where the view crops;
        (rows, 4) whole x, y, width, height, zeros where the view does not crop.

    Raises:
        DataError: there is none.
    """
    indices = np.flatnonzero(run.splits == SPLITS.index(view.split))
    sizes = run.image_sizes()
    if sizes is not None:
        indices = indices[(sizes[indices] > 0).all(axis=1)]
    frames = np.zeros((len(indices), 4))
    if view.crop == "box":
        boxes = run.all_boxes()
        if boxes is None or sizes is None:
            raise DataError(f"The run file {run.path} holds no boxes, so images cannot be cropped to them.")
        frames = box_frames(boxes[indices], sizes[indices])
        boxed = (frames[:, 2:] > 0).all(axis=1)
        indices, frames = indices[boxed], frames[boxed]
    if not len(indices):
        raise DataError(f"The run file {run.path} has no images for the view {view.name!r}.")
    return indices, frames
