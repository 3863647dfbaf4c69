"""What removing concepts changes: predictions before and after, from stored numbers alone.

*Evidence removed*: the scores of some coarse concepts are set to 0 and everything else stays as it is. The logits of a
run are the sum of ``s_k / n`` over its n coarse concepts, so what the others add to a logit does not change. The mean
over the concepts that are left is the same up to a positive factor: it has the same arg max, and a sharper softmax.
Nothing is learned anew and no map changes; a model that never had the concept would look elsewhere, which is what
``ivpt prune`` without ``--evidence`` finds out.

Only coarse concepts have scores. For a prototype of a block, :func:`ivpt.analysis.lineage.fed` names the coarse concept
it feeds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import ConfigError
from ivpt.interfaces.dataset import Progress
from ivpt.proportions import Group, Share, wilson, worst_group
from ivpt.runfile.concept import Concept, check_removable
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, SPLITS

_WINDOW_BYTES = 1 << 20
"""Of scores read at a time: larger blocks of memory go back to the system after each window, and take longer."""


@dataclass(frozen=True, eq=False)
class Change:
    """Predictions of the images of a split before and after; N images.

    Attributes:
        split: ``train``, ``val`` or ``test``.
        images: (N,) positions in the image table.
        labels: (N,) true classes.
        before: (N,) predicted classes before.
        after: (N,) predicted classes after.
    """

    split: str
    images: NDArray[np.integer]
    labels: NDArray[np.integer]
    before: NDArray[np.integer]
    after: NDArray[np.integer]

    @cached_property
    def flipped(self) -> NDArray[np.intp]:
        """(F,) rows whose prediction changed."""
        return np.flatnonzero(self.before != self.after)

    @property
    def lost(self) -> int:
        """Number of images that were recognised and are no longer."""
        return int(((self.before == self.labels) & (self.after != self.labels)).sum())

    @property
    def won(self) -> int:
        """Number of images that were not recognised and are now."""
        return int(((self.before != self.labels) & (self.after == self.labels)).sum())

    @property
    def accuracy(self) -> tuple[Share, Share]:
        """Before and after, with 95 % Wilson intervals; not a number without images."""
        return self._share(self.before), self._share(self.after)

    def per_class(self, classes: int) -> NDArray[np.int64]:
        """(C, 3) number of images of each class, how many of them were recognised before, and are after."""
        found = np.zeros((classes, 3), np.int64)
        for column, counted in enumerate((self.labels >= 0, self.before == self.labels, self.after == self.labels)):
            np.add.at(found[:, column], self.labels[counted], 1)
        return found

    def worst_groups(self, values: NDArray[np.integer]) -> tuple[Group | None, Group | None]:
        """The pair of class and attribute value that is recognised least often, before and after.

        Args:
            values: (N,) value of the attribute of each image; -1 where absent.
        """
        return (
            worst_group(self.labels, values, self.before == self.labels),
            worst_group(self.labels, values, self.after == self.labels),
        )

    def _share(self, predicted: NDArray[np.integer]) -> Share:
        return wilson(int((predicted == self.labels).sum()), len(self.labels))


def evidence_removed(
    run: RunFile, concepts: Iterable[Concept], split: str = "test", *, progress: Progress | None = None
) -> Change:
    """Predictions without the scores of some coarse concepts; scores are read in windows and not kept.

    Args:
        run: open.
        concepts: of the coarse set.
        split: of whose images maps are stored.
        progress: told about every window.

    Raises:
        ConfigError: a concept is not of the coarse set, is not there or has been removed, or none would be left.
    """
    chosen = list(concepts)
    for concept in chosen:
        if concept.layer != COARSE:
            raise ConfigError(
                f"{concept} has no class scores, so its evidence cannot be removed.",
                "Name coarse concepts, or leave --evidence out to remove it from the model.",
            )
    rows = [number - 1 for number in check_removable(run.layers, chosen)[COARSE]]
    stored = run.split_maps(split)
    after = np.zeros(len(stored), np.int64)
    for window, scores in stored.windows_of_scores(_window(run)):
        scores[:, rows] = 0
        after[window] = scores.mean(axis=1).argmax(axis=1)
        if progress is not None:
            progress(window.stop, len(stored), f"scores of {split} images")
    return Change(split, stored.images, run.labels[stored.images], stored.predictions(), after)


def model_changed(before: RunFile, after: RunFile, split: str = "test") -> Change:
    """Predictions of a run and of another of the same data set, for instance one that was pruned from it.

    Args:
        before: open.
        after: open; images for which either has no prediction are left out.
        split: as the first run has it.

    Raises:
        ConfigError: the two are not of the same images.
    """
    if before.num_images != after.num_images or before.ids() != after.ids():
        raise ConfigError(f"{before.path} and {after.path} are not runs of the same images.")
    judged = (before.splits == SPLITS.index(split)) & (before.predictions >= 0) & (after.predictions >= 0)
    images = np.flatnonzero(judged)
    return Change(split, images, before.labels[images], before.predictions[images], after.predictions[images])


def describe_change(run: RunFile, change: Change) -> dict[str, Any]:
    """A change as plain values, for ``--json`` and for jobs.

    Args:
        run: open; for its classes, attributes and names of images.
        change: of its images.
    """
    before, after = change.accuracy
    classes = change.per_class(len(run.classes))
    ids = run.ids() if len(change.flipped) else []
    return {
        "images": len(change.images),
        "before": _accuracy(before, int((change.before == change.labels).sum())),
        "after": _accuracy(after, int((change.after == change.labels).sum())),
        "flipped": len(change.flipped),
        "lost": change.lost,
        "won": change.won,
        "worst_groups": dict(_worst(run, change)),
        "per_class": [
            {"class": name, "images": int(n), "before": int(b), "after": int(a)}
            for name, (n, b, a) in zip(run.classes, classes, strict=True)
        ],
        "flips": [
            {
                "image": int(change.images[row]),
                "id": ids[int(change.images[row])],
                "label": run.classes[int(change.labels[row])],
                "before": run.classes[int(change.before[row])],
                "after": run.classes[int(change.after[row])],
            }
            for row in change.flipped
        ],
    }


def _worst(run: RunFile, change: Change) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, values in run.attributes().items():
        pair = change.worst_groups(values[change.images])
        words: list[str] = list(run.info.get("attributes", {}).get(name, []))
        if None not in pair:
            yield name, {when: _group(run, words, g) for when, g in zip(("before", "after"), pair, strict=True) if g}


def _group(run: RunFile, values: list[str], group: Group) -> Mapping[str, Any]:
    value = values[group.value] if group.value < len(values) else str(group.value)
    return {
        "class": run.classes[group.label],
        "value": value,
        **_accuracy(group.share, group.correct),
        "images": group.count,
    }


def _accuracy(share: Share, correct: int) -> dict[str, Any]:
    value = None if np.isnan(share.value) else share.value
    return {"accuracy": value, "interval": [share.low, share.high], "correct": correct}


def _window(run: RunFile) -> int:
    return max(1, _WINDOW_BYTES // (4 * max(run.coarse * len(run.classes), 1)))
