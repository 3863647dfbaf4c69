"""``train``: from a configuration to a finished run file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import nn

from ivpt.concepts.model import ConceptModel
from ivpt.config import Config, flat, validate_config
from ivpt.data.opening import open_dataset
from ivpt.errors import ConfigError, TrainingError
from ivpt.interfaces.backbone import TokenModel
from ivpt.training.batches import Plan, make_plan
from ivpt.training.checkpoint import Checkpoint, Progress, load_checkpoint
from ivpt.training.devices import accelerated
from ivpt.training.export import Exporter, expected_bytes, to_arrays, versions_of
from ivpt.training.interrupt import StopRequest
from ivpt.training.loop import Trainer
from ivpt.training.observer import Observer, Setup, Silence
from ivpt.training.optimiser import make_optimiser
from ivpt.training.output import check_out, check_room, checkpoint_path
from ivpt.training.preparation import Data, build_backbone, build_model, prepare_data

MAY_CHANGE = {"data.root", "data.workers", "training.device"}
"""Settings a resumed run may have otherwise: where files are and what computes, but nothing that enters the result."""


@dataclass(frozen=True)
class TrainResult:
    """A finished run.

    Attributes:
        out: the run file.
        metrics: as stored in it.
        history: one value per epoch and column.
        epoch: 1-based epoch that was kept.
        seconds: of training, all sittings together.
        weights: where the backbone's weights came from; ``none`` means random.
    """

    out: Path
    metrics: Mapping[str, Any]
    history: Mapping[str, list[float]]
    epoch: int
    seconds: float
    weights: str


def train(
    config: Config,
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    observer: Observer | None = None,
) -> TrainResult:
    """Train and write a run file.

    Args:
        config: resolved.
        out: the run file; its checkpoint is ``<out>.ckpt`` until the run is finished.
        overwrite: ``out`` may exist; it is replaced when the first epoch is published.
        resume: go on from the checkpoint.
        observer: told how it goes.

    Raises:
        IvptError: whatever the user can mend; see :mod:`ivpt.errors`. Nothing that was there before is lost.
    """
    observer = observer or Silence()
    with accelerated(config) as accelerator:
        if accelerator.is_main_process:
            check_out(out, overwrite=overwrite, resume=resume)
        saved = load_checkpoint(checkpoint_path(out)) if resume else None
        if saved is not None:
            check_same(config, saved)
        dataset = open_dataset(config.data.dataset, config.data.root, config.data.options)
        with accelerator.local_main_process_first():
            backbone = build_backbone(config)
        data = prepare_data(config, dataset, backbone, accelerator, observer)
        plan = make_plan(len(data.indices["train"]), config.training.batch_size, accelerator.num_processes)
        exporter = None
        if accelerator.is_main_process:
            versions = versions_of(dataset, backbone, device=accelerator.device)
            if accelerator.num_processes > 1:
                versions["processes"] = str(accelerator.num_processes)
            exporter = make_exporter(config, data, backbone, versions)
        model = build_model(config, backbone, len(data.info.classes))
        if exporter is not None:
            check_room(out, _expected(exporter, data, model))
        model.to(accelerator.device)
        optimiser = accelerator.prepare_optimizer(make_optimiser(model, model.parameter_groups(), config.training))
        stop = StopRequest()
        trainer = Trainer(
            config=config,
            out=out,
            accelerator=accelerator,
            model=model,
            optimiser=cast(AcceleratedOptimizer, optimiser),
            plan=plan,
            data=data,
            exporter=exporter,
            observer=observer,
            stop=stop,
            progress=Progress(),
            kept={},
        )
        if saved is not None:
            _check_same_inputs(saved, data, backbone)
            trainer.restore(saved)
        elif accelerator.is_main_process:
            # What an earlier, replaced run left must not be resumed in this one's name.
            checkpoint_path(out).unlink(missing_ok=True)
        if accelerator.is_main_process:
            observer.ready(_setup(config, accelerator, data, model, plan, saved))
        # Only from here on is there something to save; before, a signal may end everything at once.
        with stop:
            metrics = trainer.run()
        assert trainer.progress.kept is not None
        return TrainResult(
            out=out,
            metrics=metrics,
            history=trainer.progress.history,
            epoch=trainer.progress.kept.epoch + 1,
            seconds=trainer.progress.seconds,
            weights=backbone.weights.source,
        )


def check_same(config: Config, saved: Checkpoint) -> None:
    """Refuse to resume with other settings than the run was begun with.

    Raises:
        ConfigError: the settings that differ are named with both values.
    """
    before = flat(validate_config(saved.config).model_dump(mode="json"))
    now = flat(config.model_dump(mode="json"))
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key) and key not in MAY_CHANGE:
            raise ConfigError(
                f"The run was begun with {key} = {before.get(key)!r} and cannot go on with {now.get(key)!r}.",
                "Leave it out to resume, or start anew with --overwrite.",
            )


def _check_same_inputs(saved: Checkpoint, data: Data, backbone: TokenModel) -> None:
    if saved.split_sha256 != data.split.sha256:
        raise TrainingError(
            "The data set's images or split are not those the run was begun with.", "Start anew with --overwrite."
        )
    if saved.backbone_sha256 != backbone.weights.sha256:
        raise TrainingError(
            "The backbone's weights are not those the run was begun with.", "Name the same ones with --weights."
        )


def make_exporter(config: Config, data: Data, backbone: TokenModel, versions: Mapping[str, str]) -> Exporter:
    """What writes the run file; to be made before the backbone's tokens are trained."""
    assert data.table is not None
    untrained = {}
    if backbone.weights.source == "none":
        untrained = to_arrays(cast(nn.Module, backbone).state_dict(), "backbone.")
    return Exporter(
        config=config,
        info=data.info,
        table=data.table,
        split_sha256=data.split.sha256,
        backbone=backbone,
        untrained=untrained,
        versions=versions,
    )


def _expected(exporter: Exporter, data: Data, model: ConceptModel) -> int:
    rows, columns = model.backbone.grid
    keys: list[int | str] = [*model.blocks, "coarse"]
    sets = sum(len(model.concept_set(key).prototypes) for key in keys)
    parameters = sum(tensor.nbytes for tensor in model.trained_state().values())
    parameters += sum(values.nbytes for values in exporter.untrained.values())
    names = ["val", "test", *(["train"] if exporter.config.output.train_maps else [])]
    maps = sum(len(data.indices[name]) for name in names)
    return expected_bytes(exporter.config, exporter.table, maps, sets * rows * columns, parameters)


def _setup(
    config: Config, accelerator: Accelerator, data: Data, model: ConceptModel, plan: Plan, saved: Checkpoint | None
) -> Setup:
    groups = model.parameter_groups()
    counts = {name: sum(p.numel() for p in parameters) for name, parameters in groups.items()}
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    return Setup(
        dataset=config.data.dataset,
        classes=len(data.info.classes),
        images={name: len(positions) for name, positions in data.indices.items()},
        backbone=model.backbone.name,
        weights=model.backbone.weights.source,
        blocks=model.blocks,
        image_size=model.backbone.image_size,
        parameters={**counts, "frozen": frozen},
        device=accelerator.device.type if accelerator.device.type == "cpu" else str(accelerator.device),
        processes=accelerator.num_processes,
        epochs=config.training.epochs,
        steps=plan.steps,
        resumed=None if saved is None else (saved.progress.epoch, saved.progress.step),
    )
