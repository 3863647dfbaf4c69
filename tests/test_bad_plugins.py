"""Ways for a plugin to be bad: each ends in one sentence with its name and version, and costs nobody else anything."""

import json
import os
import subprocess
import sys
import time

import pytest

from ivpt.cli import run
from ivpt.data.opening import open_dataset
from ivpt.errors import ExitCode, PluginError
from ivpt.plugin_points import LARGEST_METADATA
from ivpt.registry import DATASETS
from tests.bad_plugins import AT_IMPORT, AT_WORK, GOOD
from tests.strangers import publish
from tests.synthetic import write_synthetic_run
from tests.training.pictures import draw_pictures

ALL = AT_IMPORT | AT_WORK
WHO = "The data set 'stranger' (a-stranger 1.0)"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder on ``sys.path`` where strangers can be published; what they import is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.setenv("IVPT_PLUGINS", "a-stranger,b-stranger")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def train(name):
    small = ["--weights", "none", "--image-size", "32", "--batch-size", "4", "--epochs", "1", "--device", "cpu"]
    return run(["train", "--dataset", name, "--out", "run.h5", *small])


def sentence(capsys):
    """The one sentence on stderr; nothing is on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, err
    assert "Traceback" not in err
    return errors[0].removeprefix("Error: ")


def test_there_are_enough_of_them():
    assert len(ALL) >= 40


@pytest.mark.parametrize("way", ALL)
def test_whoever_uses_it_is_told_in_one_sentence(way, place, capsys):
    source, words = ALL[way]
    publish(place, "a-stranger", source)
    assert train("stranger") == ExitCode.PLUGIN
    said = sentence(capsys)
    assert said.startswith(WHO)
    assert words in said
    assert said.isprintable()
    assert not (place.parent / "run.h5").exists()


@pytest.mark.parametrize("way", ALL)
def test_whoever_does_not_use_it_notices_nothing(way, place, capsys):
    def results():
        codes = [run(["plugins", "--json"]), run(["metrics", "--help"])]
        out, err = capsys.readouterr()
        rows, _, rest = out.partition("\n]\n")
        own = [row for row in json.loads(rows + "\n]") if row["distribution"] == "ivpt"]
        folder = open_dataset("folder", str(place.parent / "pictures"), {})
        return codes, own, rest, err, [r.id for r in folder.records()], folder.image(0).sum()

    draw_pictures(place.parent / "pictures", 3)
    before = results()
    publish(place, "a-stranger", ALL[way][0])
    assert results() == before
    assert before[0] == [ExitCode.OK, ExitCode.OK]


def test_good_one_trains(place, capsys):
    publish(place, "a-stranger", GOOD.replace("np.zeros((8, 8, 3), np.uint8)", "np.full((8, 8, 3), index, np.uint8)"))
    assert train("stranger") == ExitCode.OK, capsys.readouterr().err


@pytest.fixture
def many(tmp_path):
    """An environment with every bad plugin installed at once, each under its own name, and worse ones."""
    folder = tmp_path / "site"
    folder.mkdir()
    worse = {
        "hangs": ("import time\ntime.sleep(600)\n" + GOOD, "did not finish importing within 4 s"),
        "ends the process": ("import os\nos._exit(0)", "ended the process that imported it"),
        "reads and prints": ("import os\nos.write(1, b'{}\\n' * 99)\nprint('{}')\ninput()\n" + GOOD, "EOFError"),
        "closes everything": ("import os\nos.closerange(0, 99)\n" + GOOD, "ended the process that imported it"),
    }
    told = {}
    for number, (way, (source, words)) in enumerate({**AT_IMPORT, **worse}.items()):
        publish(folder, f"bad-{number}", source, name=f"bad{number}")
        told[f"bad{number}"] = (way, words)
    publish(folder, "clash", GOOD, name="folder")
    environment = {**os.environ, "PYTHONPATH": str(folder), "IVPT_CACHE": str(tmp_path / "cache")}
    environment.pop("IVPT_PLUGINS", None)
    return environment, told


def ivpt(environment, *words, **more):
    command = [sys.executable, "-m", "ivpt", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, **more)


@pytest.mark.slow
def test_check_tells_the_truth_about_all_at_once(many):
    environment, told = many
    done = ivpt(environment, "plugins", "--check", "--json", "--time-limit", "4")
    assert done.returncode == ExitCode.PLUGIN, done.stderr
    found = {row["name"]: row for row in json.loads(done.stdout) if row["kind"] == "data set"}
    for name, (way, words) in told.items():
        wanted = {"an old interface": "too old", "a new interface": "too new"}.get(way, "broken")
        assert found[name]["state"] == wanted, way
        assert words in found[name]["reason"], way
        assert f"'{name}' ({found[name]['distribution']} 1.0)" in found[name]["reason"], way
    assert found["paperbirds"]["state"] == "ok"
    assert found["folder"]["state"] == "conflict"


@pytest.mark.slow
def test_other_commands_do_not_change_with_all_of_them_there(many, tmp_path):
    environment, _ = many
    alone = {**environment, "IVPT_PLUGINS": ""}
    for words in (["datasets", "paperbirds", "--json"], ["metrics", "accuracy"], ["plugins", "--json"]):
        with_them, without = ivpt(environment, *words), ivpt(alone, *words)
        if words[0] == "plugins":
            own = [row for row in json.loads(with_them.stdout) if row["distribution"] == "ivpt"]
            assert {row["name"] for row in own} == {row["name"] for row in json.loads(without.stdout)}
        else:
            assert with_them.stdout == without.stdout
        assert (with_them.returncode, with_them.stderr) == (0, without.stderr), with_them.stderr
    draw_pictures(tmp_path / "pictures", 5)
    small = ["--weights", "none", "--image-size", "32", "--epochs", "1", "--batch-size", "4", "--device", "cpu"]
    runs = []
    for which, where in ((environment, "a.h5"), (alone, "b.h5")):
        words = ["train", "--dataset", "folder@ivpt", "--data", str(tmp_path / "pictures"), *small]
        done = ivpt(which, *words, "--json", "--out", str(tmp_path / where))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        runs.append({key: told[key] for key in ("metrics", "epoch", "epochs")})
    assert runs[0] == runs[1]


def test_a_stranger_with_the_name_of_a_built_in_one(place, capsys):
    publish(place, "a-stranger", name="folder")
    assert train("folder") == ExitCode.PLUGIN
    said = sentence(capsys)
    assert said.startswith("Several packages register the data set 'folder': ")
    assert "a-stranger 1.0" in said
    assert "ivpt 0." in said
    assert DATASETS.load("folder@ivpt").__name__ == "Folder"


def test_two_strangers_with_one_name(place, capsys):
    publish(place, "a-stranger")
    publish(place, "b-stranger", version="2.1")
    assert train("stranger") == ExitCode.PLUGIN
    said = sentence(capsys)
    assert "a-stranger 1.0" in said
    assert "b-stranger 2.1" in said
    assert run(["plugins", "--json"]) == ExitCode.OK


def test_a_slow_import_is_named_while_it_lasts(place, capsys, monkeypatch):
    monkeypatch.setattr("ivpt.plugin_points.PATIENCE", 0.1)
    publish(place, "a-stranger", "import time\ntime.sleep(0.5)\n" + GOOD)
    DATASETS.load("stranger")
    assert capsys.readouterr().err == f"{WHO} is still being imported.\n"


def test_two_gigabytes_of_metadata_are_not_read(place):
    publish(place, "a-stranger")
    metadata = place / "a_stranger-1.0.dist-info" / "METADATA"
    os.truncate(metadata, 2_000_000_000)  # a hole: no disk is used
    began = time.monotonic()
    (listed,) = [s for s in DATASETS.listing() if s.name == "stranger"]
    assert (listed.distribution, listed.version) == ("a-stranger", "1.0")
    assert time.monotonic() - began < 5
    assert metadata.stat().st_size > LARGEST_METADATA


@pytest.mark.parametrize(
    "text", ["[ivpt.datasets]\nstranger\n", "[ivpt.datasets\n", "\xff\xfe", "[ivpt.datasets]\nstranger = !!\n"]
)
def test_damaged_entry_points_cost_nobody_else_theirs(place, text):
    publish(place, "a-stranger")
    (place / "a_stranger-1.0.dist-info" / "entry_points.txt").write_bytes(text.encode("latin-1"))
    publish(place, "b-stranger", name="other")
    assert {"other", "folder"} <= set(DATASETS.names())
    if "stranger" in DATASETS.names():
        with pytest.raises(PluginError, match=r"a-stranger 1\.0"):
            DATASETS.load("stranger")


def test_without_metadata_the_folder_says_who_it_is(place):
    publish(place, "a-stranger", "def")
    (place / "a_stranger-1.0.dist-info" / "METADATA").unlink()
    with pytest.raises(PluginError, match=r"a-stranger 1\.0"):
        DATASETS.load("stranger")


def test_what_it_prints_while_it_works_does_not_reach_stdout(place, capsys):
    publish(place, "a-stranger", GOOD.replace("return np.zeros", "print('loading'); return np.zeros"))
    open_dataset("stranger", None, {}).image(0)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "loading\n")


BACKBONE = """
from ivpt.interfaces.backbone import Backbone

