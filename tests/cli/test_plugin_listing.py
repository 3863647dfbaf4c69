"""``ivpt datasets``, ``ivpt backbones``, ``ivpt metrics``: what they tell, of ivpt's own plugins and of strangers'."""

import json
import sys

import pytest

from ivpt.cli import run
from ivpt.errors import ExitCode, PluginError
from ivpt.plugin_points import _told
from ivpt.registry import BACKBONES, DATASETS
from tests.strangers import GOOD, publish

DESCRIBED = GOOD.replace(
    "class Plugin(Dataset):",
    'class Plugin(Dataset):\n    """Made of nothing.\n\n    Args:\n'
    "        crop: what is\n            cut out.\n        share: of it.\n" + '    """\n',
).replace('("a", "b"))', '("a", "b"), licence="CC0\\x1b[31m", citation="Nobody.", homepage="https://example.org")')


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("IVPT_PLUGINS", "a-stranger,b-stranger")
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in ("a_stranger", "b_stranger"):
        sys.modules.pop(name, None)


def told(capsys, *words):
    assert run([*words, "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    return {plugin["name"]: plugin for plugin in found["plugins"]}


def test_data_sets_say_whether_their_files_are_here(place, capsys):
    found = told(capsys, "datasets", "paperbirds", "cub", "folder")
    assert found["paperbirds"]["files"] == "none needed"
    assert found["cub"]["files"] == "missing"
    assert "CUB_200_2011/images.txt" in found["cub"]["source"]["missing"]
    assert found["folder"]["source"]["root"] is None


def test_plugins_are_asked_by_the_same_ivpt_wherever_it_is_started(place, capsys, tmp_path, monkeypatch):
    (tmp_path / "ivpt").mkdir()
    (tmp_path / "ivpt" / "__init__.py").write_text("raise SystemExit('another one')")
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "metrics", "accuracy")["accuracy"]["state"] == "ok"


def test_one_data_set_with_its_options_and_terms(place, capsys):
    publish(place, "a-stranger", DESCRIBED)
    assert run(["datasets", "stranger"]) == ExitCode.OK
    shown = capsys.readouterr().out
    for words in (
        "What:       Made of nothing\n",
        "Package:    a-stranger 1.0 (interface 1)\n",
        "Classes:    2\n",
        "Licence:    CC0\\x1b[31m\n",
        "Citation:   Nobody.\n",
        "Homepage:   https://example.org\n",
        "  --dataset.crop VALUE  str  [default: box]\n      what is cut out.\n",
        "  --dataset.share VALUE  float  [default: 0.5]\n      of it.\n",
        "  --dataset.deep VALUE  bool  [default: False]\n  --data DIR  str | None",
    ):
        assert words in shown, shown


def test_backbones_say_whether_their_weights_are_here(place, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    found = told(capsys, "backbones", "vit_mini", "dino*", "timm")
    assert found["vit_mini"]["weights"] == {"name": "vit_mini.safetensors", "present": True}
    assert found["dinov2_s"]["weights"] == {"name": "timm/vit_small_patch14_reg4_dinov2.lvd142m", "present": False}
    assert found["dinov2_s"]["image_size"] == 518
    assert {name for name in found if name.startswith("dino")} == {"dinov2_s", "dinov2_b", "dinov2_l"}
    assert found["timm"]["options"][0]["required"] is True


def test_weights_in_the_hubs_cache_are_seen(tmp_path, monkeypatch):
    made = BACKBONES.create("dinov2_s", {})
    name = made.published.name
    snapshot = tmp_path / f"models--{name.replace('/', '--')}" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"weights")
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert made.published.present


def test_metrics_say_what_they_need(place, capsys):
    found = told(capsys, "metrics")
    assert found["faithfulness"]["needs"] == ["part masks"]
    assert found["faithfulness"]["needs_model"] is True
    assert found["accuracy"]["needs"] == []
    assert run(["metrics", "accuracy"]) == ExitCode.OK
    assert "Needs:      nothing but a run file" in capsys.readouterr().out


def test_a_name_that_is_none_offers_the_nearest(place, capsys):
    assert run(["datasets", "paperbird"]) == ExitCode.PLUGIN
    out, err = capsys.readouterr()
    assert out == ""
    assert "Did you mean 'paperbirds'" in err


def test_a_table_shows_a_broken_one_with_its_reason_and_goes_on(place, capsys):
    publish(place, "a-stranger", "import nowhere_at_all")
    assert run(["datasets", "stranger", "paperbirds"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "broken: The data set 'stranger' (a-stranger 1.0) cannot be imported" in out
    assert "paperbirds" in out


def test_two_of_one_name_are_shown_with_their_packages(place, capsys):
    publish(place, "a-stranger", DESCRIBED)
    publish(place, "b-stranger")
    assert run(["datasets", "stran*"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "stranger@a-stranger" in out
    assert "stranger@b-stranger" in out
    assert run(["datasets", "stranger@a-stranger"]) == ExitCode.OK
    assert "Made of nothing" in capsys.readouterr().out


def test_an_old_name_works_with_one_sentence(place, capsys):
    publish(place, "a-stranger", name="new_birds")
    with (place / "a_stranger-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write("\n[ivpt.datasets.renamed]\nold_birds = new_birds\n")
    _told.clear()
    assert DATASETS.load("old_birds") is DATASETS.load("new_birds")
    DATASETS.load("old_birds")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "The data set 'old_birds' is called 'new_birds' now; the old name will go.\n")
    assert "old_birds" not in DATASETS.names()
    with pytest.raises(PluginError, match="There is no data set 'older_birds'"):
        DATASETS.load("older_birds")


def test_an_old_name_does_not_hide_a_plugin_that_has_it(place, capsys):
    publish(place, "a-stranger", name="new_birds")
    with (place / "a_stranger-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write("\n[ivpt.datasets.renamed]\nfolder = new_birds\n")
    assert DATASETS.load("folder").__name__ == "Folder"
    assert capsys.readouterr().err == ""
