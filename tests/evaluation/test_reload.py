"""The model from its run file: the same one, or a refusal."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ivpt.backbones.vit_mini import make_vit_mini
from ivpt.cli import run as ivpt
from ivpt.errors import ConfigError, DataError, ExitCode, RunFileError, WeightsError
from ivpt.evaluation.reload import reloaded
from ivpt.evaluation.source import reopen
from ivpt.evaluation.verify import run_batch_size, verify
from ivpt.runfile.reader import RunFile
from ivpt.runfile.writer import write_json
from tests.training.pictures import draw_pictures


@pytest.fixture(params=["birds", "folder"])
def path(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_predictions_are_identical(path: Path) -> None:
    with RunFile(path) as run, reloaded(run) as model:
        found = verify(run, model, reopen(run))
        assert (found.images, found.changed, found.largest) == (len(run.map_images), 0, 0.0)
        assert found.differences == ()
        assert "all predictions are as stored" in found.describe()


def test_every_parameter_is_back(path: Path) -> None:
    with RunFile(path) as run, reloaded(run) as model:
        state, stored = model.model.state_dict(), run.parameters()
        assert not model.model.training
        for name in model.model.trained_state():
            assert (state[name].numpy() == stored[name]).all()


def test_random_weights_come_from_the_file_itself(folder: Path) -> None:
    """Another torch would draw others; here the drawn ones are simply overwritten in the file."""
    with h5py.File(folder, "r+") as file:
        name = "parameters/backbone.vit.patch_embed.proj.weight"
        file[name][...] = -file[name][()]
    with RunFile(folder) as run, reloaded(run) as model:
        stored = run.parameters()
        backbone = model.model.backbone.state_dict()
        assert {f"backbone.{name}" for name in backbone} <= set(stored)
        assert all((backbone[name].numpy() == stored[f"backbone.{name}"]).all() for name in backbone)
        with pytest.raises(RunFileError, match=r"predicts \d+ of 15 stored images otherwise, although device"):
            verify(run, model, reopen(run))


def test_another_batch_size_is_said_and_tolerated(birds: Path) -> None:
    with RunFile(birds) as run, reloaded(run) as model:
        assert run_batch_size(run, model.config) == 16
        found = verify(run, model, reopen(run), batch_size=5)
        assert found.differences == ("batches of 16 before, of 5 now",)
        assert found.changed <= 1 and found.largest < 1e-3


def test_an_old_file_does_not_name_its_device(birds: Path) -> None:
    with h5py.File(birds, "r+") as file:
        write_json(file, "versions", {"torch": "2.0"})
    with RunFile(birds) as run, reloaded(run) as model:
        found = verify(run, model, reopen(run))
        assert found.differences[0].startswith("torch 2.0 before") and "on which device" in found.differences[1]
        assert found.changed == 0


def test_too_many_changes_are_refused_wherever(birds: Path) -> None:
    with h5py.File(birds, "r+") as file:
        write_json(file, "versions", {"torch": "2.0"})
        head = file["parameters/head.weight"]
        head[...] = np.roll(head[()], 1, axis=1)
    with RunFile(birds) as run, reloaded(run) as model, pytest.raises(RunFileError, match="change at most 1%"):
        verify(run, model, reopen(run))


def test_other_weights_are_noticed(birds: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({k: v.contiguous() for k, v in make_vit_mini(96).state_dict().items()}, other)
    refused = pytest.raises(WeightsError, match=r"'other.safetensors' has SHA-256")
    with RunFile(birds) as run, refused, reloaded(run, weights=str(other)):
        pass


def test_weights_may_have_moved(tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    torch.manual_seed(3)
    save_file({k: v.contiguous() for k, v in make_vit_mini(96).state_dict().items()}, first)
    pictures, out = draw_pictures(tmp_path / "pictures"), tmp_path / "run.h5"
    line = f"train --dataset folder --data {pictures} --weights {first} --image-size 32 --epochs 1 --batch-size 4"
    more = f"--device cpu --set data.val_fraction=0.3 --set concepts.prototypes=5,4 --out {out}"
    assert ivpt([*line.split(), *more.split()]) == ExitCode.OK
    first.rename(second)
    with RunFile(out) as run:
        with pytest.raises(WeightsError, match="first"), reloaded(run):
            pass
        with reloaded(run, weights=str(second)) as model:
            assert verify(run, model, reopen(run)).largest == 0


def test_a_damaged_file_is_refused(birds: Path) -> None:
    with h5py.File(birds, "r+") as file:
        file.move("parameters/head.weight", "parameters/head.heavy")
    missing = pytest.raises(RunFileError, match=r"the parameter 'head.weight' is missing")
    with RunFile(birds) as run, missing, reloaded(run):
        pass
    with h5py.File(birds, "r+") as file:
        file["parameters/head.weight"] = np.zeros((2, 3, 4), np.float32)
    with RunFile(birds) as run, pytest.raises(RunFileError, match="do not fit its configuration"), reloaded(run):
        pass


def test_a_configuration_from_the_future_is_refused(birds: Path) -> None:
    with RunFile(birds) as run:
        config = {**run.config, "concepts": {**run.config["concepts"], "telepathy": True}}
    with h5py.File(birds, "r+") as file:
        write_json(file, "config", config)
    with RunFile(birds) as run, pytest.raises(RunFileError, match="telepathy"), reloaded(run):
        pass


def test_there_is_no_such_device(birds: Path) -> None:
    with RunFile(birds) as run, pytest.raises(ConfigError, match="abacus"), reloaded(run, device="abacus"):
        pass


def test_a_device_that_is_not_here_is_not_insisted_on(birds: Path) -> None:
    with RunFile(birds) as run:
        config = {**run.config, "training": {**run.config["training"], "device": "cuda:77"}}
    with h5py.File(birds, "r+") as file:
        write_json(file, "config", config)
    with RunFile(birds) as run, reloaded(run) as model:
        assert "77" not in str(model.accelerator.device)


def test_other_images_are_noticed(folder: Path, tmp_path: Path) -> None:
    with RunFile(folder) as run:
        more = draw_pictures(tmp_path / "more", per_class=12)
        with pytest.raises(DataError, match=r"image 11 is 'blue/11.png', in the run 'green/00.png'"):
            reopen(run, root=str(more))
        same = draw_pictures(tmp_path / "same")
        for file in same.rglob("*.png"):
            file.write_bytes((same / "red" / "00.png").read_bytes())
        with reloaded(run) as model, pytest.raises(RunFileError, match="although device, versions and batch size"):
            verify(run, model, reopen(run, root=str(same)))


def test_a_folder_that_nobody_asked_for(birds: Path, tmp_path: Path) -> None:
    with RunFile(birds) as run, pytest.raises(ConfigError, match="takes no folder"):
        reopen(run, root=str(tmp_path))
