"""Every backbone of ivpt passes the test kit that authors of plugins use; the larger ones all but the model."""

import pytest

from ivpt.backbones.paper import DeiTS, DinoV2S
from ivpt.backbones.timm_vit import TimmVit
from ivpt.backbones.vit_mini import VitMini
from ivpt.config import load_config
from ivpt.errors import ConfigError
from ivpt.registry import BACKBONES
from ivpt.testing import BackboneTests


class TestVitMini(BackboneTests):
    plugin = VitMini
    image_size = 48


class TestDeiTS(BackboneTests):
    plugin = DeiTS
    image_size = 64


class TestDinoV2S(BackboneTests):
    plugin = DinoV2S
    image_size = 56


class TestTimmVit(BackboneTests):
    plugin = TimmVit
    options = {"name": "vit_tiny_patch16_224"}
    image_size = 64
    waived = {"test_options_have_types_and_defaults": "which of timm's models has to be said"}


@pytest.mark.parametrize("name", [name for name in BACKBONES.names() if name != "timm"])
def test_the_larger_ones_too_are_complete(name):
    made = BACKBONES.create(name, {})
    assert made.default_image_size >= 16
    assert made.published is not None
    load_config(recommended=made.recommended)
    with pytest.raises(ConfigError, match=r"\d"):
        made.build("none", made.default_image_size + 1)
