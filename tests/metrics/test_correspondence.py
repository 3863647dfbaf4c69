import numpy as np
import pytest

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.correspondence import Frame, look, near
from ivpt.metrics.part_points import Points
from tests.metrics.arrays import hot, one_layer
from tests.metrics.slow import correspondence

BOX = View(crop="box")


def reached(peak, point, seen=True, frame=None):
    parts = Points(np.array([[point]]), np.array([[seen]]))
    return bool(near(np.array([[peak]]), parts, frame or Frame())[0, 0, 0])


@pytest.mark.parametrize(
    ("peak", "point", "expected"),
    [
        ((100, 100), (64, 136), True),  # both ends of the window belong to it
        ((100, 100), (63, 100), False),
        ((100, 100), (100, 137), False),
        ((100, 100), (136, 137), False),  # one axis is not enough
        ((20, 20), (0, 56), True),  # the window is cut off at the frame
        ((20, 20), (-1, 20), False),  # a keypoint outside the crop is out of reach
        ((200, 200), (224, 224), True),  # but row and column S, one outside, are not
        ((200, 200), (225, 200), False),
    ],
)
def test_the_window_and_its_edges(peak, point, expected):
    assert reached(peak, point) is expected
    assert correspondence(peak, [point], [True], 36, 224) == [int(expected)]


def test_an_invisible_part_is_near_nothing():
    assert reached((50, 50), (50, 50))
    assert not reached((50, 50), (50, 50), seen=False)


def test_against_loops():
    rng = np.random.default_rng(0)
    places, where = rng.integers(0, 40, (9, 3, 2)), rng.integers(-5, 46, (9, 4, 2))
    parts, frame = Points(where, rng.random((9, 4)) < 0.7), Frame(40, 9)
    found = near(places, parts, frame)
    for i in range(9):
        for k in range(3):
            assert found[i, k].tolist() == correspondence(places[i, k], where[i], parts.visible[i], 9, 40)


def test_background_is_left_out_and_maps_come_in_windows():
    cells = np.random.default_rng(1).integers(0, 8, (300, 2, 2))
    evidence = one_layer(
        {BOX: hot(cells)},
        np.zeros(300, int),
        rectangles=np.tile(np.float32([5.7, 6.2, 112.9, 56.4]), (300, 1)),
        keypoint_names=("eye",),
        points=np.tile(np.float32([61.9, 34.2, 1]), (300, 1, 1)),
    )
    found = look(evidence, BOX, evidence.layers[0], Frame())
    assert np.abs(found.peaks + 0.5 - (cells + 0.5) * 28).max() < 14  # within the cell
    # the box is truncated to 5, 6, 112, 56, the keypoint to 61, 34: 224 * 28 / 56 and 224 * 56 / 112
    assert found.points.places[0, 0].tolist() == [112, 112]
    assert found.peaks.shape == (300, 2, 2)


def test_images_without_a_box_do_not_count():
    boxes = np.array([[0, 0, 224, 224], [np.nan] * 4, [3, 3, 0.9, 50]], np.float32)
    evidence = one_layer(
        {BOX: hot([[[0, 0]], [[1, 1]], [[2, 2]]])},
        [2, 1, 0],
        rectangles=boxes,
        keypoint_names=("eye",),
        points=np.ones((3, 1, 3), np.float32),
    )
    found = look(evidence, BOX, evidence.layers[0], Frame())
    assert (found.indices.tolist(), found.labels.tolist()) == ([0], [2])
    evidence.rectangles = np.full((3, 4), np.nan, np.float32)
    with pytest.raises(DataError, match="test, box"):
        look(evidence, BOX, evidence.layers[0], Frame())


@pytest.mark.parametrize("wrong", [{"size": 0}, {"half_size": -1}, {"points": "corners"}])
def test_a_frame_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"frame|points"):
        Frame(**wrong)
