"""Waterbirds on a tiny tree in its exact format; each trap by name."""

import pytest

from ivpt.data.waterbirds import GROUPS, Waterbirds
from ivpt.errors import DataError
from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.waterbirds(tmp_path)


def test_trap_splits_are_numbers_0_1_2(root):
    data = Waterbirds(root=str(root))
    assert [r.split for r in data.records()] == ["train", "train", "train", "val", "test", "test"]


def test_trap_place_is_the_background_and_y_the_bird(root):
    data = Waterbirds(root=str(root))
    assert data.info.classes == ("landbird", "waterbird")
    assert data.info.attributes == {"place": ("land", "water")}
    assert [(r.label, r.attributes["place"]) for r in data.records()] == [
        (0, 0),
        (0, 1),
        (1, 1),
        (1, 0),
        (0, 1),
        (1, 0),
    ]


def test_trap_commas_in_quoted_names(root):
    data = Waterbirds(root=str(root / "waterbird_complete95_forest2water2"))
    assert data.records()[0].id == "001.Bird/Bird, 0.jpg"
    assert data.image(0).shape == (10, 12, 3)


def test_trap_no_keypoints_of_cub_are_claimed(root):
    data = Waterbirds(root=str(root))
    assert data.info.keypoints == ()
    assert data.annotations(0).keypoints is None


def test_published_counts_by_group_add_up():
    assert {split: sum(counts) for split, counts in GROUPS.items()} == {"train": 4795, "val": 1199, "test": 5794}
    assert Waterbirds().source.counts == {"train": 4795, "val": 1199, "test": 5794}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(",1,0,1,", ",1,3,1,", "3 is not from 0 to 2"), (",1,0,1,", ",x,0,1,", "Line 4"), ("split,", "part,", "'split'")],
)
def test_damaged_tables_are_named(root, old, new, words):
    path = root / "waterbird_complete95_forest2water2" / "metadata.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=words):
        Waterbirds(root=str(root)).records()
