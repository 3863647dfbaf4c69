"""Removing prototypes from a model: the network runs again without them, into a run file of its own."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivpt.data.loading import ImageSet
from ivpt.errors import OutputError
from ivpt.evaluation.evaluate import Means
from ivpt.evaluation.head_fit import HeadFit, fit_head
from ivpt.evaluation.reload import Reloaded, reloaded
from ivpt.evaluation.source import reopen
from ivpt.evaluation.verify import Verification, run_batch_size, verify
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.runfile.concept import Concept, check_removable
from ivpt.runfile.content import ImageTable, MapBatch, RunContent
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.edit_state import PRUNED, replay
from ivpt.runfile.edits import Edit, new_edit, to_line
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, JsonObject
from ivpt.runfile.writer import MapBits, RunWriter
from ivpt.training.evaluation import Tally, evaluate
from ivpt.training.export import learned_layers, set_aside_edits, to_arrays, versions_of
from ivpt.training.output import check_out, check_room
from ivpt.training.scores import accuracy_metrics

_HEAD = "head.weight"


@dataclass(frozen=True)
class Pruned:
    """A pruned run.

    Attributes:
        out: its file.
        dropped: what was removed this time.
        removed: by layer key, all that is gone, by earlier prunings too.
        refit: how the head was fitted anew; ``None`` when it is as it was.
        verification: of the model before anything was removed.
        set_aside: where the pending edits of a run that was replaced are now.
        seconds: it took.
    """

    out: Path
    dropped: tuple[Concept, ...]
    removed: Mapping[str, tuple[int, ...]]
    refit: HeadFit | None
    verification: Verification
    set_aside: Path | None
    seconds: float


def prune_run(
    path: Path,
    concepts: Iterable[Concept],
    out: Path,
    *,
    refit_head: bool = False,
    overwrite: bool = False,
    who: str | None = None,
    why: str = "",
    means: Means | None = None,
) -> Pruned:
    """Remove prototypes from the model of a run and write what the model says without them.

    The model is reloaded and checked against its stored predictions first, so that every difference between the two
    runs is owed to the removal (and to the head, when it is fitted anew). Metrics and views of the run are not taken
    over, as they speak of another model; names, notes and sets are.

    Args:
        path: of the run; it is only read.
        concepts: prototypes of prompted blocks and coarse concepts.
        out: of the new run; appears whole or not at all.
        refit_head: fit the head anew on the training images.
        overwrite: ``out`` may exist.
        who: who does it; default: the user of this machine.
        why: the reason.
        means: where model and images are found again.

    Raises:
        ConfigError: there is no such concept, it is background or gone already, or none of its layer would be left.
        OutputError: ``out`` exists, is the run itself, or cannot be written.
        IvptError: the model or its images are not to be had.
    """
    began, means, path = time.monotonic(), means or Means(), Path(path)
    with RunFile(path) as run:
        gone = check_removable(run.layers, concepts)
        dropped = tuple(Concept(key, number) for key, numbers in gone.items() for number in numbers)
        log = EditLog(run, who)
        edits = log.edits()
        replay(edits)
        _check_out(path, out, overwrite)
        check_room(out, path.stat().st_size)
        sha256 = _sha256(run)
        dataset = reopen(run, root=means.root, progress=means.progress)
        with reloaded(run, device=means.device, weights=means.weights) as model:
            batch_size = means.batch_size or run_batch_size(run, model.config)
            verification = verify(run, model, dataset, batch_size=means.batch_size, progress=means.progress)
            blocks = {layer.key: COARSE if layer.block is None else layer.block for layer in run.layers}
            model.model.remove({blocks[key]: numbers for key, numbers in gone.items()})
            refit = None
            if refit_head:
                refit = fit_head(run, model, dataset, batch_size=batch_size, progress=means.progress)
            source: JsonObject = {"run": path.name, "sha256": sha256, "created": run.created}
            pruned = new_edit(PRUNED, {"concepts": list(map(str, dropped)), **source}, who=log.who, why=why)
            step = _step(source, dropped, refit, pruned)
            content = _content(run, model, dataset, step, [*edits, pruned])
            with RunWriter(out, content, map_bits=_map_bits(run)) as writer:
                metrics: dict[str, Any] = {}
                protocol = {"removed": _written(content), "head": "as it was" if refit is None else "fitted anew"}
                for batch in _batches(run, model, dataset, batch_size, metrics, protocol, means.progress):
                    writer.append(batch)
                writer.set_metrics(metrics)
        removed = {layer.key: layer.removed for layer in content.layers if layer.removed}
    return Pruned(out, dropped, removed, refit, verification, set_aside_edits(out), time.monotonic() - began)


def _check_out(path: Path, out: Path, overwrite: bool) -> None:
    if out.exists() and out.samefile(path):
        raise OutputError(f"{out} is the run that is pruned; it is not replaced.", "Choose another name with --out.")
    if out.exists() and not overwrite:
        raise OutputError(f"{out} exists already.", "Choose another name with --out, or replace it with --overwrite.")
    check_out(out, overwrite=True, resume=False)


def _sha256(run: RunFile) -> str:
    with run.path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if run.is_stale():
        raise OutputError(f"{run.path} was changed by another program meanwhile.", "Run the command again.")
    return found


def _step(source: JsonObject, dropped: Sequence[Concept], refit: HeadFit | None, pruned: Edit) -> JsonObject:
    return {
        **source,
        "dropped": list(map(str, dropped)),
        "refit": None if refit is None else refit.to_json(),
        "who": pruned.who,
        "when": pruned.when,
        "why": pruned.why,
    }


def _content(run: RunFile, model: Reloaded, dataset: Dataset, step: JsonObject, edits: Sequence[Edit]) -> RunContent:
    head = to_arrays({_HEAD: model.model.trained_state()[_HEAD]})
    return RunContent(
        config=run.config,
        versions=versions_of(dataset, model.model.backbone, device=model.accelerator.device),
        seed=run.seed,
        split_sha256=run.split_sha256,
        info={**run.info, "classes": list(run.classes)},
        backbone=run.backbone,
        coarse=run.coarse,
        layers=learned_layers(model.model),
        images=ImageTable(
            ids=run.ids(),
            labels=run.labels,
            splits=run.splits,
            sizes=run.image_sizes(),
            attributes=run.attributes(),
            keypoints=run.all_keypoints(),
            boxes=run.all_boxes(),
            thumbnails=None if run.dataset("images/thumbnails/offset") is None else _Files(run, run.thumbnail),
            part_masks=_Files(run, run.part_mask_png) if run.has_part_masks else None,
        ),
        parameters={**run.parameters(), **head},
        history=run.history(),
        origin=[*run.origin, step],
        edits=[to_line(edit) for edit in edits],
    )


class _Files(Sequence[bytes | None]):
    """Files of a run's images, each read when it is asked for."""

    def __init__(self, run: RunFile, read: Callable[[int], bytes | None]) -> None:
        self._run, self._read = run, read

    def __len__(self) -> int:
        return self._run.num_images

    def __getitem__(self, i: Any) -> Any:
        return self._read(i)


