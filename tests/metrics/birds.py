"""A made-up data set of birds in a row of cells, and a linear model of what is to be seen: every answer is known.

Cell p of an image holds part p, the cells after them hold the things of its background, the last one nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.metrics.making import layer, with_maps


@dataclass
class LinearProbe:
    """Logit of class c: ``bias[c]`` + the sum of the effects of what is to be seen.

    Effects differ by image: (N, C, P) of parts, (N, C, T) of things. Answers have two concepts, whose mean is it.
    """

    variants: np.ndarray
    there: np.ndarray
    effects: np.ndarray
    thing_effects: np.ndarray
    things: Sequence[int]
    bias: np.ndarray
    split: np.ndarray | None = None  # (N, K, C) scores of the untouched images, by concept
    asked: list[tuple[int, frozenset[str]]] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        return tuple(f"part {p}" for p in range(self.variants.shape[1]))

    def class_parts(self):
        return {name: tuple(self.variants[:, p].tolist()) for p, name in enumerate(self.names())}

    def removable(self, index):
        parts = [name for p, name in enumerate(self.names()) if self.there[index, p]]
        return parts, [f"thing {t}" for t in range(self.things[index])]

    def logits(self, index: int, without: frozenset[str]) -> np.ndarray:
        parts, things = self.removable(index)
        assert without <= {*parts, *things}, "only what is there can be taken out"
        seen = [p for p, name in enumerate(self.names()) if name in parts and name not in without]
        objects = [t for t, name in enumerate(things) if name not in without]
        return self.bias + self.effects[index][:, seen].sum(1) + self.thing_effects[index][:, objects].sum(1)

    def redrawn(self, indices, without, backgrounds=None):
        self.asked += list(zip(indices, without, strict=True))
        k = self.split.shape[1]
        rows = []
        for index, gone in zip(indices, without, strict=True):
            now = self.logits(index, gone)
            rows.append(self.split[index] if not gone else np.tile(now, (k, 1)))
        return np.array(rows, np.float64)

    def masked(self, indices, keep, fill):
        raise AssertionError("not asked here")


class SeeingProbe(LinearProbe):
    def thing_masks(self, index):
        p = self.variants.shape[1]
        cells = 1 + p + self.thing_effects.shape[2]
        return {f"thing {t}": np.arange(cells)[None] == p + t for t in range(self.things[index])}


def birds(
    seed: int,
    *,
    n: int = 14,
    val: int = 5,
    classes: int = 6,
    parts: int = 4,
    most_things: int = 2,
    concepts: int = 3,
    sees: bool = True,
    **more,
):
    """Random birds, a random linear model and random maps; the first ``val`` images are val."""
    random = np.random.default_rng(seed)
    cells = parts + most_things + 1
    labels = random.integers(0, classes, n)
    kind = SeeingProbe if sees else LinearProbe
    probe = kind(
        variants=random.integers(0, 3, (classes, parts)),
        there=random.random((n, parts)) < 0.85,
        effects=random.normal(size=(n, classes, parts)).round(2),
        thing_effects=random.normal(size=(n, classes, most_things)).round(2) * 0.3,
        things=random.integers(0, most_things + 1, n),
        bias=random.normal(size=classes).round(2),
    )
    whole = np.array([probe.logits(i, frozenset()) for i in range(n)])
    away = random.normal(size=(n, concepts, classes)).round(2)
    probe.split = whole[:, None] + away - away.mean(1, keepdims=True)
    maps = random.random((n, concepts + 1, 1, cells)).astype(np.float32)
    return evidence_of(probe, maps, labels, val, **more)


def evidence_of(probe: LinearProbe, maps: np.ndarray, labels: np.ndarray, val: int, **more):
    n, _, _, cells = maps.shape
    parts = probe.variants.shape[1]
    masks = {}
    for i in range(n):
        mask = np.zeros((1, cells), np.uint8)
        mask[0, :parts] = np.where(probe.there[i], np.arange(1, parts + 1), 0)
        masks[i] = mask
    run = with_maps(
        maps,
        size=(cells, 1),
        info=layer(maps.shape[1], maps.shape[2:], block=None),
        labels=labels,
        classes=len(probe.variants),
        train=val,
        masks=masks,
        coarse=maps.shape[1] - 1,
        parts=probe.names(),
        probe=probe,
        **more,
    )
    run.rows = {name.replace("train", "val"): rows for name, rows in run.rows.items()}
    run.maps = {name.replace("train", "val"): rows for name, rows in run.maps.items()}
    return run
