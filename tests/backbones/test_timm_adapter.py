"""The adapter computes what timm computes, and freezes what it should."""

import pytest
import timm
import torch
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.interfaces.backbone import WeightsRecord

NONE = WeightsRecord("none", "random", "0" * 64)
TINY = {"img_size": 32, "patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 5}
KINDS = {
    "plain": {},
    "registers": {"reg_tokens": 4, "no_embed_class": True, "init_values": 1e-5},
    "no class token": {"class_token": False, "global_pool": "avg", "fc_norm": False},
    "pre-norm": {"pre_norm": True},
    "attention pooling": {"class_token": False, "global_pool": "map"},
    "non-square": {"img_size": (16, 40)},
}


def tiny(**changes: object) -> VisionTransformer:
    torch.manual_seed(1)
    return VisionTransformer(**{**TINY, **changes})


def adapt(vit: VisionTransformer) -> TimmTokenModel:
    return TimmTokenModel(vit, "tiny", (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), NONE)


def through(model: TimmTokenModel, images: torch.Tensor) -> torch.Tensor:
    tokens = model.embed(images)
    for index in range(model.depth):
        tokens = model.block(index, tokens)
    return model.normalise(tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_forward_features(kind: str) -> None:
    vit = tiny(**KINDS[kind]).eval()
    model = adapt(vit)
    images = torch.randn(2, 3, *model.image_size)
    with torch.no_grad():
        assert torch.equal(through(model, images), vit.forward_features(images))


def test_distilled_deit_has_two_prefix_tokens() -> None:
    torch.manual_seed(0)
    vit = timm.create_model("deit_tiny_distilled_patch16_224", img_size=32, depth=2).eval()
    model = adapt(vit)
    images = torch.randn(1, 3, 32, 32)
    assert model.num_prefix == 2
    assert set(model.tunable_tokens()) == {"cls_token", "dist_token", "pos_embed"}
    with torch.no_grad():
        assert torch.equal(through(model, images), vit.forward_features(images))


def test_norm_after_pooling_is_applied_to_tokens() -> None:
    vit = tiny(class_token=False, global_pool="avg").eval()
    model = adapt(vit)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(through(model, images), vit.fc_norm(vit.forward_features(images)))


def test_extra_tokens_pass_through_blocks() -> None:
    model = adapt(tiny())
    assert model.block(0, torch.randn(2, 1 + 16 + 3, 16)).shape == (2, 20, 16)


def test_geometry() -> None:
    model = adapt(tiny(img_size=(16, 40), reg_tokens=4))
    assert (model.dim, model.depth, model.num_prefix) == (16, 2, 5)
    assert (model.patch_size, model.image_size, model.grid) == ((8, 8), (16, 40), (2, 5))
    assert model.mean == (0.5, 0.4, 0.3)


def test_everything_is_frozen_and_heads_are_gone() -> None:
    model = adapt(tiny(reg_tokens=2))
    assert not any(p.requires_grad for p in model.parameters())
    assert not any("head" in name for name, _ in model.named_parameters())
    tokens = model.tunable_tokens()
    assert set(tokens) == {"cls_token", "reg_token", "pos_embed"}
    assert tokens["pos_embed"] is model.vit.pos_embed


def test_dropout_stays_off_in_training_mode() -> None:
    model = adapt(tiny(proj_drop_rate=0.5, drop_path_rate=0.5, patch_drop_rate=0.5)).train()
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(through(model, images), through(model, images))


def test_gradient_reaches_unfrozen_tokens() -> None:
    model = adapt(tiny())
    for token in model.tunable_tokens().values():
        token.requires_grad_(True)
    through(model, torch.randn(1, 3, 32, 32)).square().sum().backward()
    assert all(token.grad is not None for token in model.tunable_tokens().values())
    assert model.vit.blocks[0].attn.qkv.weight.grad is None
