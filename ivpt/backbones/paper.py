"""The paper's five backbones: DINOv2 with registers and distilled DeiT, as timm names and publishes them.

Normalisation, input size and prefix tokens are those of each model's own timm configuration.
"""

from abc import abstractmethod
from typing import final

from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.backbones.timm_vit import TimmModel
from ivpt.interfaces.backbone import Backbone, PublishedWeights


class NamedTimmBackbone(Backbone):
    """A backbone that is one fixed timm model."""

    @property
    @abstractmethod
    def timm_name(self) -> str:
        """The timm name with the tag of the weights."""

    def __init__(self) -> None:
        self._model = TimmModel(self.timm_name)

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


@final
class DinoV2S(NamedTimmBackbone):
    """DINOv2 ViT-S/14 with four registers."""

    timm_name = "vit_small_patch14_reg4_dinov2.lvd142m"


@final
class DinoV2B(NamedTimmBackbone):
    """DINOv2 ViT-B/14 with four registers."""

    timm_name = "vit_base_patch14_reg4_dinov2.lvd142m"


@final
class DinoV2L(NamedTimmBackbone):
    """DINOv2 ViT-L/14 with four registers."""

    timm_name = "vit_large_patch14_reg4_dinov2.lvd142m"


@final
class DeiTS(NamedTimmBackbone):
    """DeiT-S/16 with the distillation token."""

    timm_name = "deit_small_distilled_patch16_224.fb_in1k"


@final
class DeiTB(NamedTimmBackbone):
    """DeiT-B/16 with the distillation token."""

    timm_name = "deit_base_distilled_patch16_224.fb_in1k"


__all__ = ["DeiTB", "DeiTS", "DinoV2B", "DinoV2L", "DinoV2S", "NamedTimmBackbone"]
