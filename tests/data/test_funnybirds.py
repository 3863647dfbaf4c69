"""FunnyBirds on a tiny tree in its exact format; each trap by name."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image

from ivpt.data.funnybirds import FunnyBirds
from ivpt.errors import DataError
from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.funnybirds(tmp_path)


def pixels(path):
    return np.asarray(Image.open(path))[..., :3]


def test_trap_files_are_numbered_in_the_list_and_not_in_the_class(root):
    data = pickle.loads(pickle.dumps(FunnyBirds(root=str(root))))
    assert [r.id for r in data.records()] == [
        *("train/0/000000", "train/1/000001", "train/0/000002", "train/1/000003"),
        *("test/0/000000", "test/1/000001", "test/0/000002"),
    ]
    assert [r.label for r in data.records()] == [0, 1, 0, 1, 0, 1, 0]
    assert (data.image(5) == pixels(root / "FunnyBirds/test/1/000001.png")).all()


def test_trap_alpha_is_dropped(root):
    data = FunnyBirds(root=str(root))
    raw = np.asarray(Image.open(root / "FunnyBirds/train/0/000000.png"))
    assert raw.shape[2] == 4
    assert (raw[..., 3] < 255).any()
    assert (data.image(0) == raw[..., :3]).all()


def test_trap_colours_of_part_maps_differ_by_one(root):
    data = FunnyBirds(root=str(root))
    parts = data.info.parts
    assert parts == trees.FUNNY_PARTS  # the order of parts.json
    mask = data.annotations(4).part_mask
    expected = np.zeros((16, 16), np.uint8)
    for part, squares in trees.PART_MAP.items():
        for (row, column), _ in squares:
            expected[row : row + 2, column : column + 2] = parts.index(part) + 1
    assert (mask == expected).all()  # left and right together; objects (204, 204, 204 + j) are no parts


def test_keypoints_are_the_points_of_the_masks(root):
    found = FunnyBirds(root=str(root)).annotations(4)
    beak, eye, foot = found.keypoints[:3]
    assert beak.tolist() == [7, 3, 1]  # columns 6-7, rows 2-3: the mean 6.5 is rounded up
    assert eye.tolist() == [4, 3, 1]  # left and right are side by side
    assert foot.tolist() == [6, 11, 1]  # columns 2-3 and 6-7: 4.5, rounded 5, is on neither
    assert found.part_mask[11, 6] == 3
    assert found.box == (2, 2, 10, 10)


def test_trap_training_images_have_lost_parts(root):
    found = FunnyBirds(root=str(root)).annotations(1)
    assert found.keypoints[0].tolist() == [0, 0, 0]
    assert not (found.part_mask == 1).any()


def test_trap_objects_are_words_with_a_trailing_comma(root):
    data = FunnyBirds(root=str(root))
    assert data.removable(4) == (trees.FUNNY_PARTS, ("object 0", "object 1"))


def test_trap_kept_parts_are_sorted_in_the_names_of_interventions(root):
    data = FunnyBirds(root=str(root))
    folder = root / "FunnyBirds/test_interventions/1/000001"
    assert (data.redrawn(5, without={"wing", "beak"}) == pixels(folder / "body_eye_foot_tail.png")).all()
    assert (data.redrawn(5, without=set(trees.FUNNY_PARTS)) == pixels(folder / "body_.png")).all()
    assert (data.redrawn(5) == data.image(5)).all()


def test_objects_are_taken_out_one_at_a_time(root):
    data = FunnyBirds(root=str(root))
    folder = root / "FunnyBirds/test_interventions/0/000002/background_interventions"
    assert (data.redrawn(6, without={"object 1"}) == pixels(folder / "1.png")).all()
    for without in ({"object 0", "object 1"}, {"object 0", "beak"}, {"object 2"}, {"hat"}):
        with pytest.raises(DataError, match="no rendering"):
            data.redrawn(6, without=without)
    with pytest.raises(DataError, match="no rendering"):
        data.redrawn(6, background="moon")


def test_trap_interventions_are_of_test_images_only(root):
    data = FunnyBirds(root=str(root))
    assert data.removable(0) == ((), ())
    with pytest.raises(DataError, match="no rendering of train image"):
        data.redrawn(0, without={"beak"})


def test_variants_of_parts_are_those_of_the_classes(root):
    assert FunnyBirds(root=str(root)).class_parts() == {
        "beak": (0, 1),
        "eye": (0, 0),
        "foot": (1, 1),
        "tail": (0, 2),
        "wing": (0, 0),
    }


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("classes.json", lambda v: v[1:], "not numbered 0, 1, 2"),
        ("dataset_test.json", lambda v: [*v, v[0] | {"class_idx": 9}], "class 9 that does not exist"),
        ("parts.json", lambda v: v | {"hat": []}, "'hat'"),
    ],
)
def test_contradictions_are_named(root, file, change, words):
    path = root / "FunnyBirds" / file
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(DataError, match=words):
        FunnyBirds(root=str(root)).records()


def test_damaged_json(root):
    (root / "FunnyBirds" / "dataset_train.json").write_text("[{")
    with pytest.raises(DataError, match=r"dataset_train.json cannot be read"):
        FunnyBirds(root=str(root)).records()
