"""From fine to coarse: which concepts of one layer belong to which of the next (paper, Fig. 3).

Two things tell it. What the model *assigns*: each prototype of a prompted block feeds one coarse concept per image;
that is the model's own structure, between a block and the coarse set. What regions *show*: the share of a concept's
cells that a concept of the next layer owns; that is measured, and never decides anything in the model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ivpt.runfile.index import Overlap, RunIndex
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, LayerInfo

By = Literal["assigned", "overlap"]


@dataclass(frozen=True)
class Link:
    """A concept and one of a later layer.

    Attributes:
        fine, coarse: (layer key, channel) of both; a coarse channel may be the background of its layer.
        by: how it is known.
        share: ``assigned``: share of the images with a region of the fine concept in which it is assigned to the coarse
            one. ``overlap``: share of the fine concept's cells, over all images, that the coarse one owns.
        images: number of images in which it is assigned to it; for ``overlap``, in which it owns most of its cells.
        of: number of images in which the fine concept has a region.
    """

    fine: tuple[str, int]
    coarse: tuple[str, int]
    by: By
    share: float
    images: int
    of: int


def parents(run: RunFile, index: RunIndex, key: str, channel: int, by: By = "overlap") -> tuple[Link, ...]:
    """Links to concepts of the next layer (``overlap``) or of the coarse set (``assigned``), the strongest first.

    The shares of all links sum to 1 for a concept that has a region anywhere; there are none for one that has none, and
    none beyond the coarse set.

    Raises:
        RunFileError: the file is damaged.
    """
    links = [link for link in _links(run, index, by, fine=key) if link.fine == (key, channel)]
    return tuple(sorted(links, key=_strongest_first))


def children(run: RunFile, index: RunIndex, key: str, channel: int, by: By = "overlap") -> tuple[Link, ...]:
    """Links whose fine concept leads here more than anywhere else, the largest number of images first.

    They come from the layer before (``overlap``), or from every prompted layer to a coarse concept (``assigned``; of
    one layer after the other).

    Raises:
        RunFileError: the file is damaged.
    """
    best: dict[tuple[str, int], Link] = {}
    for link in _links(run, index, by, coarse=key):
        known = best.get(link.fine)
        if known is None or _strongest_first(link) < _strongest_first(known):
            best[link.fine] = link
    order = {layer.key: place for place, layer in enumerate(run.layers)}
    own = [link for link in best.values() if link.coarse == (key, channel)]
    return tuple(sorted(own, key=lambda link: (order[link.fine[0]], -link.images, link.fine[1])))


def fed(run: RunFile, index: RunIndex, key: str, channel: int) -> Link | None:
    """The coarse concept that a prototype is assigned to most often, background aside; ``None`` if to none ever.

    Raises:
        RunFileError: the file is damaged.
    """
    background = run.layer(COARSE).background
    return next((x for x in parents(run, index, key, channel, "assigned") if x.coarse[1] != background), None)


def path_to_coarse(run: RunFile, index: RunIndex, key: str, channel: int) -> tuple[Link, ...]:
    """The strongest overlap link of each step, up to the coarse set or to a background.

    Raises:
        RunFileError: the file is damaged.
    """
    found: list[Link] = []
    at = (key, channel)
    while links := parents(run, index, *at):
        found.append(links[0])
        at = links[0].coarse
        if at[1] == run.layer(at[0]).background:
            break
    return tuple(found)


def _strongest_first(link: Link) -> tuple[float, int]:
    return -link.share, link.coarse[1]


def _links(run: RunFile, index: RunIndex, by: By, fine: str | None = None, coarse: str | None = None) -> list[Link]:
    """All links with a share, of foreground concepts, from one layer or to one."""
    if by == "overlap":
        return [
            link
            for overlap in index.overlaps
            if fine in (None, overlap.fine) and coarse in (None, overlap.coarse)
            for link in _overlapping(run.layer(overlap.fine), index, overlap)
        ]
    return [
        link
        for layer in run.layers
        if layer.block is not None and fine in (None, layer.key) and coarse in (None, COARSE)
        for link in _assigned(layer, index)
    ]


def _overlapping(layer: LayerInfo, index: RunIndex, overlap: Overlap) -> Iterator[Link]:
    firing = index.layer(layer.key).images.sum(axis=0)
    for k in layer.foreground:
        cells = overlap.cells[k].sum()
        for j in np.flatnonzero(overlap.cells[k]).tolist():
            share, images = float(overlap.cells[k, j] / cells), int(overlap.images[k, j])
            yield Link((layer.key, k), (overlap.coarse, j), "overlap", share, images, int(firing[k]))


def _assigned(layer: LayerInfo, index: RunIndex) -> Iterator[Link]:
    groups = index.layer(layer.key).groups
    if groups is None:
        return
    for k in layer.foreground:
        firing = int(groups[k].sum())
        for j in np.flatnonzero(groups[k]).tolist():
            images = int(groups[k, j])
            yield Link((layer.key, k), (COARSE, j), "assigned", images / firing, images, firing)
