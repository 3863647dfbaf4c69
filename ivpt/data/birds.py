"""The text layout that CUB-200-2011 and NABirds share: labels, split, boxes and parts in tables by image id."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivpt.data.crops import Crop, cut_annotations, cut_image, window
from ivpt.data.images import image_size, read_image
from ivpt.data.tables import columns, id_type, names, one_each, rows_of
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations
from ivpt.interfaces.source import Place

LAYOUT = (
    Place("images.txt", "image id, path below images/"),
    Place("image_class_labels.txt", "image id, class id"),
    Place("classes.txt", "class id, name"),
    Place("train_test_split.txt", "image id, 1 for train and 0 for test"),
    Place("bounding_boxes.txt", "image id, x, y, width, height"),
    Place("parts/parts.txt", "part id, name"),
    Place("parts/part_locs.txt", "image id, part id, x, y, visible"),
    Place("images", "the photographs, in one folder per class"),
)


@dataclass(frozen=True)
class Tables:
    """N images with J parts each.

    Attributes:
        ids: (N,) as in images.txt.
        paths: of each image, below images/.
        class_ids: (N,) as in the tables.
        train: (N,) whether it is a training image.
        boxes: (N, 4) x, y, width, height in pixels, as published: some end beyond the border by a pixel.
        part_names: of each part, by ascending part id.
        keypoints: (N, J, 3) x, y, visible.
    """

    ids: NDArray[np.str_]
    paths: tuple[str, ...]
    class_ids: NDArray[np.int64]
    train: NDArray[np.bool_]
    boxes: NDArray[np.float32]
    part_names: tuple[str, ...]
    keypoints: NDArray[np.float32]


def read_tables(root: Path) -> Tables:
    """Read everything but the images.

    Ids are matched, never counted: image ids may be numbers or hexadecimal with dashes, part ids may begin at 0
    (NABirds) or at 1 (CUB). Coordinates are taken as array indices (the pixel at the left border has x = 0); the
    publication does not say so, but its readers do. For the same reason photographs are not turned as EXIF data say.

    Raises:
        DataError: a table is missing, damaged, or contradicts another.
    """
    listed = names(root / "images.txt")
    if not listed:
        raise DataError(f"{root / 'images.txt'} lists no images.")
    ids = np.array(list(listed))
    labels = _per_image(root / "image_class_labels.txt", ids, [("value", "i8")])
    split = _per_image(root / "train_test_split.txt", ids, [("value", "i8")])
    if not np.isin(split["value"], (0, 1)).all():
        raise DataError(f"{root / 'train_test_split.txt'} holds other values than 0 and 1.")
    boxes = _per_image(root / "bounding_boxes.txt", ids, [(c, "f4") for c in ("x", "y", "w", "h")])
    part_names, keypoints = _parts(root, ids)
    return Tables(
        ids,
        tuple(listed.values()),
        np.asarray(labels["value"]),
        split["value"] == 1,
        np.stack([boxes[c] for c in ("x", "y", "w", "h")], axis=1),
        part_names,
        keypoints,
    )


def photograph(tables: Tables, index: int, path: Path, crop: Crop) -> NDArray[np.uint8]:
    """An image as its file stores it, grey ones in three channels; cut to its box where that was asked for.

    Raises:
        DataError: the file cannot be decoded.
    """
    image = read_image(path, upright=False)
    if crop == "none":
        return image
    return cut_image(image, window(tables.boxes[index].tolist(), image.shape[1], image.shape[0]))


def annotated(
    tables: Tables, index: int, path: Path, crop: Crop, part_mask: NDArray[np.uint8] | None = None
) -> Annotations:
    """Keypoints and box as published, and a mask of the whole image; on the box where that was asked for.

    Raises:
        DataError: the file's header cannot be read.
    """
    box = tables.boxes[index].tolist()
    found = Annotations(tables.keypoints[index].copy(), (box[0], box[1], box[2], box[3]), part_mask)
    return found if crop == "none" else cut_annotations(found, window(box, *image_size(path, upright=False)))


def _per_image(path: Path, ids: NDArray[np.str_], fields: list[tuple[str, str]]) -> NDArray[np.void]:
    table = columns(path, [("id", id_type(ids)), *fields])
    rows = rows_of(table["id"], ids, path)
    one_each(path, rows, len(ids), ids)
    ordered = np.empty_like(table)
    ordered[rows] = table
    return ordered


def _parts(root: Path, ids: NDArray[np.str_]) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    named = {int(key): name for key, name in names(root / "parts" / "parts.txt").items()}
    path = root / "parts" / "part_locs.txt"
    table = columns(path, [("id", id_type(ids)), ("part", "i8"), ("x", "f4"), ("y", "f4"), ("visible", "i8")])
    order = np.array(sorted(named), np.int64)
    part = np.minimum(np.searchsorted(order, table["part"]), len(order) - 1)
    if (order[part] != table["part"]).any():
        strange = table["part"][order[part] != table["part"]][0]
        raise DataError(f"{path} is about a part {strange} that is not in parts.txt.")
    keypoints = np.zeros((len(ids), len(order), 3), np.float32)
    rows = rows_of(table["id"], ids, path)
    keypoints[rows, part] = np.stack([table["x"], table["y"], table["visible"] > 0], axis=1)
    keypoints[keypoints[..., 2] == 0] = 0
    return tuple(named[number] for number in sorted(named)), keypoints


__all__ = ["LAYOUT", "Tables", "annotated", "photograph", "read_tables"]
