"""``ivpt evaluate`` from the outside: what it prints where, what it stores, and the code it leaves with."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivpt.cli import run as ivpt
from ivpt.cli.evaluate import split_metric_options
from ivpt.errors import ExitCode
from ivpt.runfile.reader import RunFile
from tests.cli.test_train import words
from tests.strangers import publish
from tests.synthetic import write_synthetic_run
from tests.training.pictures import draw_pictures

STRANGER = """
from ivpt.errors import DataError
from ivpt.interfaces.metric import Figure, Metric, MetricResult, View

class Plugin(Metric):
    summary = "share of images that are recognised, for a test"

    def __init__(
        self, *, noise: int = -1, threshold: float = 0.5, split: str = "test", crash: bool = False, most: float = 99.5
    ):
        self.noise, self.threshold, self.split, self.crash, self.most = noise, threshold, split, crash, most

    def views(self, evidence):
        return [View(noise_seed=self.noise, split=self.split)] if self.noise >= 0 else []

    def compute(self, evidence):
        if self.crash:
            raise ValueError("\\x1b[31mred")
        view = (self.views(evidence) or [View(split=self.split)])[0]
        right = evidence.predictions(view) == evidence.labels[evidence.indices(view)]
        found = Figure(100 * float(right.mean()), (1.0, self.most))
        figures = {"right": found, "empty": Figure(None, why="Nothing there.")}
        parameters = {"noise": self.noise, "threshold": self.threshold, "split": self.split}
        return MetricResult(figures, "%", True, len(right), parameters, layer="L7")
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    assert ivpt(words(draw_pictures(folder / "pictures"), folder / "run.h5")) == ExitCode.OK
    return folder / "run.h5"


