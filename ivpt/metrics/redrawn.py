"""Images that can be drawn again: what is in them, how important it is to an explanation, and to the model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError
from ivpt.interfaces.metric import Evidence, Probe, SeesThings, View
from ivpt.metrics.attribution import attribution, spread
from ivpt.metrics.cells import cell_counts, part_masks
from ivpt.metrics.layers import coarse_layer
from ivpt.runfile.evidence import contributions

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ASKED_AT_ONCE = 4096
"""Questions to the model in one call; it makes its own batches of them."""


def logits(probe: Probe, indices: Sequence[int], without: Sequence[frozenset[str]]) -> Floats:
    """(q, C) logits of images drawn again without some things."""
    answers = [
        probe.redrawn(indices[start : start + ASKED_AT_ONCE], without[start : start + ASKED_AT_ONCE]).mean(
            1, dtype=np.float64
        )
        for start in range(0, len(indices), ASKED_AT_ONCE)
    ]
    return np.concatenate(answers) if answers else np.zeros((0, 0))


@dataclass(frozen=True)
class Pictures:
    """n images of a split with P parts and up to T things in the background.

    Attributes:
        indices: (n,).
        labels: (n,).
        names: of the parts.
        there: (n, P) whether the part can be taken out.
        things: of each image the names of what can be taken out of its background.
        logits: (n, C) of the image as it is.
        shares: (n, P, K) share of each concept's map that lies on each part, dilated.
        weights: (n, K, C) contributions.
        positive: (2, n, P) positive evidence on each part for the true and for the predicted class.
        on_things: (n, T) positive evidence for the true class on each thing; 0 where there is none.
        total: (2, n) positive evidence for the true and for the predicted class.
        area: (n, P) pixels of each part, dilated.
        sees_things: whether evidence on things is known.
    """

    indices: NDArray[np.integer]
    labels: NDArray[np.integer]
    names: tuple[str, ...]
    there: Bools
    things: tuple[tuple[str, ...], ...]
    logits: Floats
    shares: Floats
    weights: Floats
    positive: Floats
    on_things: Floats
    total: Floats
    area: Floats
    sees_things: bool

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n,) predicted class of the image as it is."""
        return np.asarray(self.logits.argmax(1))

    @property
    def own(self) -> Floats:
        """(n,) logit of the true class."""
        return np.asarray(self.logits[np.arange(len(self.labels)), self.labels])

    @property
    def thing_there(self) -> Bools:
        """(n, T) whether there is such a thing."""
        count = np.array([len(names) for names in self.things], int)
        return np.arange(self.on_things.shape[1]) < count[:, None]

    def important(self, thresholds: Floats, predicted: bool) -> Bools:
        """(n, t, P) parts with more positive evidence than a share of all of it, for the true or predicted class."""
        which = int(predicted)
        limit = self.total[which][:, None] * thresholds
        return np.asarray((self.positive[which][:, None] > limit[:, :, None]) & self.there[:, None])

    def important_things(self, thresholds: Floats) -> Bools:
        """(n, t, T) the same for things in the background, true class."""
        limit = self.total[0][:, None] * thresholds
        return np.asarray((self.on_things[:, None] > limit[:, :, None]) & self.thing_there[:, None])

    def importance(self, classes: NDArray[np.integer]) -> Floats:
        """(n, P) signed evidence for one class each on each part."""
        return np.asarray(np.einsum("nk,npk->np", self.of(classes), self.shares))

    def of(self, classes: NDArray[np.integer]) -> Floats:
        """(n, K) contributions to one class each."""
        return np.asarray(self.weights[np.arange(len(classes)), :, classes])


