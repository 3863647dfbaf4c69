"""A run that was stopped and resumed is the run that was not: bit-identical parameters, scores and history."""

import os
import signal
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.config import Config
from ivpt.errors import ConfigError, ExitCode, Interrupted, OutputError, TrainingError
from ivpt.runfile.reader import RunFile
from ivpt.training.checkpoint import load_checkpoint
from ivpt.training.observer import EpochReport, StepReport
from ivpt.training.output import checkpoint_path
from ivpt.training.run import train
from tests.training.pictures import Recorder, draw_pictures, tiny_config


class Stopper(Recorder):
    """Sends a signal to this process at given moments, as Ctrl-C and batch systems do."""

    def __init__(self, when: str, number: signal.Signals = signal.SIGINT) -> None:
        super().__init__()
        self.when, self.number = when, number

    def _at(self, moment: str) -> None:
        if moment == self.when:
            os.kill(os.getpid(), self.number)

    def step(self, report: StepReport) -> None:
        self._at(f"step {report.epoch} {report.step}")

    def epoch(self, report: EpochReport) -> None:
        self._at(f"epoch {report.epoch}")

    def evaluating(self, split: str, done: int, total: int) -> None:
        self._at(f"evaluating {split}")


@pytest.fixture(scope="module")
def config(pictures: Path) -> Config:
    return tiny_config(pictures)


@pytest.fixture(scope="module")
def whole(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(config, tmp_path_factory.mktemp("whole") / "run.h5").out


def assert_same_run(one: Path, two: Path) -> None:
    with RunFile(one) as a, RunFile(two) as b:
        assert a.metrics() == b.metrics()
        ours, theirs = a.history(), b.history()
        assert list(ours) == list(theirs)
        for column in ours:
            if column != "seconds":
                np.testing.assert_array_equal(ours[column], theirs[column], err_msg=column)
        assert a.parameters().keys() == b.parameters().keys()
        for name, values in a.parameters().items():
            np.testing.assert_array_equal(values, b.parameters()[name], err_msg=name)
        np.testing.assert_array_equal(a.predictions, b.predictions)
    with h5py.File(one) as a, h5py.File(two) as b:
        np.testing.assert_array_equal(a["scores"][:], b["scores"][:])
        for layer in a["layers"]:
            np.testing.assert_array_equal(a["layers"][layer]["attention"][:], b["layers"][layer]["attention"][:])


@pytest.mark.parametrize(
    "moment",
    ["step 0 2", "step 1 1", "evaluating val", "epoch 0", "step 1 3", "evaluating test"],
)
def test_a_resumed_run_equals_an_uninterrupted_one(config: Config, whole: Path, tmp_path: Path, moment: str) -> None:
    out = tmp_path / "run.h5"
    with pytest.raises(Interrupted) as stopped:
        train(config, out, observer=Stopper(moment))
    assert stopped.value.exit_code == ExitCode.INTERRUPTED
    assert f"--resume --out {out}" in stopped.value.hint
    assert checkpoint_path(out).exists()
    result = train(config, out, resume=True)
    assert_same_run(whole, result.out)
    assert not checkpoint_path(out).exists()


def test_a_run_may_be_stopped_again_and_again(config: Config, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    with pytest.raises(Interrupted):
        train(config, out, observer=Stopper("step 0 1", signal.SIGTERM))
    assert load_checkpoint(checkpoint_path(out)).progress.step == 1
    for moment in ("step 0 2", "step 1 2"):
        with pytest.raises(Interrupted):
            train(config, out, resume=True, observer=Stopper(moment))
    assert_same_run(whole, train(config, out, resume=True).out)


def test_a_killed_run_goes_on_from_its_last_epoch(config: Config, whole: Path, tmp_path: Path) -> None:
    class Killed(Recorder):
        def step(self, report: StepReport) -> None:
            if report.epoch == 1 and report.step == 2:
                raise MemoryError

    out = tmp_path / "run.h5"
    with pytest.raises(MemoryError):
        train(config, out, observer=Killed())
    with RunFile(out) as run:  # complete, and open to anyone
        assert len(run.history()["val_accuracy"]) == 1
        assert "test_accuracy" not in run.metrics()
    assert_same_run(whole, train(config, out, resume=True).out)


def test_signals_are_left_alone_afterwards(config: Config, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        train(config, tmp_path / "run.h5", observer=Stopper("step 0 1"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_resuming_with_other_settings_or_images_is_refused(config: Config, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    with pytest.raises(Interrupted):
        train(config, out, observer=Stopper("step 0 1"))
    with pytest.raises(ConfigError, match=r"training\.epochs = 2 and cannot go on with 3"):
        train(tiny_config(pictures, training__epochs=3), out, resume=True)
    fewer = draw_pictures(tmp_path / "fewer", 9)
    with pytest.raises(TrainingError, match="split"):
        train(tiny_config(fewer), out, resume=True)
    assert checkpoint_path(out).exists()


def test_there_must_be_something_to_resume(config: Config, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is finished"):
        train(config, whole, resume=True)
    with pytest.raises(OutputError, match="was not begun"):
        train(config, tmp_path / "run.h5", resume=True)


def test_a_damaged_checkpoint_is_said_to_be_one(config: Config, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    with pytest.raises(Interrupted):
        train(config, out, observer=Stopper("step 0 1"))
    saved = checkpoint_path(out)
    saved.write_bytes(saved.read_bytes()[:500])
    with pytest.raises(TrainingError, match="cannot be read"):
        train(config, out, resume=True)
    saved.write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="cannot be read"):
        train(config, out, resume=True)
