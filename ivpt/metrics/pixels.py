"""True part and predicted region of every pixel that the maps show, image by image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Evidence, View
from ivpt.metrics.bilinear import corner_aligned, enlarged, half_pixel, shown_pixels, weights
from ivpt.runfile.schema import LayerInfo


@dataclass(frozen=True)
class Pixels:
    """The shown pixels of one image.

    Attributes:
        row: of the view.
        truth: (H, W) 0 no part, i + 1 part i.
        region: (H, W) channel with the largest enlarged value; the first of equal ones.
        down: (H,) middles of the pixels in shares of the frame's height.
        across: (W,) middles of the pixels in shares of the frame's width.
    """

    row: int
    truth: NDArray[np.uint8]
    region: NDArray[np.intp]
    down: NDArray[np.float64]
    across: NDArray[np.float64]

    def grid(self, side: int) -> NDArray[np.intp]:
        """(H, W) cell of a fixed grid of ``side`` x ``side`` cells over the frame."""
        down, across = ((axis * side).astype(np.intp) for axis in (self.down, self.across))
        return down[:, None] * side + across[None, :]


def labelled_pixels(
    evidence: Evidence, view: View, layer: LayerInfo, align: Literal["half pixel", "corners"] = "half pixel"
) -> Iterator[Pixels]:
    """Images of a view that have a part mask, with maps enlarged bilinearly to the pixels of the original image.

    Pixels outside the frame that the maps lie over have no region and are left out.
    """
    indices, frames = evidence.indices(view), evidence.frames(view)
    h, w = layer.grid
    for rows, maps in evidence.attention(view, layer.key):
        for row, own in zip(range(rows.start, rows.stop), maps, strict=True):
            mask = evidence.part_mask(int(indices[row]))
            if mask is None:
                continue
            x, y, width, height = frames[row].tolist()
            lines, columns = shown_pixels(y, height, mask.shape[0]), shown_pixels(x, width, mask.shape[1])
            middle = half_pixel(y, height, lines, h), half_pixel(x, width, columns, w)
            if align == "corners":
                down, across = corner_aligned(lines, h), corner_aligned(columns, w)
            else:
                down, across = middle
            region = enlarged(own, weights(down, h), weights(across, w)).argmax(0)
            yield Pixels(row, mask[lines, columns], region, (middle[0] + 0.5) / h, (middle[1] + 0.5) / w)


def counted(truth: NDArray[np.integer], region: NDArray[np.integer], labels: int, regions: int) -> NDArray[np.int64]:
    """(labels, regions) how often each pair meets; any equal shapes."""
    pairs = truth.astype(np.intp).ravel() * regions + region.ravel()
    return np.bincount(pairs, minlength=labels * regions).reshape(labels, regions)
