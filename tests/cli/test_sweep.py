"""``ivpt sweep`` from the outside: a table to the letter, what it refuses, and one that is really trained."""

import json
import re
from pathlib import Path

import pytest

from ivpt.cli import run
from ivpt.errors import DataError, ExitCode, TrainingError
from ivpt.runfile.reader import RunFile
from tests.sweep.tables import TOML, Fakes, fakes
from tests.training.pictures import draw_pictures

__all__ = ["fakes"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    Path("small.toml").write_text(TOML)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str, code: ExitCode = ExitCode.OK) -> tuple[str, str]:
    assert run(["sweep", *words]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.out, said.err


def test_markdown_to_the_letter(here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    out, said = told(capsys, "small.toml", "--seeds", "0,1", "--epochs", "3", "--format", "markdown")
    command = "ivpt sweep small.toml --seeds 0,1 --epochs 3"
    assert out.splitlines() == [
        f"<!-- begin: {command} -->",
        "",
        "**Small**",
        "",
        "```",
        command,
        "```",
        "",
        "| Small | Sta. [%] | paper | Acc. [%] | paper |",
        "| --- | ---: | ---: | ---: | ---: |",
        # 60, 62 and 64, 66; half the range times sqrt 2; t(1) = 12.7062. Accuracies 4/8, 5/8 and 5/8, 6/8.
        "| Without fusion | 61.0 ± 1.4 (48.3 to 73.7) | 70.9 | 56.2 ± 8.8 (-23.2 to 135.7) | – |",
        "| Whole | 65.0 ± 1.4 (52.3 to 77.7) | 75.0 | 68.8 ± 8.8 (-10.7 to 148.2) | 90.8 |",
        "",
        "- Mean ± standard deviation over the seeds 0, 1; (…): Student's 95 % interval of the mean over seeds, which "
        "with few seeds may leave the range of the figure.",
        "- paper: nowhere, table 9.",
        "- Ours: vit_mini on paperbirds, epochs: 3.",
        "",
        f"<!-- end: {command} -->",
    ]
    assert "[4/4] Whole, seed 1: evaluating (about" in said
    assert sorted(path.name for path in Path("runs/small").iterdir()) == sorted(name for name, _ in fakes.trained)


def test_one_seed_has_the_interval_of_its_images(here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "small.toml", "--seeds", "1", "--out", "elsewhere")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["Small", "Sta.", "[%]", "paper", "Acc.", "[%]", "paper"]
    assert lines[1] == ["Without", "fusion", "62.0", "70.9", "62.5", "–"]
    assert "(50.0 to 80.0)" in out and "Seed 1 alone" in out and "±" not in out
    assert Path("elsewhere/whole-seed1.h5").exists() and not Path("runs").exists()


def test_json_is_all_there_is_on_stdout(here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "small.toml", "--seeds", "0,1", "--json")
    found = json.loads(out)
    assert (found["schema"], found["seeds"], found["title"]) == (1, [0, 1], "Small")
    without, whole = found["rows"]
    assert without["settings"] == {"concepts.fusion": False} and whole["settings"] == {}
    assert [cell["paper"] for cell in without["cells"]] == [70.9, None]
    assert whole["cells"][0]["value"] == 65.0 and whole["cells"][0]["interval_over"] == "seeds"
    assert [r["path"] for r in whole["runs"]] == ["runs/small/whole-seed0.h5", "runs/small/whole-seed1.h5"]
    assert whole["runs"][0]["metrics"]["stability"]["figures"]["main"]["value"] == 64.0
    again, said = told(capsys, "small.toml", "--seeds", "0,1", "--json")
    assert said == "" and len(fakes.trained) == 4
    assert [run["before"] for row in json.loads(again)["rows"] for run in row["runs"]] == ["finished"] * 4


def test_a_failed_row_is_named_and_the_exit_code_says_so(
    here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.failing = {
        "whole-seed0.h5": TrainingError("The loss is not a number.", "Lower the rate."),
        "without-fusion-seed0.h5": DataError("An image is gone."),
        "without-fusion-seed1.h5": DataError("An image is gone."),
    }
    out, said = told(capsys, "small.toml", "--seeds", "0,1", "--format", "markdown", code=ExitCode.DATA)
    assert "| Without fusion | – | 70.9 | – | – |" in out
    assert "| Whole | 66.0 | 75.0 | 75.0 | 90.8 |" in out
    assert "- Sta. of Whole is the mean of 1 of 2 seeds." in out
    assert "- Failed: Whole, seed 0. The loss is not a number." in out
    assert "Failed: Whole, seed 0. The loss is not a number. Lower the rate." in said
    assert said.rstrip().endswith("3 of 4 runs have failed; the same command tries them again.")


def test_gaps_are_explained(here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    fakes.undefined = {"stability": DataError("No points are annotated.")}
    out, _ = told(capsys, "small.toml", "--seeds", "0", "--format", "markdown")
    assert "| Whole | – | 75.0 | 62.5 (30.6 to 86.3) | 90.8 |" in out
    assert "- – Sta. of Whole: No points are annotated." in out
    out, _ = told(capsys, "small.toml", "--seeds", "3", "--metric", "accuracy", "--format", "markdown")
    assert "- – Sta. of Whole was not computed; name stability with --metric." in out


def test_a_dry_run_does_nothing(here: Path, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "small.toml", "--seeds", "0")
    out, said = told(capsys, "small.toml", "--seeds", "0,1", "--dry-run", "--format", "markdown")
    assert said == "" and len(fakes.trained) == 2
    assert out.splitlines()[2:6] == [
        "| Without fusion | 0 | done; only what is missing is computed | runs/small/without-fusion-seed0.h5 "
        "| concepts.fusion=false |",
        "| Whole | 0 | done; only what is missing is computed | runs/small/whole-seed0.h5 |  |",
        "| Without fusion | 1 | train | runs/small/without-fusion-seed1.h5 | concepts.fusion=false |",
        "| Whole | 1 | train | runs/small/whole-seed1.h5 |  |",
    ]
    jobs = json.loads(told(capsys, "table4", "--dry-run", "--json", "--set", "training.batch_size=4")[0])["jobs"]
    assert len(jobs) == 27 and {job["config"]["training"]["batch_size"] for job in jobs} == {4}
    assert jobs[1]["path"] == "runs/table4/2-layers-10-7-seed0.h5" and jobs[1]["state"] == "new"
    assert not Path("runs/table4").exists()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("table5", ExitCode.CONFIG, "'table3'"),
        ("small.toml --seeds 0,x", ExitCode.CONFIG, "no seeds"),
        ("small.toml --seeds 1,1", ExitCode.CONFIG, "twice"),
        ("small.toml --set concepts.fusion=true", ExitCode.CONFIG, "'Without fusion'"),
        ("small.toml --set training.epoch=1", ExitCode.CONFIG, "training.epochs"),
        ("small.toml --metric stabilty", ExitCode.PLUGIN, "'stability'"),
        ("wrong.toml", ExitCode.PLUGIN, "'accuracy'"),
        ("layers.toml", ExitCode.CONFIG, "Row 'a'"),
        ("", ExitCode.USAGE, "TABLE"),
    ],
)
def test_what_is_refused_before_anything_starts(
    here: Path, fakes: Fakes, line: str, code: ExitCode, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong.toml").write_text("title = 'x'\nmetric.acuracy.top = 3\n[[rows]]\nname = 'a'\n")
    Path("layers.toml").write_text("title = 'x'\n[[rows]]\nname = 'a'\nmetric.accuracy.tops = 3\n")
    out, err = told(capsys, *line.split(), code=code)
    assert out == "" and said in err and fakes.trained == [] and not Path("runs").exists()


@pytest.mark.slow
def test_a_sweep_that_is_really_trained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_pictures(here / "pictures")
    Path("real.toml").write_text(
        """
        title = "Real"
        metrics = ["accuracy", "alignment"]
        [settings]
        data = { image_size = 32, val_fraction = 0.3, test_fraction = 0.3 }
        concepts = { prototypes = [5, 4], coarse = 2 }
        training = { epochs = 2, batch_size = 4 }
        [[columns]]
        name = "IoU"
        metric = "alignment"
        [[columns]]
        name = "Acc."
        metric = "accuracy"
        [[rows]]
        name = "no fusion"
        settings.concepts.fusion = false
        [[rows]]
        name = "too many blocks"
        settings.concepts.blocks = [6, 99]
        [[rows]]
        name = "whole"
        """
    )
    line = ["real.toml", "--seeds", "0", "--dataset", "folder", "--data", "pictures", "--weights", "none"]
    line += ["--device", "cpu", "--json"]
    out, said = told(capsys, *line, code=ExitCode.CONFIG)
    found = json.loads(out)
    no_fusion, bad, whole = found["rows"]
    assert "block 99" in bad["runs"][0]["error"] and [cell["value"] for cell in bad["cells"]] == [None, None]
    assert "Failed: too many blocks, seed 0" in said
    for row in (no_fusion, whole):
        with RunFile(Path(row["runs"][0]["path"])) as opened:
            assert len(opened.history()["val_accuracy"]) == 2
            test = opened.splits == 2
            right = (opened.predictions == opened.labels)[test].mean()
        assert row["cells"][1]["value"] == pytest.approx(100 * right)
    assert whole["cells"][0]["value"] is not None
    assert no_fusion["cells"][0]["value"] is None
    assert any(re.match("– IoU of no fusion: .*does not group", note) for note in found["notes"])

    before = {path: path.stat().st_mtime_ns for path in Path("runs/real").glob("*.h5")}
    again, _ = told(capsys, *line, code=ExitCode.CONFIG)
    assert [row["cells"] for row in json.loads(again)["rows"]] == [row["cells"] for row in found["rows"]]
    assert {path: path.stat().st_mtime_ns for path in Path("runs/real").glob("*.h5")} == before

    # the same in processes of their own
    together, said = told(capsys, *line, "--processes", "2", "--out", "together", code=ExitCode.CONFIG)
    figures = [
        [[(cell["value"], cell["interval"]) for cell in row["cells"]] for row in table["rows"]]
        for table in (json.loads(together), found)
    ]
    assert figures[0] == figures[1]
    assert "--processes 2" in json.loads(together)["command"] and "Failed: too many blocks, seed 0" in said
