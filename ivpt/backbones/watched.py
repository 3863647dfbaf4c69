"""A backbone plugin at work: what breaks in it becomes one sentence that names it, its package and its version."""

from collections.abc import Callable
from typing import TypeVar, cast

from torch import nn

from ivpt.errors import IvptError, PluginError
from ivpt.interfaces.backbone import Backbone, PublishedWeights, TokenModel
from ivpt.plugin_points import patiently
from ivpt.registry import first_words

T = TypeVar("T")


class WatchedBackbone(Backbone):
    """A backbone whose plugin takes the blame for what it raises or hands out.

    Errors meant for users (:class:`~ivpt.errors.IvptError`) pass as they are. What the plugin prints goes to stderr.

    Args:
        inner: the plugin's own instance.
        who: kind, name, distribution and version, as a sentence begins.
    """

    def __init__(self, inner: Backbone, who: str) -> None:
        self.inner, self.who = inner, who

    @property
    def default_image_size(self) -> int:
        """Side in pixels used when the user names none."""
        return self._do("does not say its image size", lambda: self.inner.default_image_size)

    @property
    def published(self) -> PublishedWeights | None:
        """The published weights."""
        return self._do("does not say which weights it has", lambda: self.inner.published)

    def build(self, weights: str | None, image_size: int | tuple[int, int]) -> TokenModel:
        """Make the model.

        Raises:
            PluginError: building it breaks, or it is no :class:`TokenModel`.
        """
        model = self._do("cannot be built", lambda: self.inner.build(weights, image_size))
        if not isinstance(model, nn.Module) or not isinstance(model, TokenModel):
            raise PluginError(f"{self.who} builds {type(model).__name__}, which is no TokenModel.")
        return cast(TokenModel, model)

    def _do(self, words: str, call: Callable[[], T]) -> T:
        try:
            with patiently(f"{self.who} is still being built"):
                return call()
        except (IvptError, MemoryError, BrokenPipeError):
            raise
        except (Exception, SystemExit) as error:
            # torch's own out-of-memory error is no fault of a plugin
            if type(error).__name__ == "OutOfMemoryError":
                raise
            raise PluginError(f"{self.who} {words}: {type(error).__name__}: {first_words(error)}.") from error


__all__ = ["WatchedBackbone"]
