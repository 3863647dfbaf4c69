"""Slow, obviously right references: loops, and whole numbers where rounding could decide."""

from collections import defaultdict

import numpy as np


def exact_taps(cells, size):
    """Weights of bicubic interpolation (a = -3/4) as whole numbers over 4 (2 size)^3: [(cell to the left, four)]."""
    d = 2 * size
    found = []
    for x in range(size):
        left, n = divmod(cells * (2 * x + 1) - size, d)
        u = d - n
        # the textbook kernel times 4 d^3, with a = -3/4: inner (a+2)s^3 - (a+3)s^2 + 1, outer a(s^3 - 5s^2 + 8s - 4)
        inner = [5 * s**3 - 9 * s**2 * d + 4 * d**3 for s in (n, u)]
        outer = [-3 * (s**3 - 5 * s**2 * d + 8 * s * d**2 - 4 * d**3) for s in (d + n, d + u)]
        found.append((left, (outer[0], inner[0], inner[1], outer[1])))
    return found


def exact_enlargement(steps, size):
    """An (h, w) map of whole numbers enlarged to (size, size), as exact whole numbers (object array)."""

    def along_rows(values):
        cells = len(values)
        return np.stack(
            [
                sum(w * values[min(max(left - 1 + k, 0), cells - 1)] for k, w in enumerate(four))
                for left, four in exact_taps(cells, size)
            ]
        )

    exact = np.vectorize(int, otypes=[object])(steps)
    return along_rows(along_rows(exact).T).T


def exact_peak(steps, size):
    """Row and column of the first exact maximum."""
    return divmod(int(np.argmax(exact_enlargement(steps, size).ravel())), size)


def correspondence(peak, points, visible, half, size):
    """The 0/1 vector of one map in one image, step by step."""
    r, q = peak
    vector = []
    for (y, x), seen in zip(points, visible, strict=True):
        rows = max(0, r - half) <= y <= min(size, r + half)
        columns = max(0, q - half) <= x <= min(size, q + half)
        vector.append(int(bool(seen) and rows and columns))
    return vector


def consistency(vectors, visible, labels, threshold=0.8):
    """Share of consistent (class, concept) pairs in %, with loops over images, concepts and parts."""
    consistent = []
    for c in sorted(set(labels)):
        rows = [i for i, label in enumerate(labels) if label == c]
        for k in range(len(vectors[0])):
            rates = []
            for j in range(len(visible[0])):
                hits = sum(vectors[i][k][j] for i in rows)
                seen = sum(int(visible[i][j]) for i in rows)
                rates.append(hits / max(1, seen))
            consistent.append(max(rates) >= threshold)
    return 100 * sum(consistent) / len(consistent)


def stability(vectors, noisy, labels):
    """Mean over (class, concept) pairs of the share of images whose vector is unchanged, in %."""
    pairs = defaultdict(list)
    for i, label in enumerate(labels):
        for k in range(len(vectors[0])):
            pairs[label, k].append(list(vectors[i][k]) == list(noisy[i][k]))
    return 100 * sum(sum(same) / len(same) for same in pairs.values()) / len(pairs)
