"""Where cross-layer alignment is lost: which cells disagree between grouped fine regions and coarse ones.

From the maps stored in run files alone. Shares are of the cells that disagree; "IoU if" is what the metric would be if
cells of one kind alone agreed, or if every fine region of an image went to the group that holds most of its cells
(foreground to foreground), which leaves the regions as they are. The last line moves the coarse map by one cell and
compares it with itself: what one cell is worth on this grid.

    python benchmarks/alignment_parts.py RUN.h5 ... [--split val]
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from ivpt.interfaces.metric import View
from ivpt.metrics.evidence import RunEvidence
from ivpt.metrics.overlap import of_channels, overlap
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE

Cells = NDArray[np.integer]
"""(n, h, w) a label of each cell, 0 background."""

Mask = NDArray[np.bool_]


def iou(source: Cells, target: Cells, count: int) -> float:
    """The metric, in %: per image the mean over the groups that are there, background included; then over images."""
    return float(100 * np.nanmean(overlap(source.astype(np.int8), target.astype(np.int8), count).per_image(True)))


def kinds(source: Cells, target: Cells, count: int) -> dict[str, Mask]:
    """(n, h, w) masks of the cells that disagree: two kinds that share them out, and two that cut across.

    ``interior`` is a cell whose neighbours (eight, fewer at the border) carry its own coarse label; ``absent`` one
    whose label in one map the other map has nowhere in the image.
    """
    differ = source != target
    background = differ & ((source == 0) | (target == 0))
    rows = np.arange(len(target))[:, None, None]
    there = [np.stack([(labels == g).any(axis=(1, 2)) for g in range(count)], axis=1) for labels in (source, target)]
    return {
        "background here, group there": background,
        "two groups": differ & ~background,
        "interior": differ & ~edges(target),
        "absent": differ & ~(there[1][rows, source] & there[0][rows, target]),
    }


def edges(labels: Cells) -> Mask:
    """Cells with a neighbour of another label."""
    height, width = labels.shape[1:]
    padded = np.pad(labels, ((0, 0), (1, 1), (1, 1)), mode="edge")
    moved = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.asarray(np.any([one != labels for one in moved], axis=0))


def best_grouping(channels: Cells, target: Cells, prototypes: int, count: int) -> Cells:
    """Every foreground region of an image to the foreground group that holds most of its cells; channel 0 stays."""
    held = np.zeros((len(target), prototypes, count), np.int64)
    np.add.at(held, (np.arange(len(target))[:, None, None], channels, target), 1)
    groups = held[:, :, 1:].argmax(axis=2) + 1
    groups[:, 0] = 0
    return of_channels(channels, groups)


def one_cell(labels: Cells, count: int) -> float:
    """IoU in % of labels with themselves moved by one cell, mean over down and across; cells that both have count."""
    return (iou(labels[:, 1:], labels[:, :-1], count) + iou(labels[:, :, 1:], labels[:, :, :-1], count)) / 2


@dataclass(frozen=True)
class Maps:
    """Labels of all images: the owner and the group of each cell of the prompted layers, and of the coarse set."""

    channels: Mapping[str, Cells]
    grouped: Mapping[str, Cells]
    coarse: Cells
    prototypes: dict[str, int]
    count: int


def read(path: Path, split: Literal["val", "test"]) -> Maps:
    """The maps of a run whose concepts are grouped and whose background is channel 0 everywhere."""
    with RunFile(path) as run:
        evidence, view = RunEvidence(run), View(split=split)
        owners = {
            layer.key: np.concatenate([labels for _, labels in evidence.regions(view, layer.key)])
            for layer in evidence.layers
        }
        assert all(layer.background == 0 for layer in evidence.layers)
        grouped = {}
        for key in owners:
            groups = None if key == COARSE else evidence.groups(view, key)
            if groups is not None:
                grouped[key] = of_channels(owners[key], groups)
        sizes = {layer.key: layer.prototypes for layer in evidence.layers}
        return Maps(owners, grouped, owners[COARSE], sizes, evidence.coarse + 1)


def rows(runs: Iterable[Maps]) -> Iterable[list[float]]:
    """One row a layer: means over the runs of its figures, all in %."""
    runs = list(runs)
    for key in runs[0].grouped:
        found = []
        for maps in runs:
            source, target, count = maps.grouped[key], maps.coarse, maps.count
            differ = source != target
            masks = kinds(source, target, count)
            best = best_grouping(maps.channels[key], target, maps.prototypes[key], count)
            shares = [100 * float(mask.sum() / max(differ.sum(), 1)) for mask in masks.values()]
            repaired = [iou(np.where(mask, target, source), target, count) for mask in masks.values()]
            found.append(
                [iou(source, target, count), 100 * float(differ.mean()), *shares, *repaired, iou(best, target, count)]
            )
        yield list(np.mean(found, axis=0))


def readings(maps: Maps) -> dict[str, float]:
    """What other ways to put the same overlaps into one number give, in %, mean over the layers."""
    found = []
    for source in maps.grouped.values():
        counts = overlap(source.astype(np.int8), maps.coarse.astype(np.int8), maps.count)
        target = counts.either + counts.both - counts.source
        share = counts.both / np.maximum(counts.either, 1)
        in_both = (counts.source > 0) & (target > 0)
        weight = target / target.sum(axis=1, keepdims=True)
        found.append(
            [
                iou(source, maps.coarse, maps.count),
                float(100 * (share * in_both).sum(axis=1).mean() / in_both.sum(axis=1).mean()),
                float(100 * np.where(counts.either > 0, share, 1).mean()),
                float(100 * (share * weight).sum(axis=1).mean()),
                float(100 * share[:, 0].mean()),
                iou((source > 0).astype(np.int8), (maps.coarse > 0).astype(np.int8), 2),
                float(100 * (source == maps.coarse).mean()),
            ]
        )
    names = (
        "the metric",
        "groups of both maps only",
        "an empty group as 1",
        "weighted by area",
        "background only",
        "object and background",
        "share of equal cells",
    )
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--split", choices=["val", "test"], default="test")
    given = parser.parse_args()
    runs = [read(path, given.split) for path in given.runs]
    names = ["background", "two groups", "interior", "absent"]
    repaired = [f"IoU if {name}" for name in (*names, "grouped best")]
    heads = ["layer", "IoU", "cells that disagree", *names, *repaired]
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    for key, row in zip(runs[0].grouped, rows(runs), strict=True):
        print(f"| {key} | {' | '.join(f'{value:.1f}' for value in row)} |")
    every = [readings(maps) for maps in runs]
    print()
    print("; ".join(f"{name}: {np.mean([one[name] for one in every]):.1f}" for name in every[0]))
    sizes = [np.unique(maps.coarse[i], return_counts=True) for maps in runs for i in range(len(maps.coarse))]
    cells = np.concatenate([n[labels > 0] for labels, n in sizes])
    moved = np.mean([one_cell(maps.coarse, maps.count) for maps in runs])
    edge = np.mean([edges(maps.coarse).mean() for maps in runs])
    print(
        f"Coarse maps moved by one cell: IoU {moved:.1f}. Cells of a coarse region: {np.median(cells):.0f} (median) of"
    )
    print(f"{runs[0].coarse[0].size}; {edge:.0%} of all cells have a neighbour of another group.")
    print(f"Means over {len(runs)} run(s), {given.split}.")


if __name__ == "__main__":
    main()
