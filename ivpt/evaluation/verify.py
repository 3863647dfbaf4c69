"""Whether the reloaded model is the one that wrote the run file: its stored images are predicted again."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ivpt.config import Config
from ivpt.data.loading import ImageSet
from ivpt.errors import RunFileError
from ivpt.evaluation.reload import Reloaded
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.runfile.reader import RunFile
from ivpt.training.batches import make_plan
from ivpt.training.evaluation import evaluate
from ivpt.training.export import versions_of

TOLERANCE = 0.01
"""Share of the predictions that another device, version or batch size may change; more means another model."""


@dataclass(frozen=True)
class Verification:
    """What predicting the stored images again has shown.

    Attributes:
        images: number of images.
        changed: how many are predicted otherwise.
        largest: largest difference of a class score.
        differences: what is not as it was, in words; empty where predictions must be identical.
    """

    images: int
    changed: int
    largest: float
    differences: tuple[str, ...]

    def describe(self) -> str:
        """One sentence."""
        same = "all predictions are" if not self.changed else f"{self.images - self.changed} predictions are"
        where = f" ({'; '.join(self.differences)})" if self.differences else ""
        return (
            f"Of {self.images} stored images {same} as stored, {self.changed} changed; "
            f"the largest difference of a score is {self.largest:.2g}{where}."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run file."""
        return {
            "images": self.images,
            "changed": self.changed,
            "largest": self.largest,
            "differences": list(self.differences),
        }


def run_batch_size(run: RunFile, config: Config) -> int:
    """Images per batch in the pass that filled the run file (by one process)."""
    training = run.splits == 0
    sizes = run.image_sizes()
    usable = training if sizes is None else training & (sizes > 0).all(axis=1)
    return 2 * make_plan(max(int(usable.sum()), 1), config.training.batch_size, 1).size


def verify(
    run: RunFile,
    reloaded: Reloaded,
    dataset: Dataset,
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Predict the stored val and test images again and compare.

    Args:
        run: open.
        reloaded: its model.
        dataset: its data set.
        batch_size: images per batch; default: that of the run.
        progress: told about every batch.

    Raises:
        RunFileError: predictions differ where nothing else does, or more than :data:`TOLERANCE` of them differ.
    """
    per_batch = batch_size or run_batch_size(run, reloaded.config)
    total = changed = 0
    largest = 0.0
    splits = [run.split_maps(name) for name in ("val", "test")]
    for stored in splits:
        backbone = reloaded.model.backbone
        images = ImageSet(dataset, stored.images, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std)
        before, predicted, done = stored.scores(), stored.predictions(), 0
        workers = reloaded.config.data.workers
        for batch in evaluate(reloaded.accelerator, reloaded.model, images, per_process=per_batch, workers=workers):
            rows = slice(done, done + len(batch.indices))
            changed += int((batch.predictions != predicted[rows]).sum())
            largest = max(largest, float(np.abs(batch.scores - before[rows]).max()))
            done, total = rows.stop, total + len(batch.indices)
            if progress is not None:
                progress(total, sum(map(len, splits)), "predicting the stored images again")
    found = Verification(total, changed, largest, tuple(_differences(run, reloaded, dataset, per_batch)))
    _check(found, run)
    return found


def _differences(run: RunFile, reloaded: Reloaded, dataset: Dataset, batch_size: int) -> list[str]:
    now = versions_of(dataset, reloaded.model.backbone, device=reloaded.accelerator.device)
    before = run.versions
    found = [
        f"{name} {before[name]} before, {now.get(name, 'none')} now" for name in before if before[name] != now.get(name)
    ]
    if "device" not in before:
        found.append("the run file does not say on which device it was made")
    usual = run_batch_size(run, reloaded.config)
    if batch_size != usual:
        found.append(f"batches of {usual} before, of {batch_size} now")
    return found


def _check(found: Verification, run: RunFile) -> None:
    if found.changed and not found.differences:
        raise RunFileError(
            f"The model reloaded from {run.path} predicts {found.changed} of {found.images} stored images otherwise, "
            "although device, versions and batch size are the same.",
            "Are the images the same? If so, report this as a defect.",
        )
    if found.changed > max(1, TOLERANCE * found.images):
        raise RunFileError(
            f"The model reloaded from {run.path} predicts {found.changed} of {found.images} stored images otherwise; "
            f"other devices and versions change at most {TOLERANCE:.0%} ({'; '.join(found.differences)}).",
            "Are the images the same? Try the device and versions of the run; ivpt info names them.",
        )
