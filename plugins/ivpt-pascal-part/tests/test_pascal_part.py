"""The reader on hand-made trees: MATLAB structs as the annotations have them."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ivpt_pascal_part.index as index
import numpy as np
import pytest
from ivpt_pascal_part import PascalPart
from ivpt_pascal_part.matlab import read_objects
from ivpt_pascal_part.parts import CLASSES, PARTS, part_name
from PIL import Image
from scipy.io import savemat

from ivpt.errors import ConfigError, DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

WIDTH, HEIGHT = 60, 40

Box = tuple[int, int, int, int]


def mask(*boxes: Box) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, width, height in boxes:
        out[y : y + height, x : x + width] = 1
    return out


def structs(fields: list[str], rows: list[tuple]) -> np.ndarray:
    """A 1 x n struct array, or, as MATLAB writes it, an empty array of numbers."""
    if not rows:
        return np.zeros((0, 0))
    out = np.empty((1, len(rows)), dtype=[(name, object) for name in fields])
    for i, row in enumerate(rows):
        out[0, i] = row
    return out


def thing(kind: str, silhouette: np.ndarray, *parts: tuple[str, np.ndarray], number: int | None = None) -> tuple:
    found = CLASSES.index(kind) + 1 if number is None else number
    return kind, np.array([[found]], np.uint8), silhouette, structs(["part_name", "mask"], list(parts))


def write(root: Path, image: str, *things: tuple, **more: Any) -> None:
    (root / "Annotations_Part").mkdir(exist_ok=True)
    objects = structs(["class", "class_ind", "mask", "parts"], list(things))
    savemat(root / "Annotations_Part" / f"{image}.mat", {"anno": {"imname": image, "objects": objects, **more}})
    (root / "JPEGImages").mkdir(exist_ok=True)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    pixels[..., 2] = int(image[-3:])
    Image.fromarray(pixels).save(root / "JPEGImages" / f"{image}.jpg", format="PNG")


def write_lists(root: Path, train: list[str], val: list[str]) -> None:
    lists = root / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(train) + "\n")
    (lists / "val.txt").write_text("\n".join(val) + "\n")


class TestPascalPart(DatasetTests):
    plugin = PascalPart

    def options(self, folder: Path) -> Mapping[str, Any]:
        # Two objects of each class in every image that is learnt from, and other images for the test.
        train, val = ["2008_000011", "2008_000012"], ["2008_000013"]
        for image in (*train, *val):
            things = []
            for number, kind in enumerate(CLASSES):
                x, y = 5 * (number % 10), 15 * (number // 10)
                named = [name for name in PARTS if name.startswith(f"{kind} ")][:1]
                parts = [(name.split()[1], mask((x, y, 3, 9))) for name in named]
                things.append(thing(kind, mask((x, y, 5, 15)), *parts))
            write(folder, image, *things)
        write_lists(folder, train, val)
        return {"root": str(folder), "min_area": 1}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("IVPT_CACHE", str(folder))
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "2008_000008",
        thing(
            "horse",
            mask((4, 5, 20, 10)),
            ("head", mask((4, 5, 8, 10))),
            ("leye", mask((6, 7, 2, 2))),
            ("torso", mask((12, 5, 12, 10))),
        ),
        thing("person", mask((14, 5, 6, 10)), ("hair", mask((14, 5, 6, 2)))),
    )
    write(tmp_path, "2008_000015", thing("boat", mask((0, 0, 60, 40))))
    write(
        tmp_path,
        "2009_000001",
        thing("car", mask((10, 10, 30, 12)), ("wheel_1", mask((12, 18, 4, 4))), ("wheel_2", mask((30, 18, 4, 4)))),
    )
    write_lists(tmp_path, ["2008_000008", "2008_000015"], ["2009_000001"])
    return tmp_path


def made(root: Path, min_area: int = 1) -> PascalPart:
    return PascalPart(str(root), min_area=min_area)


def test_registered() -> None:
    made = DATASETS.create("pascal_part", {"min_area": "100"})
    assert isinstance(made, PascalPart)
    assert made.min_area == 100


def test_every_object_is_an_image_of_its_own(tree: Path) -> None:
    data = made(tree)
    assert [(r.id, data.info.classes[r.label], r.split) for r in data.records()] == [
        ("2008_000008/0", "horse", "train"),
        ("2008_000008/1", "person", "train"),
        ("2008_000015/0", "boat", "train"),
        ("2009_000001/0", "car", "test"),  # the val of VOC
    ]


def test_class_numbers_begin_at_one(tree: Path) -> None:
    assert [r.label for r in made(tree).records()] == [12, 14, 3, 6]
    write(tree, "2008_000008", thing("horse", mask((1, 1, 2, 2)), number=12))
    with pytest.raises(DataError, match=r"2008_000008\.mat.*'horse' has the number 12"):
        made(tree).prepare()


def test_image_is_the_box_of_the_silhouette(tree: Path) -> None:
    image = made(tree).image(0)
    assert image.shape == (10, 20, 3)
    assert image[0, 0, :2].tolist() == [4, 5]
    assert image[-1, -1, :2].tolist() == [23, 14]


def test_masks_of_the_whole_image_are_cut_like_it(tree: Path) -> None:
    data = made(tree)
    found, names = data.annotations(0), data.info.parts
    assert found.box == (0, 0, 20, 10)
    assert found.part_mask.shape == (10, 20)
    assert (found.part_mask[:2, :8] == names.index("horse head") + 1).all()
    keypoints = dict(zip(data.info.keypoints, found.keypoints.tolist(), strict=True))
    assert keypoints["horse leye"] == [3, 3, 1]  # columns 2 and 3, rows 2 and 3: rounded half up
    assert [name for name, point in keypoints.items() if point[2]] == ["horse head", "horse leye", "horse torso"]


def test_a_later_part_covers_an_earlier_one(tree: Path) -> None:
    found = made(tree).annotations(0)
    assert (found.part_mask[2:4, 2:4] == PARTS.index("horse leye") + 1).all()


def test_a_later_object_hides_an_earlier_one(tree: Path) -> None:
    data = made(tree)
    assert (data.annotations(0).part_mask[:, 10:16] == 0).all()  # there sits the person
    assert (data.annotations(0).part_mask[:, 16:] == PARTS.index("horse torso") + 1).all()
    assert (data.annotations(1).part_mask[:2] == PARTS.index("person hair") + 1).all()


def test_no_part_reaches_beyond_its_silhouette(tree: Path) -> None:
    write(tree, "2009_000001", thing("bus", mask((10, 10, 5, 5), (20, 10, 5, 5)), ("door_1", mask((8, 8, 30, 4)))))
    found = made(tree).annotations(3)
    assert (np.unique(found.part_mask[:, 5:10]) == 0).all()
    assert found.part_mask[0, 0] == PARTS.index("bus door") + 1


def test_one_object_and_no_part(tree: Path) -> None:
    # Squeezed, one object would be no list; without parts the field is an empty array of numbers.
    assert [(len(o.parts), o.label) for o in read_objects(tree / "Annotations_Part" / "2008_000015.mat")] == [(0, 3)]
    found = made(tree).annotations(2)
    assert not found.part_mask.any()
    assert not found.keypoints[:, 2].any()


def test_one_part(tree: Path) -> None:
    write(tree, "2008_000015", thing("tvmonitor", mask((2, 2, 9, 9)), ("screen", mask((3, 3, 7, 7)))))
    assert [name for name, _ in read_objects(tree / "Annotations_Part" / "2008_000015.mat")[0].parts] == [
        "tvmonitor screen"
    ]


def test_an_image_without_objects(tree: Path) -> None:
    write(tree, "2008_000015")
    assert len(made(tree).records()) == 3


def test_numbered_parts_are_one_part(tree: Path) -> None:
    data = made(tree)
    assert (part_name("car", "wheel_12"), part_name("cat", "lfpa")) == ("car wheel", "cat lfpa")
    found = data.annotations(3)
    assert set(np.unique(found.part_mask)) == {0, PARTS.index("car wheel") + 1}
    assert (found.part_mask > 0).sum() == 2 * 4 * 4
    # The middle between the two wheels is on neither: the first of the nearest pixels.
    assert found.keypoints[PARTS.index("car wheel")].tolist() == [20, 10, 1]


def test_the_parts_of_the_classes() -> None:
    assert len(PARTS) == len(set(PARTS)) == 193 < 255
    assert not {"boat", "chair", "diningtable", "sofa"} & {name.split()[0] for name in PARTS}
    assert tuple(sorted(CLASSES)) == CLASSES
    assert sum(name.startswith("person ") for name in PARTS) == 24


def test_parts_that_are_in_no_list_are_kept(tree: Path) -> None:
    write(tree, "2008_000015", thing("boat", mask((0, 0, 60, 40)), ("sail_1", mask((5, 5, 9, 9)))))
    data = made(tree)
    assert data.info.parts == (*PARTS, "boat sail")
    assert data.annotations(2).keypoints[-1].tolist() == [9, 9, 1]


def test_small_objects_are_left_out(tree: Path) -> None:
    assert [r.id for r in made(tree, min_area=201).records()] == ["2008_000015/0", "2009_000001/0"]
    with pytest.raises(ConfigError, match="min_area"):
        PascalPart(min_area=0)


def test_annotations_are_read_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    data = made(tree)
    data.prepare(lambda done, total, words: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3)]
    monkeypatch.setattr(index, "read_objects", lambda path: pytest.fail(f"{path} was read again"))
    assert made(tree).records() == data.records()
    assert made(tree).info == data.info
    assert len(made(tree, min_area=201).records()) == 2


def test_a_changed_annotation_is_read_again(tree: Path) -> None:
    made(tree).prepare()
    write(tree, "2008_000015", thing("sofa", mask((0, 0, 50, 40))))
    assert made(tree).records()[2].label == CLASSES.index("sofa")


def test_files_may_lie_in_the_devkit(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = made(tree).records()
    outer = tmp_path_factory.mktemp("outer")
    (outer / "VOCdevkit").mkdir()
    tree.rename(outer / "VOCdevkit" / "VOC2010")
    assert made(outer).records() == before
    assert made(outer).image(0).shape == (10, 20, 3)


def test_missing_files_are_named(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DataError, match=r"Annotations_Part.*--data DIR"):
        made(tmp_path_factory.mktemp("empty")).prepare()
    (tree / "Annotations_Part" / "2008_000015.mat").unlink()
    with pytest.raises(DataError, match=r"lacks 2008_000015\.mat: 1 of 3"):
        made(tree).prepare()


@pytest.mark.parametrize("content", [b"", b"no matlab", None])
def test_a_damaged_annotation_is_named(tree: Path, content: bytes | None) -> None:
    path = tree / "Annotations_Part" / "2008_000008.mat"
    path.write_bytes(path.read_bytes()[:200] if content is None else content)
    with pytest.raises(DataError, match=r"2008_000008\.mat"):
        made(tree).prepare()


def test_annotations_of_another_kind_are_named(tree: Path) -> None:
    savemat(tree / "Annotations_Part" / "2008_000008.mat", {"something": 1})
    with pytest.raises(DataError, match=r"2008_000008\.mat"):
        made(tree).prepare()
    write(tree, "2008_000008", thing("horse", mask((1, 1, 9, 9)), ("head", mask((1, 1, 2, 2))[:-1])))
    with pytest.raises(DataError, match=r"2008_000008\.mat are not all of one size"):
        made(tree).prepare()


def test_an_image_of_another_size_is_named(tree: Path) -> None:
    Image.new("RGB", (WIDTH + 1, HEIGHT)).save(tree / "JPEGImages" / "2008_000008.jpg")
    with pytest.raises(DataError, match=r"2008_000008\.jpg has 61x40"):
        made(tree).image(0)


def test_reading_annotations_opens_no_image(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert made(tree).annotations(0).part_mask is not None


def test_pickles(tree: Path) -> None:
    data = made(tree)
    data.prepare()
    assert pickle.loads(pickle.dumps(data)).records() == data.records()