def _batches(
    run: RunFile,
    model: Reloaded,
    dataset: Dataset,
    batch_size: int,
    metrics: dict[str, Any],
    protocol: JsonObject,
    progress: Progress | None,
) -> Iterator[MapBatch]:
    """What the model says about all images with stored maps, in the batches of the pass that filled the run file."""
    stored = run.metrics()
    backbone = model.model.backbone
    for split in ("val", "test", "train"):
        indices = run.split_maps(split).images
        if not len(indices):
            continue
        images = ImageSet(dataset, indices, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std)
        told = None if progress is None else _told(progress, len(indices), f"{split} images without the prototypes")
        tally = Tally(np.asarray(run.labels, np.int64), told)
        workers = model.config.data.workers
        yield from tally.watch(
            evaluate(model.accelerator, model.model, images, per_process=batch_size, workers=workers)
        )
        before = stored.get(f"{split}_accuracy", {}).get("parameters", {})
        kept = {name: before[name] for name in ("epoch", "selection") if name in before}
        metrics |= accuracy_metrics(split, tally.truth, tally.predicted, {**kept, **protocol})


def _told(progress: Progress, total: int, words: str) -> Any:
    return lambda done: progress(done, total, words)


def _map_bits(run: RunFile) -> MapBits:
    return 16 if run.dataset(f"{run.group_of(COARSE)}/attention_range") is None else 8


def _written(content: RunContent) -> list[str]:
    return [str(Concept(layer.key, number)) for layer in content.layers for number in layer.removed]


__all__ = ["Pruned", "prune_run"]
