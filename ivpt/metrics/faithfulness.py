"""Does the explanation say what the model really uses? Images drawn again without parts know it (FunnyBirds)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Annotation, Evidence, Metric, MetricResult, Probe, View
from ivpt.metrics.faithfulness_checks import (
    Sums,
    background_independence,
    controlled_data,
    distractibility,
    irrelevant,
    part_drops,
    preservation_and_deletion,
    single_deletion,
    target_sensitivity,
    thing_drops,
)
from ivpt.metrics.part_sets import rivals, sufficient_sets
from ivpt.metrics.ratios import by_class, divided, draws, figure
from ivpt.metrics.redrawn import Pictures, pictures

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NAMES = {
    "CSDC": "controlled synthetic data check",
    "PC": "preservation check",
    "DC": "deletion check",
    "D": "distractibility",
    "SD": "single deletion",
    "TS": "target sensitivity",
    "TS scaled": "target sensitivity, each class's evidence scaled to its size",
    "BI": "background independence",
    "A": "accuracy",
    "SD area": "control, parts ranked by their area: single deletion",
}


class Faithfulness(Metric):
    """FunnyBirds' aggregate of completeness, correctness and contrastivity, and its parts.

    Evidence for a class is the sum over the coarse concepts of contribution times map, each map spread to sum 1; the
    importance of a part is the evidence inside its mask, dilated; a part is important when more than a share t of the
    positive evidence lies on it (the total may not be positive, its positive part is). t is chosen on val, as the one
    of 80 values from 0.01 to 0.5 with the largest (CSDC + PC + DC) / 3 + D; the publication chooses it on test, and so
    does this where no val image can be drawn without a part.

    Completeness is ((CSDC + PC + DC) / 3 + D) / 2, correctness SD, contrastivity TS; the headline is their mean. A part
    that is not seen in an image takes no part in it. Rivals of a class are two classes that share exactly two parts
    each with it, as published; where there are none, any two that share different parts with it (counted).

    Source: Hesse et al., FunnyBirds, ICCV 2023; the control by area and the scaled variant are ivpt's own.

    Args:
        images: how many test (and val) images are asked about, drawn by lot; 0 for all.
        dilate: side of the filter that widens part masks, in pixels of the original image, odd.
        shared: number of parts that rivals share with the true class.
        seed: of the lots.
    """

    summary = "whether the explanation names the parts that the model really uses, by drawing images without them"
    needs = frozenset[Annotation]({"part masks"})
    needs_probe = True

    def __init__(self, *, images: int = 200, dilate: int = 5, shared: int = 2, seed: int = 0) -> None:
        if images < 0 or shared < 1 or dilate < 1 or dilate % 2 == 0:
            raise ValueError("images must be at least 0, shared at least 1, dilate odd")
        self.images, self.dilate, self.shared, self.seed = images, dilate, shared, seed
        self.thresholds = np.linspace(0.01, 0.5, 80)

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in %."""
        probe = evidence.probe
        if probe is None:
            raise DataError("Faithfulness asks the model, and only the run file is there.")
        variants = {name: v for name, v in probe.class_parts().items() if name in evidence.parts}
        if not variants:
            raise DataError(
                "This data set does not say which parts its classes have, so faithfulness has no ground truth here.",
                "paperbirds and funnybirds say so.",
            )
        names = tuple(variants)
        table = np.array([variants[name] for name in names], np.int64).T
        sufficient = sufficient_sets(table)
        found = tuple(rivals(table, c, self.shared) for c in range(len(table)))

        val, test = (self._look(evidence, probe, View(split=split), names) for split in ("val", "test"))
        # FunnyBirds has its test images alone drawn again
        known = bool(val.there.any())
        t = self._threshold(val if known else test, probe, sufficient)
        at_t = self.thresholds[[t]]
        sums = {name: (a[0], b[0]) for name, (a, b) in self._by_threshold(test, probe, sufficient, at_t).items()}
        drops = part_drops(test, probe)
        sums["SD"] = single_deletion(test.importance(test.labels), drops, test.there)
        sums["SD area"] = single_deletion(test.area, drops, test.there)
        tests = target_sensitivity(test, probe, found)
        sums["TS"], sums["TS scaled"] = (tests.passed, tests.tests), (tests.scaled, tests.tests)
        sums["BI"] = background_independence(thing_drops(test, probe), test.thing_there, test.own)
        right = (test.predicted == test.labels).astype(np.float64)
        sums["A"] = right, np.ones(len(right))

        values = _aggregate(sums, np.concatenate([np.ones((1, len(right)), np.float32), draws(len(right))]))
        why = "no image of these can answer it"
        figures = {name: figure(100 * float(value[0]), 100 * value[1:], why) for name, value in values.items()}
        parameters: dict[str, Any] = {
            "split": "test",
            "threshold": float(at_t[0]),
            "threshold chosen on": f"val, {len(val.indices)} images"
            if known
            else f"test, {len(test.indices)} images, as published: no val image can be drawn without a part",
            "parts": list(names),
            "images": self.images,
            "shared": self.shared,
            "dilate": self.dilate,
            "seed": self.seed,
            "evidence": "sum over coarse concepts of contribution times map, each map of sum 1; positive for shares",
            "important background things": "counted" if test.sees_things else "not known, parts only",
            "target sensitivity": self._words(tests.asked, int((tests.tests > 0).sum()), test, found),
            "classes without a sufficient part set": sum(not len(sets) for sets in sufficient),
            "things in the background": int(test.thing_there.sum()),
        }
        share = by_class(*sums["SD"], test.labels, len(evidence.classes), 100)
        return MetricResult(
            figures,
            "%",
            True,
            len(right),
            parameters,
            per_class={NAMES["SD"]: share},
            layer="coarse",
            judged=test.indices,
        )

    def _words(self, asked: int, kept: int, test: Pictures, found: tuple[Any, ...]) -> dict[str, int]:
        pairs = [found[c] for c in test.labels.tolist()]
        return {
            "parts shared with rivals": self.shared,
            "images with rivals": sum(pair is not None for pair in pairs),
            "of them with rivals that share another number of parts": sum(p is not None and not p.exact for p in pairs),
            "of them with the shared parts in the picture": asked,
            "of them left, as each rival needs its own parts more": kept,
        }

    def _look(self, evidence: Evidence, probe: Probe, view: View, names: tuple[str, ...]) -> Pictures:
        return pictures(evidence, probe, view, names, most=self.images, dilate=self.dilate, seed=self.seed)

    def _by_threshold(
        self, of: Pictures, probe: Probe, sufficient: tuple[Bools, ...], thresholds: Floats
    ) -> dict[str, Sums]:
        """The four scores that depend on the threshold, (t, n) above and below each."""
        mine = of.important(thresholds, predicted=False)
        drops, there = part_drops(of, probe), of.there
        if of.sees_things:
            drops = np.concatenate([drops, thing_drops(of, probe)], 1)
            there = np.concatenate([there, of.thing_there], 1)
            called = np.concatenate([mine, of.important_things(thresholds)], 2)
        else:
            called = mine
        kept, deleted = preservation_and_deletion(of, probe, of.important(thresholds, predicted=True))
        return {
            "CSDC": controlled_data(of, mine, sufficient),
            "PC": kept,
            "DC": deleted,
            "D": distractibility(called, irrelevant(drops, there, of.own)),
        }

    def _threshold(self, val: Pictures, probe: Probe, sufficient: tuple[Bools, ...]) -> int:
        """Position of the best threshold; of equal ones the smallest. A score that no image defines does not choose."""
        sums = self._by_threshold(val, probe, sufficient, self.thresholds)
        score = {name: np.nan_to_num(divided(a.sum(1), b.sum(1))) for name, (a, b) in sums.items()}
        return int(np.argmax(np.round((score["CSDC"] + score["PC"] + score["DC"]) / 3 + score["D"], 12)))


def _aggregate(sums: dict[str, Sums], weights: NDArray[np.float32]) -> dict[str, Floats]:
    """Each score of (1 + B) ways to weigh the images, and what FunnyBirds makes of them."""
    score = {name: divided(weights @ above, weights @ below) for name, (above, below) in sums.items()}
    completeness = ((score["CSDC"] + score["PC"] + score["DC"]) / 3 + score["D"]) / 2
    return {
        "FunnyBirds": (completeness + score["SD"] + score["TS"]) / 3,
        "completeness": completeness,
        "correctness": score["SD"],
        "contrastivity": score["TS"],
        **{NAMES[name]: score[name] for name in NAMES},
    }
