import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.part_points import into_frame, part_names, points
from ivpt.part_masks import mask_keypoints, mask_points
from tests.metrics.arrays import hot, one_layer

WHOLE = View()


def in_frame(x, y, box, size=224):
    return into_frame(np.array([[[x, y]]], float), np.array([box], float), size)[0, 0].tolist()


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (60.0, 45.0, [56, 112]),  # 224 * 25 / 100 and 224 * 50 / 100, row first
        (60.9, 45.9, [56, 112]),  # the fraction of a keypoint is cut off before
        (10.4, 20.0, [0, 0]),  # on the corner of the box
        (9.0, 19.0, [-2, -2]),  # -2.24 is cut off towards zero, and not clipped
        (110.0, 120.0, [224, 224]),  # just outside on the other side
        (170.0, 45.0, [56, 358]),  # far outside
    ],
)
def test_keypoints_go_to_the_crop_as_published(x, y, expected):
    assert in_frame(x, y, (10, 20, 100, 100)) == expected


def test_a_keypoint_less_than_a_frame_pixel_outside_comes_to_lie_inside():
    # 224 * -1 / 300 = -0.75: int() makes it 0
    assert in_frame(9, 20, (10, 20, 300, 300)) == [0, 0]


def masked(rows):
    return np.array([[int(c) for c in row] for row in rows], np.uint8)


def test_a_part_lies_at_its_centre_of_mass():
    mask = masked(["1110000", "1110022", "1110022"])
    where, seen = mask_points(mask, (0, 0, 7, 3), 3)
    # the mean of columns 5 and 6 lies between the two pixels: it belongs to the right one
    assert where.tolist() == [[1, 1], [6, 2], [0, 0]]
    assert seen.tolist() == [True, True, False]


def test_a_centre_outside_the_part_moves_to_the_nearest_pixel_of_the_part():
    ring = masked(["11111", "10001", "10001", "10001", "11111"])
    # (2, 2) is empty; the four nearest are two away, and the first in row-major order is (row 0, column 2)
    assert mask_points(ring, (0, 0, 5, 5), 1)[0].tolist() == [[2, 0]]


def test_pieces_of_a_part_are_one_part():
    # two legs: the mean lies between them, on nothing; of the two nearest pixels the first counts
    legs = masked(["0100010", "0100010"])
    assert mask_points(legs, (0, 0, 7, 2), 1)[0].tolist() == [[1, 1]]


def test_only_what_the_crop_shows_counts():
    mask = masked(["1100", "1100", "0000", "2200"])
    where, seen = mask_points(mask, (1, 0, 3, 2), 2)
    assert (where.tolist(), seen.tolist()) == ([[1, 1], [0, 0]], [True, False])
    # a fractional frame holds the pixels whose index lies in it
    where, seen = mask_points(mask, (0.5, 0.5, 3.0, 3.0), 2)
    assert (where.tolist(), seen.tolist()) == ([[1, 1], [1, 3]], [True, True])


@given(arrays(np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 3)))
def test_points_of_any_mask_against_loops(mask):
    where, seen = mask_points(mask, (0, 0, mask.shape[1], mask.shape[0]), 3)
    for part in (1, 2, 3):
        pixels = [(x, y) for y in range(mask.shape[0]) for x in range(mask.shape[1]) if mask[y, x] == part]
        assert seen[part - 1] == bool(pixels)
        if not pixels:
            continue
        n = len(pixels)
        # the mean rounded half up, in whole numbers
        x, y = ((2 * sum(p[axis] for p in pixels) + n) // (2 * n) for axis in (0, 1))
        expected = (x, y) if (x, y) in pixels else min(pixels, key=lambda p: (p[0] - x) ** 2 + (p[1] - y) ** 2)
        assert tuple(where[part - 1]) == expected


def test_masks_serve_where_there_are_no_keypoints():
    mask = np.zeros((224, 224), np.uint8)
    mask[100:121, 50:71] = 2
    evidence = one_layer({WHOLE: hot([[[0, 0]], [[0, 0]]])}, [0, 0], parts=("head", "tail"), masks={1: mask})
    found = points(evidence, np.array([0, 1]), evidence.frames(WHOLE), 224)
    assert found.visible.tolist() == [[False, False], [False, True]]
    assert found.places[1, 1].tolist() == [110, 60]
    assert part_names(evidence) == ("part masks", ("head", "tail"))


def test_keypoints_come_before_masks_unless_masks_are_asked_for():
    evidence = one_layer(
        {WHOLE: hot([[[0, 0]]])},
        [0],
        parts=("tail",),
        keypoint_names=("eye", "beak"),
        points=np.array([[[7, 9, 1], [np.nan, np.nan, 0]]], np.float32),
    )
    assert part_names(evidence) == ("keypoints", ("eye", "beak"))
    assert part_names(evidence, "part masks") == ("part masks", ("tail",))
    found = points(evidence, np.array([0]), evidence.frames(WHOLE), 224)
    assert (found.places[0, 0].tolist(), found.visible.tolist()) == ([9, 7], [[True, False]])


@pytest.mark.parametrize(
    ("source", "words"),
    [("auto", "neither keypoints nor part masks"), ("keypoints", "no keypoints"), ("part masks", "no part masks")],
)
def test_data_without_parts_are_told_what_is_missing(source, words):
    evidence = one_layer({WHOLE: hot([[[0, 0]]])}, [0])
    with pytest.raises(DataError, match=words):
        part_names(evidence, source)


def test_keypoints_of_a_mask_are_its_points():
    mask = masked(["1110", "1110", "0003"])
    assert mask_keypoints(mask, 3).tolist() == [[1, 1, 1], [0, 0, 0], [3, 2, 1]]
    assert mask_keypoints(mask, 3).dtype == np.float32
