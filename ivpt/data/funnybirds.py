"""FunnyBirds: rendered birds of 50 classes with part maps, and every test image again without parts and objects."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ivpt.data.images import read_image
from ivpt.data.places import data_root, require
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record, Split
from ivpt.interfaces.source import Download, Place, Source
from ivpt.part_masks import mask_keypoints

_FOLDER = "FunnyBirds"
_PAGE = "https://github.com/visinf/funnybirds"
_SPLITS: tuple[Split, ...] = ("train", "test")
_THING = "object {}"
_MISSING = "placeholder"

COLOURS: Mapping[str, tuple[tuple[int, int, int], ...]] = {
    "eye": ((255, 255, 253), (255, 255, 254)),
    "beak": ((255, 255, 0),),
    "foot": ((255, 0, 1), (255, 0, 2)),
    "wing": ((0, 255, 1), (0, 255, 2)),
    "tail": ((0, 0, 255),),
}
"""Colours of each part in part maps, left and right; neighbours differ by one, so they are compared exactly."""

CITATION = (
    "Hesse, R., Schaub-Meyer, S. & Roth, S. FunnyBirds: A Synthetic Vision Dataset for a Part-Based Analysis of "
    "Explainable AI Methods. ICCV 2023."
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What has to be remembered of an entry of dataset_{train,test}.json."""

    split: Split
    label: int
    number: int
    objects: int

    @property
    def file(self) -> str:
        """Below an image folder; the number counts the whole list, not the class."""
        return f"{self.label}/{self.number:06d}"


