"""Is the evidence where the model looks? Take it out, or put it in, in the order the explanation gives (RISE)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Metric, MetricResult, Probe, View
from ivpt.metrics.attribution import order
from ivpt.metrics.bilinear import chunks
from ivpt.metrics.layers import coarse_layer, view_of
from ivpt.metrics.pointing import class_evidence
from ivpt.metrics.ratios import by_class, draws, mean
from ivpt.runfile.evidence import contributions
from ivpt.runfile.schema import LayerInfo

Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]
"""(b, cells) step in which each cell is taken out or put in, from 0."""

Way = Literal["insertion", "deletion"]


def ranks_of(at: Ranks) -> Ranks:
    """(b, cells) cells in order to the position of each cell."""
    ranks = np.empty_like(at)
    np.put_along_axis(ranks, at, np.broadcast_to(np.arange(at.shape[1]), at.shape), 1)
    return ranks


def area(answers: Floats, places: Floats) -> Floats:
    """(b,) area under answers (b, points) over places (b, points) from 0 to 1, by trapezia."""
    return np.asarray((np.diff(places, axis=1) * (answers[:, 1:] + answers[:, :-1]) / 2).sum(1))


def probability(scores: NDArray[np.floating], classes: NDArray[np.integer]) -> Floats:
    """Softmax of the logits at one class each: (b, n, C) scores and (b,) classes to (b,)."""
    logits = scores.mean(1, dtype=np.float64)
    logits -= logits.max(1, keepdims=True)
    odds = np.exp(logits)
    return np.asarray(odds[np.arange(len(odds)), classes] / odds.sum(1))


@dataclass(frozen=True)
class Asked:
    """Images to ask about.

    Attributes:
        probe: the model.
        indices: (b,) of the images.
        classes: (b,) whose probability is followed: predicted on the untouched image.
        grid: rows and columns of the patch grid.
    """

    probe: Probe
    indices: NDArray[np.integer]
    classes: NDArray[np.integer]
    grid: tuple[int, int]

    def areas(self, ranks: Ranks, steps: int, way: Way) -> Floats:
        """(b,) area under the curve as cells of rank 0, then 1, ... are taken out or put in.

        The curve runs over the share of cells. With equally large ranks this is RISE's
        ``(sum q - q_0 / 2 - q_n / 2) / n``.

        Args:
            ranks: (b, cells) 0 to steps - 1.
            steps: number of them.
            way: taken out and filled with the mean colour, or put into the blurred image.
        """
        found = []
        for part in chunks(len(ranks), (steps + 1) * ranks.shape[1]):
            done = ranks[part, None, :] < np.arange(steps + 1)[:, None]
            keep = done if way == "insertion" else ~done
            rows = len(done) * (steps + 1)
            scores = self.probe.masked(
                np.repeat(self.indices[part], steps + 1).tolist(),
                keep.reshape(rows, *self.grid),
                "blur" if way == "insertion" else "mean",
            )
            answers = probability(scores, np.repeat(self.classes[part], steps + 1)).reshape(-1, steps + 1)
            found.append(area(answers, done.mean(2)))
        return np.concatenate(found)


def asked_by_lot(
    evidence: Evidence, view: View, grid: tuple[int, int], images: int, seed: int, who: str
) -> tuple[Asked, NDArray[np.intp], list[np.random.Generator]]:
    """The images of a view that the model is asked about, their rows, ascending, and the random numbers of each.

    What is drawn for an image depends on its position in the table of images, not on the others.

    Args:
        evidence: with the model.
        view: whose images.
        grid: of the patches.
        images: how many are drawn by lot; 0 for all.
        seed: of the lots.
        who: asks, as a sentence begins.

    Raises:
        DataError: there is no model, or no image.
    """
    if evidence.probe is None:
        raise DataError(f"{who} ask the model, and only the run file is there.")
    everything = evidence.indices(view)
    if not len(everything):
        raise DataError(f"There is no {view.split} image.")
    chances = [np.random.default_rng([seed, int(i)]) for i in everything]
    lots = np.array([chance.random() for chance in chances])
    rows = np.sort(np.argsort(lots)[: images or None])
    asked = Asked(evidence.probe, everything[rows], evidence.predictions(view)[rows], grid)
    return asked, rows, [chances[row] for row in rows]


class InsertionDeletion(Metric):
    """Area under the probability of the predicted class while patches are put in, or taken out, best evidence first.

    Insertion starts from the blurred image (Gaussian of 11 x 11 pixels, sigma 5), deletion fills with the mean colour
    (the zero of normalised space). Evidence is the sum over the coarse concepts of contribution times map; of equal
    cells the first in row-major order goes first. "By concepts": whole regions in the order of their contributions,
    background last, over the share of the area. The controls take patches and regions in random order; what an
    explanation is worth is the difference to them.

    Source: Petsiuk et al., RISE, BMVC 2018 (evaluation.py); by concepts and the controls are ivpt's own.

    Args:
        split: val or test.
        steps: about how many times patches are put in or taken out.
        images: how many images are asked about, drawn by lot; 0 for all.
        seed: of the lots and of the random orders.
    """

    summary = "probability of the predicted class while patches are put in or taken out in the order of their evidence"
    needs_probe = True

    def __init__(self, *, split: str = "test", steps: int = 16, images: int = 64, seed: int = 0) -> None:
        self.view = view_of(split)
        if steps < 1 or images < 0:
            raise ValueError("steps must be at least 1, images at least 0")
        self.steps, self.images, self.seed = steps, images, seed

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures are shares, 0 to 1."""
        view, layer = self.view, coarse_layer(evidence)
        who = "Insertion and deletion"
        asked, rows, chances = asked_by_lot(evidence, view, layer.grid, self.images, self.seed, who)

        cells = layer.grid[0] * layer.grid[1]
        size = -(-cells // self.steps)
        steps = -(-cells // size)
        best = order(class_evidence(evidence, view)[rows].reshape(len(rows), -1))
        by_chance = np.stack([chance.permutation(cells) for chance in chances])
        regions, concepts = _regions(evidence, view, layer)[rows], len(layer.foreground)
        places = self._places(evidence, view, rows)
        shuffled = ranks_of(np.stack([chance.permutation(concepts) for chance in chances]))
        plans = {
            "": (ranks_of(best) // size, steps),
            "control, random order: ": (ranks_of(by_chance) // size, steps),
            "by concepts: ": (_by_concept(regions, places), concepts + 1),
            "control, random order of concepts: ": (_by_concept(regions, shuffled), concepts + 1),
        }
        ways: tuple[Way, Way] = ("insertion", "deletion")
        found = {f"{name}{way}": asked.areas(*plan, way) for name, plan in plans.items() for way in ways}
        found["insertion, above control"] = found["insertion"] - found["control, random order: insertion"]
        found["deletion, below control"] = found["control, random order: deletion"] - found["deletion"]
        resamples = draws(len(rows))
        labels = np.asarray(evidence.labels)[asked.indices]
        parameters = {
            "split": view.split,
            "class": "predicted on the untouched image",
            "images": self.images,
            "patches per step": size,
            "steps": steps,
            "grid": list(layer.grid),
            "insertion": "into the image blurred by 11 x 11 pixels, sigma 5",
            "deletion": "filled with the mean colour",
            "ties": "row-major",
            "seed": self.seed,
        }
        share = by_class(found["insertion"], np.ones(len(rows)), labels, len(evidence.classes))
        return MetricResult(
            {name: mean(values, resamples) for name, values in found.items()},
            "share",
            True,
            len(rows),
            parameters,
            per_class={"insertion": share},
            layer=layer.key,
            judged=asked.indices,
        )

    def _places(self, evidence: Evidence, view: View, rows: NDArray[np.intp]) -> Ranks:
        """(b, K) place of each concept in the order of contributions to the predicted class, largest first."""
        predicted = evidence.predictions(view)[rows]
        own = np.take_along_axis(contributions(evidence.scores(view)[rows]), predicted[:, None, None], 2)[:, :, 0]
        return ranks_of(order(own))


def _regions(evidence: Evidence, view: View, layer: LayerInfo) -> NDArray[np.int64]:
    """(rows, cells) concept of each cell, from 0; K for background."""
    concept = np.full(layer.prototypes, len(layer.foreground), np.int64)
    concept[list(layer.foreground)] = np.arange(len(layer.foreground))
    return np.concatenate([concept[owner].reshape(len(owner), -1) for _, owner in evidence.regions(view, layer.key)])


def _by_concept(regions: NDArray[np.int64], places: Ranks) -> Ranks:
    """(b, cells) place of the concept of each cell; background has the last one."""
    last = np.full((len(places), 1), places.shape[1], np.int64)
    return np.take_along_axis(np.concatenate([places, last], 1), regions, 1)
