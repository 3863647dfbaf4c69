"""The trained model from its run file alone, plus the backbone's published weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor, nn

from ivpt.concepts.model import ConceptModel
from ivpt.config import Config, validate_config
from ivpt.errors import ConfigError, RunFileError, WeightsError
from ivpt.interfaces.backbone import TokenModel
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE
from ivpt.training.devices import accelerated
from ivpt.training.preparation import build_backbone, build_model

_PREFIX = "backbone."


@dataclass(frozen=True)
class Reloaded:
    """A trained model in evaluation mode.

    Attributes:
        model: on its device.
        config: the run's, but for the device and the weights file.
        accelerator: of the device and the run's precision.
    """

    model: ConceptModel
    config: Config
    accelerator: Accelerator


@contextmanager
def reloaded(run: RunFile, *, device: str | None = None, weights: str | None = None) -> Iterator[Reloaded]:
    """Build the model of a run, put its trained parameters back and take out what was removed from it.

    Args:
        run: open.
        device: ``auto``, ``cpu``, ``cuda``, ...; default: the run's, or ``auto`` where there is no such device.
        weights: file of the backbone's weights, where it is no longer where it was; they must be the same ones.

    Raises:
        WeightsError: the backbone's weights cannot be had, or are not those the run was trained with.
        RunFileError: the run file does not describe a model that this ivpt can build.
        ConfigError: there is no such device.
    """
    config = _config(run, weights)
    with _accelerated(config, device) as accelerator:
        backbone = build_backbone(config)
        _check_weights(run, backbone)
        model = build_model(config, backbone, len(run.classes))
        _restore(run, model)
        _remove(run, model)
        model.to(accelerator.device)
        model.eval()
        yield Reloaded(model, config, accelerator)


def _config(run: RunFile, weights: str | None) -> Config:
    try:
        config = validate_config(run.config)
        if weights is None:
            return config
        return validate_config({**run.config, "backbone": {**run.config["backbone"], "weights": weights}})
    except ConfigError as error:
        raise RunFileError(
            f"The configuration in {run.path} is not one that this ivpt knows: {error.message}",
            "Use the version of ivpt that wrote it; ivpt info names it.",
        ) from None


@contextmanager
def _accelerated(config: Config, device: str | None) -> Iterator[Accelerator]:
    def on(name: str) -> Config:
        return config.model_copy(update={"training": config.training.model_copy(update={"device": name})})

    if device is None:
        device = config.training.device if _exists(config.training.device) else "auto"
    with accelerated(on(device)) as accelerator:
        yield accelerator


def _exists(device: str) -> bool:
    kind, _, number = device.partition(":")
    if kind == "cuda":
        return torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count()
    return kind != "mps" or torch.backends.mps.is_available()


def _check_weights(run: RunFile, backbone: TokenModel) -> None:
    """Random weights come from the run file itself; all others must have the hash that the run file names."""
    stored = run.backbone.get("weights", {})
    if stored.get("source") == "none" or backbone.weights.sha256 == stored.get("sha256"):
        return
    raise WeightsError(
        f"The backbone's weights are not those of the run: {backbone.weights.name!r} has SHA-256 "
        f"{backbone.weights.sha256[:12]}..., the run was trained with {stored.get('name')!r}, "
        f"{str(stored.get('sha256'))[:12]}....",
        "Name the same weights with --weights FILE, or train again with these.",
    )


def _restore(run: RunFile, model: ConceptModel) -> None:
    stored = run.parameters()
    trained = model.trained_state()
    missing = sorted(set(trained) - set(stored))
    if missing:
        raise RunFileError(f"The run file {run.path} is damaged: the parameter {missing[0]!r} is missing.")
    if run.backbone.get("weights", {}).get("source") == "none":
        _restore_random(run, cast(nn.Module, model.backbone), stored)
    try:
        model.load_trained_state(_tensors({name: stored[name] for name in trained}))
    except WeightsError as error:
        raise RunFileError(f"The parameters in {run.path} do not fit its configuration: {error.message}") from None


def _remove(run: RunFile, model: ConceptModel) -> None:
    """Take out what was removed from the run's model, as its parameters still hold the prototypes."""
    for layer in run.layers:
        if layer.removed:
            try:
                model.remove({COARSE if layer.block is None else layer.block: layer.removed})
            except (KeyError, ValueError):
                raise RunFileError(
                    f"The run file {run.path} is damaged: its model has not the prototypes removed from {layer.key}."
                ) from None


def _restore_random(run: RunFile, backbone: nn.Module, stored: Mapping[str, NDArray[Any]]) -> None:
    own = {name.removeprefix(_PREFIX): value for name, value in stored.items() if name.startswith(_PREFIX)}
    wanted = backbone.state_dict()
    wrong = [name for name, tensor in wanted.items() if name not in own or own[name].shape != tuple(tensor.shape)]
    if wrong:
        raise RunFileError(f"The random weights in {run.path} do not fit its backbone: {wrong[0]!r} is missing.")
    backbone.load_state_dict(_tensors({name: own[name] for name in wanted}))


def _tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(values)) for name, values in arrays.items()}