@final
class FunnyBirds(Dataset):
    """FunnyBirds: 50 classes of birds made of five parts, 256x256 pixels, published split, interventions on test.

    Left and right eye, foot and wing are one part each. Test images can be *redrawn* without any parts, or without one
    object of the background: the published renderings are read.

    Args:
        root: folder that holds FunnyBirds, or that folder itself (``--data DIR``).
    """

    def __init__(self, *, root: str | None = None) -> None:
        self.root = root

    @property
    def source(self) -> Source:
        """One archive, without a published checksum."""
        home = "" if self._home == data_root("funnybirds", self.root) else f"{_FOLDER}/"
        return Source(
            data_root("funnybirds", self.root),
            _PAGE,
            "Apache-2.0 (the repository)",
            tuple(
                Place(home + path, words)
                for path, words in (
                    ("classes.json", "the variant of each part in each class"),
                    ("parts.json", "the variants of each part"),
                    ("dataset_train.json", "training scenes"),
                    ("dataset_test.json", "test scenes"),
                    ("train", "images, in one folder per class"),
                    ("test", "images, in one folder per class"),
                    ("train_part_map", "part maps, named like the images"),
                    ("test_part_map", "part maps, named like the images"),
                    ("test_interventions", "test images without parts or objects"),
                )
            ),
            {"train": 50000, "test": 500},
            (
                Download(
                    "https://download.visinf.tu-darmstadt.de/data/funnybirds/FunnyBirds.zip",
                    (f"{_FOLDER}/classes.json", f"{_FOLDER}/test_interventions"),
                ),
            ),
        )

    @property
    def info(self) -> DatasetInfo:
        """Numbered classes; parts in the order of parts.json, each with its point as keypoint.

        Raises:
            DataError: as :meth:`records`.
        """
        return DatasetInfo(
            "funnybirds",
            tuple(f"bird {label:02d}" for label in range(len(self._classes))),
            parts=self._parts,
            keypoints=self._parts,
            licence="Apache-2.0 (the repository)",
            citation=CITATION,
            homepage=_PAGE,
        )

    def records(self) -> Sequence[Record]:
        """Train, then test, in the order of their lists.

        Raises:
            DataError: a file is missing or damaged.
        """
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The rendering, its alpha channel dropped as its publishers do."""
        scene = self._scenes[index]
        return read_image(self._home / scene.split / f"{scene.file}.png", alpha="drop")

    def annotations(self, index: int) -> Annotations:
        """Part mask and one keypoint per part (metrics.md 1.8); the box of all parts together.

        Raises:
            DataError: the part map cannot be read.
        """
        scene = self._scenes[index]
        map_ = read_image(self._home / f"{scene.split}_part_map" / f"{scene.file}.png", alpha="drop").astype(np.int32)
        code = (map_[..., 0] << 16) | (map_[..., 1] << 8) | map_[..., 2]
        mask = np.zeros(code.shape, np.uint8)
        for number, part in enumerate(self._parts, 1):
            mask[np.isin(code, [(r << 16) | (g << 8) | b for r, g, b in COLOURS[part]])] = number
        return Annotations(mask_keypoints(mask, len(self._parts)), _extent(mask), mask)

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Variants as in classes.json."""
        return {part: tuple(variants[part] for variants in self._classes) for part in self._parts}

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """Of a test image its visible parts and its objects; nothing of a training image, which is rendered once."""
        scene = self._scenes[index]
        if scene.split != "test":
            return (), ()
        points = self.annotations(index).keypoints
        assert points is not None  # its own
        seen = tuple(part for part, point in zip(self._parts, points, strict=True) if point[2])
        return seen, tuple(_THING.format(j) for j in range(scene.objects))

    def redrawn(self, index: int, *, without: Collection[str] = (), background: str | None = None) -> NDArray[np.uint8]:
        """A test image without some parts, or without one object of its background.

        Raises:
            DataError: it is a training image, or what is asked for was not rendered.
        """
        scene, left_out = self._scenes[index], set(without)
        if not left_out and background is None:
            return self.image(index)
        things = [_THING.format(j) for j in range(scene.objects)]
        folder = self._home / "test_interventions" / scene.file
        if scene.split == "test" and background is None and left_out <= set(self._parts):
            kept = sorted(set(self._parts) - left_out)
            return read_image(folder / f"body_{'_'.join(kept)}.png", alpha="drop")
        if scene.split == "test" and background is None and len(left_out) == 1 and left_out <= set(things):
            return read_image(folder / "background_interventions" / f"{things.index(left_out.pop())}.png", alpha="drop")
        asked = ", ".join(sorted(left_out)) or f"before {background}"
        raise DataError(
            f"FunnyBirds has no rendering of {scene.split} image {scene.file} without {asked}.",
            "Test images were rendered without any of their parts, or without one of their objects.",
        )

    @property
    def _home(self) -> Path:
        root = data_root("funnybirds", self.root)
        return root if (root / "classes.json").is_file() else root / _FOLDER

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        parts = tuple(self._json("parts.json"))
        strange = [part for part in parts if part not in COLOURS]
        if strange:
            raise DataError(f"parts.json names a part {strange[0]!r}, of which no colour in part maps is known.")
        return parts

    @cached_property
    def _classes(self) -> tuple[dict[str, int], ...]:
        classes = sorted(self._json("classes.json"), key=lambda entry: int(entry["class_idx"]))
        if [entry["class_idx"] for entry in classes] != list(range(len(classes))):
            raise DataError("The classes in classes.json are not numbered 0, 1, 2 and so on.")
        return tuple({part: int(entry["parts"][part]) for part in self._parts} for entry in classes)

    @cached_property
    def _scenes(self) -> tuple[_Scene, ...]:
        require("funnybirds", self.source)
        scenes = []
        for split in _SPLITS:
            for number, entry in enumerate(self._json(f"dataset_{split}.json")):
                label = int(entry["class_idx"])
                if not 0 <= label < len(self._classes):
                    raise DataError(
                        f"Entry {number} of dataset_{split}.json is of a class {label} that does not exist."
                    )
                scenes.append(_Scene(split, label, number, _objects(entry)))
        return tuple(scenes)

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        return tuple(Record(f"{scene.split}/{scene.file}", scene.label, scene.split) for scene in self._scenes)

    def _json(self, name: str) -> Any:
        try:
            return json.loads((self._home / name).read_text("utf-8"))
        except FileNotFoundError:
            require("funnybirds", self.source)
            raise
        except (OSError, ValueError) as error:
            raise DataError(
                f"The file {self._home / name} cannot be read: {error}.", "Unpack the archive again."
            ) from None


def _objects(entry: Mapping[str, Any]) -> int:
    """How many objects there are in the background: a list of words with a comma after each, the last one too."""
    listed = next((value for key, value in entry.items() if key.startswith("bg_")), "")
    return sum(1 for word in str(listed).split(",") if word.strip())


def _extent(mask: NDArray[np.uint8]) -> tuple[float, float, float, float] | None:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    x, y = int(columns.min()), int(rows.min())
    return float(x), float(y), float(columns.max() + 1 - x), float(rows.max() + 1 - y)


__all__ = ["COLOURS", "FunnyBirds"]
