"""``ivpt predict``: new images by their files, in numbers and pictures."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ivpt.cli import predict_report
from ivpt.cli import run as ivpt
from ivpt.cli.predict_picture import SIDE, Line, draw
from ivpt.errors import ExitCode
from ivpt.evaluation.new_images import find_images
from ivpt.runfile.edits import append_edit
from ivpt.runfile.reader import RunFile
from ivpt.ui.palette import colour
from tests.cli.test_train import words
from tests.training.pictures import draw_pictures


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict")
    assert ivpt(words(draw_pictures(folder / "pictures"), folder / "run.h5")) == ExitCode.OK
    return folder / "run.h5"


def told(capsys: pytest.CaptureFixture[str], *line: object, code: ExitCode = ExitCode.OK) -> dict:
    assert ivpt(["predict", *map(str, line), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_files_are_predicted_as_in_training(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = trained.parent / "pictures"
    found = told(capsys, trained, pictures)
    assert found["schema"] == 1 and found["unreadable"] == [] and found["classes"] == ["blue", "green", "red"]
    assert len(found["images"]) == 33
    by_name = {row["image"]: row for row in found["images"]}
    with RunFile(trained) as run:
        ids = run.ids()
        for i in run.map_images.tolist():
            row, scores = by_name[str(pictures / ids[i])], run.scores(i)
            logits = scores.mean(axis=0)
            c = int(run.predictions[i])
            assert row["index"] == c and row["prediction"] == run.classes[c]
            assert row["contributions"] == pytest.approx((scores[:, c] / len(scores)).tolist(), abs=1e-5)
            assert sum(row["contributions"]) == pytest.approx(row["logit"], abs=1e-5)
            assert row["logit"] == pytest.approx(float(logits[c]), abs=1e-5)
            weights = np.exp(logits.astype(np.float64))
            assert row["probability"] == pytest.approx(weights[c] / weights.sum(), abs=1e-5)
            assert row["top"][0]["class"] == row["prediction"] and len(row["top"]) == 3
            for layer in run.layers:
                said = row["layers"][layer.key]
                regions = np.array(said["regions"])
                assert (regions == run.regions(layer.key, i)).mean() > 0.9
                assert said["area"] == pytest.approx([(regions == k).mean() for k in range(layer.prototypes)])
                groups = run.groups(layer.key, i)
                assert said["groups"] == (None if groups is None else groups.tolist())


def test_one_line_per_image_for_people(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = trained.parent / "pictures" / "red" / "00.png"
    row = told(capsys, trained, image)["images"][0]
    assert ivpt(["predict", str(trained), str(image)]) == ExitCode.OK
    said = capsys.readouterr()
    terms = "  ".join(f"{k}: {value:+.2f}" for k, value in enumerate(row["contributions"], 1))
    line = f"{image}  {row['prediction']}  {row['probability']:.1%}  logit {row['logit']:+.2f} = {terms}"
    assert said.out == line + "\n" and "random" not in said.err.lower()
    assert "not calibrated" in said.err


def test_concepts_are_called_by_their_names(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image, run = trained.parent / "pictures" / "red" / "00.png", tmp_path / "named.h5"
    run.write_bytes(trained.read_bytes())
    with RunFile(run) as opened:
        (coarse,) = (layer for layer in opened.layers if layer.block is None)
    for k in coarse.foreground:
        append_edit(run, "name", {"concept": f"coarse:{k}", "name": f"part\x1b{k}"}, who="Ada")
    legends: list[list[str]] = []

    def drawn(*given: Any) -> bytes:
        legends.append([line.words for line in given[-1]])
        return b""

    monkeypatch.setattr(predict_report, "draw", drawn)
    assert ivpt(["predict", str(run), str(image), "--out", str(tmp_path / "out")]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "\x1b" not in said and all(f"{k} (part" in said for k in coarse.foreground)
    assert len(legends[-1]) == len(coarse.foreground) and all(words.startswith("part") for words in legends[-1])
    fine = [words for legend in legends[:-1] for words in legend]
    assert fine and all(" to part" in words or "to background" in words for words in fine)
    assert "\x1b" not in str(legends)


def test_unreadable_images_are_named_and_the_others_done(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "below" / "good.png"
    good.parent.mkdir()
    shutil.copy(trained.parent / "pictures" / "red" / "00.png", good)
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("no image by its name")
    missing = tmp_path / "missing.png"
    assert ivpt(["predict", str(trained), str(tmp_path), str(missing)]) == ExitCode.DATA
    said = capsys.readouterr()
    assert said.out.startswith(str(good)) and said.out.count("\n") == 1
    assert "bad.jpg cannot be read" in said.err and "missing.png does not exist" in said.err
    assert "2 of 3 images could not be read" in said.err and "Traceback" not in said.err
    found = told(capsys, trained, tmp_path, missing, code=ExitCode.DATA)
    assert [row["image"] for row in found["images"]] == [str(good)]
    assert [entry["image"] for entry in found["unreadable"]] == [str(tmp_path / "bad.jpg"), str(missing)]
    alone = told(capsys, trained, missing, code=ExitCode.DATA)
    assert alone["images"] == [] and len(alone["unreadable"]) == 1


def test_pictures_of_each_layer(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, pictures = tmp_path / "out", trained.parent / "pictures"
    found = told(capsys, trained, pictures / "red", "--out", out, "--layer", "coarse", "--layer", "L7")
    assert {p.relative_to(out).as_posix() for p in out.rglob("*.png")} == {
        f"{n:02d}.{key}.png" for n in range(11) for key in ("L7", "coarse")
    }
    row = found["images"][3]
    assert row["overlays"] == {key: str(out / f"03.{key}.png") for key in ("L7", "coarse")}
    assert list(row["layers"]) == ["L7", "coarse"]
    regions = np.array(row["layers"]["coarse"]["regions"])
    drawn = np.asarray(Image.open(row["overlays"]["coarse"]).convert("RGB")).astype(float)
    picture = Image.open(row["image"]).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pixels = np.asarray(picture).astype(float)
    side = SIDE // len(regions)
    for r, c in np.ndindex(regions.shape):
        # a corner of the cell, where no number is written: half picture, half the colour the explorer uses
        corner = np.s_[r * side + 2 : r * side + 6, c * side + 2 : c * side + 6]
        if regions[r, c] == 0:
            assert (drawn[corner] <= pixels[corner] + 1).all()
        else:
            expected = (pixels[corner] + np.array(colour(int(regions[r, c])))) / 2
            assert np.abs(drawn[corner] - expected).max() <= 1.5


def test_a_concept_is_told_by_its_number_too() -> None:
    picture = np.full((48, 96, 3), 90, np.uint8)
    regions = np.array([[0, 1, 1, 0], [0, 1, 1, 2]])
    one = draw(picture, regions, 3, 0, "a", [Line(1, "left"), Line(2, "right")])
    swapped = draw(picture, np.array([[0, 2, 2, 0], [0, 2, 2, 1]]), 3, 0, "a", [Line(1, "left"), Line(2, "right")])
    blank = draw(picture, np.zeros((2, 4), int), 3, 0, "a", [])
    arrays = [np.asarray(Image.open(io.BytesIO(png)).convert("L")) for png in (one, swapped, blank)]
    assert arrays[0].shape[1] == SIDE + 210
    # without colours the disk of a number is still darker or lighter than the plain region around it
    middle = arrays[0][110:130, 225:255]
    assert middle.max() - middle.min() > 60 and np.ptp(arrays[2][110:130, 225:255]) < 5
    assert (arrays[0] != arrays[1]).any()


def test_the_number_of_the_tenth_concept_is_written_not_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda pen, at, words, **more: written.append(words))
    regions = np.array([[0, 10, 10, 0], [0, 10, 10, 9]])
    draw(np.full((48, 96, 3), 90, np.uint8), regions, 11, 0, "title", [Line(10, "left"), Line(9, "right")])
    assert sorted(written) == sorted(["10", "9", "title", "10", "left", "9", "right"])


def test_it_is_said_which_picture_is_of_which_image(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [trained.parent / "pictures" / colour / "00.png" for colour in ("red", "blue")]
    out = tmp_path / "out"
    assert ivpt(["predict", str(trained), *map(str, images), "--out", str(out), "--layer", "L7"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    for image, line, name in zip(images, lines, ("00", "00-2"), strict=True):
        assert line.startswith(f"{image}  ") and line.endswith(f"  drawn: {out / name}.*.png")
    rows = told(capsys, trained, *images, "--out", out, "--layer", "L7")["images"]
    assert [(row["image"], row["overlays"]["L7"]) for row in rows] == [
        (str(image), str(out / f"{name}.L7.png")) for image, name in zip(images, ("00", "00-2"), strict=True)
    ]
    assert all(Path(row["overlays"]["L7"]).is_file() for row in rows)


def test_names_of_results_are_unique(tmp_path: Path) -> None:
    for name in ("one/a.png", "two/a.png", "two/a.jpg", "two/deep/b.png", "two/.hidden/c.png", "two/a-2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path / "one" / "a.png", tmp_path / "two", tmp_path / "one"])
    assert [(f.path.relative_to(tmp_path).as_posix(), f.name) for f in found] == [
        ("one/a.png", "a.png"),
        ("two/a-2.png", "a-2.png"),
        ("two/a.jpg", "a-3.jpg"),
        ("two/a.png", "a-4.png"),
        ("two/deep/b.png", "deep/b.png"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("PICTURES --layer corse", ExitCode.CONFIG, "Did you mean 'coarse'"),
        ("EMPTY", ExitCode.DATA, "holds no images"),
        ("", ExitCode.USAGE, "Missing argument"),
        ("PICTURES --device abacus", ExitCode.CONFIG, "no device 'abacus'"),
        ("PICTURES/red/00.png --out RUN", ExitCode.OUTPUT, "is a file, not a folder"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    trained: Path, tmp_path: Path, line: str, code: ExitCode, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"PICTURES": str(trained.parent / "pictures"), "EMPTY": str(tmp_path), "RUN": str(trained)}
    for name, value in words.items():
        line = line.replace(name, value)
    assert ivpt(["predict", str(trained), *line.split()]) == code
    heard = capsys.readouterr()
    assert said in heard.err and "Traceback" not in heard.err and not heard.out