class Plugin(Backbone):
    default_image_size = 32

    def build(self, weights, image_size):
        {}
"""


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("1 / 0", "cannot be built: ZeroDivisionError: division by zero."),
        ("raise SystemExit(0)", "cannot be built: SystemExit: 0."),
        ("return 'vit'", "builds str, which is no TokenModel."),
    ],
)
def test_a_backbone_that_cannot_be_built_is_named(place, capsys, what, words):
    publish(place, "a-stranger", BACKBONE.format(what), group="ivpt.backbones", name="vit_odd")
    draw_pictures(place.parent / "pictures", 5)
    data = ["--dataset", "folder", "--data", "pictures", "--out", "run.h5"]
    assert run(["train", "--backbone", "vit_odd", "--weights", "none", *data]) == ExitCode.PLUGIN
    assert sentence(capsys) == f"The backbone 'vit_odd' (a-stranger 1.0) {words}"


METRIC = """
from ivpt.interfaces.metric import Metric

class Plugin(Metric):
    summary = "nothing"

    def compute(self, evidence):
        return {}["share"]
"""


def test_a_metric_that_breaks_is_named(place, capsys):
    publish(place, "a-stranger", METRIC, group="ivpt.metrics", name="odd")
    write_synthetic_run(place.parent / "run.h5", images=40, grid=(6, 6), thumbnails=False)
    assert run(["evaluate", "run.h5", "--metric", "odd"]) == ExitCode.PLUGIN
    assert sentence(capsys) == "The metric 'odd' (a-stranger 1.0) failed: KeyError: 'share'."


def test_a_broken_backbone_and_a_broken_metric_are_named_too(place, capsys):
    publish(place, "a-stranger", "import nowhere_at_all", group="ivpt.backbones", name="vit_odd")
    publish(place, "b-stranger", "class Plugin: pass", group="ivpt.metrics", name="odd")
    assert run(["train", "--backbone", "vit_odd"]) == ExitCode.PLUGIN
    assert sentence(capsys).startswith("The backbone 'vit_odd' (a-stranger 1.0) cannot be imported")
    assert run(["metrics", "odd"]) == ExitCode.PLUGIN
    assert sentence(capsys).startswith("The metric 'odd' (b-stranger 1.0) is not a subclass")
