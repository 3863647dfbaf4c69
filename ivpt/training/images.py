"""The table of images for the run file, and the first look at every image before training begins."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ivpt.data.transforms import Size, visible_box
from ivpt.data.watched import Watched
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Progress, Record
from ivpt.runfile import label_png
from ivpt.runfile.content import ImageTable

JPEG_QUALITY = 85


@dataclass(frozen=True)
class FirstLook:
    """What decoding every image once has shown.

    Attributes:
        table: all images; unreadable ones have no thumbnail and size 0.
        unreadable: the error of each image that could not be decoded, by position.
    """

    table: ImageTable
    unreadable: Mapping[int, DataError]


def look(
    dataset: Dataset,
    info: DatasetInfo,
    records: Sequence[Record],
    split: NDArray[np.uint8],
    *,
    view: Size,
    thumbnail: int,
    skip_unreadable: bool,
    progress: Progress | None = None,
) -> FirstLook:
    """Decode every image once: thumbnails, sizes, annotations, and whether it can be read at all.

    Args:
        dataset: prepared.
        info: of the data set.
        records: of the data set.
        split: (N,) codes.
        view: (height, width) of the model's input; a thumbnail shows exactly that view, so maps lie over it.
        thumbnail: longest side of a thumbnail in pixels.
        skip_unreadable: go on after an unreadable image.
        progress: told about every image.

    Raises:
        DataError: an image cannot be decoded and is not to be skipped.
    """
    n = len(records)
    sizes = np.zeros((n, 2), np.int32)
    keypoints = np.full((n, len(info.keypoints), 3), np.nan, np.float32)
    boxes = np.full((n, 4), np.nan, np.float32)
    thumbnails: list[bytes | None] = [None] * n
    part_masks: list[bytes | None] = [None] * n
    unreadable: dict[int, DataError] = {}
    for i in range(n):
        if progress is not None:
            progress(i, n, "looking at images")
        try:
            image = dataset.image(i)
        except DataError as error:
            if not skip_unreadable:
                raise
            unreadable[i] = error
            continue
        sizes[i] = image.shape[1], image.shape[0]
        thumbnails[i] = encode_thumbnail(image, view, thumbnail)
        found = dataset.annotations(i)
        if isinstance(dataset, Watched):
            dataset.refuse_impossible(i, image, found)
        if found.keypoints is not None:
            keypoints[i] = found.keypoints
        if found.box is not None:
            boxes[i] = found.box
        if found.part_mask is not None:
            part_masks[i] = label_png.encode(shown_labels(found.part_mask, view, thumbnail))
    if progress is not None:
        progress(n, n, "looking at images")
    attributes = {
        name: np.array([record.attributes.get(name, -1) for record in records], np.int32) for name in info.attributes
    }
    table = ImageTable(
        ids=[record.id for record in records],
        labels=np.array([record.label for record in records], np.int64),
        splits=split,
        sizes=sizes,
        attributes=attributes,
        keypoints=keypoints if info.keypoints else None,
        boxes=boxes if np.isfinite(boxes).any() else None,
        thumbnails=thumbnails,
        part_masks=part_masks if any(part_masks) else None,
    )
    return FirstLook(table, unreadable)


def encode_thumbnail(image: NDArray[np.uint8], view: Size, longest: int) -> bytes:
    """JPEG bytes of what the model is shown of an image, at most ``longest`` pixels on its longer side.

    Args:
        image: (height, width, 3) RGB.
        view: (height, width) of the model's input.
        longest: in pixels; smaller images are not enlarged.
    """
    stream = io.BytesIO()
    shown_part(image, view, longest).save(stream, "JPEG", quality=JPEG_QUALITY)
    return stream.getvalue()


def shown_part(image: NDArray[np.uint8], view: Size, longest: int) -> Image.Image:
    """What the model is shown of an image, in its own proportions; see :func:`encode_thumbnail`."""
    x, y, width, height = visible_box(image.shape[1], image.shape[0], view)
    size = _shown_size(width, height, longest)
    return Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, (x, y, x + width, y + height))


def shown_labels(labels: NDArray[np.uint8], view: Size, longest: int) -> NDArray[np.uint8]:
    """The same part of a part mask, as large as :func:`shown_part`.

    Every label is that of the pixel in the middle of what it stands for: labels cannot be mixed as colours can.

    Args:
        labels: (height, width), as large as the image.
        view: (height, width) of the model's input.
        longest: in pixels.
    """
    x, y, width, height = visible_box(labels.shape[1], labels.shape[0], view)
    columns, rows = _shown_size(width, height, longest)
    row = np.floor(y + (np.arange(rows) + 0.5) * height / rows).astype(np.intp)
    column = np.floor(x + (np.arange(columns) + 0.5) * width / columns).astype(np.intp)
    return labels[np.ix_(row, column)]


def _shown_size(width: float, height: float, longest: int) -> tuple[int, int]:
    """Columns and rows of the picture of what is shown."""
    scale = min(1.0, longest / max(width, height))
    return max(round(width * scale), 1), max(round(height * scale), 1)
