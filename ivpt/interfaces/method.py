"""The interface of comparison methods: other ways to learn prompts over the same frozen backbone.

A method *plugin* is a small class whose constructor takes explicit keyword parameters (its settings) and whose
:meth:`Method.build` returns the model that is trained. Declared in the entry-point group ``ivpt.methods``.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import nn

    from ivpt.interfaces.backbone import TokenModel

METHOD_API = 1
"""Version of this interface; a method whose ``api_version`` differs is refused in one sentence."""


class Method(ABC):
    """Factory of a model over a frozen backbone."""

    api_version: ClassVar[int] = METHOD_API

    summary: ClassVar[str] = ""
    """One line for a listing: where it was published, and what it learns."""

    @abstractmethod
    def build(self, backbone: "TokenModel", num_classes: int) -> "nn.Module":
        """Make the model; what is trained is what has ``requires_grad``.

        Args:
            backbone: the transformer; the method freezes of it what it does not train.
            num_classes: C.

        Returns:
            A module that is called and answers like :class:`ivpt.concepts.model.ConceptModel`: normalised images
            (b, 3, H, W) to a :class:`ivpt.concepts.output.ConceptOutput`.

        Raises:
            ConfigError: the settings do not fit this backbone.
        """


__all__ = ["METHOD_API", "Method"]
