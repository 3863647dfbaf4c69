"""The checkpoint: one safetensors file beside the run file, replaced whole, with everything a resumed run needs.

Tensors: ``model.*`` (trained parameters), ``kept.*`` (those of the epoch selected so far), ``optimiser.*`` (Adam's
moments). The header's ``state`` is JSON: the resolved configuration, where training stands, sums and history. No
generator state is kept, because every random draw depends only on the seed and the place (:mod:`.randomness`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ivpt.errors import TrainingError
from ivpt.runfile.publish import replacing, writing
from ivpt.training.selection import ValScore

FORMAT = "ivpt-checkpoint"
VERSION = 1


@dataclass
class Progress:
    """Where training stands, in plain numbers.

    Attributes:
        epoch: 0-based epoch under way.
        step: steps of it done; when all are done, its evaluation is what comes next.
        sums: of the terms over these steps.
        correct: images of these steps that were recognised.
        kept: the val score of the epoch selected so far.
        history: one value per finished epoch and column.
        seconds: of training, all sittings together.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    correct: float = 0.0
    kept: ValScore | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values; floats survive the round trip exactly."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`."""
        kept = values["kept"]
        return cls(**{**values, "kept": None if kept is None else ValScore(**kept)})


@dataclass(frozen=True)
class Checkpoint:
    """All that is saved.

    Attributes:
        config: the resolved configuration as plain values.
        split_sha256: of the split table training uses.
        backbone_sha256: of the weights the backbone was built with.
        progress: where training stands.
        model: trained parameters.
        kept: trained parameters of the epoch selected so far; may be empty.
        optimiser: Adam's state by ``<parameter number>.<name>``.
        scaler: state of the loss scaler of fp16 training; may be empty.
    """

    config: dict[str, Any]
    split_sha256: str
    backbone_sha256: str
    progress: Progress
    model: dict[str, Tensor]
    kept: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    scaler: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; it replaces the one before by an atomic rename.

    Raises:
        OutputError: it cannot be written; the one before stays.
    """
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().contiguous()
        for part in ("model", "kept", "optimiser")
        for name, tensor in getattr(checkpoint, part).items()
    }
    state = {
        "config": checkpoint.config,
        "split_sha256": checkpoint.split_sha256,
        "backbone_sha256": checkpoint.backbone_sha256,
        "progress": checkpoint.progress.to_json(),
        "scaler": checkpoint.scaler,
    }
    data = save(tensors, {"format": FORMAT, "version": str(VERSION), "state": json.dumps(state)})
    with replacing(path) as temporary, writing(path):
        temporary.write_bytes(data)


def read_state(path: Path) -> dict[str, Any]:
    """The plain values of a checkpoint, without its tensors.

    Raises:
        TrainingError: it is not a checkpoint of this program, or damaged.
    """
    return _open(path)[0]


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainingError: it is not a checkpoint of this program, or damaged.
    """
    state, tensors = _open(path)
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "kept": {}, "optimiser": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return Checkpoint(
        config=state["config"],
        split_sha256=state["split_sha256"],
        backbone_sha256=state["backbone_sha256"],
        progress=Progress.from_json(state["progress"]),
        scaler=state["scaler"],
        **parts,
    )


def _open(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            words = file.metadata() or {}
            if words.get("format") != FORMAT:
                raise TrainingError(f"{path} is not a checkpoint of ivpt.")
            if words["version"] != str(VERSION):
                raise TrainingError(f"The checkpoint {path} was written by another version of ivpt.")
            return json.loads(words["state"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingError(f"The checkpoint {path} cannot be read: {reason}", "Start anew with --overwrite.") from None


def optimiser_state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's state as named tensors."""
    state: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{number}.{name}": tensor for number, part in state.items() for name, tensor in part.items()}


def load_optimiser_state(optimiser: torch.optim.Optimizer, saved: Mapping[str, Tensor]) -> None:
    """Put back what :func:`optimiser_state` gave; the groups must be the same."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in saved.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
