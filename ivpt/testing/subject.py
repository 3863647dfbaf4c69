"""The data set under test, made anew wherever a check needs a fresh one."""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.registry import DATASETS


class Subject:
    """A plugin with the options and files it is tested with.

    Args:
        plugin: the class.
        options: as on the command line or in TOML.
        folder: where its hand-made files lie, if it reads files.
        cache: ``IVPT_CACHE`` while it is tested.
        looked_at: how many images are looked at.
    """

    def __init__(
        self, plugin: type[Dataset], options: Mapping[str, Any], folder: Path, cache: Path, looked_at: int = 40
    ) -> None:
        self.plugin, self.options, self.folder = plugin, dict(options), folder
        self.cache, self.looked_at = cache, looked_at

    def fresh(self, folder: Path | None = None) -> Dataset:
        """Another instance, not prepared, on another copy of the files if one is named."""
        options = self.options
        if folder is not None:
            options = {
                key: type(value)(str(value).replace(str(self.folder), str(folder)))
                if isinstance(value, str | Path)
                else value
                for key, value in options.items()
            }
        return DATASETS.construct(self.plugin, options)

    @cached_property
    def dataset(self) -> Dataset:
        """One instance, prepared."""
        made = self.fresh()
        made.prepare()
        return made

    @cached_property
    def info(self) -> DatasetInfo:
        """What it says of itself."""
        return self.dataset.info

    @cached_property
    def records(self) -> Sequence[Record]:
        """All its images."""
        return self.dataset.records()

    @property
    def sample(self) -> list[int]:
        """Positions of the images that are looked at: the first, the last, and evenly between."""
        count = len(self.records)
        if not count:
            pytest.skip("there are no images, which is a check of its own")
        return sorted({int(i) for i in np.linspace(0, count - 1, min(count, self.looked_at))})

    @cached_property
    def images(self) -> dict[int, Any]:
        """Position to image of those that are looked at."""
        return {index: copy(self.dataset.image(index)) for index in self.sample}

    @cached_property
    def annotations(self) -> dict[int, Annotations]:
        """Position to annotations of the images that are looked at."""
        return {index: self.dataset.annotations(index) for index in self.sample}

    def called(self, index: int) -> str:
        """What to call an image in a message."""
        return f"image {index} ({self.records[index].id!r})"

    @property
    def well_formed(self) -> bool:
        """Whether every image that is looked at is (height, width, 3) of 8 bits, which is a check of its own."""
        return all(
            np.ndim(image) == 3 and image.shape[2] == 3 and image.dtype == np.uint8 for image in self.images.values()
        )
