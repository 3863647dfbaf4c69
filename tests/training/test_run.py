"""Whole tiny runs: what is in the run file, what is refused, and that test data stay out of sight."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ivpt.data.loading import ImageSet
from ivpt.errors import ConfigError, DataError, OutputError, TrainingError
from ivpt.runfile.edits import edits_path
from ivpt.runfile.reader import RunFile
from ivpt.training import loop
from ivpt.training.output import check_room, checkpoint_path
from ivpt.training.preparation import build_backbone, build_model
from ivpt.training.run import train
from tests.training.pictures import Recorder, draw_pictures, tiny_config


def test_a_run_file_holds_what_the_model_says(pictures: Path, tmp_path: Path) -> None:
    config = tiny_config(pictures, output__train_maps=True, output__map_bits=16)
    watcher = Recorder()
    result = train(config, tmp_path / "new" / "run.h5", observer=watcher)
    backbone = build_backbone(config)
    with RunFile(result.out) as run:
        assert run.config == config.model_dump(mode="json")
        assert run.num_images == 33 and len(run.map_images) == 33
        assert run.history()["val_accuracy"].tolist() == result.history["val_accuracy"]
        assert set(run.metrics()) >= {"val_accuracy", "test_accuracy", "test_balanced_accuracy", "train_accuracy"}
        assert run.backbone["weights"]["source"] == "none"
        # Random weights are stored whole: the model can be had back from the file alone.
        state = {k: torch.from_numpy(np.array(v)) for k, v in run.parameters().items()}
        frozen = {k.removeprefix("backbone."): v for k, v in state.items() if k.startswith("backbone.")}
        backbone.load_state_dict(frozen)
        model = build_model(config, backbone, len(run.classes)).eval()
        model.load_trained_state({name: state[name] for name in model.trained_state()})
        dataset = train_dataset(pictures)
        images = ImageSet(dataset, [0, 20], image_size=32, mean=backbone.mean, std=backbone.std)
        with torch.no_grad():
            output = model(torch.stack([images[0]["image"], images[1]["image"]]))
        for row, i in enumerate((0, 20)):
            np.testing.assert_allclose(run.scores(i), output.scores[row], atol=1e-4)
            np.testing.assert_allclose(run.attention("L6", i), output.layers[6].attention[row], atol=2e-3)
            np.testing.assert_array_equal(run.groups("L7", i), output.layers[7].groups[row].argmax(-1))
            assert run.image_size(i) == (32, 32)
            assert run.thumbnail(i)
        assert run.predictions[20] == output.logits[1].argmax()
    assert [r.epoch for r in watcher.epochs] == [0, 1]
    assert len(watcher.steps) == 2 * watcher.setups[0].steps == 8
    assert ("test", 9, 9) in watcher.evaluated
    model_parameters = watcher.setups[0].parameters
    assert model_parameters["tokens"] > 0 and model_parameters["layers"] > 0 and model_parameters["frozen"] > 0


def train_dataset(root: Path) -> Any:
    from ivpt.data.folder import Folder

    return Folder(root=str(root))


def test_val_maps_only_until_training_is_over(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"

    class Reader(Recorder):
        def epoch(self, report: Any) -> None:
            super().epoch(report)
            with RunFile(out) as run:
                assert set(run.splits[run.map_images]) == {1}
                assert "test_accuracy" not in run.metrics()
                assert len(run.history()["train_total"]) == report.epoch + 1

    watcher = Reader()
    train(tiny_config(pictures), out, observer=watcher)
    assert len(watcher.epochs) == 2
    with RunFile(out) as run:
        assert set(run.splits[run.map_images]) == {1, 2}


def test_test_images_and_labels_never_influence_training(tmp_path: Path) -> None:
    split = {"train": 6, "val": 3, "test": 3}
    one = draw_pictures(tmp_path / "one", split=split)
    two = tmp_path / "two"
    shutil.copytree(one, two)
    (two / "test" / "red").rename(two / "test" / "x")
    (two / "test" / "blue").rename(two / "test" / "red")
    (two / "test" / "x").rename(two / "test" / "blue")
    for file in (two / "test" / "green").iterdir():
        Image.new("RGB", (32, 32), "white").save(file)
    a, b = (train(tiny_config(root, training__epochs=3), tmp_path / f"{root.name}.h5").out for root in (one, two))
    with RunFile(a) as ours, RunFile(b) as theirs:
        for name, values in ours.parameters().items():
            np.testing.assert_array_equal(values, theirs.parameters()[name], err_msg=name)
        assert ours.metrics()["val_accuracy"] == theirs.metrics()["val_accuracy"]
        tests = np.flatnonzero(ours.splits == 2)
        assert not all(np.array_equal(ours.scores(i), theirs.scores(i)) for i in tests)


def test_a_loss_that_is_no_number_ends_training_at_once(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = loop.training_terms

    def later_nan(model: Any, objective: Any, *rest: Any) -> Any:
        output, terms = honest(model, objective, *rest)
        if len(watcher.epochs) == 1:
            terms = terms | {"entropy": terms["entropy"] * float("nan"), "total": terms["total"] * float("nan")}
        return output, terms

    watcher = Recorder()
    monkeypatch.setattr(loop, "training_terms", later_nan)
    out = tmp_path / "run.h5"
    with pytest.raises(TrainingError, match=r"not a number at epoch 2, step 1 \(entropy\)"):
        train(tiny_config(pictures), out, observer=watcher)
    with RunFile(out) as run:
        assert np.isfinite(run.history()["train_total"]).all() and len(run.history()["train_total"]) == 1
    assert checkpoint_path(out).exists()


def test_the_best_epoch_is_kept_and_the_history_goes_on(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "is_better", lambda new, kept, select: kept is None)
    out = tmp_path / "run.h5"
    result = train(tiny_config(pictures), out)
    first = train(tiny_config(pictures, training__epochs=1, training__lr_period=1.0), tmp_path / "first.h5")
    assert result.epoch == 1
    with RunFile(out) as run, RunFile(first.out) as short:
        assert len(run.history()["val_accuracy"]) == 2
        for name, values in short.parameters().items():
            np.testing.assert_array_equal(values, run.parameters()[name], err_msg=name)
        assert run.metrics()["test_accuracy"]["parameters"]["epoch"] == 1


def test_an_existing_run_is_refused_before_anything_else(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    out.write_bytes(b"precious")
    edits_path(out).write_text("{}\n")
    nowhere = tiny_config(tmp_path / "no such folder")
    with pytest.raises(OutputError, match="exists already") as refused:
        train(nowhere, out)
    assert "--overwrite" in refused.value.hint
    assert out.read_bytes() == b"precious"
    checkpoint_path(out).write_bytes(b"of the precious run")
    watcher = Recorder()
    train(tiny_config(pictures, training__epochs=1), out, overwrite=True, observer=watcher)
    with RunFile(out) as run:
        assert run.num_images == 33
    assert not edits_path(out).exists() and (tmp_path / "run.h5.edits.jsonl.1").read_text() == "{}\n"
    assert any("run.h5.edits.jsonl.1" in note for note in watcher.notes)
    assert not checkpoint_path(out).exists()


def test_an_unfinished_run_is_not_begun_anew_by_accident(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    checkpoint_path(out).write_bytes(b"")
    with pytest.raises(OutputError, match="unfinished"):
        train(tiny_config(pictures), out)


def test_a_place_that_cannot_be_written_is_refused_before_training(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        train(tiny_config(pictures), tmp_path / "file" / "run.h5")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(OutputError, match="folder"):
        train(tiny_config(pictures), tmp_path / "folder.h5", overwrite=True)
    if os.geteuid():
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        with pytest.raises(OutputError, match="permission"):
            train(tiny_config(pictures), closed / "run.h5")
    with pytest.raises(OutputError, match="too full"):
        check_room(tmp_path / "run.h5", 10**18)


def test_unreadable_images_are_named_and_left_out_only_if_asked(tmp_path: Path) -> None:
    root = draw_pictures(tmp_path / "pictures")
    (root / "red" / "03.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"red/03\.png"):
        train(tiny_config(root), tmp_path / "run.h5")
    assert not (tmp_path / "run.h5").exists()
    watcher = Recorder()
    train(tiny_config(root, data__skip_unreadable=True), tmp_path / "run.h5", observer=watcher)
    assert any("red/03.png" in note for note in watcher.notes)
    assert any(note.startswith("1 of 33 images") for note in watcher.notes)
    assert sum(watcher.setups[0].images.values()) == 32


def test_a_device_that_is_not_there_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no device 'tpu'"):
        train(tiny_config(pictures, training__device="tpu"), tmp_path / "run.h5")
    with pytest.raises(ConfigError, match="no device 'cuda:99'"):
        train(tiny_config(pictures, training__device="cuda:99"), tmp_path / "run.h5")


def test_a_folder_for_a_data_set_without_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="takes no folder"):
        train(tiny_config(tmp_path, data__dataset="paperbirds"), tmp_path / "run.h5")


def test_mixed_precision_and_clipping_train(pictures: Path, tmp_path: Path) -> None:
    config = tiny_config(pictures, training__precision="bf16", training__clip=2.0, training__epochs=1)
    result = train(config, tmp_path / "run.h5")
    assert np.isfinite(result.history["train_total"]).all()
    with RunFile(result.out) as run:
        assert all(values.dtype == np.float32 for values in run.parameters().values() if values.dtype.kind == "f")


@pytest.mark.parametrize("preset", ["paper", "published"])
def test_the_other_presets_train(pictures: Path, tmp_path: Path, preset: str) -> None:
    from ivpt.config import load_config

    mine = tiny_config(pictures).model_dump(mode="json")
    overrides = {f"data.{k}": v for k, v in mine["data"].items() if k != "options"} | {
        "backbone.weights": "none",
        "concepts.prototypes": (5, 4),
        "training.epochs": 1,
        "training.batch_size": 4,
        "training.device": "cpu",
    }
    result = train(load_config(None, preset, overrides), tmp_path / "run.h5")
    assert np.isfinite(result.history["train_total"]).all()
