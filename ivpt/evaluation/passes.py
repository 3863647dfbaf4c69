"""Passes of the reloaded model over changed images, into a copy of its run file."""

from collections.abc import Sequence
from pathlib import Path

from ivpt.evaluation.changed import ChangedImages
from ivpt.evaluation.reload import Reloaded
from ivpt.evaluation.wanted import view_images
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.interfaces.metric import View
from ivpt.runfile.reader import RunFile
from ivpt.runfile.views import ViewWriter
from ivpt.runfile.writer import MapBits
from ivpt.training.evaluation import evaluate
from ivpt.training.export import versions_of


def add_view(
    copy: Path,
    view: View,
    layers: Sequence[str],
    reloaded: Reloaded,
    dataset: Dataset,
    *,
    batch_size: int,
    shown: Path,
    progress: Progress | None = None,
) -> None:
    """Run the model over the images of a view and add its maps to a run file, batch by batch.

    Maps of box crops are kept in 16 bits, as 8 would move peaks of flat regions; maps of whole images are held against
    the file's own and kept like these.

    Args:
        copy: the file that is changed.
        view: which images, and what is changed in them.
        layers: keys of the layers to keep.
        reloaded: the run's model.
        dataset: the run's data set.
        batch_size: images at a time.
        shown: what errors call the file.
        progress: told about every batch.

    Raises:
        DataError: the view has no images, or one cannot be decoded.
        OutputError: the disk is full.
    """
    with RunFile(copy) as run:
        indices, frames = view_images(run, view)
        ids = run.ids()
    images = ChangedImages(dataset, indices, view, reloaded.model.backbone, ids, frames)
    about = {
        "view": {
            "crop": view.crop,
            "noise_seed": view.noise_seed,
            "noise_std": view.noise_std,
            "noise_clip": view.noise_clip,
            "split": view.split,
        },
        "batch_size": batch_size,
        "versions": versions_of(dataset, reloaded.model.backbone, device=reloaded.accelerator.device),
    }
    workers = reloaded.config.data.workers
    batches = evaluate(reloaded.accelerator, reloaded.model, images, per_process=batch_size, workers=workers)
    bits: MapBits | None = 16 if view.crop == "box" else None
    with ViewWriter(copy, view.name, layers, about, map_bits=bits, shown=shown) as writer:
        done = 0
        for batch in batches:
            writer.append(batch)
            done += len(batch.indices)
            if progress is not None:
                progress(done, len(indices), f"maps of {view.name}")
