"""Cross-layer alignment: do the regions of a group's fine concepts, put together, cover the coarse concept's region?

Source: IVPT, appendix D, Table 5, which gives a definition in one sentence and no code. Both readings of its target are
computed; what it leaves open is a figure each here.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics.layers import coarse_layer
from ivpt.metrics.overlap import Counts, Labels, Overlap, of_channels, overlap, shuffled, soft_labels
from ivpt.metrics.ratios import Draws, by_class, divided, draws, figure, known_mean, mean
from ivpt.runfile.schema import LayerInfo

WINDOW = 64


class Alignment(Metric):
    """IoU between the regions of fine concepts, grouped, and the coarse regions; per image, then mean over images.

    Args:
        split: test or val.
        resamples: for the intervals; 0 for none.
        seed: of the permutation control and the resamples.

    Raises:
        ValueError: a parameter out of range.
    """

    summary = "regions of grouped fine concepts coincide with the coarse regions they are fused into"

    def __init__(self, *, split: Literal["test", "val"] = "test", resamples: int = 1000, seed: int = 0) -> None:
        if resamples < 0:
            raise ValueError("resamples must be at least 0")
        self._split, self._resamples, self._seed = split, resamples, seed

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %.

        Raises:
            DataError: the run has no groups, its layers have different grids, or no maps are stored.
        """
        view, coarse = View(split=self._split), coarse_layer(evidence)
        prompted = _grouped_layers(evidence, view, coarse)
        indices = evidence.indices(view)
        if not len(indices):
            raise DataError(f"No maps of {self._split} images are stored.")
        targets = {coarse.key: _coarse_labels(evidence, view, coarse)}
        if len(prompted) > 1:
            targets[prompted[-1].key] = _layer_labels(evidence, view, prompted[-1])
        generator = np.random.default_rng(self._seed)
        found = {layer.key: _compare(evidence, view, layer, targets, generator) for layer in prompted}
        resamples = draws(len(indices), self._resamples, self._seed)
        figures: dict[str, Figure] = {}
        for name in targets:
            sources = [layer for layer in prompted if layer.key != name]
            figures |= _figures(name, {layer.key: found[layer.key][name] for layer in sources}, resamples)
        for layer in prompted:
            used = _in_use(found[layer.key][coarse.key]["hard"].source)
            figures[f"{layer.key}, non-empty groups"] = mean(used, resamples, 100)
        used = _in_use(overlap(targets[coarse.key], targets[coarse.key], evidence.coarse + 1).source)
        figures[f"{coarse.key}, non-empty groups"] = mean(used, resamples, 100)
        hard = [found[layer.key][coarse.key]["hard"] for layer in prompted]
        labels = np.asarray(evidence.labels)[indices]
        iou = np.mean([each.per_image(background=True) for each in hard], axis=0)
        both, either = (np.sum([getattr(each, name) for each in hard], axis=(0, 1)) for name in ("both", "either"))
        return MetricResult(
            {"alignment": figures.pop(_overall(coarse.key)), **figures},
            "%",
            True,
            len(indices),
            {
                "split": self._split,
                "layers": [layer.key for layer in prompted],
                "targets": list(targets),
                "groups": evidence.coarse,
                "grid": list(coarse.grid),
                "image_size": list(evidence.image_size),
                "resamples": self._resamples,
                "seed": self._seed,
            },
            per_concept={"alignment, pooled": 100 * divided(both, either)[1:]},
            per_class={"alignment": by_class(iou, np.ones(len(iou)), labels, len(evidence.classes), 100)},
            judged=indices,
        )


def _overall(target: str) -> str:
    return f"to {target}"


def _in_use(cells: Counts) -> NDArray[np.float64]:
    """(n,) share of the foreground groups that own a cell."""
    return np.asarray((cells[:, 1:] > 0).mean(axis=1))


