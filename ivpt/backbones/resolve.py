"""From the configuration's backbone to an object that can build it."""

from ivpt.backbones.watched import WatchedBackbone
from ivpt.config import BackboneConfig
from ivpt.errors import ConfigError
from ivpt.interfaces.backbone import Backbone
from ivpt.registry import BACKBONES


def create_backbone(config: BackboneConfig) -> Backbone:
    """The configured backbone plugin, watched; nothing is built or downloaded yet.

    Args:
        config: ``name`` is a registered backbone or ``timm:<name>``; its ``options`` go to the constructor.

    Raises:
        PluginError: unknown or broken backbone; the nearest names are offered.
        ConfigError: unknown timm model, one that is not a plain vision transformer, or a wrong option.
    """
    kind, colon, model = config.name.partition(":")
    options = dict(config.options)
    if kind == "timm" and "name" not in options:
        if not model:
            raise ConfigError("The backbone 'timm' needs the name of a model.", "Write timm:vit_small_patch16_224.")
        options["name"] = model
    elif colon:
        raise ConfigError(f"There is no backbone {config.name!r}.", "Only timm takes a model's name: timm:<name>.")
    plugin = BACKBONES.load(kind)
    return WatchedBackbone(BACKBONES.construct(plugin, options, kind), BACKBONES.called(plugin))


__all__ = ["create_backbone"]
