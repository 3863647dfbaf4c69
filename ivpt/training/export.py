"""Filling the run file: what was trained, on what, and what it says about each image."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import ivpt
from ivpt.concepts.model import ConceptModel
from ivpt.concepts.output import BACKGROUND
from ivpt.config import Config
from ivpt.interfaces.backbone import TokenModel
from ivpt.interfaces.dataset import DatasetInfo
from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent
from ivpt.runfile.edits import answers_path, edits_path
from ivpt.runfile.publish import writing
from ivpt.runfile.update import update
from ivpt.runfile.writer import RunWriter
from ivpt.training.devices import describe_device

PACKAGES = ("torch", "torchvision", "timm", "accelerate", "numpy", "safetensors")
"""Packages whose versions a result may depend on."""


@dataclass(frozen=True)
class Exporter:
    """Everything about a run that does not change while it is trained.

    Attributes:
        config: resolved.
        info: of the data set.
        table: of all images.
        split_sha256: of the split table.
        backbone: as it was built, for its description.
        untrained: the whole backbone as it was built, when its weights are random; else empty.
        versions: of all that the result depends on.
    """

    config: Config
    info: DatasetInfo
    table: ImageTable
    split_sha256: str
    backbone: TokenModel
    untrained: Mapping[str, NDArray[np.generic]]
    versions: Mapping[str, str]

    def content(self, model: ConceptModel, history: Mapping[str, list[float]]) -> RunContent:
        """What the run file says besides maps, with the model's present parameters."""
        return RunContent(
            config=self.config.model_dump(mode="json"),
            versions=self.versions,
            seed=self.config.training.seed,
            split_sha256=self.split_sha256,
            info=asdict(self.info),
            backbone=describe_backbone(self.backbone),
            coarse=self.config.concepts.coarse,
            layers=learned_layers(model),
            images=self.table,
            parameters={**self.untrained, **to_arrays(model.trained_state())},
            history=history,
        )

    def publish(
        self,
        out: Path,
        model: ConceptModel,
        history: Mapping[str, list[float]],
        maps: Iterable[MapBatch],
        metrics: Mapping[str, Any],
    ) -> None:
        """Write the whole file; it replaces the one at ``out`` by an atomic rename.

        Args:
            out: where.
            model: whose parameters are stored.
            history: one value per epoch and column.
            maps: consumed one batch at a time, so that the file may be larger than memory.
            metrics: looked at after the last batch, so that it may be filled meanwhile.

        Raises:
            OutputError: it cannot be written; the file that was there stays.
        """
        with RunWriter(out, self.content(model, history), map_bits=self.config.output.map_bits) as writer:
            for batch in maps:
                writer.append(batch)
            writer.set_metrics(metrics)


def publish_history(out: Path, history: Mapping[str, list[float]]) -> None:
    """Replace the history of a run file, on a copy that then takes its place."""

    def change(file: h5py.File) -> None:
        del file["history"]
        group = file.create_group("history", track_order=True)
        for column, values in history.items():
            group.create_dataset(column, data=np.asarray(values, np.float64))

    update(out, change)


def set_aside_edits(out: Path) -> Path | None:
    """Rename the pending edits of a run that is about to be replaced, as they do not speak of the new one.

    The answers of blind studies are renamed likewise.

    Returns:
        Where the edits are now; ``None`` when there are none.
    """
    _set_aside(answers_path(out))
    return _set_aside(edits_path(out))


def _set_aside(log: Path) -> Path | None:
    if not log.exists():
        return None
    number = 1
    while (aside := log.with_name(f"{log.name}.{number}")).exists():
        number += 1
    with writing(aside):
        log.rename(aside)
    return aside


def learned_layers(model: ConceptModel) -> list[LayerContent]:
    """Prototypes and spatial biases, prompted blocks ascending, the coarse set last."""
    layers = []
    for block in (*model.blocks, None):
        found = model.concept_set("coarse" if block is None else block)
        prototypes, bias = (p.detach().float().cpu().numpy().copy() for p in (found.prototypes, found.bias))
        removed = sorted({*range(len(prototypes))} - {*found.kept})
        layers.append(LayerContent(block, prototypes, bias, BACKGROUND, tuple(removed)))
    return layers


def describe_backbone(backbone: TokenModel) -> dict[str, Any]:
    """What the run file says about a backbone."""
    return {
        "name": backbone.name,
        "weights": asdict(backbone.weights),
        "dim": backbone.dim,
        "depth": backbone.depth,
        "num_prefix": backbone.num_prefix,
        "patch_size": list(backbone.patch_size),
        "image_size": list(backbone.image_size),
        "grid": list(backbone.grid),
        "mean": list(backbone.mean),
        "std": list(backbone.std),
    }


def to_arrays(state: Mapping[str, Tensor], prefix: str = "") -> dict[str, NDArray[np.generic]]:
    """Copies of tensors as numpy arrays; bfloat16, which numpy lacks, becomes float32."""
    arrays = {}
    for name, tensor in state.items():
        values = tensor.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        arrays[prefix + name] = values.numpy().copy()
    return arrays


def versions_of(*plugins: object, device: torch.device) -> dict[str, str]:
    """Versions of ivpt, Python, the packages of :data:`PACKAGES`, and the distributions the given objects come from.

    The device that computes is among them, as results depend on it in the same way.
    """
    found = {"ivpt": ivpt.__version__, "python": platform.python_version(), **describe_device(device)}
    homes = packages_distributions()
    names = [*PACKAGES]
    for plugin in plugins:
        top = type(plugin).__module__.partition(".")[0]
        names += [name for name in homes.get(top, []) if name != "ivpt"]
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def expected_bytes(config: Config, table: ImageTable, maps: int, cells: int, parameters: int) -> int:
    """A cautious guess of the run file's size, for the question whether the disk has room.

    Args:
        config: for the precision of maps.
        table: for its thumbnails and part masks.
        maps: number of images with maps.
        cells: prototypes times patches, over all layers.
        parameters: bytes of stored parameters.
    """
    pictures = sum(len(file or b"") for files in (table.thumbnails, table.part_masks) for file in files or ())
    return pictures + maps * cells * config.output.map_bits // 8 + parameters + 100_000
