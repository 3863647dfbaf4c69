"""What a screen needs of single images, read at once; run in a worker. Nothing here knows the terminal."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.ui.raster import Pixels, Regions, cut_out
from ivpt.ui.text import plain

RANKS = ("strongest", "median", "weakest")


@dataclass(frozen=True)
class Page:
    """One image with all that is stored about it.

    Attributes:
        index: position in the image table.
        name: its id, harmless.
        label, prediction: classes; prediction is -1 where none is stored.
        split: train, val or test.
        picture: the thumbnail, None where none is stored or it cannot be decoded.
        regions: per layer key (h, w); empty where no maps are stored.
        groups: per layer key (m,) group of each prototype, for layers that have groups.
        scores: (n, C), None where no maps are stored.
        trouble: what could not be read, in words; may be empty.
    """

    index: int
    name: str
    label: int
    prediction: int
    split: str
    picture: Pixels | None
    regions: dict[str, Regions]
    groups: dict[str, NDArray[np.int8]]
    scores: NDArray[np.float32] | None
    trouble: str = ""

    @property
    def wrong(self) -> bool:
        """Whether there is a prediction and it is not the label."""
        return self.prediction >= 0 and self.prediction != self.label


@dataclass(frozen=True)
class Cutting:
    """A region cut out of an image: the picture and, as large, the map of the layer."""

    image: int
    picture: Pixels
    regions: Regions
    strength: float


@dataclass(frozen=True)
class Gallery:
    """Regions of one concept, not only its best.

    Attributes:
        key, channel: the concept.
        rows: for each of :data:`RANKS` some cuttings.
        firing: number of images with a region.
    """

    key: str
    channel: int
    rows: dict[str, tuple[Cutting, ...]]
    firing: int


def read_page(run: RunFile, index: int) -> Page:
    """Read one image: thumbnail, regions of every layer, groups and scores.

    Raises:
        RunFileError: the file is damaged.
    """
    regions: dict[str, Regions] = {}
    groups: dict[str, NDArray[np.int8]] = {}
    scores = None
    if run.has_maps(index):
        scores = run.scores(index)
        for layer in run.layers:
            regions[layer.key] = run.regions(layer.key, index)
            assigned = run.groups(layer.key, index)
            if assigned is not None:
                groups[layer.key] = assigned
    picture, trouble = read_picture(run, index)
    split = int(run.splits[index])
    return Page(
        index,
        plain(run.ids(index, index + 1)[0]),
        int(run.labels[index]),
        int(run.predictions[index]),
        SPLITS[split] if 0 <= split < len(SPLITS) else "?",
        picture,
        regions,
        groups,
        scores,
        trouble,
    )


def read_picture(run: RunFile, index: int) -> tuple[Pixels | None, str]:
    """The thumbnail as RGB pixels, or None and why it cannot be shown."""
    stored = run.thumbnail(index)
    if stored is None:
        return None, "no thumbnail is stored"
    # Pillow takes a noticeable part of the start; the first screen shows no picture
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(stored), formats=("JPEG",)) as opened:
            return np.asarray(opened.convert("RGB")), ""
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, "its thumbnail is damaged"


def read_gallery(run: RunFile, key: str, channel: int, each: int = 4) -> Gallery:
    """Cut the strongest, the median and the weakest regions of a concept out of their images.

    The strength of a region is the mean attention inside it. Images without a region of the concept do not take part.

    Args:
        run: with maps.
        key: layer.
        channel: the concept.
        each: how many per rank; fewer where there are not enough images, and then no image appears twice.

    Raises:
        RunFileError: the file is damaged.
    """
    images = run.map_images
    if not len(images):
        return Gallery(key, channel, dict.fromkeys(RANKS, ()), 0)
    strength = run.strengths(key)[:, channel]
    firing = np.flatnonzero(run.areas(key)[:, channel] > 0)
    ranked = firing[np.argsort(-strength[firing], kind="stable")]
    each = min(each, max(len(ranked) // len(RANKS), 1))
    middle = max((len(ranked) - each) // 2, 0)
    picked = {
        "strongest": ranked[:each],
        "median": ranked[middle : middle + each] if len(ranked) > 1 else ranked[:0],
        "weakest": ranked[::-1][:each] if len(ranked) > 2 else ranked[:0],
    }
    rows = {}
    for rank in RANKS:
        cuttings = []
        for row in picked[rank]:
            image = int(images[row])
            picture, _ = read_picture(run, image)
            regions = run.regions(key, image)
            if picture is None:
                picture = np.full((4 * regions.shape[0], 4 * regions.shape[1], 3), 128, np.uint8)
            cuttings.append(Cutting(image, *cut_out(picture, regions, channel), float(strength[row])))
        rows[rank] = tuple(cuttings)
    return Gallery(key, channel, rows, len(firing))
