"""Maps that know nothing of the image: what consistency and stability they reach says what a model's figures are worth.

Source: Huang et al. 2023 for the figures; the controls are ours.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ivpt.metrics.peaks import peaks

CENTRE = "control: constant centre"
PER_IMAGE = "control: random cell per image"
PER_CLASS = "control: random cell per class"
NAMES = (CENTRE, PER_IMAGE, PER_CLASS)

Places = NDArray[np.int64]


def cell_peaks(grid: tuple[int, int], size: int) -> Places:
    """(h * w, 2) where a map with a single hot cell peaks in the evaluation frame, cell by cell in row-major order."""
    cells = grid[0] * grid[1]
    return peaks(np.eye(cells, dtype=np.float32).reshape(cells, *grid), size)


def places(
    labels: NDArray[np.integer], concepts: int, grid: tuple[int, int], size: int, draws: int, seed: int, passes: int = 1
) -> Iterator[tuple[str, list[Places]]]:
    """Peaks of the three controls.

    Args:
        labels: (n,) class of each image.
        concepts: K.
        grid: cells of the maps.
        size: side of the evaluation frame.
        draws: how often each random control is drawn.
        seed: of all draws.
        passes: how many passes over the same images each draw has: a control that is drawn per image is drawn anew in
            each pass, as a map would be that depends on nothing but chance.

    Yields:
        Name of the control, and per pass (n, K, 2) peaks; ``draws`` times for each random control.
    """
    n = len(labels)
    yield CENTRE, [np.full((n, concepts, 2), size // 2, np.int64)] * passes
    table = cell_peaks(grid, size)
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield PER_IMAGE, [table[generator.integers(len(table), size=(n, concepts))] for _ in range(passes)]
        own = generator.integers(len(table), size=(int(labels.max(initial=0)) + 1, concepts))
        yield PER_CLASS, [table[own[labels]]] * passes
