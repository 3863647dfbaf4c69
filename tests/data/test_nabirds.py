"""NABirds on a tiny tree in its exact format; each trap of the format by name."""

import pytest

from ivpt.data.nabirds import NaBirds
from ivpt.errors import DataError
from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.nabirds(tmp_path)


def test_trap_image_ids_are_hexadecimal_with_dashes(root):
    records = NaBirds(root=str(root)).records()
    assert records[0].id == "0817/0000139e21dc4d0cbfe14cae3c85c820.jpg"
    assert [r.split for r in records] == ["train", "test", "train", "test"]


def test_trap_class_ids_of_a_hierarchy_become_0_to_n(root):
    data = NaBirds(root=str(root))
    assert data.info.classes == ("Common Eider (Adult male)", "Oak Titmouse")  # 295 before 817
    assert [r.label for r in data.records()] == [1, 1, 0, 0]


def test_trap_part_ids_begin_at_0(root):
    data = NaBirds(root=str(root))
    assert data.info.keypoints[0] == "bill"
    assert data.info.keypoints[10] == "right wing"
    points = data.annotations(2).keypoints
    assert points[0].tolist() == [0, 3, 1]
    assert points[9].tolist() == [9, 3, 1]
    assert points[10].tolist() == [0, 0, 0]  # invisible


def test_the_group_is_the_ancestor_below_the_root(root):
    data = NaBirds(root=str(root))
    assert data.info.attributes["group"] == ("Ducks, Geese, and Swans", "Perching Birds")
    assert [r.attributes["group"] for r in data.records()] == [1, 1, 0, 0]


def test_trap_kinds_may_share_a_name(root):
    path = root / "classes.txt"
    path.write_text(path.read_text().replace("Common Eider (Adult male)", "Oak Titmouse"))
    assert NaBirds(root=str(root)).info.classes == ("Oak Titmouse (295)", "Oak Titmouse (817)")


def test_a_hierarchy_in_circles_is_refused(root):
    with (root / "hierarchy.txt").open("a") as stream:
        stream.write("0 2\n")
    with pytest.raises(DataError, match="goes in circles"):
        NaBirds(root=str(root)).records()


def test_crop(root):
    data = NaBirds(root=str(root), crop="box")
    assert data.image(0).shape == (6, 8, 3)
    assert data.annotations(2).keypoints[1].tolist() == [0, 1, 1]
    assert data.annotations(0).keypoints[1].tolist() == [0, 0, 0]  # y 1 is above the box


def test_boxes_and_counts(root):
    assert NaBirds(root=str(root)).annotations(0).box == (1, 2, 8, 6)
    assert sum(NaBirds().source.counts.values()) == 48562
