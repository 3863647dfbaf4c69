"""The backbone interface.

A backbone *plugin* is a small class whose constructor takes explicit keyword parameters (they become
``--backbone.NAME VALUE``) and whose :meth:`Backbone.build` returns a :class:`TokenModel`: a frozen vision transformer
whose blocks can be run one by one, so that prompts can be inserted between them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor, nn

BACKBONE_API = 1
"""Version of this interface; a backbone whose ``api_version`` differs is refused in one sentence."""


@dataclass(frozen=True)
class WeightsRecord:
    """Which weights a backbone was built with; goes into every run file.

    Attributes:
        source: ``hub``, ``file``, ``embedded`` or ``none`` (random).
        name: hub identifier or file name.
        sha256: of the state dict as it was loaded (names, dtypes, shapes, bytes), before anything was trained or the
            position embedding was resampled.
    """

    source: Literal["hub", "file", "embedded", "none"]
    name: str
    sha256: str


@dataclass(frozen=True)
class PublishedWeights:
    """The weights a backbone is meant to have, known without the network.

    Attributes:
        name: hub identifier or file name.
        present: whether they are on this machine.
    """

    name: str
    present: bool


@runtime_checkable
class TokenModel(Protocol):
    """A vision transformer cut open at its blocks. Implementations are ``torch.nn.Module``.

    Token order is [prefix (class, distillation, registers), patches]; patches are row-major over ``grid``.

    Attributes:
        name: full model name, for people.
        dim: token width D.
        depth: number of blocks.
        num_prefix: number of prefix tokens.
        patch_size: (height, width) in pixels.
        image_size: (height, width) in pixels it was built for.
        grid: (rows, columns) of patches.
        mean, std: normalisation of each channel, for images in [0, 1].
        weights: which weights these are.
    """

    name: str
    dim: int
    depth: int
    num_prefix: int
    patch_size: tuple[int, int]
    image_size: tuple[int, int]
    grid: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: WeightsRecord

    def embed(self, images: "Float[Tensor, 'b 3 H W']") -> "Float[Tensor, 'b t d']":
        """Normalised images to the tokens that enter block 0, prefix tokens and position embedding included."""

    def block(self, index: int, tokens: "Float[Tensor, 'b s d']") -> "Float[Tensor, 'b s d']":
        """Run block ``index`` (0-based) on any number of tokens."""

    def normalise(self, tokens: "Float[Tensor, 'b s d']") -> "Float[Tensor, 'b s d']":
        """The final LayerNorm."""

    def tunable_tokens(self) -> "dict[str, nn.Parameter]":
        """Class, distillation and register tokens and the position embedding, which the paper's recipe unfreezes."""


class Backbone(ABC):
    """Factory of a :class:`TokenModel`; registered in the entry-point group ``ivpt.backbones``."""

    api_version: ClassVar[int] = BACKBONE_API

    recommended: ClassVar[Mapping[str, object]] = {}
    """Dotted configuration keys and values for this backbone: weaker than preset, file and command line."""

    @property
    @abstractmethod
    def default_image_size(self) -> int:
        """Side in pixels used when the user names none."""

    @property
    def published(self) -> PublishedWeights | None:
        """The published weights, and whether they are here; ``None`` where there are none or it is not known."""
        return None

    @abstractmethod
    def build(self, weights: str | None, image_size: int | tuple[int, int]) -> "TokenModel":
        """Make the model.

        Args:
            weights: ``None`` for the published ones (hub or embedded), ``"none"`` for random ones, else a file path.
            image_size: side, or (height, width), in pixels.

        Raises:
            WeightsError: the weights cannot be had or do not fit.
            ConfigError: the patch size does not divide the image size; the hint names the nearest valid sizes.
        """


__all__: Sequence[str] = ["BACKBONE_API", "Backbone", "PublishedWeights", "TokenModel", "WeightsRecord"]