def _grouped_layers(evidence: Evidence, view: View, coarse: LayerInfo) -> list[LayerInfo]:
    """The prompted layers, first to last, if all can be compared with the coarse one."""
    prompted = [layer for layer in evidence.layers if layer.block is not None]
    if not prompted or any(evidence.groups(view, layer.key) is None for layer in prompted):
        raise DataError(
            "This run does not group its concepts, so there is nothing to align.",
            "Cross-layer alignment needs fine-to-coarse fusion.",
        )
    if any(layer.grid != coarse.grid for layer in prompted):
        raise DataError("Cross-layer alignment needs maps of one grid, and the layers of this run differ.")
    return prompted


def _groups_of(evidence: Evidence, view: View, layer: LayerInfo) -> NDArray[np.integer]:
    groups = evidence.groups(view, layer.key)
    assert groups is not None  # see _grouped_layers
    return np.asarray(groups)


def _coarse_labels(evidence: Evidence, view: View, coarse: LayerInfo) -> Labels:
    group = np.zeros(coarse.prototypes, np.int8)
    group[list(coarse.foreground)] = np.arange(1, evidence.coarse + 1)
    return np.concatenate([group[channels] for _, channels in evidence.regions(view, coarse.key, WINDOW)])


def _layer_labels(evidence: Evidence, view: View, layer: LayerInfo) -> Labels:
    groups = _groups_of(evidence, view, layer)
    windows = evidence.regions(view, layer.key, WINDOW)
    return np.concatenate([of_channels(channels, groups[rows]) for rows, channels in windows])


def _compare(
    evidence: Evidence, view: View, layer: LayerInfo, targets: Mapping[str, Labels], generator: np.random.Generator
) -> dict[str, dict[str, Overlap]]:
    """Overlaps of one layer: target to kind (``hard``, ``soft`` grouping, ``permuted`` groups) to counts."""
    groups = _groups_of(evidence, view, layer)
    dealt = shuffled(groups, layer.background, generator)
    count = evidence.coarse + 1
    parts: dict[str, dict[str, list[Overlap]]] = {name: {"hard": [], "soft": [], "permuted": []} for name in targets}
    regions = evidence.regions(view, layer.key, WINDOW)
    for (rows, channels), (_, maps) in zip(regions, evidence.attention(view, layer.key, WINDOW), strict=True):
        labels = {
            "hard": of_channels(channels, groups[rows]),
            "soft": soft_labels(maps, groups[rows], count),
            "permuted": of_channels(channels, dealt[rows]),
        }
        for name, target in targets.items():
            for kind, source in labels.items():
                parts[name][kind].append(overlap(source, target[rows], count))
    return {name: {kind: _joined(found) for kind, found in kinds.items()} for name, kinds in parts.items()}


def _joined(parts: list[Overlap]) -> Overlap:
    return Overlap(
        np.concatenate([part.both for part in parts]),
        np.concatenate([part.either for part in parts]),
        np.concatenate([part.source for part in parts]),
    )


def _figures(target: str, layers: Mapping[str, Mapping[str, Overlap]], resamples: Draws) -> dict[str, Figure]:
    """Figures of one target: over all its layers, with variants and control, then layer by layer."""
    overall = _overall(target)

    def over_layers(kind: str, background: bool) -> NDArray[np.float64]:
        return known_mean(np.stack([found[kind].per_image(background) for found in layers.values()], axis=1))

    once = np.ones((1, resamples.shape[1]))
    pooled = [np.mean([found["hard"].pooled(w) for found in layers.values()], axis=0) for w in (once, resamples)]
    result = {
        overall: mean(over_layers("hard", True), resamples, 100),
        f"{overall}, sd over images": Figure(100 * float(np.std(over_layers("hard", True)))),
        f"{overall}, foreground only": mean(over_layers("hard", False), resamples, 100, "no image has a foreground"),
        f"{overall}, soft grouping": mean(over_layers("soft", True), resamples, 100),
        f"{overall}, control: groups permuted": mean(over_layers("permuted", True), resamples, 100),
        f"{overall}, pooled": figure(100 * float(pooled[0][0]), 100 * pooled[1]),
    }
    for key, found in layers.items():
        iou = found["hard"].per_image(background=True)
        result[f"{key} {overall}"] = mean(iou, resamples, 100)
        result[f"{key} {overall}, sd over images"] = Figure(100 * float(np.std(iou)))
    return result
