"""The metric interface.

A metric *plugin* is a small class whose constructor takes explicit keyword parameters (its protocol parameters). It
says what it needs, and computes from windows of stored maps: numpy in, numbers out. Nothing here and no metric
imports the model. Maps that only the model can make (of box crops, of noisy images) are a :class:`View`: the metric
names it, the core runs the model once and keeps the result in the run file. Questions about single changed images go to
the :class:`Probe`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ivpt.runfile.schema import LayerInfo

METRIC_API = 1
"""Version of this interface; a metric whose ``api_version`` differs is refused in one sentence."""

Annotation = Literal["keypoints", "boxes", "part masks", "attributes"]
"""What a metric may need to be annotated on the images."""


@dataclass(frozen=True)
class View:
    """One pass of the model over changed images, named by everything it depends on.

    Attributes:
        crop: ``whole`` for what training saw, ``box`` for the object's box squashed to the input size.
        noise_seed: ``None`` for none; else seeds the noise of each image by itself, whatever the batch.
        noise_std: standard deviation in normalised units.
        noise_clip: the noise is clipped to plus or minus this.
        split: ``val``, ``test`` or ``train``.
    """

    crop: Literal["whole", "box"] = "whole"
    noise_seed: int | None = None
    noise_std: float = 0.2
    noise_clip: float = 0.25
    split: Literal["train", "val", "test"] = "test"

    @property
    def name(self) -> str:
        """A name that is another one whenever the view may be another one; also the name of its group on disk."""
        words: list[str] = [self.split, self.crop]
        if self.noise_seed is not None:
            words.append(f"noise {self.noise_std:g} {self.noise_clip:g} seed {self.noise_seed}")
        return ", ".join(words)


@dataclass(frozen=True)
class Figure:
    """One number of a metric.

    Attributes:
        value: ``None`` when it is undefined on these images; ``why`` then says why.
        interval: 95 % interval from resampling images; ``None`` where there is none.
        why: one sentence, for an undefined value.
        replicates: (B,) the number in each resample that the interval comes from, NaN where undefined. Those of the
            headline are stored, so that two runs judged on the same images can be compared by pairs: resample b has to
            draw the same images in both, as those of :func:`ivpt.metrics.ratios.draws` do.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    why: str = ""
    replicates: NDArray[np.floating] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class MetricResult:
    """What a metric found.

    Attributes:
        figures: name to number; the first is the headline, the others are variants and controls.
        unit: of the figures: ``%``, ``nats``, ``share`` or ``""``.
        higher_is_better: of the headline; ``None`` where neither is.
        images: number of images the headline rests on.
        per_concept: name of a figure to (K,) values by foreground concept, NaN where undefined.
        per_class: name of a figure to (C,) values by class, NaN where undefined.
        parameters: everything the protocol was, for whoever repeats it.
        layer: key of the layer it was computed on, ``None`` where it is about no single one.
        judged: (n,) positions of the images that the headline's replicates were drawn from, in the order of the
            resamples' columns; ``None`` where it has none.
    """

    figures: Mapping[str, Figure]
    unit: str
    higher_is_better: bool | None
    images: int
    parameters: Mapping[str, Any]
    per_concept: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    per_class: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    layer: str | None = None
    judged: NDArray[np.integer] | None = None


