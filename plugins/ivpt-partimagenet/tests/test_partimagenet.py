"""The reader on hand-made trees in COCO's layout with PartImageNet's numbering."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ivpt_partimagenet.annotations as annotations
import ivpt_partimagenet.files as files
import numpy as np
import pytest
from ivpt_partimagenet import PartImageNet
from ivpt_partimagenet.parts import GROUPS, PARTS
from PIL import Image

from ivpt.data.imagenet import titles
from ivpt.errors import DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

WIDTH, HEIGHT = 40, 30
GOLDFISH, BOTTLE = "n01443537", "n02823428"

CATEGORIES = [{"id": number, "name": name, "supercategory": name.split()[0]} for number, name in enumerate(PARTS)]


def rectangle(x: int, y: int, width: int, height: int) -> list[int]:
    return [x, y, x + width, y, x + width, y + height, x, y + height]


def part(category: int, *polygons: list[float], **more: Any) -> dict[str, Any]:
    xs = [v for p in polygons for v in p[0::2]]
    ys = [v for p in polygons for v in p[1::2]]
    box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)] if xs else [0, 0, 0, 0]
    return {"category_id": category, "segmentation": list(polygons), "bbox": box, "area": 9.0, "iscrowd": 0, **more}


def write(root: Path, split: str, images: list[tuple[str, list[dict[str, Any]]]], first_id: int = 0) -> Path:
    entries, parts = [], []
    (root / "images" / split).mkdir(parents=True, exist_ok=True)
    for number, (file, annotated) in enumerate(images, first_id):
        entries.append({"id": number, "file_name": file, "height": HEIGHT, "width": WIDTH})
        for entry in annotated:
            parts.append({"id": len(parts), "image_id": number, **entry})
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        pixels[..., 0], pixels[..., 1] = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
        pixels[..., 2] = 8 * number + len(split)
        Image.fromarray(pixels).save(root / "images" / split / file, format="PNG")
    path = root / "annotations" / split / f"{split}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": entries, "annotations": parts, "categories": CATEGORIES}))
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("IVPT_CACHE", str(folder))
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "train",
        [
            (f"{GOLDFISH}_1.JPEG", [part(9, rectangle(2, 3, 4, 5)), part(10, rectangle(6, 3, 10, 6))]),
            (f"{BOTTLE}_7.JPEG", [part(39, rectangle(20, 10, 6, 12))]),
            (f"{BOTTLE}_8.JPEG", []),
        ],
    )
    # The ids of images begin anew in every file.
    write(tmp_path, "val", [(f"{GOLDFISH}_2.JPEG", [part(11, rectangle(0, 0, 2, 2))])])
    write(tmp_path, "test", [(f"{BOTTLE}_9.JPEG", [part(38, rectangle(1, 1, 2, 2))])])
    return tmp_path


class TestPartImageNet(DatasetTests):
    plugin = PartImageNet

    def options(self, folder: Path) -> Mapping[str, Any]:
        for count, split in ((8, "train"), (3, "val"), (4, "test")):
            images = []
            for i in range(count):
                parts = [part(9 + i % 2, rectangle(3, 2, 12, 9)), part(11, [9, 9, 30, 12, 20, 25])]
                images.append((f"{(GOLDFISH, BOTTLE)[i % 2]}_{count}{i}.JPEG", parts if i else []))
            write(folder, split, images)
        return {"root": str(folder), "crop": "box"}


def only(root: Path, *annotated: dict[str, Any]) -> np.ndarray:
    """The mask of the one image with these annotations."""
    return annotations.read_annotations(write(root, "train", [(f"{GOLDFISH}_1.JPEG", list(annotated))]))[0].part_mask()


def filled(*rectangles: tuple[int, int, int, int, int]) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, width, height, value in rectangles:
        mask[y : y + height, x : x + width] = value
    return mask


def test_registered() -> None:
    assert isinstance(DATASETS.create("partimagenet", {"crop": "box"}), PartImageNet)


def test_forty_parts_of_eleven_groups() -> None:
    assert (len(PARTS), len(GROUPS)) == (40, 11)
    assert (PARTS[0], PARTS[4], PARTS[9], PARTS[24], PARTS[25], PARTS[26]) == (
        "Quadruped Head",
        "Biped Head",
        "Fish Head",
        "Car Body",
        "Car Tier",  # as the data set spells it
        "Car Side Mirror",
    )
    assert PARTS[27:31] == ("Bicycle Body", "Bicycle Head", "Bicycle Seat", "Bicycle Tier")
    assert PARTS[38:] == ("Bottle Mouth", "Bottle Body")


def test_the_class_is_in_the_file_name(tree: Path) -> None:
    data = PartImageNet(str(tree))
    assert data.info.classes == ("goldfish, Carassius auratus", "beer bottle")
    assert [(r.id, r.label, r.split) for r in data.records()] == [
        (f"train/{GOLDFISH}_1.JPEG", 0, "train"),
        (f"train/{BOTTLE}_7.JPEG", 1, "train"),
        (f"train/{BOTTLE}_8.JPEG", 1, "train"),
        (f"val/{GOLDFISH}_2.JPEG", 0, "val"),
        (f"test/{BOTTLE}_9.JPEG", 1, "test"),
    ]


def test_category_ids_begin_at_zero(tree: Path) -> None:
    data = PartImageNet(str(tree))
    mask = data.annotations(0).part_mask
    assert (mask == filled((2, 3, 4, 5, 10), (6, 3, 10, 6, 11))).all()
    assert data.info.parts[10 - 1] == "Fish Head"
    assert data.info.parts[40 - 1] == "Bottle Body"


def test_image_ids_that_begin_anew_do_not_mix_splits(tree: Path) -> None:
    data = PartImageNet(str(tree))
    assert set(np.unique(data.annotations(3).part_mask)) == {0, 12}
    assert set(np.unique(data.annotations(4).part_mask)) == {0, 39}


def test_one_point_per_part_and_a_box_around_all(tree: Path) -> None:
    found = PartImageNet(str(tree)).annotations(0)
    assert found.box == (2, 3, 14, 6)
    assert found.keypoints is not None
    assert np.flatnonzero(found.keypoints[:, 2]).tolist() == [9, 10]
    # columns 2 to 5 and rows 3 to 7; columns 6 to 15 and rows 3 to 8: means rounded half up
    assert found.keypoints[9].tolist() == [4, 5, 1]
    assert found.keypoints[10].tolist() == [11, 6, 1]


def test_an_image_without_parts_has_no_box_and_nothing_visible(tree: Path) -> None:
    data = PartImageNet(str(tree), crop="box")
    found = data.annotations(2)
    assert found.box is None
    assert not found.keypoints[:, 2].any()
    assert not found.part_mask.any()
    assert data.image(2).shape == (HEIGHT, WIDTH, 3)


def test_crop_shows_the_object(tree: Path) -> None:
    data = PartImageNet(str(tree), crop="box")
    image, found = data.image(1), data.annotations(1)
    assert image.shape == (12, 6, 3)
    assert image[0, 0, :2].tolist() == [20, 10]
    assert found.box == (0, 0, 6, 12)
    assert (found.part_mask == 40).all()
    assert found.keypoints[39].tolist() == [3, 6, 1]


def test_a_polygon_of_four_numbers_is_the_box(tmp_path: Path) -> None:
    # Read as COCO's tools read four numbers, x 5, y 6, width 9, height 11, it would be larger.
    entry = part(0, [5, 6, 9, 11])
    assert entry["bbox"] == [5, 6, 4, 5]
    assert (only(tmp_path, entry) == filled((5, 6, 4, 5, 1))).all()


def test_all_pieces_of_a_part_count(tmp_path: Path) -> None:
    legs = part(2, rectangle(1, 1, 2, 3), rectangle(10, 1, 2, 3))
    mask = only(tmp_path, legs, part(3, rectangle(20, 20, 3, 3)))
    assert (mask == filled((1, 1, 2, 3, 3), (10, 1, 2, 3, 3), (20, 20, 3, 3, 4))).all()


def test_crowds_and_empty_areas_are_passed_over(tmp_path: Path) -> None:
    mask = only(tmp_path, part(0, rectangle(1, 1, 5, 5), iscrowd=1), part(1, rectangle(8, 8, 5, 5), area=0))
    assert not mask.any()


def test_a_later_part_covers_an_earlier_one(tmp_path: Path) -> None:
    mask = only(tmp_path, part(1, rectangle(0, 0, 8, 8)), part(0, rectangle(4, 4, 8, 8)))
    assert (mask == filled((0, 0, 8, 8, 2), (4, 4, 8, 8, 1))).all()


def test_run_lengths_are_read_too(tmp_path: Path) -> None:
    # column by column: 2 columns of nothing, then 3 rows of the third column
    runs = {"size": [HEIGHT, WIDTH], "counts": [2 * HEIGHT, 3, HEIGHT * WIDTH - 2 * HEIGHT - 3]}
    assert (only(tmp_path, {**part(5, rectangle(0, 0, 1, 1)), "segmentation": runs}) == filled((2, 0, 1, 3, 6))).all()


def test_what_lies_outside_the_image_is_cut_off(tmp_path: Path) -> None:
    mask = only(tmp_path, part(0, rectangle(30, 20, 30, 30)))
    assert mask.shape == (HEIGHT, WIDTH)
    assert (mask == filled((30, 20, 10, 10, 1))).all()


def test_a_slanted_polygon_against_a_plain_rule(tmp_path: Path) -> None:
    corners = [4, 3, 34, 8, 20, 27]
    mask = only(tmp_path, part(0, corners)) > 0
    inside = np.zeros_like(mask)
    points = list(zip(corners[0::2], corners[1::2], strict=True))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            sides = [
                (b[0] - a[0]) * (y + 0.5 - a[1]) - (b[1] - a[1]) * (x + 0.5 - a[0])
                for a, b in zip(points, [*points[1:], points[0]], strict=True)
            ]
            inside[y, x] = all(side >= 0 for side in sides)
    assert (mask & inside).sum() / (mask | inside).sum() > 0.9  # COCO's rule for pixels on the edge is its own


def test_classes_of_their_own_in_test_are_told_apart(tree: Path) -> None:
    write(tree, "test", [("n03444034_1.JPEG", [])])
    with pytest.raises(DataError, match=r"n03444034.*OOD release.*Seg release"):
        PartImageNet(str(tree)).prepare()
    data = PartImageNet(str(tree), division="drawn")
    assert len(data.info.classes) == 3
    assert {record.split for record in data.records()} == {None}


def test_the_table_of_pdiscoformer(tree: Path) -> None:
    table = tree / "newdset.txt"
    table.write_text(f"1\t0\t1\t{BOTTLE}\t{BOTTLE}_7.JPEG\n0\t1\t0\t{GOLDFISH}\t{GOLDFISH}_1.JPEG\n")
    (tree / "train_train" / BOTTLE).mkdir(parents=True)
    (tree / "images" / "train" / f"{BOTTLE}_7.JPEG").rename(tree / "train_train" / BOTTLE / f"{BOTTLE}_7.JPEG")
    data = PartImageNet(str(tree), table=str(table))
    assert data.info.classes == titles((GOLDFISH, BOTTLE))
    assert [(r.id, r.label, r.split) for r in data.records()] == [
        (f"train/{BOTTLE}_7.JPEG", 1, "train"),
        (f"train/{GOLDFISH}_1.JPEG", 0, "test"),
    ]
    assert data.image(0).shape == (HEIGHT, WIDTH, 3)
    assert set(np.unique(data.annotations(0).part_mask)) == {0, 40}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\t0\n", "line 1 of"),
        (f"1\tx\t1\t{BOTTLE}\t{BOTTLE}_7.JPEG\n", "line 1 of"),
        (f"5\t0\t0\t{BOTTLE}\t{BOTTLE}_7.JPEG\n", "5, n02823428_7.JPEG, unknown"),
        (f"1\t0\t3\t{BOTTLE}\t{BOTTLE}_7.JPEG\n", "not the numbers 0 to 0"),
    ],
)
def test_a_damaged_table_is_named(tree: Path, text: str, words: str) -> None:
    (tree / "newdset.txt").write_text(text)
    with pytest.raises(DataError, match=words):
        PartImageNet(str(tree), table=str(tree / "newdset.txt")).prepare()


def test_images_may_lie_in_folders_by_class(tree: Path) -> None:
    flat = tree / "images" / "train"
    (flat / GOLDFISH).mkdir()
    (flat / f"{GOLDFISH}_1.JPEG").rename(flat / GOLDFISH / f"{GOLDFISH}_1.JPEG")
    assert PartImageNet(str(tree)).image(0).shape == (HEIGHT, WIDTH, 3)


def test_annotations_may_be_one_file_per_split(tree: Path) -> None:
    before = PartImageNet(str(tree)).records()
    for split in ("train", "val", "test"):
        folder = tree / "annotations" / split
        (folder / f"{split}.json").rename(folder.parent / f"{split}.json")
        folder.rmdir()
    assert PartImageNet(str(tree)).records() == before


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"annotations/train.*--data DIR"):
        PartImageNet(str(tmp_path)).prepare()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["categories"].pop(0), "not numbered 0 to 39"),
        (lambda d: [c.update(id=c["id"] + 1) for c in d["categories"]], "not numbered 0 to 39"),
        (lambda d: d["categories"][0].update(supercategory="Fish"), "Category 0 of .*'Fish'"),
        (lambda d: d["annotations"][0].update(category_id=40), "none of the 40"),
        (lambda d: d["annotations"][0].update(segmentation=[[1, 2, 3]]), "polygon of 3 numbers"),
        (lambda d: d["annotations"][0].update(segmentation=[[1, 2, 3, 4, 5, float("nan")]]), "polygon of 6"),
        (lambda d: d["annotations"][0].update(segmentation=[]), "no outline"),
        (lambda d: d["images"][0].pop("height"), "'height' is missing"),
        (lambda d: d["images"][0].update(file_name="goldfish.JPEG"), "does not begin with a WordNet id"),
        (lambda d: d.clear(), "not numbered"),
    ],
)
def test_damaged_annotations_are_named(tree: Path, change: Any, words: str) -> None:
    path = tree / "annotations" / "train" / "train.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=words) as caught:
        PartImageNet(str(tree)).prepare()
    assert str(path) in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"images": [{}]}', '{"images": 3}'])
def test_files_that_are_not_coco_are_named(tree: Path, text: str) -> None:
    path = tree / "annotations" / "train" / "train.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"train\.json"):
        PartImageNet(str(tree)).prepare()


def test_an_image_of_another_size_is_named(tree: Path) -> None:
    path = tree / "images" / "train" / f"{GOLDFISH}_1.JPEG"
    Image.new("RGB", (WIDTH, HEIGHT + 1)).save(path)
    with pytest.raises(DataError, match=rf"{GOLDFISH}_1\.JPEG has 40x31"):
        PartImageNet(str(tree)).image(0)


def test_reading_annotations_opens_no_image(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    data = PartImageNet(str(tree), crop="box")
    assert len(data.records()) == 5
    assert data.annotations(0).part_mask is not None


def test_annotations_are_read_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, str]] = []
    data = PartImageNet(str(tree))
    data.prepare(lambda *words: told.append(words))
    assert [words[:2] for words in told] == [(0, 3), (1, 3), (2, 3), (0, 1), (0, 1)]
    monkeypatch.setattr(files, "read_annotations", lambda *_: pytest.fail("annotations were read again"))
    again = PartImageNet(str(tree))
    assert again.records() == data.records()
    assert (again.annotations(0).part_mask == data.annotations(0).part_mask).all()


def test_changed_annotations_are_read_again(tree: Path) -> None:
    PartImageNet(str(tree)).prepare()
    write(tree, "train", [(f"{GOLDFISH}_1.JPEG", []), (f"{BOTTLE}_7.JPEG", [part(38, rectangle(1, 2, 3, 4))])])
    data = PartImageNet(str(tree))
    assert len(data.records()) == 4
    assert data.annotations(1).box == (1, 2, 3, 4)


def test_pickles(tree: Path) -> None:
    data = PartImageNet(str(tree))
    data.prepare()
    again = pickle.loads(pickle.dumps(data))
    assert again.records() == data.records()
    assert (again.annotations(0).part_mask == data.annotations(0).part_mask).all()
