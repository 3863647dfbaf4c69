import json
from pathlib import Path

import pytest

from ivpt.cli import run as ivpt
from ivpt.errors import ExitCode
from ivpt.runfile.reader import RunFile
from tests.runfile import small
from tests.synthetic import write_synthetic_run


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert ivpt(["info", *map(str, arguments)]) == ExitCode.OK
    return capsys.readouterr().out


def test_the_card_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, write_synthetic_run(tmp_path / "run.h5"))
    for expected in (
        "synthetic: 3 classes, 24 images (15 train, 4 val, 5 test)",
        "vit_mini at 96x96 px",
        "5 of 5",
        "CC0-1.0",
        "16 + background",
        "region_nmi",
        "layer=L6, split=test",
        "per image with maps",
    ):
        assert expected in words
    assert "RANDOM" not in words


def test_random_weights_are_said_loudly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", weights="none")
    assert "RANDOM WEIGHTS" in told(capsys, path)
    assert json.loads(told(capsys, path, "--json"))["backbone"]["random_weights"] is True


def test_the_card_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=40)
    card = json.loads(told(capsys, path, "--json"))
    assert list(card) == [
        "schema",
        "path",
        "format_version",
        "created",
        "versions",
        "seed",
        "dataset",
        "backbone",
        "coarse",
        "layers",
        "origin",
        "epochs",
        "accuracy",
        "metrics",
        "maps",
        "bytes",
        "bytes_per_image_with_maps",
    ]
    assert card["schema"] == 1
    assert card["bytes"] == path.stat().st_size
    assert [layer["key"] for layer in card["layers"]] == ["L4", "L5", "L6", "L7", "coarse"]
    with RunFile(path) as run:
        for value, name in ((1, "val"), (2, "test")):
            mine = run.splits == value
            share = float((run.predictions[mine] == run.labels[mine]).mean())
            assert card["accuracy"][name]["accuracy"] == pytest.approx(share)
            assert card["accuracy"][name]["images"] == card["dataset"]["splits"][name] == mine.sum()
        assert card["maps"] == len(run.map_images)
    assert card["metrics"]["region_nmi"]["value"] == 0.41


def test_a_run_with_next_to_nothing_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ivpt.runfile.writer import write_run

    path = write_run(tmp_path / "run.h5", small.content(), [])
    assert "no predictions stored" in told(capsys, path)
    card = json.loads(told(capsys, path, "--json"))
    assert card["accuracy"]["test"] == {"images": 0, "correct": 0, "accuracy": None}
    assert card["bytes_per_image_with_maps"] is None
    assert card["epochs"] == {"done": 0, "planned": 2}


def test_names_from_the_file_send_no_control_sequence_and_no_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ivpt.runfile.writer import write_run

    content = small.content(
        info={"name": "\x1b]0;owned\x07[red]x[/red]", "classes": ["a", "b"]},
        metrics={"[bold]m\x1b[2J": {"value": 1.0, "parameters": {"[/x]": "\x9b"}}},
    )
    words = told(capsys, write_run(tmp_path / "run.h5", content, []))
    assert "\x1b" not in words
    assert "\x9b" not in words
    assert "\\x1b]0;owned\\x07[red]x[/red]" in words
    assert "[bold]m\\x1b[2J" in words


@pytest.mark.parametrize("content", [None, b"words", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None) -> None:
    path = tmp_path / "run.h5"
    if content is not None:
        path.write_bytes(content)
    assert ivpt(["info", str(path)]) == ExitCode.RUN_FILE
    out, words = capsys.readouterr()
    assert out == ""
    assert str(path) in words.replace("\n", "")
    assert "Traceback" not in words
