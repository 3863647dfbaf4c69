"""One annotation file in COCO's layout, polygons turned into run lengths."""

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from faster_coco_eval import COCO
from faster_coco_eval.core import mask as coco_mask
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt_partimagenet.parts import GROUPS, PARTS

_SYNSET = re.compile(r"n\d{8}")


class Image(NamedTuple):
    """One image of an annotation file.

    Attributes:
        number: its id in that file.
        file: name of the image file.
        synset: its class: the WordNet id that its name begins with.
        width, height: in pixels.
        parts: part number from 0 and COCO's run lengths of its mask, in the order of the file.
    """

    number: int
    file: str
    synset: str
    width: int
    height: int
    parts: Sequence[tuple[int, str]]

    def part_mask(self) -> NDArray[np.uint8]:
        """(height, width) 0 no part, ``i + 1`` part i; where parts overlap, the one that stands later in the file."""
        mask = np.zeros((self.height, self.width), np.uint8, order="F")  # as COCO's masks lie in memory
        for part, counts in self.parts:
            np.copyto(mask, part + 1, where=coco_mask.decode(self._runs(counts)).view(bool))
        return np.ascontiguousarray(mask)

    def box(self) -> tuple[float, float, float, float] | None:
        """x, y, width, height around all parts; ``None`` where there is no pixel of any."""
        if not self.parts:
            return None
        x, y, width, height = coco_mask.toBbox(coco_mask.merge([self._runs(counts) for _, counts in self.parts]))
        return (float(x), float(y), float(width), float(height)) if width and height else None

    def _runs(self, counts: str) -> dict[str, Any]:
        return {"size": [self.height, self.width], "counts": counts.encode("ascii")}


def read_annotations(path: Path, progress: Callable[[int, int], None] | None = None) -> list[Image]:
    """All images of one file, in its order.

    Args:
        path: of the file.
        progress: is told how many images are done, and of how many.

    Raises:
        DataError: the file cannot be read, or its categories are not PartImageNet's 40 from 0 on.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an annotation may have the id 0, which only matters for COCO's evaluation
            coco = COCO(str(path))
    except Exception as error:  # whatever does not have the shape of COCO's files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"The annotations {path} cannot be read: {reason}.", "Fetch the file again.") from None
    _check_categories(path, coco.cats)
    images: list[Image] = []
    try:
        for entry in coco.imgs.values():
            if progress is not None:
                progress(len(images), len(coco.imgs))
            images.append(_image(coco, entry))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"The annotations {path} are not as expected: {reason}.", "Fetch the file again.") from None
    return images


def _check_categories(path: Path, categories: dict[int, dict[str, Any]]) -> None:
    if sorted(categories) != list(range(len(PARTS))):
        raise DataError(
            f"The categories of {path} are not numbered 0 to {len(PARTS) - 1}.", "Is it PartImageNet's own file?"
        )
    for number, entry in categories.items():
        group = PARTS[number].partition(" ")[0]
        named = str(entry.get("supercategory", group))
        if named.casefold() != group.casefold() and named.casefold() in (name.casefold() for name in GROUPS):
            raise DataError(f"Category {number} of {path} is of {named!r}, and PartImageNet's is {PARTS[number]!r}.")


def _image(coco: COCO, entry: dict[str, Any]) -> Image:
    file = str(entry["file_name"])
    synset = Path(file).name.partition("_")[0]
    if not _SYNSET.fullmatch(synset):
        raise ValueError(f"the file name {file!r} does not begin with a WordNet id")
    parts = []
    for annotation in coco.imgToAnns.get(entry["id"], ()):
        if annotation.get("iscrowd") or not annotation.get("area", 1):
            continue
        counts = coco.annToRLE({**annotation, "segmentation": _outline(annotation)})["counts"]
        parts.append((int(annotation["category_id"]), counts if isinstance(counts, str) else counts.decode("ascii")))
    if any(not 0 <= part < len(PARTS) for part, _ in parts):
        raise ValueError(f"a part of {file} has none of the 40 categories")
    return Image(int(entry["id"]), file, synset, int(entry["width"]), int(entry["height"]), tuple(parts))


def _outline(annotation: dict[str, Any]) -> Any:
    """The segmentation, where COCO's tools can be trusted with it."""
    outline = annotation["segmentation"]
    if isinstance(outline, dict):
        return outline  # run lengths already
    polygons = []
    for polygon in outline:
        if len(polygon) == 4:
            # COCO's tools take four numbers for x, y, width, height; such an outline stands for the annotation's box.
            x, y, width, height = annotation["bbox"]
            polygon = [x, y, x + width, y, x + width, y + height, x, y + height]
        if len(polygon) < 6 or len(polygon) % 2 or not np.isfinite(polygon).all():
            raise ValueError(f"annotation {annotation['id']} has a polygon of {len(polygon)} numbers")
        polygons.append(polygon)
    if not polygons:
        raise ValueError(f"annotation {annotation['id']} has no outline")
    return polygons


__all__ = ["Image", "read_annotations"]
