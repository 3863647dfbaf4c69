"""The single checks of FunnyBirds: per image, what it adds above and below each score.

Source: Hesse et al., FunnyBirds, ICCV 2023 (evaluation_protocols.py). Everything returns two arrays (..., n): a score
is the sum of the first over images divided by the sum of the second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.metric import Probe
from ivpt.metrics.part_sets import Rivals, rank_correlation
from ivpt.metrics.redrawn import Pictures, logits

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Sums = tuple[Floats, Floats]

IRRELEVANT = 0.05
"""What lowers the logit of the true class by less than this share of its size does not matter to the model."""


def part_drops(pictures: Pictures, probe: Probe) -> Floats:
    """(n, P) by how much the logit of the true class falls without each part; 0 where the part is not there."""
    at, part = np.nonzero(pictures.there)
    return _drops(pictures, probe, at, part, [frozenset({pictures.names[p]}) for p in part], len(pictures.names))


def thing_drops(pictures: Pictures, probe: Probe) -> Floats:
    """(n, T) the same for the things in the background."""
    at, thing = np.nonzero(pictures.thing_there)
    without = [frozenset({pictures.things[i][t]}) for i, t in zip(at, thing, strict=True)]
    return _drops(pictures, probe, at, thing, without, pictures.on_things.shape[1])


def _drops(
    pictures: Pictures,
    probe: Probe,
    at: NDArray[np.intp],
    what: NDArray[np.intp],
    without: list[frozenset[str]],
    width: int,
) -> Floats:
    drops = np.zeros((len(pictures.indices), width))
    if len(at):
        after = logits(probe, pictures.indices[at].tolist(), without)
        drops[at, what] = pictures.own[at] - after[np.arange(len(at)), pictures.labels[at]]
    return drops


def single_deletion(importance: Floats, drops: Floats, there: Bools) -> Sums:
    """``0.5 rho + 0.5`` of importance and drop over the parts of each image; images without a rho do not count."""
    rho = rank_correlation(importance, drops, there)
    known = np.isfinite(rho)
    return np.where(known, 0.5 * np.nan_to_num(rho) + 0.5, 0.0), known.astype(np.float64)


def irrelevant(drops: Floats, there: Bools, own: Floats) -> Bools:
    """(n, E) what the model does not need: the logit falls by less than 5 % of its size, or rises."""
    return (drops < IRRELEVANT * np.abs(own)[:, None]) & there


def background_independence(drops: Floats, there: Bools, own: Floats) -> Sums:
    """Number of things in the background that the model does not need, of all things."""
    matters = (drops > 0) & (drops >= IRRELEVANT * np.abs(own)[:, None]) & there
    count = there.sum(1).astype(np.float64)
    return count - matters.sum(1), count


def distractibility(important: Bools, not_needed: Bools) -> Sums:
    """One less the share of what is not needed that the explanation calls important; (n, t, E) and (n, E)."""
    count = not_needed.sum(1).astype(np.float64)
    called = (important & not_needed[:, None]).sum(2)
    used = (count > 0)[:, None]
    share = np.divide(called, count[:, None], out=np.zeros(called.shape), where=used)
    return np.where(used, 1 - share, 0.0).T, np.broadcast_to(used, called.shape).T.astype(np.float64)


def controlled_data(pictures: Pictures, important: Bools, sufficient: tuple[Bools, ...]) -> Sums:
    """Largest share of a minimal sufficient part set that is called important; correctly classified images only."""
    n, steps = important.shape[:2]
    above, below = np.zeros((steps, n)), np.zeros((steps, n))
    right = pictures.predicted == pictures.labels
    for c in np.unique(pictures.labels[right]).tolist():
        sets = sufficient[c]
        if not len(sets):
            continue
        at = np.flatnonzero(right & (pictures.labels == c))
        shares = important[at].astype(np.float64) @ sets.T / np.maximum(sets.sum(1), 1)
        above[:, at], below[:, at] = shares.max(2).T, 1
    return above, below


def preservation_and_deletion(pictures: Pictures, probe: Probe, important: Bools) -> tuple[Sums, Sums]:
    """Whether the prediction stays with the important parts alone, and whether it changes without them.

    Each set of parts is asked about once, however many thresholds give it.
    """
    n, steps, parts = important.shape
    bits = important @ (1 << np.arange(parts))
    there = pictures.there @ (1 << np.arange(parts))
    gone = np.stack([there[:, None] & ~bits, there[:, None] & bits])  # (2, n, t) what is taken out
    at = np.broadcast_to(np.arange(n)[:, None], (2, n, steps))
    questions, back = np.unique(np.stack([at.ravel(), gone.ravel()], 1), axis=0, return_inverse=True)
    without = [
        frozenset(name for p, name in enumerate(pictures.names) if one >> p & 1) for one in questions[:, 1].tolist()
    ]
    after = logits(probe, pictures.indices[questions[:, 0]].tolist(), without).argmax(1)
    same = (after == pictures.predicted[questions[:, 0]])[back.ravel()].reshape(2, n, steps)
    one = np.ones((steps, n))
    return (same[0].T.astype(np.float64), one), ((~same[1]).T.astype(np.float64), one)


@dataclass(frozen=True)
class TargetSensitivity:
    """Binary tests: more evidence for a class on the parts it shares than another class has there.

    Attributes:
        passed: (n,) tests passed, of the published comparison.
        scaled: (n,) passed when the evidence for each class is divided by the size of all evidence for it.
        tests: (n,) 2 where the image counts, else 0.
        asked: number of images of classes with rivals whose shared parts are there.
    """

    passed: Floats
    scaled: Floats
    tests: Floats
    asked: int


def target_sensitivity(pictures: Pictures, probe: Probe, found: tuple[Rivals | None, ...]) -> TargetSensitivity:
    """Tests of the images in which each rival really depends more on its own parts.

    Args:
        pictures: n images.
        probe: the model.
        found: of each class its rivals.
    """
    n = len(pictures.labels)
    shared = np.zeros((n, 2, len(pictures.names)), bool)
    classes = np.zeros((n, 2), np.int64)
    for i, c in enumerate(pictures.labels.tolist()):
        pair = found[c]
        if pair is not None:
            shared[i], classes[i] = pair.shared & pictures.there[i], pair.classes
    at = np.flatnonzero(np.all(np.any(shared, axis=2), axis=1))
    passed, scaled, tests = np.zeros(n), np.zeros(n), np.zeros(n)
    if not len(at):
        return TargetSensitivity(passed, scaled, tests, 0)
    names = np.array(pictures.names, object)
    without = [frozenset(names[row].tolist()) for row in shared[at].reshape(-1, len(names))]
    after = logits(probe, np.repeat(pictures.indices[at], 2).tolist(), without).reshape(len(at), 2, -1)
    # (q, rival, whose parts are taken out)
    depends = np.take_along_axis(after, classes[at][:, None, :], 2).swapaxes(1, 2)
    holds = (depends[:, 0, 0] < depends[:, 0, 1]) & (depends[:, 1, 1] < depends[:, 1, 0])
    # (q, rival, whose parts)
    every = np.stack([pictures.importance(classes[:, r])[at] for r in (0, 1)], 1)
    evidence = np.einsum("qrp,qsp->qrs", every, shared[at].astype(np.float64))
    size = np.stack([np.abs(pictures.of(classes[:, r])).sum(1)[at] for r in (0, 1)], 1)[:, :, None]
    relative = np.divide(evidence, size, out=np.zeros_like(evidence), where=size > 0)
    for result, values in ((passed, evidence), (scaled, relative)):
        own = (values[:, 0, 0] > values[:, 1, 0]).astype(np.float64) + (values[:, 1, 1] > values[:, 0, 1])
        result[at] = np.where(holds, own, 0)
    tests[at] = np.where(holds, 2, 0)
    return TargetSensitivity(passed, scaled, tests, len(at))
