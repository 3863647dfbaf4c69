"""What is read of two runs to lay them side by side; run in a worker. Nothing here knows the terminal."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import RunFileError
from ivpt.runfile.names import given_names
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, SPLITS, LayerInfo
from ivpt.ui.raster import Pixels, Regions
from ivpt.ui.reading import read_picture
from ivpt.ui.text import plain

if TYPE_CHECKING:
    # this imports scipy.optimize, which takes longer than a screen may: workers import it
    from ivpt.analysis.matching import Matching, SideBySide

Places = NDArray[np.integer]

BROKEN, FIXED, MOVED = "broken", "fixed", "moved"
"""Right in the first run only, right in the second only, wrong in both but not the same."""

EXAMPLES = 3
"""Pictures per concept: where it is largest and surest, in the middle, and where it is least."""


@dataclass(frozen=True)
class Changed:
    """An image that the two runs call different things.

    Attributes:
        how: one of :data:`BROKEN`, :data:`FIXED`, :data:`MOVED`.
        image: position in the first run's table, ``other`` in the second's.
        other: see ``image``.
        name: its id, harmless.
        true: its class, harmless; ``first`` and ``second`` what the runs call it.
        first: see ``true``.
        second: see ``true``.
    """

    how: str
    image: int
    other: int
    name: str
    true: str
    first: str
    second: str


@dataclass(frozen=True)
class Predictions:
    """Predictions of both runs on the images that both have judged and neither was trained on.

    Attributes:
        judged: number of these images.
        first_right, second_right: how many each run recognises.
        changed: those with different predictions: broken first, then fixed, then moved.
        relabelled: common images that were left out because their true classes have different names.
    """

    judged: int
    first_right: int
    second_right: int
    changed: tuple[Changed, ...]
    relabelled: int = 0

    def count(self, how: str) -> int:
        """How many changed in one way."""
        return sum(c.how == how for c in self.changed)


@dataclass(frozen=True)
class Importance:
    """Importance of coarse concepts for the classes that both runs have, in the order of ``matching``."""

    matching: "Matching"
    classes: "tuple[SideBySide, ...]"

    def of(self, first: int | None, second: int | None) -> list[tuple[str, float, float]]:
        """Class and importance in either run, those that differ most first; NaN in the run without the concept.

        Args:
            first: channel in the first run; ``None`` for a concept that only the second has.
            second: channel in the second.
        """
        found, matching = [], self.matching
        pair = next((k for k, m in enumerate(matching.matches) if (m.first, m.second) == (first, second)), None)
        for side in self.classes:
            own = theirs = float("nan")
            if pair is not None:
                own, theirs = float(side.first[pair]), float(side.second[pair])
            elif second is None and first in matching.vanished:
                own = float(side.first_only[matching.vanished.index(first)])
            elif first is None and second in matching.appeared:
                theirs = float(side.second_only[matching.appeared.index(second)])
            found.append((plain(side.name), own, theirs))
        return sorted(found, key=lambda row: -abs(_or_zero(row[1]) - _or_zero(row[2])))


@dataclass(frozen=True)
class Example:
    """An image with the regions of a layer of one run; ``picture`` is ``None`` where no thumbnail is stored."""

    name: str
    picture: Pixels | None
    regions: Regions


@dataclass(frozen=True)
class Examples:
    """Pictures of a concept of the first run and of one of the second.

    Attributes:
        first: with the regions of the first run.
        second: with those of the second run; the same images, in the same order, where ``same``.
        same: whether the two runs share images with maps.
    """

    first: tuple[Example, ...]
    second: tuple[Example, ...]
    same: bool


@dataclass(frozen=True, eq=False)
class Other:
    """The second run, open, and what it shares with the first.

    Attributes:
        run: open.
        own: (K,) positions in the first run's table of the images with equal ids, ascending.
        theirs: (K,) their positions in the second's.
    """

    run: RunFile
    own: Places
    theirs: Places


def read_other(first: RunFile, path: Path) -> Other:
    """Open the second run and find the images with equal ids.

    Raises:
        RunFileError: it is not a run file.
    """
    second = RunFile(path)
    if not second.layers:
        raise RunFileError(f"The run file {path} holds no layers.", "Choose another one.")
    at = {name: i for i, name in enumerate(second.ids())}
    pairs = [(i, at[name]) for i, name in enumerate(first.ids()) if name in at]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Other(second, both[:, 0], both[:, 1])


def read_names(_first: RunFile, other: Other) -> dict[str, str]:
    """What the concepts of the second run have been called, by ``L6:3``; harmless.

    Raises:
        RunFileError: the log of its edits is damaged.
    """
    return {concept: plain(name) for concept, name in given_names(other.run).items()}


def paired(first: RunFile, second: RunFile, key: str) -> LayerInfo:
    """The layer of the second run to lay beside one of the first: of the same name, else as far from the end."""
    for layer in second.layers:
        if layer.key == key:
            return layer
    from_end = len(first.layers) - [layer.key for layer in first.layers].index(key)
    return second.layers[max(len(second.layers) - from_end, 0)]


def read_matching(first: RunFile, other: Other, key: str, tell: Callable[[float], None]) -> "Matching":
    """Match the concepts of a layer with those of the layer that stands beside it."""
    from ivpt.analysis.matching import match_concepts

    return match_concepts(first, other.run, key, paired(first, other.run, key).key, progress=tell)


def read_importance(first: RunFile, other: Other, tell: Callable[[float], None]) -> Importance:
    """Match the coarse concepts and lay their importance per class side by side (paper, Fig. 10).

    Raises:
        RunFileError: the coarse concepts cannot be matched.
    """
    from ivpt.analysis.matching import importance_side_by_side

    matching = read_matching(first, other, COARSE, tell)
    return Importance(matching, importance_side_by_side(first, other.run, matching))


def read_predictions(first: RunFile, other: Other) -> Predictions:
    """Compare the stored predictions image by image."""
    second, own, theirs = other.run, other.own, other.theirs
    train = SPLITS.index("train")
    judged = (first.predictions[own] >= 0) & (second.predictions[theirs] >= 0)
    judged &= (first.splits[own] != train) & (second.splits[theirs] != train)
    own, theirs = own[judged], theirs[judged]
    # classes are the same when their names are; numbers of the second run's own come after those of the first
    number = {name: c for c, name in enumerate(first.classes)}
    table = np.array([number.setdefault(name, len(number)) for name in second.classes], np.int64)
    names = [plain(name) for name in number]
    true, second_true = first.labels[own], table[second.labels[theirs]]
    same = true == second_true
    own, theirs, true = own[same], theirs[same], true[same]
    said, then = first.predictions[own], table[second.predictions[theirs]]
    differ = np.flatnonzero(said != then)
    how = np.where(said == true, BROKEN, np.where(then == true, FIXED, MOVED))
    ids = first.ids() if len(differ) else []
    changed = [
        Changed(
            str(how[k]),
            int(own[k]),
            int(theirs[k]),
            plain(ids[own[k]]),
            names[true[k]],
            names[said[k]],
            names[then[k]],
        )
        for kind in (BROKEN, FIXED, MOVED)
        for k in differ[how[differ] == kind]
    ]
    relabelled = int((~same).sum())
    return Predictions(len(own), int((said == true).sum()), int((then == true).sum()), tuple(changed), relabelled)


def read_examples(
    first: RunFile, other: Other, key: str, channel: int | None, other_key: str, other_channel: int | None
) -> Examples:
    """Pictures of a match, or of a concept that only one run has (the other channel is ``None``).

    Where the runs share images with maps, the same images are shown for both. They are picked by the mass (area times
    mean attention) of the concept in the run that leads: the first, unless only the second has the concept.
    """
    second = other.run
    mapped = np.isin(other.own, first.map_images) & np.isin(other.theirs, second.map_images)
    own, theirs = other.own[mapped], other.theirs[mapped]
    if len(own):
        leads = (first, key, channel, own) if channel is not None else (second, other_key, other_channel, theirs)
        picked = _picked(*leads)
        return Examples(
            tuple(_example(first, key, int(own[k])) for k in picked),
            tuple(_example(second, other_key, int(theirs[k])) for k in picked),
            same=True,
        )
    sides = []
    for run, layer, k in ((first, key, channel), (second, other_key, other_channel)):
        images = run.map_images
        sides.append(tuple(_example(run, layer, int(images[at])) for at in _picked(run, layer, k, images)))
    return Examples(sides[0], sides[1], same=False)


def _or_zero(value: float) -> float:
    return value if value == value else 0.0


def _picked(run: RunFile, key: str, channel: int | None, images: Places) -> list[int]:
    """Places in ``images`` of the strongest, the median and the weakest region; fewer where there are fewer."""
    if channel is None:
        return []
    rows = np.searchsorted(run.map_images, images, sorter=(order := np.argsort(run.map_images)))
    mass = (run.areas(key)[:, channel] * run.strengths(key)[:, channel])[order[rows]]
    ranked = np.flatnonzero(mass > 0)
    ranked = ranked[np.argsort(-mass[ranked], kind="stable")]
    at = [0, len(ranked) // 2, len(ranked) - 1][:EXAMPLES]
    return [int(ranked[n]) for n in dict.fromkeys(at) if 0 <= n < len(ranked)]


def _example(run: RunFile, key: str, image: int) -> Example:
    picture, _ = read_picture(run, image)
    return Example(plain(run.ids(image, image + 1)[0]), picture, run.regions(key, image))
