"""``ivpt compare`` from the outside: its formats to the letter, and what it refuses."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ivpt.analysis.differences import bootstrap
from ivpt.analysis.pairing import NOT_STORED, OTHER_PARAMETERS
from ivpt.cli import run
from ivpt.errors import ExitCode
from ivpt.runfile.replicates import Replicates
from ivpt.runfile.update import put_metrics, revised
from tests.analysis.scoring import entry, write_scored

# Two of eight images tell them apart: a resample has Binomial(8, 1/4) of them, none with probability 0.1, and five or
# more with 0.027. The p-value is what the bootstrap finds near 2 * 0.1.
RIGHT = {"one": [1, 1, 1, 0, 1, 0, 1, 1], "two": [1, 0, 1, 0, 1, 0, 0, 1]}
by_chance = bootstrap(RIGHT["two"], RIGHT["one"], paired=True).p


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_scored(Path("one.h5"), RIGHT["one"], metrics={"consistency": entry(60.0, (57.0, 64.0))})
    write_scored(Path("two.h5"), RIGHT["two"], seed=1)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["compare", *words]) == ExitCode.OK
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def refused(capsys: pytest.CaptureFixture[str], code: ExitCode, *words: str) -> str:
    assert run(["compare", *words]) == code
    said = capsys.readouterr()
    assert said.out == "" and "Traceback" not in said.err
    return said.err


def test_markdown_to_the_letter(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert by_chance == pytest.approx(2 * 0.75**8, abs=0.02)
    assert told(capsys, "one.h5", "two.h5", "--format", "markdown").splitlines() == [
        "| run | Con. [%] | Acc. [%] |",
        "| --- | ---: | ---: |",
        "| one | 60.0 (57.0 to 64.0) control 12.0 | 75.0 (40.9 to 92.9) |",
        "| two | – | 50.0 (21.5 to 78.5) |",
        "",
        "| minus one | Con. [%] | Acc. [%] |",
        "| --- | ---: | ---: |",
        f"| two | – | -25.0 (-62.5 to 0.0) p = {by_chance:.3f} |",
        "",
        "- (…): 95 % interval over test images.",
        "- control: the best that is reached without knowing the concepts, by Con. (control).",
        "- – not stored in two.h5: Con.; compute with: ivpt evaluate two.h5 --metric consistency",
        "- p: two-sided bootstrap over test images; it is not corrected for the number of comparisons.",
    ]


def test_the_terminal_table_says_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, "one.h5", "two.h5")
    lines = [line.split() for line in words.splitlines()]
    assert lines[0] == ["run", "Con.", "[%]", "Acc.", "[%]"]
    assert lines[1] == ["one", "60.0", "75.0"]
    assert "(57.0 to 64.0)" in words and f"p = {by_chance:.3f}" in words
    assert "ivpt evaluate two.h5 --metric consistency" in words and "control 12.0" in words
    assert "\x1b" not in words


def test_csv_is_rows_of_numbers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(told(capsys, "one.h5", "two.h5", "--format", "csv"))))
    assert [row["run"] for row in rows] == ["one", "two"]
    assert float(rows[0]["Con."]) == 60.0 and rows[1]["Con."] == "" and float(rows[0]["Con. high"]) == 64.0
    assert float(rows[1]["Acc. difference"]) == pytest.approx(-25) and rows[1]["Acc. kind"] == "paired"
    assert rows[0]["Acc. difference"] == "" and None not in rows[0]


def test_json_is_all_there_is_on_stdout(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, "one.h5", "two.h5", "--json", "--baseline", "two.h5", "--metric", "accuracy")
    assert words == told(capsys, "one.h5", "two.h5", "--format", "json", "--baseline", "two.h5", "--metric", "accuracy")
    found = json.loads(words)
    assert (found["schema"], found["split"], found["baseline"]) == (1, "test", "two")
    assert found["columns"] == [{"metric": "accuracy", "figure": None, "head": "Acc."}]
    one, two = found["rows"]
    assert one["runs"] == [{"path": "one.h5", "seed": 0, "dataset": "small"}]
    assert one["differences"][0]["value"] == pytest.approx(25) and one["differences"][0]["kind"] == "paired"
    assert two["differences"] == [None] and two["cells"][0]["interval_over"] == "images"


def test_groups_and_a_baseline_that_is_named_only_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, "one.h5", "two.h5", "--group", "--format", "markdown", "--metric", "accuracy")
    assert "| one (2 seeds: 0, 1) | 62.5 ± 17.7 (-96.3 to 221.3) |" in words
    assert "minus" not in words and "standard deviation" in words
    write_scored(Path("three.h5"), RIGHT["two"], config={"concepts": {"fusion": False}})
    words = told(capsys, "one.h5", "two.h5", "--group", "--baseline", "three.h5", "--format", "markdown")
    assert "| minus three |" in words and "| one (2 seeds: 0, 1) |" in words.split("minus")[1]


def test_a_variant_and_a_split_can_be_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, "one.h5", "two.h5", "--metric", "consistency:control", "--format", "markdown")
    assert "| run | consistency: control [%] |" in words and "| one | 12.0 |" in words
    words = told(capsys, "one.h5", "two.h5", "--metric", "alignment", "--split", "val")
    assert "--metric alignment --split val" in " ".join(words.split())


def test_what_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "One run" in refused(capsys, ExitCode.CONFIG, "one.h5")
    assert "given twice" in refused(capsys, ExitCode.CONFIG, "one.h5", "./one.h5")
    assert "absent.h5" in refused(capsys, ExitCode.RUN_FILE, "one.h5", "absent.h5")
    Path("words.h5").write_text("words")
    assert "words.h5" in refused(capsys, ExitCode.RUN_FILE, "one.h5", "words.h5")
    said = refused(capsys, ExitCode.CONFIG, "one.h5", "two.h5", "--metric", "stabilty")
    assert "There is no metric 'stabilty'" in said and "'stability'" in said
    said = refused(capsys, ExitCode.CONFIG, "one.h5", "two.h5", "--metric", "consistency:mian")
    assert "no figure 'mian'" in said and "'main'" in said
    refused(capsys, ExitCode.USAGE)


@pytest.fixture
def paired(here: Path) -> Path:
    """``three`` and ``four`` have been given consistency in the same ten resamples, ``one`` of ``here`` has not."""
    for name, value, again in (("three", 60.0, range(55, 65)), ("four", 62.0, [*range(57, 66), 63])):
        path = write_scored(Path(f"{name}.h5"), RIGHT["one"], config={"name": name})
        with revised(path) as copy:
            found = Replicates(np.array(again, float), np.arange(1, 9))
            put_metrics(
                copy,
                {"consistency": entry(value, (57.0, 64.0), metric="consistency")},
                {"consistency": found},
                shown=path,
            )
    return here


def test_stored_metrics_of_the_same_images_are_paired_in_every_format(
    paired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine resamples differ by 2, the last by -1: one of ten is at most 0, so p = 2 * (1 + 1) / (10 + 1)."""
    words = ("three.h5", "four.h5", "one.h5", "--metric", "consistency")
    low = -1 + 0.225 * 3
    assert told(capsys, *words, "--format", "markdown").splitlines()[6:] == [
        "| minus three | Con. [%] |",
        "| --- | ---: |",
        f"| four | +2.0 ({low:.1f} to 2.0) p = 0.364 |",
        "| one | +0.0 (-5.0 to 5.0) |",
        "",
        "- (…): 95 % interval over test images.",
        "- control: the best that is reached without knowing the concepts, by Con. (control).",
        "- p: two-sided bootstrap over test images; it is not corrected for the number of comparisons.",
        "- Without p: joined from the two intervals as if these were independent, without a test.",
        f"- Without p, Con. of one: {NOT_STORED}.",
    ]
    rows = list(csv.DictReader(io.StringIO(told(capsys, *words, "--format", "csv"))))
    assert [row["Con. kind"] for row in rows] == ["", "paired", "intervals"]
    assert float(rows[1]["Con. p"]) == pytest.approx(4 / 11) and rows[2]["Con. p"] == ""
    assert float(rows[1]["Con. difference low"]) == pytest.approx(low)
    four, one = (row["differences"][0] for row in json.loads(told(capsys, *words, "--json"))["rows"][1:])
    assert four == {
        "value": 2.0,
        "interval": pytest.approx([low, 2.0]),
        "p": pytest.approx(4 / 11),
        "kind": "paired",
        "why": "",
    }
    assert (one["kind"], one["p"], one["why"]) == ("intervals", None, NOT_STORED)


