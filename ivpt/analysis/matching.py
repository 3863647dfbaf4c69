"""Two runs side by side by their concepts: which are the same, which appeared, which vanished (paper, Fig. 10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.runfile.rows import MapRows
from ivpt.runfile.schema import LayerInfo

SAME = 0.25
"""Overlap of regions below which two concepts are not the same."""
SAME_PROTOTYPES = 0.5
"""Cosine of prototypes below which two concepts are not the same."""

How = Literal["regions", "prototypes"]


@dataclass(frozen=True)
class Match:
    """A concept of the first run and the one of the second it was matched with.

    Attributes:
        first, second: channels.
        overlap: pooled intersection over union of their regions on the common images, 0 to 1; by prototypes, their
            cosine, -1 to 1.
        chance: overlap of regions of the same areas laid independently; ``None`` by prototypes.
    """

    first: int
    second: int
    overlap: float
    chance: float | None


@dataclass(frozen=True)
class Matching:
    """The concepts of one layer of each run.

    Attributes:
        first, second: keys of the layers.
        how: ``regions`` on common images, or ``prototypes`` where the runs share none.
        images: number of images compared; ``common``: with maps in both runs.
        common: see ``images``.
        overlap: (m_first, m_second) of all channels, NaN for those that never have a region.
        matches: of overlap ``same`` or more, the greatest first.
        vanished: concepts of the first run without a match that have a region in some image compared.
        appeared: of the second.
        same: the threshold.
        notes: what a reader has to know, in sentences.
    """

    first: str
    second: str
    how: How
    images: int
    common: int
    overlap: NDArray[np.floating]
    matches: tuple[Match, ...]
    vanished: tuple[int, ...]
    appeared: tuple[int, ...]
    same: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SideBySide:
    """Importance of matched coarse concepts for one class.

    Attributes:
        name: of the class; in both runs.
        first: (matches,) mean contribution in the first run, in the order of the matches; then ``first_only`` and
            ``second_only`` those of concepts without a match.
        second: the same in the second run.
        first_only: (vanished,).
        second_only: (appeared,).
    """

    name: str
    first: NDArray[np.floating]
    second: NDArray[np.floating]
    first_only: NDArray[np.floating]
    second_only: NDArray[np.floating]


def match_concepts(
    first: RunFile,
    second: RunFile,
    first_key: str,
    second_key: str,
    *,
    same: float | None = None,
    most: int | None = None,
    window: int = 256,
    progress: Callable[[float], None] = lambda share: None,
) -> Matching:
    """Match the concepts of a layer of each run one to one, so that the sum of their overlaps is greatest.

    Images are the same when their ids are. Maps of different grids are read at the cells of the larger one. Without
    common images prototypes are compared, if both layers stand behind the same block of the same backbone.

    Args:
        first: an open run.
        second: another.
        first_key: layer of the first.
        second_key: layer of the second.
        same: overlap from which matched concepts are the same; default: :data:`SAME`, or :data:`SAME_PROTOTYPES` where
            prototypes are compared.
        most: compare only so many common images, spread evenly.
        window: rows in memory at a time.
        progress: told the share that is done; what it raises ends the work.

    Raises:
        RunFileError: the runs have neither common images nor comparable prototypes.
    """
    a, b = first.layer(first_key), second.layer(second_key)
    rows = _common_rows(first, second)
    common = len(rows[0])
    if not common:
        return _by_prototypes(first, second, a, b, SAME_PROTOTYPES if same is None else same)
    if most is not None and most < common:
        chosen = np.unique(np.linspace(0, common - 1, most).astype(np.int64))
        rows = (rows[0][chosen], rows[1][chosen])
    shared = np.zeros((a.prototypes, b.prototypes), np.int64)
    grid = (max(a.grid[0], b.grid[0]), max(a.grid[1], b.grid[1]))
    for start in range(0, len(rows[0]), window):
        part = slice(start, start + window)
        maps = [
            resampled(_regions(run, key, own[part]), grid).astype(np.int64)
            for run, key, own in ((first, first_key, rows[0]), (second, second_key, rows[1]))
        ]
        shared += np.bincount(
            (maps[0] * b.prototypes + maps[1]).ravel(), minlength=a.prototypes * b.prototypes
        ).reshape(shared.shape)
        progress(min(start + window, len(rows[0])) / len(rows[0]))
    overlap, chance = overlaps(shared)
    threshold = SAME if same is None else same
    matches = assign(overlap, chance, a.present, b.present, threshold)
    return Matching(
        first_key,
        second_key,
        "regions",
        len(rows[0]),
        common,
        overlap,
        matches,
        _without(a, [m.first for m in matches], shared.sum(axis=1) > 0),
        _without(b, [m.second for m in matches], shared.sum(axis=0) > 0),
        threshold,
        tuple(_notes(first, second, len(rows[0]), common)),
    )


def importance_side_by_side(first: RunFile, second: RunFile, matching: Matching) -> tuple[SideBySide, ...]:
    """Importance per class that both runs have, by name, for a matching of the two coarse sets.

    Raises:
        ValueError: the layers matched are not the coarse sets, which alone have class scores.
        RunFileError: a file is damaged.
    """
    if first.layer(matching.first).block is not None or second.layer(matching.second).block is not None:
        raise ValueError("only coarse concepts have an importance for classes")
    place = {name: c for c, name in enumerate(second.classes)}
    one, other = first.importance(), second.importance()
    pairs = [(m.first - 1, m.second - 1) for m in matching.matches]
    left, right = [p[0] for p in pairs], [p[1] for p in pairs]
    vanished, appeared = [k - 1 for k in matching.vanished], [k - 1 for k in matching.appeared]
    return tuple(
        SideBySide(name, one[c, left], other[place[name], right], one[c, vanished], other[place[name], appeared])
        for c, name in enumerate(first.classes)
        if name in place
    )


def overlaps(shared: NDArray[np.integer[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intersection over union of every two regions from the cells they share, and what chance would give.

    Args:
        shared: (m, m') cells in region k of one partition and region j of another.

    Returns:
        (m, m') each; NaN where one of the two has no cells. Chance: regions of the same areas that know nothing of each
        other.
    """
    rows, columns, cells = shared.sum(axis=1)[:, None], shared.sum(axis=0)[None], shared.sum()
    known = (rows > 0) & (columns > 0)
    blank = np.full(shared.shape, np.nan)
    expected = rows * (columns / max(cells, 1))
    found = np.divide(shared, rows + columns - shared, out=blank.copy(), where=known)
    return found, np.divide(expected, rows + columns - expected, out=blank, where=known)


