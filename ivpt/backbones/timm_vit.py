"""Any plain vision transformer that timm knows: ``timm:<name>``."""

from functools import cached_property
from pathlib import Path
from typing import Any, final

import timm
import torch
from timm.layers import PatchEmbed  # type: ignore[attr-defined]
from timm.models import is_model_in_modules
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.checkpoint import fingerprint, load_into, read_state_dict
from ivpt.backbones.hub import fetch, in_cache
from ivpt.backbones.sizes import as_pair, check_image_size
from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.errors import ConfigError, WeightsError, nearest
from ivpt.interfaces.backbone import Backbone, PublishedWeights, WeightsRecord

RANDOM_SEED = 0


class TimmModel:
    """A transformer by its timm name: what its pretrained configuration says, and how to build it.

    Args:
        name: timm's name, with the tag of the weights where it matters (``vit_small_patch14_reg4_dinov2.lvd142m``).

    Raises:
        ConfigError: timm has no such model or tag, or the model is not a plain vision transformer.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        architecture, _, tag = name.partition(".")
        if not timm.is_model(architecture):
            raise ConfigError(f"timm has no model {architecture!r}.", _offer(architecture))
        tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{architecture}.*")]
        if tag and tag not in tags:
            raise ConfigError(f"timm has no weights {tag!r} of {architecture!r}.", _offer_tags(tag, tags))
        if not is_model_in_modules(architecture, ["vision_transformer", "deit"]):
            raise _not_plain(architecture)
        found = timm.get_pretrained_cfg(name)
        if found is None:
            raise ConfigError(f"timm says nothing about the input of {name!r}.", "Use a model that timm configures.")
        self.config: dict[str, Any] = found.to_dict()  # type: ignore[no-untyped-call]

    @cached_property
    def patch_size(self) -> tuple[int, int]:
        """(height, width) in pixels; read off a model without storage, so nothing is drawn or loaded."""
        with torch.device("meta"):
            vit = timm.create_model(self.name, num_classes=0)
        if not (
            isinstance(vit, VisionTransformer)
            and type(vit).forward_features is VisionTransformer.forward_features
            and isinstance(vit.patch_embed, PatchEmbed)
        ):
            raise _not_plain(self.name)
        height, width = vit.patch_embed.patch_size
        return int(height), int(width)

    @property
    def image_size(self) -> int:
        """Side in pixels that the published weights were made for."""
        return int(self.config["input_size"][-1])

    @property
    def published(self) -> PublishedWeights | None:
        """What the hub has of it, and whether that is in the hub's cache on this machine."""
        repository = self.config.get("hf_hub_id")
        return PublishedWeights(str(repository), in_cache(str(repository)) is not None) if repository else None

    def build(self, weights: str | None, image_size: int | tuple[int, int]) -> TimmTokenModel:
        """Make the token model; see :meth:`ivpt.interfaces.backbone.Backbone.build`."""
        size = as_pair(image_size)
        check_image_size(size, self.patch_size)
        if weights == "none":
            vit = self._draw(size)
            record = WeightsRecord("none", f"random (seed {RANDOM_SEED})", fingerprint(vit.state_dict()))
        else:
            file = self._published() if weights is None else Path(weights)
            state = read_state_dict(file)
            vit = self._draw(size)
            load_into(vit, state, f"The weights file {file}")
            record = (
                WeightsRecord("hub", str(self.config["hf_hub_id"]), fingerprint(state))
                if weights is None
                else WeightsRecord("file", file.name, fingerprint(state))
            )
        return TimmTokenModel(vit, self.name, self.config["mean"], self.config["std"], record)

    def _draw(self, size: tuple[int, int]) -> VisionTransformer:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_SEED)
            vit = timm.create_model(self.name, pretrained=False, num_classes=0, img_size=size)
        assert isinstance(vit, VisionTransformer)
        return vit

    def _published(self) -> Path:
        repository = self.config.get("hf_hub_id")
        if repository:
            return fetch(self.name, str(repository))
        url = self.config.get("url")
        raise WeightsError(
            f"The hub has no weights of {self.name}.",
            (f"Download {url} and name it with" if url else "Name a file with")
            + " --weights FILE, or use random weights with --weights none.",
        )


@final
class TimmVit(Backbone):
    """A plain timm vision transformer, written ``timm:<name>``.

    Args:
        name: timm's name of the model, with or without the tag of its weights.
    """

    def __init__(self, name: str) -> None:
        self._model = TimmModel(name)

    @property
    def default_image_size(self) -> int:
        """Side in pixels that the published weights were made for."""
        return self._model.image_size

    @property
    def published(self) -> PublishedWeights | None:
        """The weights on the hub."""
        return self._model.published

    def build(self, weights: str | None, image_size: int | tuple[int, int]) -> TimmTokenModel:
        """Make the model; see :meth:`ivpt.interfaces.backbone.Backbone.build`."""
        return self._model.build(weights, image_size)


def _not_plain(name: str) -> ConfigError:
    return ConfigError(
        f"timm's {name!r} is not a plain vision transformer (patches of the image, then one stack of blocks).",
        "Use a vit_*, deit_* or deit3_* model.",
    )


def _offer(architecture: str) -> str:
    known = [name for module in ("vision_transformer", "deit") for name in timm.list_models(module=module)]
    hint = nearest(architecture, known)
    return (
        hint if hint.startswith("Did") else "See them with python -c \"import timm; print(timm.list_models('vit*'))\"."
    )


def _offer_tags(tag: str, tags: list[str]) -> str:
    return nearest(tag, tags) if tags else "It has no published weights."


__all__ = ["TimmModel", "TimmVit"]
