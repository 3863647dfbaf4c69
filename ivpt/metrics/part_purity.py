"""Does a concept, where it is strongest, always look at the same part? Purity of patches against keypoints."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult
from ivpt.metrics.framed import in_frame
from ivpt.metrics.layers import chosen_layer, view_of
from ivpt.metrics.ratios import Draws, divided, draws, figure, known_mean

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NEVER = "no selected image shows a keypoint"


def patches(cells: int, side: int = 224, patch: int = 32) -> NDArray[np.int64]:
    """(cells, 2) first and last pixel edge of the patch of each cell of one axis, as PIP-Net places them.

    PIP-Net's step is rounded; where it is rounded up, its last patches leave the image, and stay inside it here.
    """
    skip = round((side - patch) / (cells - 1)) if cells > 1 else 0
    at = np.arange(cells)
    if (cells, side, patch) == (26, 224, 32):
        start = np.maximum(0, (at - 1) * skip + 4)
        stop = start + patch
        start[-1] -= 4
    else:
        start = np.minimum(at * skip, side - patch)
        stop = start + patch
    stop[-1] = side
    excess = np.maximum(stop - start - patch, 0)
    return np.stack([start + excess // 2, stop - (excess - excess // 2)], 1)


def strongest(maps: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """(b, K, h, w) maps to (b, K) largest values and (b, K, 2) their column and row; of ties the first column."""
    flat = maps.swapaxes(2, 3).reshape(*maps.shape[:2], -1)
    place = flat.argmax(-1)
    return flat.max(-1), np.stack([place // maps.shape[2], place % maps.shape[2]], -1)


def merged(names: tuple[str, ...], seen: Bools, hits: Bools) -> tuple[tuple[str, ...], Bools, Bools]:
    """Left and right parts as one: visible where either is, hit where a visible one is hit.

    Args:
        names: of J keypoints; "left x" and "right x" belong together.
        seen: (n, J).
        hits: (n, K, J).
    """
    whole = [name.removeprefix("left ").removeprefix("right ") for name in names]
    kept = tuple(dict.fromkeys(whole))
    groups = np.array([[name == one for one in kept] for name in whole])
    # products of booleans: "or" of "and"
    return kept, seen @ groups, (hits & seen[:, None]) @ groups


@dataclass(frozen=True)
class Counts:
    """Hits (B, K, J) and visible images (B, K, J) among the selected images of each concept, of B resamples."""

    hits: Floats
    seen: Floats

    def purity(self, support: int = 1) -> Floats:
        """(B, K) share of hits of the purest part that is visible in at least ``support`` selected images."""
        share = np.where(self.seen >= support, divided(self.hits, self.seen), -1.0).max(-1)
        return np.where(share >= 0, share, np.nan)

    def of_most_hits(self) -> Floats:
        """(B, K) share of hits of the part with most hits; of ties the purest."""
        most = self.hits == self.hits.max(-1, keepdims=True)
        share = np.where(most & (self.seen > 0), divided(self.hits, self.seen), -1.0).max(-1)
        return np.where(share >= 0, share, np.nan)


def top_counts(scores: Floats, lots: Floats, seen: Bools, hits: Bools, top: int, weights: Draws) -> Counts:
    """Counts among the ``top`` images of each concept with the largest score; of ties those with the smallest lot.

    Args:
        scores: (n, K).
        lots: (n,) of the images, to break ties.
        seen: (n, J).
        hits: (n, K, J), only where visible.
        top: number of images.
        weights: (B, n) how often each image is there.
    """
    found, visible = [], []
    for k in range(scores.shape[1]):
        order = np.lexsort((lots, -scores[:, k]))
        here = weights[:, order]
        taken = np.clip(top - (np.cumsum(here, 1) - here), 0, here)
        found.append(taken @ hits[order, k])
        visible.append(taken @ seen[order])
    return Counts(np.stack(found, 1).astype(np.float64), np.stack(visible, 1).astype(np.float64))


def chosen_counts(chosen: Bools, seen: Bools, hits: Bools, weights: Draws) -> Counts:
    """Counts among the images that are chosen (n, K) for each concept."""
    found = [weights @ (hits[:, k] & chosen[:, k, None]) for k in range(chosen.shape[1])]
    visible = [weights @ (seen & chosen[:, k, None]) for k in range(chosen.shape[1])]
    return Counts(np.stack(found, 1).astype(np.float64), np.stack(visible, 1).astype(np.float64))


class PartPurity(Metric):
    """Share of images in which the patch of a concept holds its purest keypoint, mean over concepts.

    The patch is 32 of 224 pixels wide, whatever the resolution, around the largest cell of the concept's map. Two
    selections of images: the ``top`` ones by the largest value of the map, and all whose largest value exceeds
    ``above``. Left and right parts are merged. Published purity asks for no support: a part that is visible in one of
    ten images can give 100; the variant with support asks for ``support`` images. Maps that saturate tie: of equal
    scores the selection is drawn by lot (in the order of the data set it would be images of one class). The control
    looks at a random cell.

    Source: Nauta et al., PIP-Net, CVPR 2023 (util/eval_cub_csv.py). Images are those of ``split``, whole, where the
    maps lie over them; PIP-Net squashes images.

    Args:
        split: val or test.
        layer: key of the layer; ``""`` for the second to last prompted one.
        top: number of images of the first selection.
        above: of the second selection.
        support: of the variant.
        seed: of lots and of the control.
    """

    summary = "share of images in which a concept's strongest patch holds its purest part"
    needs = frozenset[Annotation]({"keypoints"})

    def __init__(
        self,
        *,
        split: str = "test",
        layer: str = "",
        top: int = 10,
        above: float = 0.5,
        support: int = 5,
        seed: int = 0,
    ) -> None:
        self.view = view_of(split)
        if top < 1 or support < 1:
            raise ValueError("top and support must be at least 1")
        self.layer, self.top, self.above, self.support, self.seed = layer, top, above, support, seed

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        layer, view, side = chosen_layer(evidence, self.layer), self.view, 224
        indices, foreground = evidence.indices(view), list(layer.foreground)
        shares, visible, _ = in_frame(evidence, view)
        if not visible.any():
            raise DataError("No keypoint is visible in these images.")
        n, (h, w) = len(indices), layer.grid
        scores = np.zeros((n, len(foreground)))
        cells = np.zeros((n, len(foreground), 2), np.int64)
        for rows, maps in evidence.attention(view, layer.key):
            scores[rows], cells[rows] = strongest(maps[:, foreground])
        chances = [np.random.default_rng([self.seed, int(i)]) for i in indices]
        lots = np.array([chance.random() for chance in chances])
        random_cells = np.stack([chance.integers(0, (w, h), (len(foreground), 2)) for chance in chances])
        columns, lines = patches(w), patches(h)

        def hit(places: NDArray[np.int64]) -> tuple[Bools, Bools]:
            """Left and right merged: (n, J) visible, (n, K, J) hit."""
            x, y = side * shares[:, None, :, 0], side * shares[:, None, :, 1]
            across, down = columns[places[..., 0]][:, :, None], lines[places[..., 1]][:, :, None]
            inside = (x >= across[..., 0]) & (x <= across[..., 1]) & (y >= down[..., 0]) & (y <= down[..., 1])
            return merged(evidence.keypoint_names, visible, inside)[1:]

        weights = np.concatenate([np.ones((1, n), np.float32), draws(n)])
        seen, hits = hit(cells)
        top = top_counts(scores, lots, seen, hits, self.top, weights)
        every = chosen_counts(scores > self.above, seen, hits, weights)
        random = top_counts(scores, lots, seen, hit(random_cells)[1], self.top, weights)
        first, second = f"top {self.top}", f"all above {self.above:g}"
        purity = {
            first: top.purity(),
            f"{first}, part with most hits": top.of_most_hits(),
            f"{first}, support of {self.support}": top.purity(self.support),
            second: every.purity(),
            f"{second}, part with most hits": every.of_most_hits(),
            f"{second}, support of {self.support}": every.purity(self.support),
            f"control, random cell: {first}": random.purity(),
            f"control, random cell: {first}, support of {self.support}": random.purity(self.support),
        }
        figures = {name: _over_concepts(values) for name, values in purity.items()}
        figures[f"{first}: concepts purer than 50 %"] = _over_concepts(
            np.where(np.isfinite(purity[first]), purity[first] > 0.5, np.nan)
        )
        own = purity[first][0]
        parameters = {
            "split": view.split,
            "layer": layer.key,
            "patch": "32 of 224",
            "top": self.top,
            "above": self.above,
            "support": self.support,
            "seed": self.seed,
            "standard deviation over concepts": 100 * float(np.nanstd(own)) if np.isfinite(own).any() else None,
            "left and right": "merged",
            "concepts whose selection ties decide": _tied(scores, self.top),
        }
        per_concept = {name: 100 * purity[name][0] for name in (first, second)}
        return MetricResult(figures, "%", True, n, parameters, per_concept=per_concept, layer=layer.key, judged=indices)


def _tied(scores: Floats, top: int) -> int:
    """Number of concepts whose first ``top`` images are not told from the next one by their scores."""
    ordered = -np.sort(-scores, axis=0)
    return int((ordered[top - 1] == ordered[top]).sum()) if len(ordered) > top else 0


def _over_concepts(purity: Floats) -> Figure:
    """Mean over concepts of (1 + B, K) values, the first row of all images, in %."""
    values = 100 * known_mean(purity)
    return figure(float(values[0]), values[1:], _NEVER, (0, 100))
