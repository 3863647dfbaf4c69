"""What every registered backbone promises before any weights are there, and its model with random ones."""

import pytest
import torch

from ivpt.config import load_config
from ivpt.errors import ConfigError
from ivpt.interfaces.backbone import Backbone, TokenModel
from ivpt.registry import BACKBONES

NEEDS_A_NAME = {"timm"}
SMALL = ["vit_mini", "deit_s", "dinov2_s"]

every = pytest.mark.parametrize("name", BACKBONES.names())


def create(name: str) -> Backbone:
    return BACKBONES.create(name, {"name": "vit_tiny_patch16_224"} if name in NEEDS_A_NAME else {})


@every
def test_it_loads_and_is_complete(name):
    plugin = BACKBONES.load(name)
    assert issubclass(plugin, Backbone)
    assert plugin.__doc__


@every
def test_it_has_a_usual_image_size(name):
    assert create(name).default_image_size >= 16


@every
def test_what_it_recommends_is_a_valid_configuration(name):
    load_config(recommended=BACKBONES.load(name).recommended)


@every
def test_an_image_size_that_does_not_fit_is_refused_with_the_nearest_ones(name):
    size = create(name).default_image_size + 1
    with pytest.raises(ConfigError, match=r"\d"):
        create(name).build("none", size)


@pytest.fixture(scope="module", params=SMALL)
def model(request):
    return create(request.param).build("none", 112)


def test_it_is_a_token_model_that_says_what_it_is(model):
    assert isinstance(model, TokenModel)
    assert isinstance(model, torch.nn.Module)
    assert model.image_size == (112, 112)
    assert model.grid == tuple(side // patch for side, patch in zip(model.image_size, model.patch_size, strict=True))
    assert model.weights.source == "none"
    assert len(model.weights.sha256) == 64
    assert all(0 < value < 1 for value in (*model.mean, *model.std))


def test_tokens_are_prefix_then_patches_and_blocks_take_more(model):
    with torch.no_grad():
        tokens = model.embed(torch.zeros(1, 3, *model.image_size))
        patches = model.grid[0] * model.grid[1]
        assert tokens.shape == (1, model.num_prefix + patches, model.dim)
        prompted = torch.cat([tokens, torch.zeros(1, 3, model.dim)], 1)
        assert model.block(model.depth - 1, prompted).shape == prompted.shape
        assert model.normalise(tokens).shape == tokens.shape


def test_only_its_tokens_are_tunable(model):
    tunable = model.tunable_tokens()
    own = {id(parameter) for parameter in model.parameters()}
    assert tunable
    assert all(id(parameter) in own for parameter in tunable.values())
    share = sum(parameter.numel() for parameter in tunable.values()) / sum(p.numel() for p in model.parameters())
    assert share < 0.1
