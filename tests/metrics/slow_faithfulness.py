"""FunnyBirds' protocols once more, image by image and part by part, as the specification states them."""

from itertools import combinations

import numpy as np
from scipy.stats import spearmanr

from tests.metrics.birds import LinearProbe, SeeingProbe


def minimal_sets(variants: np.ndarray, c: int) -> list[frozenset[int]]:
    classes, parts = variants.shape
    found: list[frozenset[int]] = []
    for size in range(parts + 1):
        for chosen in combinations(range(parts), size):
            twins = [d for d in range(classes) if d != c and all(variants[d, p] == variants[c, p] for p in chosen)]
            if not twins and not any(smaller < frozenset(chosen) for smaller in found):
                found.append(frozenset(chosen))
    return found


def rivals(variants: np.ndarray, c: int, shared: int):
    def common(d):
        return frozenset(p for p in range(variants.shape[1]) if variants[d, p] == variants[c, p])

    for wanted in (lambda k: k == shared, lambda k: k > 0):
        near = [d for d in range(len(variants)) if d != c and wanted(len(common(d)))]
        for one, two in combinations(near, 2):
            if not common(one) & common(two):
                return one, two, common(one), common(two)
    return None


class Slow:
    def __init__(self, run, probe: LinearProbe, maps: np.ndarray) -> None:
        self.run, self.probe, self.maps = run, probe, maps
        self.parts = range(probe.variants.shape[1])
        self.sees = isinstance(probe, SeeingProbe)

    def f(self, i, *gone):
        return self.probe.logits(i, frozenset(gone))

    def evidence(self, i, c, cell=None):
        """Signed evidence for class c, by cell."""
        scores = self.probe.split[i]
        total = np.zeros(self.maps.shape[3])
        for k in range(len(scores)):
            own = self.maps[i, k, 0].astype(float)
            total += scores[k, c] / len(scores) * own / own.sum()
        return total

    def there(self, i):
        return [p for p in self.parts if self.probe.there[i, p]]

    def elements(self, i):
        """Name and cell of parts and things."""
        found = [(f"part {p}", p) for p in self.there(i)]
        if self.sees:
            found += [(f"thing {t}", len(self.parts) + t) for t in range(self.probe.things[i])]
        return found

    def important(self, i, c, t):
        positive = np.maximum(self.evidence(i, c), 0)
        return {name for name, cell in self.elements(i) if positive[cell] > t * positive.sum()}

    def at(self, images, t):
        csdc, pc, dc, d = [], [], [], []
        for i in images:
            y, predicted = self.run.labels[i], int(self.f(i).argmax())
            mine = self.important(i, y, t)
            if predicted == y:
                sets = minimal_sets(self.probe.variants, y)
                if sets:
                    csdc.append(max(sum(f"part {p}" in mine for p in s) / max(len(s), 1) for s in sets))
            kept = {n for n in self.important(i, predicted, t) if n.startswith("part")}
            parts = {f"part {p}" for p in self.there(i)}
            pc.append(self.f(i, *(parts - kept)).argmax() == predicted)
            dc.append(self.f(i, *kept).argmax() != predicted)
            own = self.f(i)[y]
            useless = [n for n, _ in self.elements(i) if own - self.f(i, n)[y] < 0.05 * abs(own)]
            if useless:
                d.append(1 - sum(n in mine for n in useless) / len(useless))
        return [np.mean(v) if v else np.nan for v in (csdc, pc, dc, d)]

    def all(self, val, test, shared):
        thresholds = np.linspace(0.01, 0.5, 80)
        table = np.nan_to_num([self.at(val, t) for t in thresholds])
        t = thresholds[np.argmax(np.round(table[:, :3].sum(1) / 3 + table[:, 3], 12))]
        csdc, pc, dc, d = self.at(test, t)
        sd, ts, independent, things = [], [], 0, 0
        for i in test:
            y, own = self.run.labels[i], self.f(i)[self.run.labels[i]]
            evidence = self.evidence(i, y)
            drops = [own - self.f(i, f"part {p}")[y] for p in self.there(i)]
            importance = [evidence[p] for p in self.there(i)]
            if len(set(np.round(drops, 9))) > 1 and len(set(importance)) > 1:
                sd.append(0.5 + 0.5 * spearmanr(np.round(drops, 9), importance).statistic)
            for o in range(self.probe.things[i]):
                things += 1
                drop = own - self.f(i, f"thing {o}")[y]
                independent += not (drop > 0 and abs(drop) >= 0.05 * abs(own))
            pair = rivals(self.probe.variants, y, shared)
            if pair:
                c1, c2, p1, p2 = pair
                p1, p2 = ([p for p in s if p in self.there(i)] for s in (p1, p2))
                if p1 and p2:
                    f1, f2 = (self.f(i, *(f"part {p}" for p in s)) for s in (p1, p2))
                    if f1[c1] < f2[c1] and f2[c2] < f1[c2]:
                        e1, e2 = self.evidence(i, c1), self.evidence(i, c2)
                        ts += [e1[p1].sum() > e2[p1].sum(), e2[p2].sum() > e1[p2].sum()]
        sd, ts = (np.mean(v) if v else np.nan for v in (sd, ts))
        completeness = ((csdc + pc + dc) / 3 + d) / 2
        return {
            "FunnyBirds": np.mean([completeness, sd, ts]),
            "completeness": completeness,
            "correctness": sd,
            "contrastivity": ts,
            "controlled synthetic data check": csdc,
            "preservation check": pc,
            "deletion check": dc,
            "distractibility": d,
            "background independence": independent / things if things else np.nan,
        }, t
