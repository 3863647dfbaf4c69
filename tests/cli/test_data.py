"""``ivpt data``: files, numbers, pictures, downloads."""

import io
import json
import subprocess
import sys
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ivpt.cli import run
from ivpt.cli.data_sheet import Tile, in_terminal, sheet, tile_picture
from ivpt.data.cub import Cub
from ivpt.data.survey import contradictions, count, differences, spread
from ivpt.errors import ExitCode
from ivpt.interfaces.dataset import Annotations, DatasetInfo, Record
from ivpt.interfaces.source import Download
from ivpt.ui.palette import COLOURS
from tests import trees
from tests.data.server import ranged, serving

INFO = DatasetInfo("x", ("a", "b"), parts=("head", "tail"), keypoints=("eye", "beak"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path):
    return trees.cub(tmp_path / "birds")


def as_json(capsys, *words) -> dict:
    code = run(["data", *words, "--json"])
    return json.loads(capsys.readouterr().out) | {"code": code}


def test_missing_files_are_listed_with_the_way_to_them(capsys, cache):
    assert run(["data", "cub"]) == ExitCode.DATA
    out, err = capsys.readouterr()
    assert str(cache / "data" / "cub") in out
    assert "MISSING  CUB_200_2011/parts/part_locs.txt: image id, part id, x, y, visible" in out
    assert "ivpt data cub --fetch downloads it" in out
    assert "5,994 train, 5,794 test" in out
    assert "needs CUB_200_2011/images.txt and 7 more" in err


def test_numbers_are_held_against_the_published_ones(capsys, root):
    assert run(["data", "cub", "--data", str(root)]) == ExitCode.DATA
    out, err = capsys.readouterr()
    assert "4 (5,994 published)" in out
    assert err == "4 train images are there, 5,994 are published.\n2 test images are there, 5,794 are published.\n"


def test_published_numbers_are_no_complaint(capsys, root, monkeypatch):
    source = replace(Cub(root=str(root)).source, counts={"train": 4, "test": 2})
    monkeypatch.setattr(Cub, "source", property(lambda self: source))
    assert run(["data", "cub", "--data", str(root)]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "4 (as published)" in out
    assert err == ""


def test_json_says_the_same(capsys, root):
    found = as_json(capsys, "cub", "--data", str(root), "--dataset.attributes", "true")
    assert found["code"] == ExitCode.DATA
    assert found["readable"] is False
    assert "for the option attributes" in found["failure"]
    needed = {entry["path"]: entry["needed"] for entry in found["files"] if entry["found"] is None}
    assert [needed[path] for path in sorted(needed)] == [True, True, False]  # attributes are asked for, silhouettes not
    trees.cub_extras(root)
    found = as_json(capsys, "cub", "--data", str(root), "--dataset.attributes", "true")
    assert found["images"] == {"train": 4, "test": 2}
    assert found["published"] == {"train": 5994, "test": 5794}
    assert len(found["differences"]) == 2
    assert found["info"]["keypoints"] == list(trees.CUB_PARTS)
    assert len(found["info"]["attributes"]) == 3


@pytest.mark.parametrize("name", ["nabirds", "cifar100", "imagenet", "waterbirds", "funnybirds"])
def test_every_reader_is_told_about(name, tmp_path, capsys):
    getattr(trees, name)(tmp_path / "root")
    found = as_json(capsys, name, "--data", str(tmp_path / "root"), "--sheet", str(tmp_path / "sheet.png"))
    assert found["readable"]
    assert found["wrong"] == []
    assert all(entry["found"] for entry in found["files"] if entry["needed"])
    assert found["info"]["licence"]
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.width == 4 * 264 + 8


def test_a_folder_of_pictures(tmp_path, capsys):
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        trees.photograph(tmp_path / "mine" / name)
    assert run(["data", "folder", "--data", str(tmp_path / "mine")]) == ExitCode.OK
    out = capsys.readouterr().out
    assert str(tmp_path / "mine") in out
    assert "images    3" in out


def test_a_folder_that_was_not_named(capsys):
    assert run(["data", "folder"]) == ExitCode.DATA
    assert "Name it with --data DIR" in capsys.readouterr().err


def test_data_without_files_of_their_own(capsys):
    found = as_json(capsys, "elpv")
    assert (found["code"], found["root"], found["images"]) == (ExitCode.OK, None, {"all": 2624})


def test_a_folder_for_a_data_set_without_one(tmp_path, capsys):
    assert run(["data", "elpv", "--data", str(tmp_path)]) == ExitCode.CONFIG
    assert "takes no folder" in capsys.readouterr().err


def test_unknown_names_and_options(capsys):
    assert run(["data", "cup"]) == ExitCode.PLUGIN
    assert "Did you mean 'cub'?" in capsys.readouterr().err
    assert run(["data", "cub", "--dataset.crob", "box"]) == ExitCode.CONFIG
    assert run(["data", "cub", "--shet", "x"]) == ExitCode.USAGE


def test_annotations_that_cannot_be_true_are_named(root, tmp_path, capsys):
    path = root / "CUB_200_2011" / "parts" / "part_locs.txt"
    path.write_text(path.read_text().replace("1 2 2.0 2.5 1", "1 2 2.0 99.0 1", 1))
    found = as_json(capsys, "cub", "--data", str(root), "--sheet", str(tmp_path / "x.png"))
    assert found["wrong"] == [
        "001.Black_footed_Albatross/Black_footed_Albatross_0001_1.jpg: the keypoint beak lies outside."
    ]


def test_the_terminal_shows_the_same_images(root, capsys):
    run(["data", "cub", "--data", str(root), "--show", "--images", "2"])
    out = capsys.readouterr().out
    assert out.count("▀") > 200
    assert "38;2;" in out
    assert "Laysan_Albatross_0003_3.jpg  Laysan Albatross  test" in out


def test_hostile_names_do_not_reach_the_terminal(tmp_path, capsys):
    for name in ("a/1.png", "b\x1b[31m/2.png"):
        trees.photograph(tmp_path / "mine" / name)
    run(["data", "folder", "--data", str(tmp_path / "mine")])
    out, err = capsys.readouterr()
    assert "\x1b[31m" not in out + err


def test_fetch_makes_a_data_set_usable(root, cache, monkeypatch, capsys):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as out:
        out.add(root / "CUB_200_2011", "CUB_200_2011")
    real = Cub.source.fget
    with serving(stream.getvalue(), lambda h, c, n: ranged(h, c)) as (url, _):
        item = Download(url.replace("file.bin", "CUB.tgz"), ("CUB_200_2011/images.txt",))
        monkeypatch.setattr(Cub, "source", property(lambda self: replace(real(self), downloads=(item,))))
        run(["data", "cub", "--fetch"])
        out, err = capsys.readouterr()
    assert "CUB.tgz: fetched, 0.0 MB, unverified: no checksum is published" in out
    assert "Terms of cub: for non-commercial research" in err
    assert (cache / "data" / "cub" / "CUB_200_2011" / "images.txt").is_file()
    assert "4 (5,994 published)" in out


def test_a_stopped_download_says_how_to_go_on(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ivpt.data.fetch.fetch.download", stop)
    assert run(["data", "cub", "--fetch"]) == ExitCode.INTERRUPTED
    assert "The same command goes on" in capsys.readouterr().err


def test_what_may_not_be_fetched_is_explained(capsys):
    assert run(["data", "nabirds", "--fetch"]) == ExitCode.DATA
    out, err = capsys.readouterr()
    assert "nabirds is not downloaded: get it from https://dl.allaboutbirds.org/nabirds" in err
    assert "MISSING  hierarchy.txt" in out
    run(["data", "elpv", "--fetch"])
    assert "there is nothing to fetch" in capsys.readouterr().err


def test_a_sheet_that_cannot_be_written(root, tmp_path, capsys):
    (tmp_path / "taken").mkdir()
    assert run(["data", "cub", "--data", str(root), "--sheet", str(tmp_path / "taken")]) == ExitCode.OUTPUT


def test_no_torch_and_no_textual():
    script = (
        "import sys; from ivpt.cli import run; run(['data', 'imagenet', '--json'])\n"
        "sys.exit(' '.join({m.partition('.')[0] for m in sys.modules} & {'torch', 'timm', 'textual'}) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


# What is drawn where


def picture(annotations: Annotations, size: tuple[int, int] = (8, 8), side: int = 64) -> np.ndarray:
    return np.asarray(tile_picture(Tile(np.zeros((size[1], size[0], 3), np.uint8), annotations, ("x",)), side))


def test_a_keypoint_is_drawn_in_the_middle_of_its_pixel():
    points = np.array([[0, 0, 0], [5, 2, 1]], np.float32)  # the first is invisible
    drawn = picture(Annotations(points))
    where = np.argwhere((drawn == COLOURS[1]).all(axis=2))
    assert where.tolist() == [[int(2.5 * 8), int(5.5 * 8)]]  # row, column
    assert not (drawn == COLOURS[0]).all(axis=2).any()


def test_a_mask_is_drawn_over_its_own_pixels():
    mask = np.zeros((8, 8), np.uint8)
    mask[2, 5] = 2
    drawn = picture(Annotations(part_mask=mask))
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 23, 40, 47)
    assert drawn[20, 44].tolist() == [round(c / 2) for c in COLOURS[1]]


def test_a_box_is_drawn_around_its_own_pixels():
    drawn = picture(Annotations(box=(1, 2, 4, 3)))
    rows, columns = np.nonzero((drawn == 255).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 39, 8, 39)


def test_images_of_other_proportions_are_centred():
    drawn = picture(Annotations(), size=(8, 4))
    assert (drawn[:16] == 255).all()
    assert (drawn[16:48] == 0).all()


def test_a_point_outside_is_drawn_at_the_border():
    drawn = picture(Annotations(np.array([[50, -3, 1], [0, 0, 0]], np.float32)))
    assert drawn[0, 63].tolist() == list(COLOURS[0])


def test_sheets_of_any_length():
    tile = Tile(
        np.zeros((3, 5, 3), np.uint8), Annotations(), ("a/very/" + "long/" * 30 + "path.png", "a  train"), ("bad",)
    )
    assert sheet([tile] * 5, INFO, "x").height > sheet([tile] * 4, INFO, "x").height
    lines = in_terminal([tile] * 3, 60)
    assert {len(line) for line in lines if "▀" in line} <= {2 * 29 + 1, 29, 28, 2 * 28 + 1}


# Survey


def test_contradictions():
    image = np.zeros((4, 6, 3), np.uint8)
    fine = Annotations(np.array([[5.9, 3.9, 1], [9, 9, 0]], np.float32), (0, 0, 6.5, 4.5), np.full((4, 6), 2, np.uint8))
    assert contradictions(image, fine, INFO) == []
    bad = Annotations(np.array([[6, 0, 1], [0, -1, 1]], np.float32), (0, 0, 9, 4), np.full((4, 5), 3, np.uint8))
    assert contradictions(image, bad, INFO) == [
        "the keypoint eye lies outside",
        "the keypoint beak lies outside",
        "the box is not inside",
        "the part mask is not as large as the image",
        "the part mask holds 3, and there are 2 parts",
    ]
    assert contradictions(image, Annotations(np.zeros((3, 3), np.float32)), INFO) == ["it has 3 keypoints, 2 are named"]


def test_counts_and_differences():
    records = [Record("1", 0, "test"), Record("2", 0, "train"), Record("3", 1), Record("4", 1, "train")]
    assert count(records) == {"train": 2, "test": 1, "all": 1}
    assert differences({"train": 2}, {"train": 2}) == []
    assert differences({"train": 2}, {}) == []
    assert differences({"train": 2, "all": 1}, {"train": 3}) == [
        "2 train images are there, 3 are published.",
        "1 images are there, 0 are published.",
    ]
    # where only the number of all images is published, all are counted
    assert differences({"train": 2, "test": 3}, {"all": 5}) == []
    assert differences({"train": 2, "test": 3}, {"all": 6}) == ["5 images are there, 6 are published."]


def test_spread_reaches_both_ends():
    assert spread(10, 3) == [0, 4, 9]
    assert spread(2, 12) == [0, 1]
    assert spread(0, 5) == []
