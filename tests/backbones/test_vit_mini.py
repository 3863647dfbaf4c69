"""The embedded backbone: plan, sizes, weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ivpt.backbones import vit_mini
from ivpt.backbones.vit_mini import VitMini, make_vit_mini
from ivpt.errors import ConfigError, WeightsError


def test_plan() -> None:
    model = VitMini().build("none", 96)
    assert (model.depth, model.num_prefix, model.grid, model.patch_size) == (8, 5, (12, 12), (8, 8))
    assert set(model.tunable_tokens()) == {"cls_token", "reg_token", "pos_embed"}
    assert model.embed(torch.zeros(1, 3, 96, 96)).shape == (1, 5 + 144, model.dim)
    assert model.weights.source == "none"
    assert "random" in model.weights.name


def test_random_weights_are_fixed_and_leave_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = VitMini().build("none", 32)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.weights == VitMini().build("none", 32).weights


@pytest.mark.parametrize(("size", "near"), [(100, "96 and 104"), ((96, 90), "96x88 and 96"), (5, "8.")])
def test_size_that_patches_do_not_divide(size: int | tuple[int, int], near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        VitMini().build("none", size)
    assert near in caught.value.hint


def test_missing_embedded_weights_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vit_mini, "WEIGHTS", "nowhere.safetensors")
    with pytest.raises(WeightsError, match="--weights none"):
        VitMini().build(None, 96)


def test_half_precision_file_loads_as_float32_at_another_size(tmp_path: Path) -> None:
    torch.manual_seed(5)
    state = {name: tensor.half() for name, tensor in make_vit_mini().state_dict().items()}
    file = tmp_path / "mini.safetensors"
    save_file(state, file)
    same, larger = VitMini().build(str(file), 96), VitMini().build(str(file), (96, 128))
    assert same.vit.pos_embed.dtype == torch.float32
    assert torch.equal(same.vit.pos_embed, state["pos_embed"].float())
    assert larger.vit.pos_embed.shape == (1, 12 * 16, same.dim)
    assert same.weights == larger.weights
    assert same.weights.source == "file"