def test_other_parameters_are_joined_and_said(paired: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("four.h5")
    other = entry(62.0, (57.0, 64.0), metric="consistency", parameters={"threshold": 0.5})
    with revised(path) as copy:
        found = Replicates(np.arange(10.0), np.arange(1, 9))
        put_metrics(copy, {"consistency": other}, {"consistency": found}, shown=path)
    words = told(capsys, "three.h5", "four.h5", "--metric", "consistency", "--format", "markdown")
    assert "Con. was computed with different threshold: 0.8, 0.5." in words
    assert f"Without p, Con. of four: {OTHER_PARAMETERS}." in words and "p =" not in words


def test_names_from_files_send_no_control_sequence(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scored(Path("bad.h5"), RIGHT["one"], metrics={"x\x1b[2J|": entry(1.0)}, dataset="\x1b]0;owned\x07")
    for shape in ("table", "markdown"):
        words = told(capsys, "one.h5", "bad.h5", "--format", shape)
        assert "\x1b" not in words and "\\x1b" in words.replace("\\\\", "\\")
    assert "\\|" in words


def test_no_torch_behind_it(here: Path) -> None:
    code = (
        "import sys; from ivpt.cli import run; run(['sweep', '--help']); "
        "assert run(['compare', 'one.h5', 'two.h5']) == 0;"
        "print(sorted({'torch', 'timm', 'torchvision', 'accelerate'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Con." in done.stdout and done.stdout.rstrip().endswith("[]")


def test_a_table_that_is_too_wide_is_turned_and_no_head_is_broken(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("consistency", "alignment", "insertion_deletion", "keypoint_regression", "pointing_game_boxes", "sanity")
    runs = [f"run_{k}.h5" for k in range(5)]
    for k, name in enumerate(runs):
        values = {metric: entry(12.5 + k, (10.5, 14.5)) for metric in names}
        write_scored(Path(name), RIGHT["one"], seed=k, metrics=values)
    monkeypatch.setenv("COLUMNS", "80")
    for few in (2, 5):
        words = told(capsys, *runs[:few])
        assert max(map(len, words.splitlines())) <= 80
        lines = words.split("(…)")[0].splitlines()
        heads = [line.split() for line in lines if line.split()[:1] in (["run"], ["minus"])]
        shown = [head[1:] for head in heads if head[0] == "run"]
        assert [name for block in shown for name in block] == [f"run_{k}" for k in range(few)]
        for metric in names:
            unbroken = "Con." if metric == "consistency" else metric
            assert sum(line.split(" ")[0] == unbroken for line in lines) == len(heads)
    monkeypatch.setenv("COLUMNS", "300")
    assert told(capsys, *runs).splitlines()[0].split()[:3] == ["run", "Con.", "[%]"]


def test_a_metric_that_the_images_cannot_give_is_not_recommended(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_scored(Path("bare.h5"), RIGHT["two"], keypoints=(), dataset="bare")
    asked = ("--metric", "consistency", "--metric", "alignment", "--metric", "nmi_ari")
    words = told(capsys, "one.h5", "bare.h5", *asked, "--format", "markdown")
    assert "- – not stored in bare.h5: alignment; compute with: ivpt evaluate bare.h5 --metric alignment\n" in words
    assert "Con. cannot be computed for bare.h5: Consistency and stability compare maps with annotated parts" in words
    assert "nmi_ari cannot be computed for bare.h5: its images have no keypoints." in words
    # one.h5 says that it has keypoints, but has none that can be seen
    assert "not stored in one.h5: alignment; compute with: ivpt evaluate one.h5 --metric alignment\n" in words
    assert "nmi_ari cannot be computed for one.h5: its images have no keypoints." in words


def test_a_narrow_terminal_folds_and_cuts_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {name: entry(12.5, (10.5, 14.5)) for name in ("consistency", "stability", "alignment", "long_name_of_one")}
    write_scored(Path("a_run_with_a_long_name.h5"), RIGHT["one"], metrics=long)
    monkeypatch.setenv("COLUMNS", "60")
    words = told(capsys, "one.h5", "a_run_with_a_long_name.h5", "--format", "table")
    assert "…" not in words.replace("(…)", "") and words.count("14.5)") == 4
    assert max(map(len, words.splitlines())) <= 60
