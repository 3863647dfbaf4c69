"""``ivpt train`` from the outside: what it prints where, and the code it leaves with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivpt.cli import run
from ivpt.errors import ExitCode
from ivpt.runfile.reader import RunFile
from tests.training.pictures import draw_pictures


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


def words(pictures: Path, out: Path, *more: str) -> list[str]:
    return (
        f"train --dataset folder --data {pictures} --weights none --image-size 32 --epochs 2 --batch-size 4 "
        f"--device cpu --set data.val_fraction=0.3 --set data.test_fraction=0.3 "
        f"--set concepts.prototypes=5,4 --out {out}"
    ).split() + list(more)


def test_a_run_ends_with_accuracy_file_and_next_command(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my run.h5"
    line = [str(out) if word == "OUT" else word for word in words(pictures, Path("OUT"))]
    assert run(line) == ExitCode.OK
    said = capsys.readouterr()
    with RunFile(out) as opened:
        accuracy = opened.metrics()["test_accuracy"]["value"]
    assert f"{accuracy:.1%}" in said.out and "95 % interval" in said.out
    assert said.out.rstrip().endswith(f"ivpt explore '{out}'")
    assert "Epoch 2/2" in said.err and "Epoch" not in said.out.replace("Epoch kept", "")
    assert "RANDOM WEIGHTS" in said.err
    assert "18 train, 6 val, 9 test" in said.err

    assert run(line) == ExitCode.OUTPUT
    said = capsys.readouterr()
    assert "exists already" in said.err and not said.out


def test_json_is_all_there_is_on_stdout(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run.h5"
    assert run(words(pictures, out, "--json")) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["out"] == str(out) and told["epochs"] == 2 and told["random_weights"] is True
    with RunFile(out) as opened:
        assert told["metrics"] == opened.metrics()


def test_a_signal_leaves_a_checkpoint_and_resume_needs_no_other_word(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    line = words(pictures, out)
    line[line.index("--epochs") + 1] = "500"
    child = subprocess.Popen(
        [sys.executable, "-m", "ivpt", *line], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    try:
        for said in child.stderr:
            if said.startswith("Epoch"):
                break
        child.send_signal(signal.SIGINT)
        out_words, err_words = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == ExitCode.INTERRUPTED
    assert err_words.rstrip().splitlines()[-1] == f"Continue with: ivpt train --resume --out {out}"
    assert "Traceback" not in err_words and not out_words
    with RunFile(out) as opened:
        epochs = len(opened.history()["val_accuracy"])
    assert epochs >= 1

    resumed = subprocess.Popen(
        [sys.executable, "-m", "ivpt", "train", "--resume", "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert resumed.stderr is not None
    try:
        lines = []
        for said in resumed.stderr:
            lines.append(said)
            if said.startswith("Epoch"):
                break
    finally:
        resumed.kill()
        resumed.communicate()
    assert any(line.startswith("Going on after epoch") for line in lines)
    assert int(lines[-1].split()[1].split("/")[0]) >= epochs


def test_resume_refuses_what_would_change_the_result(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivpt.cli import train_progress

    class Impatient(train_progress.PlainObserver):
        def step(self, report: object) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    out = tmp_path / "run.h5"
    with monkeypatch.context() as patch:
        patch.setattr(train_progress, "PlainObserver", Impatient)
        assert run(words(pictures, out)) == ExitCode.INTERRUPTED
    capsys.readouterr()
    assert run(["train", "--resume", "--out", str(out), "--seed", "3"]) == ExitCode.CONFIG
    assert "training.seed = 0 and cannot go on with 3" in capsys.readouterr().err
    assert run(["train", "--out", str(out)]) == ExitCode.OUTPUT
    assert run(["train", "--resume", "--overwrite", "--out", str(out)]) == ExitCode.CONFIG
    assert run(words(pictures, out, "--resume")) == ExitCode.OK
    assert run(["train", "--resume", "--out", str(out)]) == ExitCode.OUTPUT
    assert "is finished" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--epoch 3", ExitCode.USAGE, "Did you mean '--epochs'"),
        ("--datset.bias 3", ExitCode.USAGE, "There is no option '--datset.bias'"),
        ("surplus", ExitCode.USAGE, "unexpected argument 'surplus'"),
        ("--dataset.bias", ExitCode.USAGE, "requires an argument"),
        ("--dataset paperbird", ExitCode.PLUGIN, "Did you mean 'paperbirds'"),
        ("--backbone vit_min", ExitCode.PLUGIN, "Did you mean 'vit_mini'"),
        ("--weights none --dataset.bais 0.5", ExitCode.CONFIG, "Did you mean 'bias'"),
        ("--weights none --dataset.bias lots", ExitCode.CONFIG, "bias"),
        ("--preset papr", ExitCode.CONFIG, "Did you mean 'paper'"),
        ("--set training.epoch=3", ExitCode.CONFIG, "Did you mean 'training.epochs'"),
        ("--set training.epochs", ExitCode.CONFIG, "section.key=value"),
        ("--epochs many", ExitCode.CONFIG, "training.epochs"),
        ("--weights none --image-size 97", ExitCode.CONFIG, "96 and 104"),
        ("--weights none --device abacus", ExitCode.CONFIG, "no device 'abacus'"),
        ("--weights none --dataset folder", ExitCode.DATA, "--data DIR"),
        ("--weights missing.safetensors", ExitCode.WEIGHTS, "missing.safetensors"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    line: str,
    code: ExitCode,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["train", *line.split()]) == code
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err and not told.out
    assert not list(tmp_path.rglob("*.h5*"))


def test_help_is_quick_to_say_and_names_plugin_options(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    code = (
        "import sys; from ivpt.cli import run; run(['train', '--help']);"
        "print(sorted({'torch', 'timm', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]"), time.monotonic() - started
    assert "--dataset.NAME VALUE" in done.stdout and "--resume" in done.stdout


def test_threads_sleep_while_they_wait_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    from ivpt.cli.train import be_a_good_neighbour

    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    be_a_good_neighbour()
    assert os.environ["GOMP_SPINCOUNT"] == "1000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    be_a_good_neighbour()
    assert os.environ["GOMP_SPINCOUNT"] == "5"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    be_a_good_neighbour()
    assert "GOMP_SPINCOUNT" not in os.environ
