"""From a configuration to everything that training needs, with every refusal that can come before training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray
from torch import nn

from ivpt.backbones.resolve import create_backbone
from ivpt.concepts.model import ConceptModel
from ivpt.config import Config
from ivpt.data.loading import ImageSet
from ivpt.data.splits import TEST, TRAIN, VAL, SplitTable, make_split
from ivpt.errors import ConfigError, DataError
from ivpt.interfaces.backbone import TokenModel
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record
from ivpt.runfile.content import ImageTable
from ivpt.training.images import look
from ivpt.training.observer import Observer
from ivpt.training.randomness import Purpose, seed_of


@dataclass(frozen=True)
class Data:
    """The data set, split and looked at.

    Attributes:
        dataset: prepared.
        info: of it.
        records: of it.
        split: which image is for what.
        indices: positions of the usable images by split: train, val, test.
        table: for the run file; on processes other than the main one None.
    """

    dataset: Dataset
    info: DatasetInfo
    records: Sequence[Record]
    split: SplitTable
    indices: Mapping[str, NDArray[np.int64]]
    table: ImageTable | None

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) class of every image."""
        return np.array([record.label for record in self.records], np.int64)

    def images(self, split: str, backbone: TokenModel, config: Config, *, augment: bool = False) -> ImageSet:
        """The images of a split as the backbone wants them."""
        return ImageSet(
            self.dataset,
            self.indices[split],
            image_size=backbone.image_size,
            mean=backbone.mean,
            std=backbone.std,
            augment=config.data.augment if augment else "none",
            seed=config.training.seed,
        )


def prepare_data(
    config: Config, dataset: Dataset, backbone: TokenModel, accelerator: Accelerator, observer: Observer
) -> Data:
    """Prepare, split and look at the data set.

    Raises:
        DataError: files are missing or damaged, or there are too few images or classes.
    """
    progress = observer.preparing if accelerator.is_main_process else None
    with accelerator.local_main_process_first():
        dataset.prepare(progress)
    records, info = dataset.records(), dataset.info
    split = make_split(
        records,
        val_fraction=config.data.val_fraction,
        test_fraction=config.data.test_fraction,
        seed=config.training.seed,
        classes=info.classes,
    )
    table: ImageTable | None = None
    unusable: list[list[int]] = [[]]
    if accelerator.is_main_process:
        seen = look(
            dataset,
            info,
            records,
            split.split,
            view=backbone.image_size,
            thumbnail=config.output.thumbnail,
            skip_unreadable=config.data.skip_unreadable,
            progress=progress,
        )
        table = seen.table
        unusable = [sorted(seen.unreadable)]
        for i in unusable[0]:
            observer.note(f"Left out: {seen.unreadable[i].message}")
        if unusable[0]:
            observer.note(f"{len(unusable[0])} of {len(records)} images cannot be read and are left out.")
    if accelerator.num_processes > 1:
        broadcast_object_list(unusable)
    indices = {
        name: np.setdiff1d(split.indices(code), unusable[0])
        for name, code in (("train", TRAIN), ("val", VAL), ("test", TEST))
    }
    for name, positions in indices.items():
        if not len(positions):
            raise DataError(f"The data set {config.data.dataset!r} has no images for {name}.")
    return Data(dataset, info, records, split, indices, table)


def build_backbone(config: Config) -> TokenModel:
    """The frozen transformer at the size of the run."""
    backbone = create_backbone(config.backbone)
    return backbone.build(config.backbone.weights, config.data.image_size or backbone.default_image_size)


def build_model(config: Config, backbone: TokenModel, classes: int) -> ConceptModel:
    """The model with its parameters drawn from the run's seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(config.training.seed, Purpose.MODEL))
        model = ConceptModel(backbone, config.concepts, classes)
    if config.training.compile:
        compile_blocks(model)
    return model


def compile_blocks(model: nn.Module) -> None:
    """Compile each block of the transformer by itself: they are alike, so one graph serves them all."""
    stacks = [m for m in model.modules() if isinstance(m, nn.ModuleList)]
    if not stacks:
        raise ConfigError("This backbone cannot be compiled.", "Leave training.compile out.")
    for block in max(stacks, key=len):
        block.compile()
