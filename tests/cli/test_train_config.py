"""What beats what, and what words become."""

from pathlib import Path
from typing import Any

import click
import pytest

from ivpt.backbones.vit_mini import VitMini
from ivpt.cli.plugin_options import split_plugin_options
from ivpt.cli.train_config import place, shortcuts, with_recommendations
from ivpt.errors import ConfigError, PluginError
from ivpt.registry import BACKBONES


@pytest.fixture(autouse=True)
def recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VitMini, "recommended", {"training.epochs": 7, "training.clip": 3.0, "training.batch_size": 9})


def test_typed_beats_file_beats_preset_beats_recommendation_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[training]\nepochs = 11\nbatch_size = 12\n[loss]\nentropy = 0.5\n")
    assert with_recommendations("default", None, {}).training.epochs == 7
    assert with_recommendations("published", None, {}).training.clip == 2.0
    config = with_recommendations("published", file, {"training.epochs": "13"})
    assert (config.training.epochs, config.training.batch_size, config.training.clip) == (13, 12, 2.0)
    assert config.loss.entropy == 0.5
    assert config.training.lr_layers == 1e-2


def test_a_recommendation_belongs_to_its_backbone() -> None:
    assert with_recommendations("default", None, {"backbone.name": "dinov2_s"}).training.epochs == 25


def test_a_wrong_data_set_is_said_before_the_backbone_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def imported(name: str) -> None:
        pytest.fail(f"{name} was imported first, which takes seconds")

    monkeypatch.setattr(BACKBONES, "load", imported)
    with pytest.raises(PluginError, match="no data set 'paperbird'"):
        with_recommendations("default", None, {"data.dataset": "paperbird"})


def test_options_and_settings_become_dotted_keys() -> None:
    typed: dict[str, str | None] = {"epochs": "3", "root": "x", "weights": "none", "seed": None}
    found = shortcuts(typed, ["training.epochs=4", "concepts.prototypes=5,4", "training.clip=none"])
    assert found["training.epochs"] == "3" and "training.seed" not in found
    config = with_recommendations("default", None, found)
    assert config.concepts.prototypes == (5, 4)
    assert config.training.clip is None and config.backbone.weights == "none"


def test_plugin_options_get_the_type_their_plugin_asks_for() -> None:
    config = with_recommendations("default", None, {"data.options.bias": "0.9", "data.options.size": "64"})
    assert config.data.options == {"bias": 0.9, "size": 64}
    assert isinstance(config.data.options["size"], int)


def split(*line: str) -> dict[str, str]:
    found: dict[str, Any] = {}

    @click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    @click.option("--dataset")
    @click.pass_context
    def command(ctx: click.Context, dataset: str | None) -> None:
        found.update(split_plugin_options(ctx))

    command.main(list(line), standalone_mode=False)
    return found


def test_both_spellings_of_a_plugin_option() -> None:
    expected = {"data.options.bias": "0.9", "backbone.options.drop_path": "-1"}
    assert split("--dataset.bias", "0.9", "--dataset", "x", "--backbone.drop-path=-1") == expected
    assert split("--dataset.bias=a=b") == {"data.options.bias": "a=b"}
    with pytest.raises(click.UsageError, match="Did you mean '--dataset'"):
        split("--datset", "x")
    with pytest.raises(click.UsageError, match=r"no option '--dataset\.'"):
        split("--dataset.", "x")


def test_the_run_goes_where_its_data_set_says(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[data]\ndataset = "cub"\n')
    assert place(None, None, {}) == Path("runs/paperbirds.h5")
    assert place(None, file, {}) == Path("runs/cub.h5")
    assert place("paper", file, {"data.dataset": "folder"}) == Path("runs/folder.h5")
    with pytest.raises(ConfigError, match=r"cannot be read"):
        place(None, tmp_path / "missing.toml", {})
