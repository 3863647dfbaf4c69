"""Jobs as real processes: to the end, failing, cancelled, killed."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ivpt.errors import ExitCode
from ivpt.jobs.job import Job
from ivpt.jobs.lines import Failed, Finished, Noted, Progressed
from ivpt.jobs.prune import start_pruning
from ivpt.runfile.concept import Concept
from ivpt.runfile.reader import RunFile
from tests.evaluation.conftest import birds, trained_birds  # noqa: F401


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pruned.h5"


def test_a_job_is_of_the_same_ivpt_wherever_it_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ivpt").mkdir()
    (tmp_path / "ivpt" / "__main__.py").write_text("raise SystemExit('another one')")
    monkeypatch.chdir(tmp_path)
    job = start_pruning(Path("none.h5"), [Concept("coarse", 2)], Path("pruned.h5"))
    last = list(job.events())[-1]
    assert isinstance(last, Failed) and "There is no run file" in last.message, last


def test_a_job_ends_with_its_result(birds: Path, out: Path) -> None:  # noqa: F811
    job = start_pruning(birds, [Concept("L6", 1), Concept("coarse", 2)], out, who="-Ada", why="--spurious")
    events = list(job.events())
    assert not job.running
    last = events[-1]
    assert isinstance(last, Finished), last
    assert last.report["dropped"] == ["L6:1", "coarse:2"] and last.report["out"] == str(out)
    with RunFile(birds) as before, RunFile(out) as after:
        assert (after.origin[0]["who"], after.origin[0]["why"]) == ("-Ada", "--spurious")
        test = before.splits == 2
        figures = last.report["splits"]["test"]
        assert figures["images"] == test.sum()
        assert figures["before"]["correct"] == (before.predictions == before.labels)[test].sum()
        assert figures["after"]["correct"] == (after.predictions == after.labels)[test].sum()
        assert figures["flipped"] == (before.predictions != after.predictions)[test].sum() == len(figures["flips"])
    stages = [event.stage for event in events if isinstance(event, Progressed)]
    assert stages[0] == "predicting the stored images again" and stages[-1] == "test images without the prototypes"
    done = [(event.done, event.total) for event in events if isinstance(event, Progressed)]
    assert done[-1][0] == done[-1][1] == test.sum()
    assert any(isinstance(event, Noted) and "as stored" in event.words for event in events)
    job.cancel()
    job.kill()
    assert out.exists(), "too late"


def test_what_is_wrong_comes_as_an_event(birds: Path, out: Path) -> None:  # noqa: F811
    (event,) = start_pruning(birds, [Concept("L9", 1)], out).events()
    assert event == Failed("The run has no layer 'L9'.", "It has L6, L7, coarse.", ExitCode.CONFIG)
    (event,) = Job(["prune", str(birds), "--nonsense"]).events()
    assert isinstance(event, Failed) and event.exit_code == ExitCode.USAGE and "--nonsense" in event.message
    (event,) = start_pruning(out, [Concept("L9", 1)], out).events()
    assert isinstance(event, Failed) and event.exit_code == ExitCode.RUN_FILE


@pytest.mark.parametrize("stop", [Job.cancel, Job.kill])
def test_a_job_that_is_stopped_leaves_nothing(birds: Path, out: Path, stop: Callable[[Job], None]) -> None:  # noqa: F811
    before = birds.read_bytes()
    # as where the program itself was started in the background of a script
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = start_pruning(birds, [Concept("L6", 1)], out)
    signal.signal(signal.SIGINT, handler)
    events = job.events()
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Progressed) and event.stage == "val images without the prototypes":
            assert [p for p in birds.parent.iterdir() if p.name.startswith(".pruned.h5.")], "it has begun to write"
            stop(job)
            break
    last = list(events)[-1]
    assert isinstance(last, Failed) and last.cancelled
    assert not job.running
    assert sorted(birds.parent.iterdir()) == [birds] and birds.read_bytes() == before


def test_stopping_before_anything_was_said(birds: Path, out: Path) -> None:  # noqa: F811
    job = start_pruning(birds, [Concept("L6", 1)], out)
    job.cancel()
    (*_, last) = job.events()
    assert isinstance(last, Failed) and last.cancelled
    assert sorted(birds.parent.iterdir()) == [birds]


def test_a_job_ends_when_nobody_listens_any_more(birds: Path, out: Path) -> None:  # noqa: F811
    job = start_pruning(birds, [Concept("L6", 1)], out)
    events = job.events()
    next(events)
    events.close()
    until_gone = time.monotonic() + 60
    while job.running and time.monotonic() < until_gone:
        time.sleep(0.05)
    assert not job.running
    assert sorted(birds.parent.iterdir()) == [birds]
