"""The training loop: steps, epochs, selection and publication, for one process or several."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor

from ivpt.concepts.model import ConceptModel
from ivpt.config import Config
from ivpt.data.loading import plain_error
from ivpt.errors import DataError, Interrupted, PluginError, TrainingError
from ivpt.losses.objective import Objective, training_terms
from ivpt.losses.transform import sample_affine
from ivpt.runfile.content import MapBatch
from ivpt.training.batches import Plan
from ivpt.training.checkpoint import (
    Checkpoint,
    Progress,
    load_optimiser_state,
    optimiser_state,
    save_checkpoint,
)
from ivpt.training.evaluation import Tally, evaluate, make_loader
from ivpt.training.export import Exporter, publish_history, set_aside_edits
from ivpt.training.interrupt import StopRequest
from ivpt.training.observer import EpochReport, Observer, StepReport
from ivpt.training.optimiser import set_rates
from ivpt.training.output import checkpoint_path
from ivpt.training.preparation import Data
from ivpt.training.processes import any_process, average, flatten, maximum_over
from ivpt.training.randomness import Purpose, generator
from ivpt.training.scores import accuracy_metrics
from ivpt.training.selection import ValScore, is_better


@dataclass
class Trainer:
    """One run, from wherever it stands to its end.

    Attributes:
        config: resolved.
        out: the run file.
        accelerator: device, precision, processes.
        model: on its device.
        optimiser: as accelerate prepared it.
        plan: how an epoch is cut into steps.
        data: images and split.
        exporter: writes run files; None on all but the main process.
        observer: told by the main process.
        stop: whether the user asked to stop.
        progress: where training stands; changed in place.
        kept: trained parameters of the epoch selected so far.
    """

    config: Config
    out: Path
    accelerator: Accelerator
    model: ConceptModel
    optimiser: AcceleratedOptimizer
    plan: Plan
    data: Data
    exporter: Exporter | None
    observer: Observer
    stop: StopRequest
    progress: Progress
    kept: dict[str, Tensor]

    def __post_init__(self) -> None:
        self._main = self.accelerator.is_main_process
        self._objective = Objective(self.config.loss)
        self._parameters = flatten(self.model.parameter_groups().values())
        self._reduce_max = maximum_over(self.accelerator)
        self._labels = self.data.labels
        self._train = self.data.images("train", self.model.backbone, self.config, augment=True)
        self._since = time.monotonic()

    def run(self) -> dict[str, Any]:
        """Train to the end, then evaluate the selected epoch on val and test and publish the final run file.

        Returns:
            The metrics stored in the run file.

        Raises:
            Interrupted: the user asked to stop; a checkpoint has been written.
            TrainingError: the loss is not a number; run file and checkpoint of the last good epoch stay.
        """
        while self.progress.epoch < self.config.training.epochs:
            rates = set_rates(self.optimiser.optimizer, self.config.training, self.progress.epoch)
            self._train_epoch()
            self._finish_epoch(rates)
        return self._finish()

    # Training

    def _train_epoch(self) -> None:
        progress, seed = self.progress, self.config.training.seed
        self.model.train()
        self._train.set_epoch(progress.epoch)
        batches = self.plan.epoch(seed, progress.epoch, self.accelerator.process_index, progress.step)
        loader = iter(make_loader(self._train, batches, self.config.data.workers))
        while progress.step < self.plan.steps:
            try:
                batch = next(loader)
            except (DataError, PluginError) as error:
                raise plain_error(error) from None
            terms, correct, stopped = self._step(batch)
            progress.step += 1
            progress.correct += correct
            for name, value in terms.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + value
            if self._main:
                accuracy = progress.correct / (progress.step * self.plan.size)
                self.observer.step(StepReport(progress.epoch, progress.step, terms, accuracy))
            # Several processes have to stop at the same step; that they learn with the gradients.
            if stopped or (self.accelerator.num_processes == 1 and self.stop.asked):
                self._interrupt()

    def _step(self, batch: dict[str, Tensor]) -> tuple[dict[str, float], float, bool]:
        """One optimiser step; returns the terms and number of recognised images of the global batch."""
        accelerator, progress, seed = self.accelerator, self.progress, self.config.training.seed
        images = batch["image"].to(accelerator.device, non_blocking=True)
        labels = batch["label"].to(accelerator.device, non_blocking=True)
        place = (progress.epoch, progress.step)
        noise = self._share(self.model.noise(self.plan.size, generator(seed, Purpose.NOISE, *place)))
        affine = sample_affine(generator(seed, Purpose.AFFINE, *place))
        with accelerator.autocast():
            output, terms = training_terms(self.model, self._objective, images, labels, noise, affine, self._reduce_max)
        self.optimiser.zero_grad()
        accelerator.backward(terms["total"])
        total = terms["total"].detach()
        correct = (output.logits.argmax(dim=1) == labels).to(total).mean()
        told = torch.full_like(total, float(self.stop.asked))
        mine = torch.stack([*(term.detach() for term in terms.values()), correct, told])
        numbers: list[float] = average(accelerator, self._parameters, mine).tolist()
        values = dict(zip(terms, numbers, strict=False))
        if not math.isfinite(values["total"]):
            self._refuse(values)
        if self.config.training.clip is not None:
            accelerator.clip_grad_norm_(self._parameters, self.config.training.clip)
        self.optimiser.step()
        return values, round(numbers[-2] * self.plan.size), numbers[-1] > 0

    def _share(self, noise: dict[int, Tensor]) -> dict[int, Tensor]:
        """This process's part of what was drawn for the global batch, on the device."""
        first = self.accelerator.process_index * self.plan.share
        return {
            block: values[first : first + self.plan.share].to(self.accelerator.device, non_blocking=True)
            for block, values in noise.items()
        }

    def _refuse(self, values: dict[str, float]) -> None:
        bad = [name for name, value in values.items() if name != "total" and not math.isfinite(value)]
        place = f"epoch {self.progress.epoch + 1}, step {self.progress.step + 1}"
        raise TrainingError(
            f"The loss is not a number at {place} ({', '.join(bad) or 'in its sum'}).",
            "Lower training.lr_layers and training.lr_tokens, or limit gradients with --set training.clip=2."
            + (f" What {self.out} holds is the last good epoch." if self.progress.kept is not None else ""),
        )

    # The end of an epoch

    def _finish_epoch(self, rates: dict[str, float]) -> None:
        progress = self.progress
        tally = self._tally("val")
        maps = list(self._evaluate("val", tally))
        score = ValScore(progress.epoch, tally.accuracy, tally.loss)
        kept = is_better(score, progress.kept, self.config.training.select)
        seconds = self._elapsed()
        row = {f"train_{name}": total / progress.step for name, total in progress.sums.items()}
        row["train_accuracy"] = progress.correct / (progress.step * self.plan.size)
        row |= {"val_loss": score.loss, "val_accuracy": score.accuracy}
        row |= {f"lr_{name}": rate for name, rate in rates.items()}
        row["seconds"] = seconds
        for name, value in row.items():
            progress.history.setdefault(name, []).append(value)
        if kept:
            progress.kept = score
            self.kept = {name: tensor.clone() for name, tensor in self.model.trained_state().items()}
        self._publish_epoch(kept, maps, tally)
        progress.epoch, progress.step, progress.sums, progress.correct = progress.epoch + 1, 0, {}, 0.0
        self.save()
        if self._main:
            self.observer.epoch(EpochReport(progress.epoch - 1, row, kept))

    def _publish_epoch(self, kept: bool, maps: list[MapBatch], tally: Tally) -> None:
        if self.exporter is None:
            return
        if self.progress.epoch == 0 and (aside := set_aside_edits(self.out)) is not None:
            self.observer.note(f"Edits of the run that was at {self.out} are now in {aside}.")
        if kept:
            metrics = accuracy_metrics("val", tally.truth, tally.predicted, self._protocol())
            self.exporter.publish(self.out, self.model, self.progress.history, maps, metrics)
        else:
            publish_history(self.out, self.progress.history)

    def _protocol(self) -> dict[str, Any]:
        assert self.progress.kept is not None
        return {"epoch": self.progress.kept.epoch + 1, "selection": f"{self.config.training.select} on val"}

    # The end of the run

    def _finish(self) -> dict[str, Any]:
        self.model.load_trained_state(self.kept)
        metrics: dict[str, Any] = {}
        batches = self._final_batches(metrics)
        if self.exporter is not None:
            self.exporter.publish(self.out, self.model, self.progress.history, batches, metrics)
        for _ in batches:
            pass
        if self._main:
            checkpoint_path(self.out).unlink(missing_ok=True)
        return metrics

    def _final_batches(self, metrics: dict[str, Any]) -> Iterator[MapBatch]:
        splits = ["val", "test", *(["train"] if self.config.output.train_maps else [])]
        for split in splits:
            tally = self._tally(split)
            yield from self._evaluate(split, tally)
            metrics |= accuracy_metrics(split, tally.truth, tally.predicted, self._protocol())

    # What both have in common

    def _tally(self, split: str) -> Tally:
        total = len(self.data.indices[split])
        told = (lambda done: self.observer.evaluating(split, done, total)) if self._main else None
        return Tally(self._labels, told)

    def _evaluate(self, split: str, tally: Tally) -> Iterator[MapBatch]:
        # Without gradients, twice as many images fit where a training batch does.
        per_process = 2 * self.plan.share
        images = self.data.images(split, self.model.backbone, self.config)
        workers = self.config.data.workers
        batches = evaluate(self.accelerator, self.model, images, per_process=per_process, workers=workers)
        for batch in tally.watch(batches):
            if any_process(self.accelerator, self.stop.asked):
                self._interrupt()
            yield batch

    def _elapsed(self) -> float:
        now = time.monotonic()
        self.progress.seconds += now - self._since
        self._since = now
        return self.progress.seconds

    def _interrupt(self) -> None:
        self._elapsed()
        self.save()
        done, step = self.progress.epoch, self.progress.step
        if done == self.config.training.epochs:
            where = "in the final evaluation"
        else:
            where = f"at epoch {done + 1}, step {step} of {self.plan.steps}"
        raise Interrupted(
            f"Stopped {where}; nothing is lost: {checkpoint_path(self.out)} holds what is needed to go on.",
            f"Continue with: ivpt train --resume --out {self.out}",
        )

    def save(self) -> None:
        """Write a checkpoint of where training stands; the main process does."""
        if not self._main:
            return
        assert self.exporter is not None
        scaler = self.accelerator.scaler
        save_checkpoint(
            checkpoint_path(self.out),
            Checkpoint(
                config=self.config.model_dump(mode="json"),
                split_sha256=self.exporter.split_sha256,
                backbone_sha256=self.model.backbone.weights.sha256,
                progress=self.progress,
                model=self.model.trained_state(),
                kept=self.kept,
                optimiser=optimiser_state(self.optimiser.optimizer),
                scaler={} if scaler is None else scaler.state_dict(),
            ),
        )

    def restore(self, saved: Checkpoint) -> None:
        """Go back to where a checkpoint was written."""
        device = self.accelerator.device
        self.model.load_trained_state(saved.model)
        self.kept = {name: tensor.to(device) for name, tensor in saved.kept.items()}
        load_optimiser_state(self.optimiser.optimizer, saved.optimiser)
        if self.accelerator.scaler is not None and saved.scaler:
            self.accelerator.scaler.load_state_dict(saved.scaler)
        self.progress = saved.progress