def assign(
    overlap: NDArray[np.float64],
    chance: NDArray[np.float64] | None,
    first: Sequence[int],
    second: Sequence[int],
    same: float,
) -> tuple[Match, ...]:
    """One to one, so that the sum of overlaps is greatest; pairs below ``same`` are left out afterwards.

    Args:
        overlap: (m, m') NaN for what cannot be matched.
        chance: (m, m') or ``None``.
        first: rows that take part.
        second: columns that take part.
        same: the threshold.

    Returns:
        The greatest overlap first.
    """
    rows, columns = np.asarray(first, np.intp), np.asarray(second, np.intp)
    worth = np.nan_to_num(overlap[np.ix_(rows, columns)], nan=-1.0)
    found = []
    for i, j in zip(*linear_sum_assignment(worth, maximize=True), strict=True):
        if worth[i, j] >= same and not np.isnan(overlap[rows[i], columns[j]]):
            expected = None if chance is None else float(chance[rows[i], columns[j]])
            found.append(Match(int(rows[i]), int(columns[j]), float(worth[i, j]), expected))
    return tuple(sorted(found, key=lambda match: (-match.overlap, match.first)))


def resampled(maps: NDArray[np.integer[Any]], grid: tuple[int, int]) -> NDArray[np.integer[Any]]:
    """(b, *grid) the values of (b, h, w) at the middles of the cells of another grid."""
    down, across = (
        ((np.arange(n) + 0.5) / n * had).astype(np.intp) for n, had in zip(grid, maps.shape[1:], strict=True)
    )
    return maps[:, down[:, None], across]