@pytest.fixture
def path(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(trained, tmp_path / "run.h5"))


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registered metric of another package, ``stranger``."""
    folder = tmp_path / "packages"
    folder.mkdir()
    module = publish(folder, "a-metric", STRANGER, group="ivpt.metrics")
    monkeypatch.setenv("IVPT_PLUGINS", "a-metric")
    monkeypatch.syspath_prepend(str(folder))
    yield "stranger"
    sys.modules.pop(module, None)


def test_a_table_for_people(path: Path, stranger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivpt(["evaluate", str(path), "--metric", stranger]) == ExitCode.OK
    said = capsys.readouterr()
    with RunFile(path) as run:
        right = (run.predictions == run.labels)[run.splits == 2].mean()
        entry = run.metrics()["stranger"]
    rows = [row.split() for row in said.out.splitlines()]
    assert rows[0] == ["metric", "(test)", "value", "95", "%", "interval", "layer", "images"]
    assert rows[1] == ["stranger:", "right", f"{100 * right:.1f}", "%", "1.0", "to", "99.5", "L7", "9"]
    assert rows[2] == ["empty", "undefined"] and rows[3] == ["Nothing", "there."]
    assert entry["value"] == pytest.approx(100 * right) and entry["parameters"]["threshold"] == 0.5
    assert said.err == ""
    assert ivpt(["evaluate", str(path), "--metric", stranger, "--metric.stranger.most", "1"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "1.0 to 1.0" in said.out and "interval without width" in said.err
    assert ivpt(["info", str(path)]) == ExitCode.OK
    assert "stranger" in capsys.readouterr().out


def test_the_worst_group_is_named_with_its_number_of_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_synthetic_run(tmp_path / "run.h5", images=60, thumbnails=False)
    assert ivpt(["evaluate", str(run), "--metric", "accuracy"]) == ExitCode.OK
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    with RunFile(run) as opened:
        entry = opened.metrics()["accuracy"]
        labels, right = opened.labels, opened.predictions == opened.labels
        name, values = next(iter(opened.attributes().items()))
        named = opened.info["attributes"][name]
        test = opened.splits == 2
        shares = {
            (c, v): (right[test & (labels == c) & (values == v)].mean(), -n)
            for c in range(len(opened.classes))
            for v in range(len(named))
            if (n := int((test & (labels == c) & (values == v)).sum()))
        }
        c, v = min(shares, key=lambda pair: shares[pair])
        words = f"{opened.classes[c]} with {name} {named[v]}: {-shares[c, v][1]} images"
    at = next(k for k, line in enumerate(lines) if line.startswith(f"worst group by {name}"))
    assert lines[at + 1].startswith(words)
    assert entry["figures"][f"worst group by {name}"]["value"] == pytest.approx(100 * shares[c, v][0])


def test_json_is_all_there_is_on_stdout(path: Path, stranger: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["evaluate", "--metric.stranger.noise", "3", str(path), "--json", "--metric.stranger.threshold=0.75"]
    assert ivpt([*line, "--metric", stranger]) == ExitCode.OK
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["schema"] == 1 and told["run"] == str(path) and told["split"] == "test"
    assert told["passes"] == ["test, whole, noise 0.2 0.25 seed 3"]
    assert told["verification"] == {"images": 15, "changed": 0, "largest": 0.0, "differences": []}
    assert told["metrics"]["stranger"]["parameters"] == {"noise": 3, "threshold": 0.75, "split": "test"}
    with RunFile(path) as run:
        assert run.metrics()["stranger"] == told["metrics"]["stranger"]
        assert list(run.views) == told["passes"]
    assert "all predictions are as stored" in said.err
    assert ivpt([*line, "--metric", stranger]) == ExitCode.OK
    again = capsys.readouterr()
    assert json.loads(again.out) == {**told, "passes": [], "verification": None} and again.err == ""


def test_val_images(path: Path, stranger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivpt(["evaluate", str(path), "--metric", stranger, "--split", "val", "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"]["stranger"]["images"] == 6 and told["metrics"]["stranger"]["parameters"]["split"] == "val"
    with RunFile(path) as run:
        assert run.metrics()["val_stranger"] == told["metrics"]["stranger"]


def test_without_a_name_what_cannot_be_computed_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivpt(["evaluate", str(path), "--json"]) == ExitCode.OK
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert "accuracy" in told["metrics"] and "nmi_ari" in told["left_out"]
    for name, why in told["left_out"].items():
        assert f"Left out: {name}. {why}" in said.err
    assert told["left_out"]["nmi_ari"].startswith("The metric 'nmi_ari' needs keypoints, which the images of 'folder'")


@pytest.mark.parametrize(
    ("name", "said"), [("nmi_ari", "needs keypoints"), ("consistency", "neither keypoints nor part masks")]
)
def test_a_named_metric_without_its_annotation_is_an_error(
    path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    before = path.read_bytes()
    assert ivpt(["evaluate", str(path), "--metric", name]) == ExitCode.DATA
    told = capsys.readouterr()
    first, hint = told.err.split("Metrics that work here: ")
    assert said in first.replace("\n", " ") and hint.startswith("accuracy, alignment") and "consistency" not in hint
    assert not told.out and "Traceback" not in told.err
    assert path.read_bytes() == before


def test_a_crash_of_a_stranger_is_his(path: Path, stranger: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["evaluate", str(path), "--metric.stranger.crash", "true"]
    assert ivpt(line) == ExitCode.PLUGIN
    said = capsys.readouterr()
    assert "accuracy" in said.out and "\x1b[31m" not in said.err and "Traceback" not in said.err
    assert "The metric 'stranger'" in said.err and "ValueError" in said.err
    with RunFile(path) as run:
        assert "accuracy" in run.metrics() and "stranger" not in run.metrics()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--metric accurac", ExitCode.PLUGIN, "Did you mean 'accuracy'"),
        ("--metric accuracy --metric.accuracy.tip 3", ExitCode.CONFIG, "Did you mean 'top'"),
        ("--metric accuracy --metric.accuracy.top many", ExitCode.CONFIG, "top"),
        ("--metric accuracy --metric.alignment.seed 3", ExitCode.CONFIG, "Add --metric alignment"),
        ("--metric.nothing.seed 3 --metric accuracy", ExitCode.PLUGIN, "no metric 'nothing'"),
        ("--metric.accuracy 3", ExitCode.USAGE, "names no parameter"),
        ("--metric.accuracy.top", ExitCode.USAGE, "requires an argument"),
        ("--split train", ExitCode.USAGE, "train"),
        ("--metrics accuracy", ExitCode.USAGE, "--metric"),
        ("--batch-size 0", ExitCode.USAGE, "0"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    trained: Path, line: str, code: ExitCode, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = trained.read_bytes()
    assert ivpt(["evaluate", str(trained), *line.split()]) == code
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err and not told.out
    assert trained.read_bytes() == before


def test_no_run_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivpt(["evaluate", str(tmp_path / "run.h5")]) == ExitCode.RUN_FILE
    assert "There is no run file" in capsys.readouterr().err


def test_a_run_whose_data_are_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_synthetic_run(tmp_path / "run.h5")
    assert ivpt(["evaluate", str(path), "--metric", "accuracy"]) == ExitCode.OK
    assert ivpt(["evaluate", str(path), "--metric", "consistency"]) == ExitCode.PLUGIN
    assert "There is no data set 'synthetic'" in capsys.readouterr().err


def test_metric_options_may_stand_anywhere() -> None:
    rest, options = split_metric_options(
        ["--metric.a.x-y", "1", "RUN", "--json", "--metric.b@dist.1.z=", "--metric", "a"], None
    )
    assert rest == ["RUN", "--json", "--metric", "a"]
    assert options == {"a": {"x_y": "1"}, "b@dist.1": {"z": ""}}


def test_what_needs_no_model_loads_none(path: Path) -> None:
    code = (
        "import sys; from ivpt.cli import run\n"
        f"code = run(['evaluate', {str(path)!r}, '--metric', 'accuracy', '--json']); assert code == 0\n"
        "print(sorted({'torch', 'timm', 'accelerate'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_ctrl_c_leaves_the_file_as_it_was(path: Path, stranger: str) -> None:
    """A real signal, in the middle of a pass."""
    before = path.read_bytes()
    code = (
        "import os, signal, sys\n"
        "from ivpt.runfile.views import ViewWriter\n"
        "plain = ViewWriter.append\n"
        "def append(self, batch):\n"
        "    plain(self, batch)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "ViewWriter.append = append\n"
        "from ivpt.cli import run\n"
        f"sys.exit(run(['evaluate', {str(path)!r}, '--metric', 'stranger', '--metric.stranger.noise', '1']))"
    )
    packages = str(path.parent / "packages")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": packages},
        check=False,
    )
    assert done.returncode == ExitCode.INTERRUPTED, done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert path.read_bytes() == before and sorted(os.listdir(path.parent)) == ["packages", "run.h5"]
    assert signal.getsignal(signal.SIGINT) is not None
