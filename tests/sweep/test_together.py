"""Runs at the same time: other processes, in which training and evaluation are stood in for as in test_sweep."""

import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ivpt.config import Config
from ivpt.errors import ExitCode, Interrupted, TrainingError
from ivpt.sweep import runner
from ivpt.sweep.definition import Definition, RowDefinition
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import RowMetrics
from ivpt.sweep.together import Moved, run_jobs_together
from ivpt.training.interrupt import StopRequest
from ivpt.training.observer import Observer, Setup, StepReport
from tests.sweep.tables import TOML, Ears, Fakes, plan

SMALL = Definition.model_validate(tomllib.loads(TOML))
ROOT = Path(__file__).parents[2]
SETUP = Setup("birds", 2, {}, "vit", "none", (), (8, 8), {}, "cpu", 1, 2, 3, None)


class Told(Ears):
    """A watcher that remembers the bars too."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[tuple[str, Moved]] = []
        self.ends: list[str] = []

    def moved(self, job: Job, moved: Moved) -> None:
        self.moves.append((job.name, moved))

    def ended(self, job: Job) -> None:
        self.ends.append(job.name)


class Trainer(Fakes):
    """In another process: what a training does is in the name of its file."""

    def __init__(self, does: dict[str, str]) -> None:
        super().__init__()
        self.does = does

    def train(self, config: Config, out: Path, *, resume: bool = False, observer: Observer) -> Any:
        observer.ready(SETUP)
        observer.step(StepReport(1, 2, {}, 0.5))
        match self.does.get(out.name):
            case "fail":
                raise TrainingError("The loss is not a number.", "Take a smaller step.")
            case "die":
                os._exit(9)
            case "wait":
                self._wait(out, observer)
            case "deaf":
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                out.with_suffix(".pid").write_text(str(os.getpid()))
                time.sleep(600)
        return super().train(config, out, resume=resume, observer=observer)

    @staticmethod
    def _wait(out: Path, observer: Observer) -> None:
        with StopRequest() as stop:
            out.with_suffix(".pid").write_text(str(os.getpid()))
            while not stop.asked:
                time.sleep(0.05)
                observer.step(StepReport(0, 0, {}, 0.5))
        out.with_suffix(".saved").touch()
        raise Interrupted("Stopped.")


def take_the_place(does: dict[str, str]) -> None:
    trainer = Trainer(does)
    runner.train = trainer.train  # type: ignore[assignment]
    runner.evaluate_run = trainer.evaluate  # type: ignore[assignment]


def metrics_of(row: RowDefinition) -> RowMetrics:
    return RowMetrics(dict.fromkeys(SMALL.metrics), SMALL.metric_options(row, SMALL.metrics))  # type: ignore[arg-type]


def no_evidence(*_: Any) -> Any:
    raise AssertionError("nobody asks for evidence here")


def sweep(jobs: list[Job], does: dict[str, str], watcher: Told, processes: int = 2) -> list[runner.Outcome]:
    return run_jobs_together(
        jobs, metrics_of, no_evidence, watcher, processes=processes, prepare=partial(take_the_place, does)
    )


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text() if sys.platform == "linux" else True


def eventually(holds: Any, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(holds())


def test_failures_and_deaths_do_not_stop_the_others(tmp_path: Path) -> None:
    jobs, told = plan(SMALL, tmp_path, (0, 1, 2)), Told()
    names = [job.name for job in jobs]
    outcomes = sweep(jobs, {jobs[1].out.name: "fail", jobs[2].out.name: "die"}, told)
    assert [outcome.job.name for outcome in outcomes] == names
    assert [outcome.error and outcome.error.exit_code for outcome in outcomes] == [
        None, ExitCode.TRAINING, ExitCode.DEFECT, None, None, None
    ]  # fmt: skip
    assert str(outcomes[1].error) == "The loss is not a number. Take a smaller step."
    assert outcomes[2].error is not None and "ended with code 9" in outcomes[2].error.message
    assert sorted(name for name, _ in told.failures) == [names[1], names[2]]
    assert sorted(told.ends) == sorted(names)
    assert {(number, name) for number, _, name, _ in told.steps} == set(enumerate(names, start=1))
    # epoch 1, step 2 of 2 x 3
    assert {moved for _, moved in told.moves} == {Moved(5, 6, "training")}
    assert [job.state for job in plan(SMALL, tmp_path, (0, 1, 2))] == [
        "finished", "new", "new", "finished", "finished", "finished"
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals are those of POSIX")
def test_ctrl_c_lets_every_run_save_what_it_has(tmp_path: Path) -> None:
    jobs, told = plan(SMALL, tmp_path), Told()
    does = {job.out.name: "wait" for job in jobs[1:]}
    waiting = [job.out.with_suffix(".pid") for job in jobs[1:3]]

    def press() -> None:
        if eventually(lambda: all(path.exists() and path.read_text() for path in waiting)):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(Interrupted, match="1 of 4 runs are done"):
        sweep(jobs, does, told)
    thread.join()
    assert [job.out.with_suffix(".saved").exists() for job in jobs] == [False, True, True, False]
    assert not any(alive(int(path.read_text())) for path in waiting)
    assert told.failures == []


@pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals are those of POSIX")
def test_a_second_ctrl_c_insists(tmp_path: Path) -> None:
    jobs = plan(SMALL, tmp_path, (0,))
    mark = jobs[0].out.with_suffix(".pid")

    def press() -> None:
        if eventually(mark.exists):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(Interrupted, match="0 of 1 runs"):
        sweep(jobs[:1], {jobs[0].out.name: "deaf"}, Told(), processes=1)
    thread.join()
    assert eventually(lambda: not alive(int(mark.read_text())))


SCRIPT = """
from pathlib import Path
from tests.sweep.test_together import SMALL, Told, plan, sweep
if __name__ == "__main__":
    jobs = plan(SMALL, Path({folder!r}), (0,))
    sweep(jobs, {{job.out.name: "wait" for job in jobs}}, Told())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals are those of POSIX")
def test_workers_end_when_their_sweep_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path)))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(script)], env=env)
    marks = [job.out.with_suffix(".pid") for job in plan(SMALL, tmp_path, (0,))]
    try:
        assert eventually(lambda: all(path.exists() and path.read_text() for path in marks))
    finally:
        process.kill()
        process.wait()
    assert eventually(lambda: not any(alive(int(path.read_text())) for path in marks), 30.0)