def _common_rows(first: RunFile, second: RunFile) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
    """Rows of the maps of images that both runs have maps of, in the order of the first."""
    ids, other_ids = first.ids(), second.ids()
    place = {other_ids[i]: row for row, i in enumerate(second.map_images.tolist())}
    pairs = [(row, place[ids[i]]) for row, i in enumerate(first.map_images.tolist()) if ids[i] in place]
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _regions(run: RunFile, key: str, rows: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Regions of rows in any order."""
    order = np.argsort(rows)
    maps = MapRows(run, "", rows[order], rows[order], (key,))
    found = np.empty((len(rows), *run.layer(key).grid), np.int64)
    for part, window in maps.regions(key):
        found[order[part]] = window
    if found.size and found.max() >= run.layer(key).prototypes:
        raise RunFileError(f"The run file {run.path} is damaged: regions of {key} name channels that are not there.")
    return found


def _without(layer: LayerInfo, matched: Sequence[int], there: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(k for k in layer.present if k not in matched and there[k])


def _by_prototypes(first: RunFile, second: RunFile, a: LayerInfo, b: LayerInfo, same: float) -> Matching:
    vectors = [run.prototypes(key).astype(np.float64) for run, key in ((first, a.key), (second, b.key))]
    weights = [run.backbone.get("weights", {}).get("sha256") for run in (first, second)]
    if a.block != b.block or weights[0] != weights[1] or vectors[0].shape[1] != vectors[1].shape[1]:
        raise RunFileError(
            f"{first.path} and {second.path} have no image in common, and their prototypes of {a.key} and {b.key} do "
            "not live in the same space.",
            "Compare runs with maps of the same images, or runs of the same block and backbone.",
        )
    unit = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in vectors]
    cosine = unit[0] @ unit[1].T
    matches = assign(cosine, None, a.present, b.present, same)
    everywhere = [np.ones(layer.prototypes, bool) for layer in (a, b)]
    return Matching(
        a.key,
        b.key,
        "prototypes",
        0,
        0,
        cosine,
        matches,
        _without(a, [m.first for m in matches], everywhere[0]),
        _without(b, [m.second for m in matches], everywhere[1]),
        same,
        (
            *_same_start(first, second, a, b),
            *_unmatched(cosine, matches, a, b),
            "Prototypes say where a concept looks in the space of features, not what it covers in a picture.",
        ),
    )


def _same_start(first: RunFile, second: RunFile, a: LayerInfo, b: LayerInfo) -> list[str]:
    """A caution where the prototypes were the same before training: they are drawn layer by layer from the seed."""
    drawn = [
        [run.prototypes(layer.key).shape for layer in run.layers[: run.layers.index(own) + 1]]
        for run, own in ((first, a), (second, b))
    ]
    if first.seed != second.seed or drawn[0] != drawn[1]:
        return []
    return [
        f"Both runs began from the same random numbers (seed {first.seed}): likeness of prototypes may be that of "
        "their start."
    ]


def _unmatched(cosine: NDArray[np.float64], matches: Sequence[Match], a: LayerInfo, b: LayerInfo) -> list[str]:
    """What cosines unrelated prototypes have: those of all pairs that are no match, background left out."""
    apart = np.zeros(cosine.shape, bool)
    apart[np.ix_(a.foreground, b.foreground)] = True
    for match in matches:
        apart[match.first, match.second] = False
    if not apart.any():
        return []
    rest = cosine[apart]
    return [f"Cosine of pairs not matched: 95 % below {np.quantile(rest, 0.95):.2f}, greatest {rest.max():.2f}."]


def _notes(first: RunFile, second: RunFile, images: int, common: int) -> list[str]:
    notes = []
    if images < common:
        notes.append(f"Compared on {images:,} of {common:,} common images, spread evenly.")
    sizes = [run.backbone.get("image_size") for run in (first, second)]
    if sizes[0] and sizes[1] and sizes[0][0] * sizes[1][1] != sizes[0][1] * sizes[1][0]:
        notes.append("The models see images in different proportions, so their maps do not lie over the same part.")
    if first.info.get("name") != second.info.get("name"):
        notes.append("The runs are of different data sets; images are the same where their names are.")
    return notes
