"""The test kit of backbones tested: for each check one that is wrong in one way, and fails exactly that check."""

import inspect
from types import SimpleNamespace

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.checkpoint import fingerprint, read_state_dict
from ivpt.backbones.sizes import as_pair, check_image_size
from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.errors import WeightsError
from ivpt.interfaces.backbone import Backbone, WeightsRecord
from ivpt.testing import BackboneTests

CHECKS = [name for name in dir(BackboneTests) if name.startswith("test_")]
COMMON = {
    *("test_class_can_be_used", "test_interface_version", "test_it_is_registered", "test_it_is_described"),
    *("test_options_are_described", "test_options_have_types_and_defaults", "test_defaults_are_of_their_types"),
}
"""Checks of every kind, tested with data sets and metrics."""


class Small(Backbone):
    """A small transformer."""

    seed, model = 0, TimmTokenModel

    @property
    def default_image_size(self) -> int:
        return 32

    def check(self, size):
        check_image_size(size, (16, 16))

    def draw(self, size):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return VisionTransformer(img_size=size, patch_size=16, embed_dim=24, depth=2, num_heads=2, num_classes=0)

    def read(self, weights):
        from pathlib import Path

        return read_state_dict(Path(weights))

    def build(self, weights, image_size):
        size = as_pair(image_size)
        self.check(size)
        if weights != "none":
            self.read(weights)
        vit = self.draw(size)
        record = WeightsRecord("none", "random", fingerprint(vit.state_dict()))
        return self.model(vit, "small", (0.5,) * 3, (0.5,) * 3, record)


def wrong(**members):
    return type("Wrong", (Small,), {"__doc__": Small.__doc__, **members})


def model(**members):
    return wrong(model=type("Model", (TimmTokenModel,), members))


def after(**attributes):
    class Model(TimmTokenModel):
        def __init__(self, *words):
            super().__init__(*words)
            for name, value in attributes.items():
                setattr(self, name, value)

    return wrong(model=Model)


def _unseeded(self, size):
    return VisionTransformer(img_size=size, patch_size=16, embed_dim=24, depth=2, num_heads=2, num_classes=0)


def _no_file(self, weights):
    raise WeightsError("These are no weights.", "Name others.")


def _columns(self, images):
    return TimmTokenModel.embed(self, images.transpose(2, 3))


def _mixed(self, index, tokens):
    return TimmTokenModel.block(self, index, tokens) + tokens.mean(0, keepdim=True)


def _noisy(self, index, tokens):
    noise = torch.randn_like(tokens[:1, :1]) * 1e-6
    return TimmTokenModel.block(self, index, tokens) + noise


def _cut(self, index, tokens):
    return TimmTokenModel.block(self, index, tokens).detach()


def _short(self, tokens):
    return TimmTokenModel.normalise(self, tokens)[..., :-1]


WRONG = {
    "test_usual_image_size": (wrong(default_image_size=(32, 32)), "default_image_size is (32, 32)"),
    "test_what_it_recommends_is_a_configuration": (wrong(recommended={"training.epoks": 1}), "is refused"),
    "test_published_weights_are_named": (wrong(published="hub"), "published is 'hub'"),
    "test_sizes_that_do_not_fit_are_refused": (wrong(check=lambda self, size: None), "An image size of 33"),
    "test_missing_weights_are_said": (wrong(read=_no_file), "does not name the file"),
    "test_sizes_agree": (after(patch_size=(8, 8)), "grid is (2, 2)"),
    "test_normalisation": (after(mean=(123.0, 117.0, 104.0)), "mean and std are"),
    "test_record_of_weights": (after(weights=WeightsRecord("none", "random", "1" * 12)), "weights is WeightsRecord"),
    "test_random_weights_are_the_same_each_time": (wrong(draw=_unseeded), "global random numbers"),
    "test_tokens_are_prefix_then_patches": (after(num_prefix=0), "embed() gives (2, 5, 24)"),
    "test_patches_are_in_reading_order": (model(embed=_columns), "is not the last token of the first row"),
    "test_blocks_take_any_number_of_tokens": (model(normalise=_short), "normalise() gives"),
    "test_images_do_not_mix": (model(block=_mixed), "depend on the other images"),
    "test_nothing_is_drawn_at_random": (model(block=_noisy), "something else the second time"),
    "test_gradients_reach_prompts": (model(block=_cut), "No gradient reaches a prompt"),
    "test_only_its_own_tokens_are_tunable": (
        model(tunable_tokens=lambda self: {"other": torch.nn.Parameter(torch.zeros(1))}),
        "names a foreign parameter",
    ),
}


def failed(plugin, folder):
    """Names of the checks that fail, with their messages."""
    kit = type("TestWrong", (BackboneTests,), {"plugin": plugin, "image_size": 32})()
    backbone = plugin()
    built = backbone.build("none", 32)
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    given = {"backbone": backbone, "model": built, "tokens": built.embed(images).detach(), "tmp_path": folder}
    found = {}
    for name in (name for name in CHECKS if name not in COMMON):
        check = getattr(kit, name)
        try:
            check(**{key: given[key] for key in inspect.signature(check).parameters})
        except pytest.fail.Exception as failure:
            found[name] = str(failure)
    return found


def test_a_good_one_passes_every_check(tmp_path):
    assert failed(Small, tmp_path) == {}


@pytest.mark.parametrize("check", WRONG)
def test_one_that_is_wrong_fails_exactly_its_check(check, tmp_path):
    plugin, words = WRONG[check]
    found = failed(plugin, tmp_path)
    assert list(found) == [check], found
    assert words in found[check]
    assert "\nHow to mend it: " in found[check]


@pytest.mark.parametrize("built", [SimpleNamespace(), torch.nn.Linear(1, 1)])
def test_what_is_no_token_model_fails(built):
    kit = type("TestWrong", (BackboneTests,), {"plugin": Small})()
    with pytest.raises(pytest.fail.Exception, match=r"build\(\) gives SimpleNamespace|Linear lacks"):
        kit.test_it_builds_a_token_model(built)


def test_every_check_has_its_wrong_backbone():
    assert set(CHECKS) - COMMON - {"test_it_builds_a_token_model"} == set(WRONG)