def pictures(
    evidence: Evidence, probe: Probe, view: View, names: tuple[str, ...], *, most: int, dilate: int, seed: int
) -> Pictures:
    """Look at images.

    Args:
        evidence: maps, masks.
        probe: the model.
        view: whole images of a split.
        names: of the parts to look at.
        most: number of images, drawn by lot; 0 for all.
        dilate: of masks, in pixels.
        seed: of the lots.

    Raises:
        DataError: no image of the split has a part mask.
    """
    layer, frames = coarse_layer(evidence), evidence.frames(view)
    everything = evidence.indices(view)
    chosen = _by_lot(evidence, everything, most, seed)
    if not len(chosen):
        raise DataError(f"No {view.split} image has a part mask.")
    indices = everything[chosen]
    labels = np.asarray(evidence.labels)[indices]
    removable = [probe.removable(int(i)) for i in indices]
    things = tuple(tuple(there) for _, there in removable)
    scores = np.concatenate(
        [probe.redrawn(part, [frozenset()] * len(part)) for part in _slices(indices.tolist(), ASKED_AT_ONCE)]
    )
    weights = np.asarray(contributions(scores), np.float64)
    plain = scores.mean(1, dtype=np.float64)
    targets = np.stack([labels, plain.argmax(1)])

    n, parts, most_things = len(indices), len(names), max(map(len, things))
    places = [evidence.parts.index(name) for name in names]
    seer = probe if isinstance(probe, SeesThings) else None
    shares = np.zeros((n, parts, len(layer.foreground)))
    positive, total = np.zeros((2, n, parts)), np.zeros((2, n))
    on_things, area = np.zeros((n, most_things)), np.zeros((n, parts))
    position = {int(row): at for at, row in enumerate(chosen)}
    for rows, maps in evidence.attention(view, layer.key):
        here = [row for row in range(rows.start, rows.stop) if row in position]
        spreads = spread(maps[[row - rows.start for row in here]][:, list(layer.foreground)])
        for row, own in zip(here, spreads, strict=True):
            at = position[row]
            index = int(indices[at])
            mask = evidence.part_mask(index)
            assert mask is not None
            masks = part_masks(mask, len(evidence.parts), dilate)[places]
            if seer is not None and things[at]:
                masks = np.concatenate([masks, _things(seer, index, things[at], dilate)])
            inside, pixels = cell_counts(masks, frames[row], layer.grid)
            share = np.divide(inside, pixels, out=np.zeros_like(inside), where=pixels > 0)
            shares[at] = np.einsum("phw,khw->pk", share[:parts], own)
            area[at] = inside[:parts].sum((1, 2))
            each = attribution(np.stack([own, own]), weights[at][:, targets[:, at]].T)
            positive_map = np.maximum(each, 0)
            total[:, at] = positive_map.sum((1, 2))
            found = np.einsum("phw,chw->cp", share, positive_map)
            positive[:, at] = found[:, :parts]
            on_things[at, : len(masks) - parts] = found[0, parts:]
    return Pictures(
        indices=indices,
        labels=labels,
        names=names,
        there=np.array([[name in there for name in names] for there, _ in removable], bool).reshape(n, parts),
        things=things,
        logits=plain,
        shares=shares,
        weights=weights,
        positive=positive,
        on_things=on_things,
        total=total,
        area=area,
        sees_things=seer is not None,
    )


def _by_lot(evidence: Evidence, indices: NDArray[np.integer], most: int, seed: int) -> NDArray[np.intp]:
    """Rows of images with a part mask, ascending."""
    lots = np.argsort([np.random.default_rng([seed, int(i)]).random() for i in indices])
    taken: list[int] = []
    for row in lots.tolist():
        if most and len(taken) == most:
            break
        if evidence.part_mask(int(indices[row])) is not None:
            taken.append(row)
    return np.array(sorted(taken), np.intp)


def _slices(values: list[int], size: int) -> list[list[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _things(probe: SeesThings, index: int, names: tuple[str, ...], dilate: int) -> Bools:
    masks = probe.thing_masks(index)
    each = np.stack([masks[name] for name in names])
    return np.concatenate([part_masks(mask.astype(np.uint8), 1, dilate) for mask in each])