class Evidence(Protocol):
    """What a metric may look at: a run file, its views, and the annotations of its images.

    Arrays over images are cheap; maps come in windows and are never all in memory. Positions ``indices`` are positions
    in the table of all N images. Pixels are those of the original image of ``sizes``.
    """

    classes: tuple[str, ...]
    layers: "tuple[LayerInfo, ...]"
    parts: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    image_size: tuple[int, int]
    coarse: int

    @property
    def labels(self) -> NDArray[np.integer]:
        """(N,) class of each image."""

    @property
    def splits(self) -> NDArray[np.integer]:
        """(N,) 0 train, 1 val, 2 test."""

    @property
    def sizes(self) -> NDArray[np.integer]:
        """(N, 2) width and height of each original image in pixels."""

    def indices(self, view: View) -> NDArray[np.integer]:
        """Images of a view in the order of its rows."""

    def frames(self, view: View) -> NDArray[np.float64]:
        """(rows, 4) x, y, width, height of the part of each original image, in its pixels, that the maps lie over.

        Box crops: the annotated box in whole pixels, zeros where there is none. One that reaches beyond the right or
        lower border is given whole, as published, although the maps lie over what is inside the image.
        """

    def predictions(self, view: View) -> NDArray[np.integer]:
        """(rows,) predicted classes of a view."""

    def scores(self, view: View) -> NDArray[np.float32]:
        """(rows, n, C) class scores of each coarse concept; their mean over n are the logits."""

    def attention(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Windows of rows of a view with their maps (rows, m, h, w), Eq. 5."""

    def regions(self, view: View, layer: str, window: int = 256) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Windows of rows of a view with their region maps (rows, h, w): the channel that owns each cell, Eq. 6."""

    def groups(self, view: View, layer: str) -> NDArray[np.integer] | None:
        """(rows, m) group of each prototype: 0 background, k coarse concept k; ``None`` without groups."""

    def keypoints(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, K, 3) x, y, visible; visible is 0 where nothing is annotated."""

    def boxes(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """(len, 4) x, y, width, height; NaN where nothing is annotated."""

    def attribute(self, name: str) -> NDArray[np.integer]:
        """(N,) value index of an attribute, -1 where absent."""

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        """(height, width) of one image: 0 no part, ``i + 1`` is ``parts[i]``; ``None`` where nothing is annotated."""

    @property
    def probe(self) -> "Probe | None":
        """The model, for questions about changed images; ``None`` where only the run file is there."""


class Probe(Protocol):
    """The trained model behind a run file, asked about changed images. Answers are class scores (rows, n, C).

    The same question always has the same answer, and a question asked before is answered from memory.
    """

    def class_parts(self) -> Mapping[str, tuple[int, ...]]:
        """Part name to the variant of that part in each class; empty for a data set that does not know."""

    def removable(self, index: int) -> tuple[Sequence[str], Sequence[str]]:
        """What can be taken out of an image: names of parts, and names of things in its background."""

    def redrawn(
        self, indices: Sequence[int], without: Sequence[frozenset[str]], backgrounds: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Scores of images drawn again without the named parts and things, before their own or another background."""

    def masked(
        self, indices: Sequence[int], keep: NDArray[np.bool_], fill: Literal["mean", "blur"]
    ) -> NDArray[np.float32]:
        """Scores of images in which the cells of the patch grid that are not kept (rows, h, w) are filled.

        Fill is the zero of normalised space (``mean``), or the image blurred by a Gaussian of 11 x 11, sigma 5.
        """


@runtime_checkable
class SeesThings(Protocol):
    """What a :class:`Probe` may know besides: where the things of the background are. Metrics ask with isinstance."""

    def thing_masks(self, index: int) -> Mapping[str, NDArray[np.bool_]]:
        """Name of each removable thing of an image to (height, width): the pixels where it is seen."""


class Metric(ABC):
    """One metric; registered in the entry-point group ``ivpt.metrics``.

    Its constructor takes explicit keyword parameters with defaults: the parameters of its protocol, which become the
    options ``--metric.NAME.PARAMETER VALUE``. A parameter named ``split`` receives ``--split`` (``test`` or ``val``).
    """

    api_version: ClassVar[int] = METRIC_API

    summary: ClassVar[str] = ""
    """One line for a listing: what the number says."""

    needs: ClassVar[frozenset[Annotation]] = frozenset()
    """Annotations without which it cannot be computed."""

    uses: ClassVar[frozenset[Annotation]] = frozenset()
    """Annotations that it looks at where there are any."""

    needs_probe: ClassVar[bool] = False
    """Whether it asks the model about changed images."""

    def views(self, evidence: Evidence) -> Sequence[View]:
        """Passes of the model it reads, besides the stored maps of whole val and test images."""
        return ()

    def view_layers(self, evidence: Evidence) -> Sequence[str] | None:
        """Keys of the layers whose maps it reads in its views, so that no others need be stored; ``None`` for all."""
        return None

    @abstractmethod
    def compute(self, evidence: Evidence) -> MetricResult:
        """Compute it.

        Raises:
            DataError: these images cannot give the number; the message says why.
        """


__all__ = [
    "METRIC_API",
    "Annotation",
    "Evidence",
    "Figure",
    "Metric",
    "MetricResult",
    "Probe",
    "SeesThings",
    "View",
]
