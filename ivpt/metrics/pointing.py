"""Evidence for the predicted class against a mask of the object, image by image."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Figure, View
from ivpt.metrics.attribution import attribution, complexity, gini, order, rank_accuracy, spread
from ivpt.metrics.cells import cell_counts, distance, peak_pixel
from ivpt.metrics.layers import coarse_layer
from ivpt.metrics.ratios import by_class, divided, draws, figure, known_mean, mean
from ivpt.runfile.evidence import contributions

Floats = NDArray[np.float64]
Masks = Iterator[tuple[int, NDArray[np.bool_]]]
"""Rows of a view with the (H, W) mask of the object, of images that are annotated."""

EPS = 1e-5
"""Evidence below this counts as none in the number of cells with evidence (Quantus' effective complexity)."""


@dataclass(frozen=True)
class Objects:
    """Objects of n images, counted by cell.

    Attributes:
        rows: (n,) of the view.
        inside: (n, cells) pixels of each cell in the object.
        pixels: (n, cells) pixels of each cell.
        away: (n,) distance from the peak of evidence to the object, in pixels of a frame 224 wide.
    """

    rows: NDArray[np.intp]
    inside: NDArray[np.float32]
    pixels: NDArray[np.float32]
    away: Floats


def class_evidence(evidence: Evidence, view: View) -> NDArray[np.float32]:
    """(rows, h, w) signed evidence for the predicted class: ``sum_k w_k A_k``, each A_k spread to sum 1."""
    layer = coarse_layer(evidence)
    predicted = np.asarray(evidence.predictions(view))
    weights = np.take_along_axis(contributions(evidence.scores(view)), predicted[:, None, None], 2)[:, :, 0]
    found = np.zeros((len(predicted), *layer.grid), np.float32)
    for rows, maps in evidence.attention(view, layer.key):
        found[rows] = attribution(spread(maps[:, list(layer.foreground)]), weights[rows])
    return found


def objects(evidence: Evidence, view: View, values: NDArray[np.float32], masks: Masks) -> Objects:
    """Count masks by cell; images whose mask is empty where the maps lie are left out.

    Args:
        evidence: for frames.
        view: of the maps.
        values: (rows, h, w) evidence for a class.
        masks: of the images.

    Raises:
        DataError: no image is left.
    """
    frames, grid = evidence.frames(view), values.shape[1:]
    peaks = order(values.reshape(len(values), -1))[:, 0] if len(values) else np.zeros(0, np.int64)
    rows, inside, pixels, away = [], [], [], []
    for row, mask in masks:
        counts, total = cell_counts(mask[None], frames[row], (grid[0], grid[1]))
        if not counts.any():
            continue
        rows.append(row)
        inside.append(counts.ravel())
        pixels.append(total.ravel())
        point = peak_pixel(int(peaks[row]), frames[row], (grid[0], grid[1]))
        away.append(distance(mask, *point) / frames[row, 2] * 224)
    if not rows:
        raise DataError("No image of this split has an object where the maps lie.")
    return Objects(np.array(rows), np.stack(inside), np.stack(pixels), np.array(away))


def figures(
    values: NDArray[np.float32], found: Objects, labels: NDArray[np.integer], classes: int, tolerance: float
) -> tuple[dict[str, Figure], Floats]:
    """Figures in %, and the share of hits by class.

    Args:
        values: (n, h, w) evidence of the images in ``found``.
        found: n objects.
        labels: (n,) classes.
        classes: C.
        tolerance: in pixels of a frame 224 wide.
    """
    flat = values.reshape(len(values), -1).astype(np.float64)
    cells = flat.shape[1]
    resamples = draws(len(flat))
    shares = np.divide(found.inside, found.pixels, out=np.zeros_like(found.inside), where=found.pixels > 0)
    positive = np.maximum(flat, 0)
    total = positive.sum(1)
    mass = np.divide((positive * shares).sum(1), total, out=np.full(len(flat), np.nan), where=total > 0)
    density = np.divide(flat, found.pixels, out=np.zeros_like(flat), where=found.pixels > 0)
    area = found.inside.sum(1) / found.pixels.sum(1)
    near = found.away <= tolerance
    values_by_image = {
        "pointing game": (found.away == 0).astype(np.float64),
        "relevance mass in the object": mass,
        "relevance rank": rank_accuracy(density, found.inside, found.pixels),
        "chance: the object's share of the picture": area.astype(np.float64),
        "sparseness (Gini)": gini(flat),
        "effective share of cells": np.exp(complexity(flat)) / cells,
        "share of cells with evidence": (np.abs(flat) > EPS).mean(1),
    }
    made = {name: mean(value, resamples, 100) for name, value in values_by_image.items()}
    made[f"pointing game, within {tolerance:g} of 224 pixels, mean over classes"] = _mean_over_classes(
        near, labels, classes, resamples
    )
    return made, by_class(found.away == 0, np.ones(len(flat)), labels, classes, 100)


def _mean_over_classes(
    hits: NDArray[np.bool_], labels: NDArray[np.integer], classes: int, resamples: NDArray[np.float32]
) -> Figure:
    member = labels[:, None] == np.arange(classes)
    weights = np.concatenate([np.ones((1, len(hits)), np.float32), resamples])
    value = 100 * known_mean(divided(weights @ (hits[:, None] & member), weights @ member))
    return figure(float(value[0]), value[1:])
