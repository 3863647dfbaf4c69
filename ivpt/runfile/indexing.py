"""Making the index of a run file: one pass over its region maps, a sample of its attention maps.

See :mod:`ivpt.runfile.index` for what is in it. Rows are read in windows; held at a time are a few numbers per image
(the areas and strengths of one layer) and one window of maps.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ivpt.runfile import quantise
from ivpt.runfile.arrays import array
from ivpt.runfile.guard import item
from ivpt.runfile.index import INDEX, INDEX_VERSION
from ivpt.runfile.lists import write_lists
from ivpt.runfile.places import Places, read_places
from ivpt.runfile.schema import COARSE, SPLITS, layer_key
from ivpt.runfile.tallies import RegionTally

RANKED = 32
"""Images kept per rank, concept and split."""
RANKED_IN_CLASS = 8
"""Images kept per rank, concept and class."""
SAMPLED = 512
"""Images whose attention maps are compared, at most."""
_REGION_WINDOW = 256

Ints = NDArray[np.integer[Any]]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class _Source:
    """A run file that is complete but for its index."""

    file: h5py.File
    path: Path

    def find(self, name: str) -> h5py.Dataset | None:
        found = item(self.file, self.path, name)
        return found if isinstance(found, h5py.Dataset) else None

    def need(self, name: str) -> h5py.Dataset:
        found = self.find(name)
        if found is None:
            raise KeyError(f"{name} is missing")
        return found


def write_index(file: h5py.File, target: h5py.File, path: Path, progress: Progress = lambda share: None) -> None:
    """Index ``file`` and put the result into ``target``, replacing what is there.

    Args:
        file: a run file with everything but an index.
        target: open for writing; may be ``file`` itself.
        path: what errors call the run file.
        progress: told the share that is done.

    Raises:
        RunFileError: a link leads out of the file.
        KeyError, ValueError, OSError: the file is damaged; :func:`ivpt.runfile.guard.reading` makes a sentence of it.
    """
    source = _Source(file, path)
    if INDEX in target:
        del target[INDEX]
    index = target.create_group(INDEX)
    labels, splits = source.need("images/label")[()], source.need("images/split")[()]
    rows = np.asarray(source.need("map_image")[()], np.int64)
    classes = source.need("classes").shape[0]
    _check(labels, splits, rows, classes)
    write_lists(index, labels, splits, source.need("images/prediction")[()], rows, classes)
    layers = _layers(source)
    for key, place in layers.items():
        group = index.create_group(place)
        group.attrs["key"] = key
        _write_figures(group, source, place, rows, labels, splits, classes)
        _write_likeness(group, source, place)
    _write_tallies(index, source, layers, rows, progress)
    # last: an index that was not finished has no version and is not used
    index.attrs["version"] = INDEX_VERSION


def _check(labels: Ints, splits: Ints, rows: Ints, classes: int) -> None:
    n = len(labels)
    if splits.shape != (n,) or (n and (splits.max() >= len(SPLITS) or not 0 <= labels.min() <= labels.max() < classes)):
        raise ValueError("images/label or images/split do not fit")
    if len(rows) and not 0 <= rows.min() <= rows.max() < n:
        raise ValueError("map_image names images that are not there")


def _layers(source: _Source) -> dict[str, str]:
    """Key to path of each layer, prompted blocks ascending, the coarse set last."""
    group = item(source.file, source.path, "layers")
    names = list(group) if isinstance(group, h5py.Group) else []
    blocks = sorted(int(name) for name in names if name != COARSE)
    ordered = [*blocks, *([None] if COARSE in names else [])]
    return {layer_key(block): f"layers/{COARSE if block is None else block}" for block in ordered}


def _write_figures(
    group: h5py.Group, source: _Source, place: str, rows: Ints, labels: Ints, splits: Ints, classes: int
) -> None:
    """Areas and numbers of images per split and class, groups, and the ranked images of each concept."""
    # in the order of the image table, so that equal values are ordered by image wherever maps are stored
    order = np.argsort(rows, kind="stable")
    images = rows[order]
    area = np.asarray(source.need(f"{place}/area")[()], np.float64)[order]
    mass = area * source.need(f"{place}/strength")[()][order]
    split, label = splits[images].astype(np.int64), labels[images].astype(np.int64)
    group.create_dataset("total", data=np.bincount(split, minlength=len(SPLITS)))
    array(group, "area", _sums(area, split, len(SPLITS)))
    array(group, "images", _sums(area > 0, split, len(SPLITS)).astype(np.int64))
    array(group, "class_area", _sums(area, label, classes).astype(np.float32))
    array(group, "class_images", _sums(area > 0, label, classes).astype(np.int32))
    groups = source.find(f"{place}/groups")
    if groups is not None:
        array(group, "groups", _group_counts(groups[()][order], area > 0, int(source.file.attrs["coarse"])))
    everything = np.zeros(len(images), np.int64)
    for name, member, count, keep in (
        ("all", everything, 1, RANKED),
        ("split", split, len(SPLITS), RANKED),
        ("class", label, classes, RANKED_IN_CLASS),
    ):
        array(group, f"ranked_{name}", ranked(images, area > 0, mass, member, count, keep))


def _sums(values: NDArray[Any], member: Ints, count: int) -> NDArray[np.float64]:
    """(count, m) sums of (M, m) values over the rows of each member."""
    columns = [np.bincount(member, column, minlength=count) for column in values.T.astype(np.float64)]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def _group_counts(groups: Ints, firing: NDArray[np.bool_], coarse: int) -> Ints:
    found = np.stack([((groups == g) & firing).sum(axis=0) for g in range(coarse + 1)], axis=1)
    return np.asarray(found, np.int64)


def ranked(
    images: Ints, firing: NDArray[np.bool_], mass: NDArray[np.floating[Any]], member: Ints, count: int, keep: int
) -> NDArray[np.int32]:
    """Images with the greatest, the middle and the smallest mass of each concept, within each of some sets of images.

    Args:
        images: (M,) ascending.
        firing: (M, m) whether an image has a region; others take no part.
        mass: (M, m).
        member: (M,) the set of each image, 0 to ``count - 1``.
        count: number of sets.
        keep: images per rank.

    Returns:
        (count, m, 3, keep), padded with -1; of equal masses the earlier image comes first.
    """
    found = np.full((count, firing.shape[1], 3, keep), -1, np.int32)
    k = np.arange(keep)
    for channel in range(firing.shape[1]):
        rows = np.flatnonzero(firing[:, channel])
        rows = rows[np.lexsort((-mass[rows, channel], member[rows]))]
        counts = np.bincount(member[rows], minlength=count)[:, None]
        starts = np.cumsum(counts)[:, None] - counts
        filled = k < counts
        middle = np.maximum((counts - keep) // 2, 0)
        for rank, at in enumerate((starts + k, starts + middle + k, starts + counts - 1 - k)):
            found[:, channel, rank][filled] = images[rows[at[filled]]]
    return found


def _write_likeness(group: h5py.Group, source: _Source, place: str) -> None:
    """Correlation of the attention maps of each two prototypes."""
    stored, span = source.need(f"{place}/attention"), source.find(f"{place}/attention_range")
    total, m = stored.shape[:2]
    rows = np.unique(np.linspace(0, max(total - 1, 0), min(SAMPLED, total)).astype(np.int64))
    products, sums, cells = np.zeros((m, m)), np.zeros(m), 0
    for row in rows.tolist():
        maps = stored[row] if span is None else quantise.decode(stored[row], span[row])
        flat = np.asarray(maps, np.float64).reshape(m, -1)
        products += flat @ flat.T
        sums += flat.sum(axis=1)
        cells += flat.shape[1]
    covariance = products - np.outer(sums, sums) / max(cells, 1)
    sizes = np.sqrt(np.maximum(covariance.diagonal(), 0))
    scale = np.outer(sizes, sizes)
    # what does not vary is like nothing
    known = scale > 1e-9 * max(cells, 1)
    array(group, "likeness", np.divide(covariance, scale, out=np.zeros((m, m)), where=known).astype(np.float32))
    group.attrs["sampled"] = len(rows)


def _write_tallies(index: h5py.Group, source: _Source, layers: dict[str, str], rows: Ints, progress: Progress) -> None:
    """Everything that region maps tell, in one pass over them."""
    regions = {key: source.need(f"{place}/regions") for key, place in layers.items()}
    sizes = {key: source.need(f"{place}/prototypes").shape[0] for key, place in layers.items()}
    places = _places(source)
    tallies = {key: RegionTally(sizes[key], places) for key in layers}
    joint = {
        (fine, coarse): np.zeros((2, sizes[fine], sizes[coarse]), np.int64)
        for fine, coarse in pairwise(layers)
        if regions[fine].shape[1:] == regions[coarse].shape[1:]
    }
    for start in range(0, len(rows), _REGION_WINDOW):
        images = rows[start : start + _REGION_WINDOW]
        window = {key: regions[key][start : start + len(images)] for key in layers}
        for key, maps in window.items():
            if maps.size and maps.max() >= sizes[key]:
                raise ValueError(f"regions of {key} name channels that are not there")
            tallies[key].add(maps, images)
        for (fine, coarse), (cells, most) in joint.items():
            shared = shared_cells(window[fine], window[coarse], sizes[fine], sizes[coarse])
            cells += shared.sum(axis=0)
            image, channel = np.nonzero(shared.any(axis=2))
            np.add.at(most, (channel, shared[image, channel].argmax(axis=1)), 1)
        progress((start + len(images)) / len(rows))
    for key, place in layers.items():
        tallies[key].write(index[place])
    overlaps = index.create_group("overlaps", track_order=True)
    for number, ((fine, coarse), (cells, most)) in enumerate(joint.items()):
        group = overlaps.create_group(str(number))
        group.attrs["fine"], group.attrs["coarse"] = fine, coarse
        array(group, "cells", cells)
        array(group, "images", most.astype(np.int32))


def shared_cells(fine: Ints, coarse: Ints, m_fine: int, m_coarse: int) -> Ints:
    """(b, m_fine, m_coarse) cells that two region maps (b, h, w) of each image share, by channel of either."""
    b = len(fine)
    at = (np.arange(b)[:, None, None] * m_fine + fine) * m_coarse + coarse
    return np.bincount(at.ravel(), minlength=b * m_fine * m_coarse).reshape(b, m_fine, m_coarse)


def _places(source: _Source) -> Places | None:
    backbone = json.loads(source.need("backbone").asstr(errors="replace")[()])
    return read_places(
        *(source.find(f"images/{name}") for name in ("size", "box", "keypoints")), view=backbone.get("image_size")
    )
