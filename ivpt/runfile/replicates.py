"""A metric's headline in every resample of the images, and whose images they were: what pairs two runs.

Beside the metric's JSON, as ``replicates/<name>``. The entry says by ``judged`` which images in which order were drawn
from; values without it belong to no entry (a writer that knows nothing of them replaced it) and do not count.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile.arrays import array
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import JsonObject, replicates_path


@dataclass(frozen=True)
class Replicates:
    """Of one metric's headline.

    Attributes:
        values: (B,) in each resample; NaN where a resample does not define it.
        images: (n,) positions of the images that were drawn from, in the order of the resamples' columns.
    """

    values: NDArray[np.floating]
    images: NDArray[np.integer]


def judged_sha256(run: RunFile, images: NDArray[np.integer]) -> str:
    """Hash of the names and classes of images, in order; equal for the same images wherever they stand in a run."""
    ids, classes = run.ids(), run.classes
    words = [[ids[i], classes[run.labels[i]]] for i in np.asarray(images).tolist()]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def with_judged(
    run: RunFile, entries: Mapping[str, JsonObject], replicates: Mapping[str, Replicates]
) -> Mapping[str, JsonObject]:
    """Entries that say which images their replicates are of; none of the others does."""
    said = {name: {key: value for key, value in entry.items() if key != "judged"} for name, entry in entries.items()}
    for name, found in replicates.items():
        said[name]["judged"] = judged_sha256(run, found.images)
    return said


def write_replicates(file: h5py.File, names: Mapping[str, JsonObject], replicates: Mapping[str, Replicates]) -> None:
    """Store the replicates of metrics that are written, and take away what earlier ones of these names left."""
    for name in names:
        path = replicates_path(name)
        if path in file:
            del file[path]
        if name in replicates:
            array(file, path, np.asarray(replicates[name].values, np.float32))


__all__ = ["Replicates", "judged_sha256", "with_judged", "write_replicates"]
