"""``ivpt prune`` from the command line."""

import json
from pathlib import Path

import pytest

from ivpt.cli import run as ivpt
from ivpt.cli.prune_table import shown
from ivpt.errors import ExitCode
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.reader import RunFile
from tests.evaluation.conftest import birds, trained_birds  # noqa: F401
from tests.synthetic import write_synthetic_run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def synthetic(tmp_path: Path) -> Path:
    return write_synthetic_run(tmp_path / "run.h5", images=60, thumbnails=False)


def test_a_pruned_run_beside_the_run(birds: Path, capsys: Capture) -> None:  # noqa: F811
    assert ivpt(["prune", str(birds), "--drop", "L6:3", "--drop", "coarse:2"]) == ExitCode.OK
    said = capsys.readouterr()
    out = birds.with_name("birds-pruned.h5")
    with RunFile(out) as run:
        assert [layer.removed for layer in run.layers] == [(3,), (), (2,)]
    told = "".join(said.out.split())  # folded at 80 columns, wherever a long path ends
    for words in ("val(", "test(", "before", "worstgroup", "ivptexplore", "ivptcompare", "birds-pruned.h5"):
        assert words in told
    assert "all predictions are as stored" in said.err
    assert ivpt(["prune", str(birds), "--drop", "L6:3"]) == ExitCode.OUTPUT
    assert "--overwrite" in capsys.readouterr().err
    assert ivpt(["prune", str(birds), "--drop", "L6:3", "--overwrite", "--refit-head", "--json"]) == ExitCode.OK
    report = json.loads(capsys.readouterr().out)
    assert "new head" in shown(report) and "new head" not in shown({**report, "refit": None})
    assert report["removed"] == {"L6": [3]} and report["refit"]["epochs"] == 30 and report["kind"] == "model"
    assert ivpt(["info", str(out)]) == ExitCode.OK
    said = capsys.readouterr()
    assert "pruned from" in said.out and "1 removed" in said.out and "head fitted anew" in said.out.replace("\n", " ")


def test_evidence_needs_no_model(synthetic: Path, capsys: Capture) -> None:
    before = synthetic.read_bytes()
    words = ["prune", str(synthetic), "--evidence", "--drop", "coarse:2", "--drop", "L6:2"]
    assert ivpt([*words, "--json"]) == ExitCode.OK
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["dropped"]) == ("evidence", ["coarse:2"])
    assert report["feeds"]["L6:2"]["concept"] == "coarse:2" and "out" not in report
    with RunFile(synthetic) as run:
        test = run.split_maps("test")
        scores = test.scores()
        scores[:, 1] = 0
        right = int((scores.mean(axis=1).argmax(axis=1) == run.labels[test.images]).sum())
    assert report["splits"]["test"]["after"]["correct"] == right
    assert ivpt(words) == ExitCode.OK
    out = capsys.readouterr().out
    for when in ("before", "after"):
        pairs = report["splits"]["test"]["worst_groups"].values()
        counts = [pair[when]["images"] for pair in pairs]
        assert counts and all(f"{n} image" in out for n in counts)
    assert f"{report['splits']['test']['flipped']}" in out and "it feeds coarse:2" in out.replace("\n", " ")
    assert ivpt(["prune", str(synthetic), "--evidence", "--drop", "L6:2"]) == ExitCode.OK
    assert synthetic.read_bytes() == before and list(synthetic.parent.iterdir()) == [synthetic]


def test_what_is_marked_and_named_sets(synthetic: Path, capsys: Capture) -> None:
    with RunFile(synthetic) as run:
        log = EditLog(run)
        log.drop(Concept("coarse", 3))
        log.save_set("spurious", [Concept("coarse", 1), Concept("coarse", 3)])
    for words, dropped in (
        (["--edits"], ["coarse:3"]),
        (["--set-name", "spurious"], ["coarse:1", "coarse:3"]),
        (["--drop", "coarse:2", "--edits"], ["coarse:2", "coarse:3"]),
    ):
        assert ivpt(["prune", str(synthetic), "--evidence", "--json", *words]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)["dropped"] == dropped
    assert ivpt(["prune", str(synthetic), "--set-name", "spurios"]) == ExitCode.CONFIG
    assert "Did you mean 'spurious'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], ExitCode.CONFIG, "Name one, for example --drop coarse:2."),
        (["--drop", "L9:1"], ExitCode.CONFIG, "It has L4, L5, L6, L7, coarse."),
        (["--drop", "L4:17"], ExitCode.CONFIG, "Its concepts are 1 to 16."),
        (["--drop", "L4:0"], ExitCode.CONFIG, "is the background of L4"),
        (["--drop", "beak"], ExitCode.CONFIG, "Write LAYER:NUMBER"),
        ([f"--drop=coarse:{number}" for number in (1, 2, 3, 4)], ExitCode.CONFIG, "Keep at least"),
        (["--drop", "coarse:1", "--evidence", "--refit-head"], ExitCode.USAGE, "only computes"),
        (["--drop", "coarse:1", "--out", "run.h5/x.h5"], ExitCode.OUTPUT, "not a folder"),
    ],
)
def test_errors_in_a_sentence(
    synthetic: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(synthetic.parent)
    assert ivpt(["prune", "run.h5", *words]) == code
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert list(synthetic.parent.iterdir()) == [synthetic]


def test_lines_for_programs(synthetic: Path, capsys: Capture) -> None:
    words = ["prune", str(synthetic), "--progress-json"]
    assert ivpt([*words, "--drop", "coarse:1", "--evidence"]) == ExitCode.OK
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "progress" and lines[-1]["event"] == "result"
    assert lines[-1]["report"]["dropped"] == ["coarse:1"]
    assert ivpt([*words, "--drop", "coarse:9"]) == ExitCode.CONFIG
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["event"], line["exit_code"]) == ("error", ExitCode.CONFIG)


def test_new_images_are_judged_without_it(birds: Path, capsys: Capture) -> None:  # noqa: F811
    with RunFile(birds) as run:
        picture = birds.with_name("bird.jpg")
        picture.write_bytes(run.thumbnail(3) or b"")
    assert ivpt(["prune", str(birds), "--drop", "L6:3", "--drop", "coarse:1"]) == ExitCode.OK
    capsys.readouterr()
    words = ["predict", str(birds.with_name("birds-pruned.h5")), str(picture)]
    assert ivpt(words) == ExitCode.OK
    line = capsys.readouterr().out
    assert "= 2: " in line and " 1: " not in line
    assert ivpt([*words, "--json"]) == ExitCode.OK
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert image["contributions"][0] == 0 and image["logit"] == pytest.approx(image["contributions"][1])
    assert image["layers"]["L6"]["removed"] == [3] and image["layers"]["L6"]["area"][3] == 0
    assert image["layers"]["coarse"]["area"][1] == 0
