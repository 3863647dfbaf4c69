"""What a run file is made of, as plain arrays and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivpt.runfile.schema import JsonObject, layer_key


@dataclass(frozen=True)
class LayerContent:
    """The learned things of one set of concept prototypes.

    Attributes:
        block: 0-based index of the block its prompts enter; ``None`` for the coarse set after the last block.
        prototypes: (m, d) float32.
        spatial_bias: (m, h, w) float32; zeros when it is switched off.
        background: the channel that is background.
        removed: channels whose prototypes were removed from the model.
    """

    block: int | None
    prototypes: NDArray[np.float32]
    spatial_bias: NDArray[np.float32]
    background: int = 0
    removed: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """``L6`` or ``coarse``."""
        return layer_key(self.block)


@dataclass(frozen=True)
class ImageTable:
    """All N images of the data set, in the order of its records.

    Attributes:
        ids: unique names.
        labels: (N,) class indices.
        splits: (N,) 0 train, 1 val, 2 test.
        sizes: (N, 2) original width and height in pixels; ``None`` when unknown.
        attributes: (N,) index of the value of each attribute; -1 where absent.
        keypoints: (N, K, 3) x, y, visible in pixels of the original image; rows of NaN where absent.
        boxes: (N, 4) x, y, width, height in pixels of the original image; NaN where absent.
        thumbnails: JPEG bytes of each image, or ``None``. Any sequence will do: one item is held at a time.
        part_masks: PNG bytes of the part mask of what each thumbnail shows, as :func:`ivpt.runfile.label_png.encode`
            makes them, or ``None``. Any sequence will do.
    """

    ids: Sequence[str]
    labels: ArrayLike
    splits: ArrayLike
    sizes: ArrayLike | None = None
    attributes: Mapping[str, ArrayLike] = field(default_factory=dict)
    keypoints: ArrayLike | None = None
    boxes: ArrayLike | None = None
    thumbnails: Sequence[bytes | None] | None = None
    part_masks: Sequence[bytes | None] | None = None


@dataclass(frozen=True)
class RunContent:
    """Everything but the maps.

    Attributes:
        config: the resolved configuration.
        versions: of ivpt, torch and whatever else the result depends on.
        seed: of the training.
        split_sha256: hash of the split table.
        info: of the data set: name, classes, parts, keypoints, attributes, licence, citation, homepage.
        backbone: name, weights {source, name, sha256}, dim, depth, num_prefix, patch_size, image_size, grid, mean, std.
        coarse: n, the number of coarse concepts; scores have n rows.
        layers: ascending by block, the coarse set last.
        images: the data set's images.
        parameters: trained arrays by name (and the backbone's, when its weights are random).
        history: one value per epoch and column.
        metrics: name to {"value": ..., "parameters": {...}, ...}.
        origin: the runs this one was made from by pruning, oldest first; empty as trained.
        edits: the log of edits that were made on the way here, one JSON object each.
    """

    config: JsonObject
    versions: Mapping[str, str]
    seed: int
    split_sha256: str
    info: JsonObject
    backbone: JsonObject
    coarse: int
    layers: Sequence[LayerContent]
    images: ImageTable
    parameters: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    history: Mapping[str, ArrayLike] = field(default_factory=dict)
    metrics: Mapping[str, JsonObject] = field(default_factory=dict)
    origin: Sequence[JsonObject] = ()
    edits: Sequence[str] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return tuple(self.info["classes"])


@dataclass(frozen=True)
class MapBatch:
    """What the model says about b images.

    Attributes:
        indices: (b,) positions in the image table; no image twice in a run file.
        attention: per layer key (b, m, h, w) float32, Eq. 5.
        scores: (b, n, C) float32: score of each class by each coarse concept; their mean over n are the logits.
        predictions: (b,) class indices.
        groups: per layer key (b, m) group of each prototype, 0 = background; no entry where there is none.
    """

    indices: NDArray[np.integer]
    attention: Mapping[str, NDArray[np.float32]]
    scores: NDArray[np.float32]
    predictions: NDArray[np.integer]
    groups: Mapping[str, NDArray[np.integer]] = field(default_factory=dict)
