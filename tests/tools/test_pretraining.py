"""The contrast of the pretraining compares what is the same place of the scene."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "tools" / "pretrain_vit_mini"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):
    """The tool's modules, which it imports by their bare names, and none of them afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))
    import augment
    import scenes
    import student
    import teacher

    yield augment, scenes, student, teacher
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {path.stem for path in FOLDER.glob("*.py")}:
            del sys.modules[name]


def test_counterparts_show_the_same_place(tool) -> None:
    augment, _, _, teacher = tool
    torch.manual_seed(0)
    # A picture whose first two channels say where they are in the scene.
    axis = (torch.arange(96) + 0.5) / 48 - 1
    place = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))
    images = torch.cat([place, torch.zeros(1, 96, 96)])[None].expand(32, -1, -1, -1)
    maps = [augment.random_warps(32, turn=60, move=0.9) for _ in range(2)]
    rolls = [augment.random_rolls(32, 96) for _ in range(2)]
    seen = [augment.roll(augment.warp(images, m), r) for m, r in zip(maps, rolls, strict=True)]
    grid = torch.zeros(32, 1, 12, 12)
    target, valid, near = teacher.counterparts(grid, maps[0], maps[1], rolls[0], rolls[1])
    read = {"mode": "nearest", "align_corners": False, "padding_mode": "border"}
    here = torch.nn.functional.grid_sample(seen[0], teacher.centres(grid)[:, :, None].expand(32, -1, -1, -1), **read)
    there = torch.nn.functional.grid_sample(seen[1], target[:, :, None], **read)
    apart = (here - there)[:, :2, :, 0].abs().amax(1)
    # A pixel is 1/48; two nearest readings, each enlarged by at most the largest scale, and seams of the rolls.
    assert valid.float().mean() > 0.3
    assert (apart[valid] < 4 / 48).float().mean() > 0.97
    # What is far apart in the scene is never taken for the same.
    assert not near[:, 0, 143].all()


def test_a_picture_that_says_where_finds_every_counterpart(tool) -> None:
    _, _, _, teacher = tool
    features = torch.randn(2, 16, 12, 12, generator=torch.Generator().manual_seed(0))
    unmoved = torch.eye(2, 3).expand(2, 2, 3)
    still = torch.zeros(2, 2, dtype=torch.long)
    where = teacher.counterparts(features, unmoved, unmoved, still, still)
    loss, hits = teacher.contrast(features, features, *where, 0.07)
    assert hits.item() == pytest.approx(1)
    shuffled = features.flip(0, 2)
    worse, fewer = teacher.contrast(features, shuffled, *where, 0.07)
    assert fewer.item() < 0.1
    assert worse.item() > loss.item() + 1


def test_views_of_a_scene_share_the_bird_and_nothing_else(tool) -> None:
    _, scenes, _, _ = tool
    keys = [f"test/{n}" for n in range(12)]
    for key in keys:
        pictures = scenes.views(key)
        assert pictures.shape == (3, 96, 96, 3)
        assert not np.array_equal(pictures[0], pictures[1])
        np.testing.assert_array_equal(pictures, scenes.views(key))


def test_student_tokens_are_those_the_prototypes_measure(tool) -> None:
    _, _, student, _ = tool
    from ivpt.backbones.timm_adapter import TimmTokenModel
    from ivpt.backbones.vit_mini import MEAN, STD
    from ivpt.interfaces.backbone import WeightsRecord

    torch.manual_seed(0)
    vit = student.fresh_student(96).eval()
    images = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        found = student.layer_tokens(vit, images)
        model = TimmTokenModel(vit, "x", MEAN, STD, WeightsRecord("none", "x", ""))
        tokens = model.embed(images)
        for block in range(6):
            tokens = model.block(block, tokens)
        wanted = model.normalise(tokens)[:, model.num_prefix :]
    torch.testing.assert_close(found[6], wanted)
