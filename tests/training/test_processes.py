"""Two processes are one: the same losses, parameters and scores on the same global batches."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ivpt.runfile.reader import RunFile
from ivpt.training.checkpoint import load_checkpoint
from ivpt.training.output import checkpoint_path

ROOT = Path(__file__).parents[2]


def work(processes: int, *words: object) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    return subprocess.run(
        [sys.executable, *launcher, "-m", "tests.training.double_worker", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def single(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("single") / "run.h5"
    done = work(1, pictures, out)
    assert done.returncode == 0, done.stderr
    return out


def assert_equal_runs(one: Path, two: Path) -> None:
    with RunFile(one) as a, RunFile(two) as b:
        for column, values in a.history().items():
            if column != "seconds":
                np.testing.assert_allclose(values, b.history()[column], rtol=0, atol=1e-6, err_msg=column)
        assert a.parameters().keys() == b.parameters().keys()
        for name, values in a.parameters().items():
            np.testing.assert_allclose(values, b.parameters()[name], rtol=0, atol=1e-6, err_msg=name)
        assert a.metrics() == b.metrics()
        for i in a.map_images:
            np.testing.assert_allclose(a.scores(i), b.scores(i), rtol=0, atol=1e-5)


def test_two_processes_learn_what_one_does(pictures: Path, single: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    done = work(2, pictures, out)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(single, out)
    with RunFile(out) as run:  # nine test images by two processes: the last share is filled up and must not count
        held_out = np.flatnonzero(run.splits > 0)
        assert sorted(run.map_images) == held_out.tolist()
        assert run.metrics()["test_accuracy"]["count"] == int((run.splits == 2).sum()) == 9


def test_two_processes_stop_together_and_go_on_as_one(pictures: Path, single: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    done = work(2, pictures, out, "--stop", 2)
    assert done.returncode != 0
    assert "Continue with: ivpt train --resume" in done.stderr
    # The other process learns of it with the gradients of the step after.
    assert load_checkpoint(checkpoint_path(out)).progress.step == 3
    done = work(1, pictures, out, "--resume")
    assert done.returncode == 0, done.stderr
    assert_equal_runs(single, out)
