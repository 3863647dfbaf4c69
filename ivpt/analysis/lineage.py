"""From fine to coarse: which concepts of one layer belong to which of the next (paper, Fig. 3).

Two things tell it. What the model *assigns*: each prototype of a prompted block feeds one coarse concept per image; that
is the model's own structure, between a block and the coarse set. What regions *show*: the share of a concept's cells that a
concept of a later layer owns; that is measured, between any layer and the next, and never decides anything in the model.
"""

from dataclasses import dataclass
from typing import Literal

from ivpt.runfile.index import RunIndex
from ivpt.runfile.reader import RunFile

BY = Literal["assigned", "overlap"]


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
    by: BY
    share: float
    images: int
    of: int


def parents(run: RunFile, index: RunIndex, key: str, channel: int, by: BY = "overlap") -> tuple[Link, ...]:
    """Links to concepts of the next layer (``overlap``) or of the coarse set (``assigned``), the strongest first.

    Without a share there is no link: the shares of all links sum to 1 for a concept that has a region anywhere.
    """
    raise NotImplementedError


def children(run: RunFile, index: RunIndex, key: str, channel: int, by: BY = "overlap") -> tuple[Link, ...]:
    """Links from concepts of the layer before (``overlap``), or of every prompted layer to a coarse concept
    (``assigned``), whose strongest link leads here; the strongest first."""
    raise NotImplementedError


def path_to_coarse(run: RunFile, index: RunIndex, key: str, channel: int) -> tuple[Link, ...]:
    """The strongest overlap link of each step, up to the coarse set."""
    raise NotImplementedError
