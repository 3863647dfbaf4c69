"""The data set behind a run file, found again."""

import numpy as np

from ivpt.config import validate_config
from ivpt.data.opening import open_dataset
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.runfile.reader import RunFile


def reopen(run: RunFile, *, root: str | None = None, progress: Progress | None = None) -> Dataset:
    """The data set of a run, prepared, and with the images in the order of the run file.

    Args:
        run: open.
        root: folder of the data set's files, where it is no longer where it was.
        progress: told about long preparations.

    Raises:
        PluginError, ConfigError, DataError: the data set is not to be had, or not the one the run was trained on.
    """
    config = validate_config({"data": run.config.get("data", {})}).data
    dataset = open_dataset(config.dataset, root or config.root, config.options)
    dataset.prepare(progress)
    records, ids = dataset.records(), run.ids()
    if [record.id for record in records] != ids:
        differ = next((i for i, (r, name) in enumerate(zip(records, ids, strict=False)) if r.id != name), None)
        what = (
            f"it has {len(records)} images, the run {len(ids)}"
            if differ is None
            else f"image {differ} is {records[differ].id!r}, in the run {ids[differ]!r}"
        )
        raise DataError(
            f"The data set {config.dataset!r} is not the one of the run: {what}.",
            "Name the folder of the same files with --data DIR.",
        )
    if not np.array_equal([record.label for record in records], run.labels):
        raise DataError(f"The data set {config.dataset!r} has other labels than the run.")
    return dataset
