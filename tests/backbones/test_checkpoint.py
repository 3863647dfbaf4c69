"""Weights from files: formats, wrappers, fingerprints, misfits."""

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.checkpoint import fingerprint, load_into, read_state_dict
from ivpt.errors import WeightsError


def tiny(img_size: int = 32, **changes: object) -> VisionTransformer:
    plan = {"patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 3, **changes}
    return VisionTransformer(img_size=img_size, **plan)


WRAPPERS: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    "bare": lambda state: state,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model and module": lambda state: {"model": {f"module.{name}": value for name, value in state.items()}},
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_torch_files(wrapper: str, tmp_path: Path) -> None:
    source, target = tiny(), tiny()
    torch.save(WRAPPERS[wrapper](source.state_dict()), tmp_path / "w.pth")
    load_into(target, read_state_dict(tmp_path / "w.pth"), "w.pth")
    assert torch.equal(target.blocks[1].mlp.fc2.weight, source.blocks[1].mlp.fc2.weight)


def test_fingerprint_ignores_format_and_head_but_not_values(tmp_path: Path) -> None:
    state = tiny().state_dict()
    torch.save(state, tmp_path / "w.pth")
    save_file(state, tmp_path / "w.safetensors")
    read = [read_state_dict(tmp_path / name) for name in ("w.pth", "w.safetensors")]
    assert "head.weight" in state
    assert "head.weight" not in read[0]
    assert fingerprint(read[0]) == fingerprint(read[1])
    read[1]["norm.bias"][3] += 1e-6
    assert fingerprint(read[0]) != fingerprint(read[1])
    assert fingerprint({"a": torch.zeros(4)}) != fingerprint({"a": torch.zeros(2, 2)})
    assert fingerprint({"a": torch.zeros(4)}) != fingerprint({"a": torch.zeros(4, dtype=torch.int32)})


def test_position_embedding_is_resampled_as_timm_does() -> None:
    source, target = tiny(img_size=32), tiny(img_size=48)
    load_into(target, source.state_dict(), "x")
    want = timm.layers.resample_abs_pos_embed(source.pos_embed, (6, 6), num_prefix_tokens=1)
    assert torch.allclose(target.pos_embed, want)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (tiny(depth=1), "lacks 12 parameters"),
        (tiny(depth=3), "has no place for 12 parameters"),
        (tiny(embed_dim=32), "another shape of"),
        (tiny(patch_size=16), "its patches are 16x16 pixels"),
    ],
)
def test_misfits_name_the_first_and_count(source: VisionTransformer, words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        load_into(tiny(), source.state_dict(), "The weights file x")


def test_unusable_files(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "code.pth")
    torch.save({"epoch": 1}, tmp_path / "empty.pth")
    (tmp_path / "noise.bin").write_bytes(b"not weights at all")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    for name in ("code.pth", "empty.pth", "noise.bin", "cut.safetensors", "absent.pth"):
        with pytest.raises(WeightsError, match=name):
            read_state_dict(tmp_path / name)
