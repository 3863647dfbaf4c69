"""What a screen needs of single images, read at once; run in a worker. Nothing here knows the terminal."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile.frames import whole_frames
from ivpt.runfile.index import Rank, RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.ui.raster import Pixels, Regions, cut_out
from ivpt.ui.text import plain


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
        frame: x, y, width, height of what the picture shows, in pixels of the original image; None where its size is
            not known.
        keypoints: (K, 3) x, y, visible in pixels of the original; None where nothing is annotated.
        box: x, y, width, height of the object in pixels of the original; None where nothing is annotated.
        parts: (h, w) label of the annotated part at each pixel of the picture, 0 for none; None without a mask.
        trouble: why there is no picture; empty where there is one.
        parts_trouble: why a mask that is stored cannot be shown; empty where it can.
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
    frame: tuple[float, float, float, float] | None = None
    keypoints: NDArray[np.float32] | None = None
    box: NDArray[np.float32] | None = None
    parts: Regions | None = None
    trouble: str = ""
    parts_trouble: str = ""

    @property
    def wrong(self) -> bool:
        """Whether there is a prediction and it is not the label."""
        return self.prediction >= 0 and self.prediction != self.label


@dataclass(frozen=True)
class Cutting:
    """A region cut out of an image.

    Attributes:
        image: position in the image table.
        picture: part of the thumbnail.
        regions: of the layer, as large as the picture.
        area: share of the whole map that the concept's region covers.
        label: class of the image.
    """

    image: int
    picture: Pixels
    regions: Regions
    area: float
    label: int


@dataclass(frozen=True)
class Gallery:
    """Regions of one concept, not only its best.

    Attributes:
        key, channel: the concept.
        rows: for each rank some cuttings.
        firing: number of images with a region.
    """

    key: str
    channel: int
    rows: dict[Rank, tuple[Cutting, ...]]
    firing: int


def read_page(run: RunFile, index: int) -> Page:
    """Read one image: thumbnail, regions of every layer, groups, scores and annotations.

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
    parts, parts_trouble = None, ""
    try:
        parts = run.part_mask(index)
    except RunFileError as error:
        # the rest of the image can be looked at without it
        parts_trouble = error.message
    return Page(
        index,
        plain(run.ids(index, index + 1)[0]),
        run.label(index),
        run.prediction(index),
        run.split(index),
        picture,
        regions,
        groups,
        scores,
        _frame(run, index),
        run.keypoints(index),
        run.box(index),
        parts,
        trouble,
        parts_trouble,
    )


def _frame(run: RunFile, index: int) -> tuple[float, float, float, float] | None:
    size, view = run.image_size(index), run.backbone.get("image_size")
    if size is None or min(size) < 1 or not isinstance(view, list) or len(view) != 2:
        return None
    x, y, across, down = whole_frames(np.array([size]), (view[0], view[1]))[0].tolist()
    return x, y, across, down


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


EACH = 9
"""Regions per rank that are read."""


def read_gallery(run: RunFile, index: RunIndex, key: str, channel: int, each: int = EACH) -> Gallery:
    """Cut the strongest, the median and the weakest regions of a concept out of their images.

    How strong a region is, is told by the attention inside it, see :class:`ivpt.runfile.index.Ranked`. Images without a
    region of the concept do not take part.

    Args:
        run: with maps.
        index: of the run.
        key: layer.
        channel: the concept.
        each: how many per rank; fewer where there are not enough images, and then no image appears twice.

    Raises:
        RunFileError: the file is damaged.
    """
    ranked = index.ranked(key, channel)
    rows = {
        rank: tuple(_cutting(run, key, channel, int(image)) for image in images)
        for rank, images in ranked.pick(each).items()
    }
    return Gallery(key, channel, rows, ranked.firing)


def _cutting(run: RunFile, key: str, channel: int, image: int) -> Cutting:
    picture, _ = read_picture(run, image)
    regions = run.regions(key, image)
    if picture is None:
        picture = np.full((4 * regions.shape[0], 4 * regions.shape[1], 3), 128, np.uint8)
    area = float((regions == channel).mean())
    return Cutting(image, *cut_out(picture, regions, channel), area, run.label(image))


@dataclass(frozen=True)
class Example:
    """An image of a class.

    Attributes:
        image: position in the image table.
        picture: the thumbnail; None where there is none.
        regions: of the last layer, the coarse concepts.
        prediction: the class it is taken for; -1 without one.
    """

    image: int
    picture: Pixels | None
    regions: Regions
    prediction: int


EXAMPLES = 3
"""Images of a class that are shown."""


def read_examples(run: RunFile, index: RunIndex, c: int) -> tuple[Example, ...]:
    """Images with maps of a class, spread evenly over them all, not the best ones.

    Raises:
        RunFileError: the file is damaged.
    """
    own = np.intersect1d(index.of_class(c).all(), index.mapped().all())
    chosen = own[np.unique(np.linspace(0, len(own) - 1, min(EXAMPLES, len(own))).astype(int))]
    key = run.layers[-1].key
    return tuple(
        Example(int(i), read_picture(run, int(i))[0], run.regions(key, int(i)), run.prediction(int(i))) for i in chosen
    )


def read_attention(run: RunFile, index: int, key: str, channel: int) -> NDArray[np.float32] | None:
    """(h, w) attention of one concept in one image, 0 to 1; None where no maps are stored.

    Raises:
        RunFileError: the file is damaged.
    """
    return run.attention(key, index)[channel] if run.has_maps(index) else None
