"""The reader on hand-made trees in the devkit's format."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ivpt_stanford_cars import StanfordCars
from PIL import Image
from scipy.io import savemat

from ivpt.errors import DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

CLASSES = ["AM General Hummer SUV 2000", "Acura RL Sedan 2012", "smart fortwo Convertible 2012"]

# x1, y1, x2, y2 (1-based, ends inclusive), class (1-based), file
TRAIN = [(1, 1, 40, 30, 1, "00001.jpg"), (11, 6, 20, 25, 3, "00002.jpg"), (3, 4, 45, 33, 2, "00003.jpg")]
TEST = [(2, 3, 9, 8, 3, "00001.jpg")]


def struct(rows: list[tuple], fields: list[str], integer: str = "uint16") -> np.ndarray:
    """A 1 x N struct array as MATLAB writes it, numbers in the smallest type that holds them."""
    out = np.empty((1, len(rows)), dtype=[(name, object) for name in fields])
    for i, row in enumerate(rows):
        out[0, i] = tuple(np.array([[v]], integer) if isinstance(v, int) else v for v in row)
    return out


BOX = ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"]


def cells(names: list[str]) -> np.ndarray:
    out = np.empty((1, len(names)), object)
    out[0, :] = names
    return out


def write_image(path: Path, width: int = 40, height: int = 30, blue: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width)  # red says the column, green the row
    pixels[..., 1] = np.arange(height)[:, None]
    pixels[..., 2] = blue
    Image.fromarray(pixels).save(path, format="PNG")


def write_tree(root: Path, train: list[tuple], test: list[tuple]) -> None:
    (root / "devkit").mkdir()
    savemat(root / "devkit" / "cars_meta.mat", {"class_names": cells(CLASSES)})
    savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": struct(train, [*BOX, "class", "fname"])})
    savemat(root / "cars_test_annos_withlabels.mat", {"annotations": struct(test, [*BOX, "class", "fname"])})
    for split, rows in (("train", train), ("test", test)):
        for number, row in enumerate(rows):
            write_image(root / f"cars_{split}" / row[-1], blue=2 * number + (split == "test"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_tree(tmp_path, TRAIN, TEST)
    return tmp_path


class TestCars(DatasetTests):
    plugin = StanfordCars

    def options(self, folder: Path) -> Mapping[str, Any]:
        rows = [(1 + i, 2 + i, 30 + i, 25, 1 + i % 3, f"{i + 1:05}.jpg") for i in range(12)]
        write_tree(folder, rows, rows[:4])
        return {"root": str(folder), "crop": "box"}


def test_registered() -> None:
    made = DATASETS.create("cars", {"crop": "box"})
    assert isinstance(made, StanfordCars)
    assert made.crop == "box"


def test_classes_are_one_based_in_the_file(tree: Path) -> None:
    data = StanfordCars(str(tree))
    assert data.info.classes == tuple(CLASSES)
    assert [(r.id, r.label, r.split) for r in data.records()] == [
        ("cars_train/00001.jpg", 0, "train"),
        ("cars_train/00002.jpg", 2, "train"),
        ("cars_train/00003.jpg", 1, "train"),
        ("cars_test/00001.jpg", 2, "test"),  # and one row only, which scipy squeezes to no dimension
    ]


def test_boxes_are_one_based_with_inclusive_ends(tree: Path) -> None:
    data = StanfordCars(str(tree))
    assert data.annotations(0).box == (0, 0, 40, 30)  # the whole image
    assert data.annotations(1).box == (10, 5, 10, 20)
    assert data.annotations(3).box == (1, 2, 8, 6)


def test_a_box_beyond_the_border_is_cut_off(tree: Path) -> None:
    assert StanfordCars(str(tree)).annotations(2).box == (2, 3, 38, 27)


@pytest.mark.parametrize("integer", ["uint8", "uint16", "float64"])
def test_small_unsigned_numbers_do_not_wrap_around(tree: Path, integer: str) -> None:
    rows = [(200, 1, 250, 2, 1, "00001.jpg")]
    path = tree / "devkit" / "cars_train_annos.mat"
    savemat(path, {"annotations": struct(rows, [*BOX, "class", "fname"], integer)})
    assert StanfordCars(str(tree))._read[1][0].box == (199, 0, 51, 2)


def test_fields_are_read_by_name_whatever_their_order(tree: Path) -> None:
    # The order that the devkit's README gives: x1, x2, y1, y2.
    rows = [(11, 20, 6, 25, 3, "00002.jpg")]
    fields = ["bbox_x1", "bbox_x2", "bbox_y1", "bbox_y2", "class", "fname"]
    savemat(tree / "devkit" / "cars_train_annos.mat", {"annotations": struct(rows, fields)})
    data = StanfordCars(str(tree))
    assert data.annotations(0).box == (10, 5, 10, 20)
    assert data.records()[0].label == 2


def test_crop_shows_the_pixels_of_the_box(tree: Path) -> None:
    data = StanfordCars(str(tree), crop="box")
    image = data.image(1)
    assert image.shape == (20, 10, 3)
    assert image[0, 0, :2].tolist() == [10, 5]
    assert image[-1, -1, :2].tolist() == [19, 24]
    assert data.annotations(1).box == (0, 0, 10, 20)
    assert data.image(2).shape == (27, 38, 3)


def test_the_single_table_with_its_own_split(tmp_path: Path) -> None:
    rows = [("car_ims/000001.jpg", 11, 6, 20, 25, 1, 0), ("car_ims/000002.jpg", 1, 1, 2, 2, 3, 1)]
    table = struct(rows, ["relative_im_path", *BOX, "class", "test"])
    savemat(tmp_path / "cars_annos.mat", {"annotations": table, "class_names": cells(CLASSES)})
    for row in rows:
        write_image(tmp_path / row[0])
    data = StanfordCars(str(tmp_path))
    assert [(r.id, r.label, r.split) for r in data.records()] == [
        ("car_ims/000001.jpg", 0, "train"),
        ("car_ims/000002.jpg", 2, "test"),
    ]
    assert data.annotations(0).box == (10, 5, 10, 20)
    assert data.image(0).shape == (30, 40, 3)


def test_labels_may_lie_in_the_devkit_too(tree: Path) -> None:
    before = StanfordCars(str(tree)).records()
    (tree / "cars_test_annos_withlabels.mat").rename(tree / "devkit" / "cars_test_annos_withlabels.mat")
    assert StanfordCars(str(tree)).records() == before


def test_test_annotations_without_classes_do_not_do(tree: Path) -> None:
    (tree / "cars_test_annos_withlabels.mat").rename(tree / "devkit" / "cars_test_annos.mat")
    with pytest.raises(DataError, match="cars_test_annos_withlabels"):
        StanfordCars(str(tree)).records()


def test_missing_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"cars_meta\.mat"):
        StanfordCars(str(tmp_path)).records()
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="--data DIR"):
        StanfordCars().records()


@pytest.mark.parametrize("damage", [b"", b"no matlab", None])
def test_a_damaged_table_is_named(tree: Path, damage: bytes | None) -> None:
    path = tree / "devkit" / "cars_train_annos.mat"
    path.write_bytes(path.read_bytes()[:300] if damage is None else damage)
    with pytest.raises(DataError, match=r"cars_train_annos\.mat"):
        StanfordCars(str(tree)).records()


def test_a_class_out_of_range_is_named(tree: Path) -> None:
    rows = [(1, 1, 2, 2, 0, "00001.jpg")]
    savemat(tree / "devkit" / "cars_train_annos.mat", {"annotations": struct(rows, [*BOX, "class", "fname"])})
    with pytest.raises(DataError, match=r"cars_train/00001\.jpg .* class 0"):
        StanfordCars(str(tree)).records()


def test_reading_the_tables_opens_no_image(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert len(StanfordCars(str(tree)).records()) == 4


def test_pickles(tree: Path) -> None:
    data = StanfordCars(str(tree))
    assert pickle.loads(pickle.dumps(data)).records() == data.records()
