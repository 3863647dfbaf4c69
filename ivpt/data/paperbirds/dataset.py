"""The data set `paperbirds`: twenty species, drawn once into the cache and then read from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivpt.data.paperbirds.draws import Draws
from ivpt.data.paperbirds.habitats import HABITATS
from ivpt.data.paperbirds.pose import KEYPOINTS, PARTS
from ivpt.data.paperbirds.scene import Rendering, Scene, render, sample_scene
from ivpt.data.paperbirds.species import SPECIES
from ivpt.data.paperbirds.store import Plan, Store
from ivpt.errors import ConfigError, DataError, nearest
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Progress, Record, Split

_THING = "thing {}"
"""Name of something behind the bird, by its number in the scene."""

_INFO = DatasetInfo(
    name="paperbirds",
    classes=tuple(species.name for species in SPECIES),
    parts=PARTS,
    keypoints=KEYPOINTS,
    attributes={"habitat": HABITATS},
    licence="Apache-2.0 (drawn by ivpt)",
    citation="Drawn by ivpt; no publication.",
)


def habitats_of(own: str, count: int, bias: float, key: str) -> list[str]:
    """Habitats of `count` images of a class, in random order.

    The share `bias` of them (rounded) is the class's own; the others go around all habitats in
    turn, so that without bias each has the same number.

    Args:
        own: The class's own habitat.
        count: Number of images.
        bias: 0..1.
        key: Names the random order.
    """
    draws = Draws(f"{key}/habitats")
    tied = int(count * bias + 0.5)
    turn = draws.shuffled(HABITATS)
    free = [turn[i % len(turn)] for i in range(count - tied)]
    return draws.shuffled([own] * tied + free)


class PaperBirds(Dataset):
    """Birds cut from paper, with exact part masks, keypoints, boxes and habitats.

    Args:
        bias: 0..1; how far habitat is tied to class in train:
            P(own habitat) = bias + (1 - bias) / number of habitats. Test is always balanced.
        seed: Another seed gives other images of the same species.
        size: Side of the images in pixels, 32 or more.
        train_per_class: Training images per class, 1 or more.
        test_per_class: Test images per class, 0 or more.
        cache: Folder for the rendered images; None for the program's cache folder.

    Raises:
        ConfigError: A parameter is out of its range.
    """

    def __init__(
        self,
        *,
        bias: float = 0.0,
        seed: int = 0,
        size: int = 96,
        train_per_class: int = 40,
        test_per_class: int = 20,
        cache: Path | None = None,
    ) -> None:
        if not 0 <= bias <= 1:
            raise ConfigError(f"paperbirds: bias must be between 0 and 1, not {bias:g}")
        if size < 32 or train_per_class < 1 or test_per_class < 0:
            raise ConfigError(
                "paperbirds: size must be at least 32, train_per_class at least 1 and "
                f"test_per_class at least 0, not {size}, {train_per_class} and {test_per_class}"
            )
        self.bias, self.seed, self.size = bias, seed, size
        self._records: list[Record] = []
        self._keys: list[tuple[str, int, str]] = []
        splits: tuple[tuple[Split, int, float], ...] = (
            ("train", train_per_class, bias),
            ("test", test_per_class, 0.0),
        )
        for split, count, share in splits:
            for label, species in enumerate(SPECIES):
                order = habitats_of(species.habitat, count, share, f"{seed}/{split}/{label}")
                for number, habitat in enumerate(order):
                    # The key knows nothing of bias and size: the same birds in other places.
                    key = f"paperbirds/{seed}/{split}/{label}/{number}"
                    self._keys.append((key, label, habitat))
                    self._records.append(
                        Record(
                            id=f"{split}/{label:02d}/{number:04d}",
                            label=label,
                            split=split,
                            attributes={"habitat": HABITATS.index(habitat)},
                        )
                    )
        self._store = Store(Plan(size=size, scenes=tuple(self._keys)), cache)

    @property
    def info(self) -> DatasetInfo:
        """Names of classes, parts, keypoints and habitats."""
        return _INFO

    def prepare(self, progress: Progress | None = None) -> None:
        """Render all images into the cache, on all cores, unless they are there already."""
        self._store.prepare(progress)

    def records(self) -> Sequence[Record]:
        """All images: train, then test, each by class."""
        return self._records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The image (size, size, 3), from the cache (rendered first if need be)."""
        return self._store.image(index)

    def annotations(self, index: int) -> Annotations:
        """Part mask, keypoints and box, from the cache."""
        parts, keypoints, box = self._store.truth(index)
        return Annotations(keypoints=keypoints, box=box, part_mask=parts)

    def class_parts(self) -> dict[str, tuple[int, ...]]:
        """Which species share which parts, see `species.Species.variants`."""
        seen = {part: [species.variants[part] for species in SPECIES] for part in PARTS}
        return {part: tuple(looks.index(look) for look in looks) for part, looks in seen.items()}

    def removable(self, index: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Parts of which a pixel is visible, and the things behind the bird, by number."""
        mask, _, _ = self._store.truth(index)
        things = tuple(_THING.format(number) for number in range(len(self.scene(index).objects)))
        return tuple(name for i, name in enumerate(PARTS) if (mask == i + 1).any()), things

    def redrawn(self, index: int, *, without: Collection[str] = (), background: str | None = None) -> NDArray[np.uint8]:
        """The image again, without some parts and things, before its own or another habitat.

        Raises:
            DataError: There is no such part, thing or habitat.
        """
        things = {_THING.format(number): number for number in range(len(self.scene(index).objects))}
        for name in without:
            if name not in things and name not in PARTS:
                raise DataError(f"paperbirds: image {index} has no {name!r}", nearest(name, [*PARTS, *things]))
        if background is not None and background not in HABITATS:
            raise DataError(f"paperbirds: there is no habitat {background!r}", nearest(background, HABITATS))
        return self.render(
            index,
            without_parts={name for name in without if name in PARTS},
            without_objects={things[name] for name in without if name in things},
            background=background or "own",
        ).image

    def scene(self, index: int) -> Scene:
        """The scene behind an image, to be drawn again in part or in other places."""
        key, label, habitat = self._keys[index]
        return sample_scene(key, SPECIES[label], habitat)

    def render(
        self,
        index: int,
        *,
        without_parts: Collection[str] = frozenset(),
        without_objects: Collection[int] = frozenset(),
        background: str = "own",
        occluders: bool = True,
    ) -> Rendering:
        """Draw an image again, see `scene.render`."""
        return render(
            self.scene(index),
            self.size,
            without_parts=without_parts,
            without_objects=without_objects,
            background=background,
            occluders=occluders,
        )
