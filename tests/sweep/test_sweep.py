"""Planning and running a sweep; training and evaluation themselves are stood in for, and have tests of their own."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ivpt.config import Config, load_config
from ivpt.errors import ConfigError, DataError, ExitCode, Interrupted, RunFileError, TrainingError
from ivpt.runfile.reader import RunFile
from ivpt.sweep import runner
from ivpt.sweep.definition import Definition, RowDefinition, find_definition
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import Outcome, RowMetrics, is_stored, run_jobs
from ivpt.training.checkpoint import Checkpoint, Progress, save_checkpoint
from ivpt.training.output import checkpoint_path
from tests.sweep.tables import TOML, Ears, Fakes, plan

SMALL = Definition.model_validate(tomllib.loads(TOML))
FILES = ["without-fusion-seed0.h5", "whole-seed0.h5", "without-fusion-seed1.h5", "whole-seed1.h5"]
NAMES = ["Without fusion, seed 0", "Whole, seed 0", "Without fusion, seed 1", "Whole, seed 1"]


def metrics_of(row: RowDefinition) -> RowMetrics:
    names = SMALL.metrics
    return RowMetrics(dict.fromkeys(names), SMALL.metric_options(row, names))  # type: ignore[arg-type]


def sweep(jobs: list[Job]) -> tuple[list[Outcome], Ears]:
    ears = Ears()
    return run_jobs(jobs, metrics_of, lambda run, mask, probe: None, ears), ears  # type: ignore[arg-type,return-value]


def test_a_plan_has_every_row_of_the_first_seed_first(tmp_path: Path) -> None:
    jobs = plan(SMALL, tmp_path, typed={"training.epochs": "5"})
    assert [job.out.name for job in jobs] == FILES and [job.name for job in jobs] == NAMES
    assert [job.config.training.seed for job in jobs] == [0, 0, 1, 1]
    assert [job.config.concepts.fusion for job in jobs] == [False, True, False, True]
    assert {job.config.training.epochs for job in jobs} == {5}, "typed beats the table's common settings"
    assert {job.state for job in jobs} == {"new"}


def test_rows_whose_names_differ_in_signs_only_have_files_of_their_own(tmp_path: Path) -> None:
    rows = tuple(RowDefinition(name=name) for name in ("a b", "a-b", "A b!"))
    jobs = plan(Definition(title="t", rows=rows), tmp_path, (7,))
    assert [job.out.name for job in jobs] == ["a-b-seed7.h5", "a-b-2-seed7.h5", "a-b-3-seed7.h5"]


def test_what_makes_the_rows_cannot_be_typed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"concepts\.fusion is what the row 'Without fusion' sets"):
        plan(SMALL, tmp_path, typed={"concepts.fusion": "true"})
    with pytest.raises(ConfigError, match="set by the sweep") as refused:
        plan(SMALL, tmp_path, typed={"training.seed": 3})
    assert "--seeds" in refused.value.hint


def test_a_wrong_setting_names_its_row(tmp_path: Path) -> None:
    wrong = Definition(title="t", rows=(RowDefinition(name="bad", settings={"concepts": {"fussion": True}}),))
    with pytest.raises(ConfigError, match=r"Row 'bad': .*concepts\.fussion") as refused:
        plan(wrong, tmp_path)
    assert "concepts.fusion" in refused.value.hint


def save_unfinished(out: Path, config: Config) -> None:
    values = config.model_dump(mode="json")
    save_checkpoint(checkpoint_path(out), Checkpoint(values, "", "", Progress(), {}, {}, {}, {}))


def test_everything_is_trained_and_evaluated_once(tmp_path: Path, fakes: Fakes) -> None:
    outcomes, ears = sweep(plan(SMALL, tmp_path))
    assert fakes.trained == [(name, False) for name in FILES]
    assert fakes.evaluated == [(name, ("accuracy", "stability")) for name in FILES]
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert ears.steps == [(k + 1, 4, name, step) for k, name in enumerate(NAMES) for step in ("training", "evaluating")]
    assert ears.left[:2] == [None, None] and all(left is not None for left in ears.left[2:])

    jobs = plan(SMALL, tmp_path)
    assert {job.state for job in jobs} == {"finished"}
    again, ears = sweep(jobs)
    assert (len(fakes.trained), len(fakes.evaluated), ears.steps) == (4, 4, [])
    assert [outcome.error for outcome in again] == [None] * 4


def test_only_what_is_missing_is_done(tmp_path: Path, fakes: Fakes) -> None:
    sweep(plan(SMALL, tmp_path, (0,)))
    fakes.trained.clear()
    fakes.evaluated.clear()
    jobs = plan(SMALL, tmp_path)
    save_unfinished(jobs[3].out, jobs[3].config)
    jobs = plan(SMALL, tmp_path)
    assert [job.state for job in jobs] == ["finished", "finished", "new", "unfinished"]
    _, ears = sweep(jobs)
    assert fakes.trained == [(FILES[2], False), (FILES[3], True)]
    assert [step for *_, step in ears.steps] == [
        "training",
        "evaluating",
        "training, from where it stopped",
        "evaluating",
    ]


def test_a_metric_with_other_parameters_is_computed_again(tmp_path: Path, fakes: Fakes) -> None:
    sweep(plan(SMALL, tmp_path, (0,)))
    fakes.evaluated.clear()
    jobs = plan(SMALL, tmp_path, (0,))
    options = {"stability": {"layer": "L6"}}
    run_jobs(jobs, lambda row: RowMetrics(metrics_of(row).metrics, options), lambda *_: None, Ears())  # type: ignore[arg-type,return-value]
    assert fakes.evaluated == [(name, ("stability",)) for name in FILES[:2]]


def test_stored_metrics_are_told_by_their_parameters() -> None:
    entry = {"metric": "stability", "layer": "coarse", "parameters": {"noise_seeds": [0, 1], "frame": 224}}
    assert is_stored(entry, {})
    assert is_stored(entry, {"layer": "coarse", "noise_seeds": (0, 1), "frame": 224})
    assert not is_stored(entry, {"layer": "L6"})
    assert not is_stored(entry, {"noise_seeds": (0,)})
    assert not is_stored(entry, {"unheard_of": 1})
    assert not is_stored(None, {})
    assert not is_stored({"value": 0.5}, {}), "training's own entries are no metrics"


@pytest.mark.parametrize("unfinished", [False, True])
def test_a_file_of_other_settings_is_refused_before_anything_starts(
    tmp_path: Path, fakes: Fakes, unfinished: bool
) -> None:
    if unfinished:
        save_unfinished(tmp_path / FILES[3], load_config(None, "default", {"training.epochs": 9, "training.seed": 1}))
    else:
        sweep(plan(SMALL, tmp_path, typed={"training.epochs": 9}))
    with pytest.raises(ConfigError, match=r"training\.epochs = 9, and 2 is asked for"):
        plan(SMALL, tmp_path)


def test_another_place_or_device_is_no_other_setting(tmp_path: Path, fakes: Fakes) -> None:
    sweep(plan(SMALL, tmp_path, typed={"data.workers": 2}))
    assert {job.state for job in plan(SMALL, tmp_path, typed={"training.device": "cpu"})} == {"finished"}


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILES[1]).write_text("words")
    with pytest.raises(RunFileError, match=FILES[1]):
        plan(SMALL, tmp_path)


def test_a_failed_run_does_not_stop_the_others(tmp_path: Path, fakes: Fakes) -> None:
    fakes.failing = {FILES[0]: TrainingError("The loss is not a number."), FILES[2]: ZeroDivisionError("by zero")}
    outcomes, ears = sweep(plan(SMALL, tmp_path))
    assert [name for name, _ in fakes.trained] == FILES
    assert [name for name, _ in fakes.evaluated] == [FILES[1], FILES[3]]
    codes = [outcome.error and outcome.error.exit_code for outcome in outcomes]
    assert codes == [ExitCode.TRAINING, None, ExitCode.DEFECT, None]
    assert [name for name, _ in ears.failures] == [NAMES[0], NAMES[2]]
    assert ears.failures[0][1] == "The loss is not a number." and "ZeroDivisionError: by zero" in ears.failures[1][1]
    fakes.failing.clear()
    assert [job.state for job in plan(SMALL, tmp_path)] == ["new", "finished", "new", "finished"]


def test_a_metric_that_these_images_cannot_give_is_left_out_and_a_broken_one_is_a_failure(
    tmp_path: Path, fakes: Fakes
) -> None:
    fakes.undefined = {"stability": DataError("No points are annotated.")}
    outcomes, ears = sweep(plan(SMALL, tmp_path, (0,)))
    assert [outcome.left_out for outcome in outcomes] == [{"stability": "No points are annotated."}] * 2
    assert [outcome.error for outcome in outcomes] == [None, None] and ears.failures == []
    # the next time it is the only one missing, and evaluate has nothing to store
    again, _ = sweep(plan(SMALL, tmp_path, (0,)))
    assert [outcome.left_out for outcome in again] == [{"stability": "No points are annotated."}] * 2

    fakes.undefined = {"stability": TrainingError("It fell over.")}
    broken, ears = sweep(plan(SMALL, tmp_path, (1,)))
    assert [outcome.error and outcome.error.message for outcome in broken] == ["It fell over."] * 2
    with RunFile(tmp_path / FILES[2]) as run:
        assert "accuracy" in run.metrics()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Interrupted("Stopped.")])
def test_an_interruption_keeps_what_is_done(tmp_path: Path, fakes: Fakes, stop: BaseException) -> None:
    fakes.failing = {FILES[2]: stop}
    with pytest.raises(Interrupted, match="2 of 4 runs are done"):
        sweep(plan(SMALL, tmp_path))
    assert [name for name, _ in fakes.trained] == FILES[:3]
    assert [job.state for job in plan(SMALL, tmp_path)] == ["finished", "finished", "new", "new"]


def test_the_time_left_is_that_of_runs_like_those_done(
    tmp_path: Path, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def later(seconds: float, inner: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal now
            now += seconds
            return inner(*args, **more)

        return call

    monkeypatch.setattr(runner.time, "monotonic", lambda: now)
    monkeypatch.setattr(runner, "train", later(100.0, fakes.train))
    monkeypatch.setattr(runner, "evaluate_run", later(20.0, fakes.evaluate))
    _, ears = sweep(plan(SMALL, tmp_path))
    assert ears.left == [None, None, 360.0, 360.0, 240.0, 240.0, 120.0, 120.0]


def test_the_tables_of_ivpt_can_be_planned(tmp_path: Path) -> None:
    for name in ("table3", "table4"):
        definition = find_definition(name)[1]
        jobs = plan(definition, tmp_path / name, (0, 1, 2))
        assert len({job.out for job in jobs}) == len(jobs) == 3 * len(definition.rows)
