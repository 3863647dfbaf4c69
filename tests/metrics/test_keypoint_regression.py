"""Regression from concept centres to keypoints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.keypoint_regression import KeypointRegression, centres, regressed
from tests.metrics.making import with_maps


def peaks(places: np.ndarray, grid: tuple[int, int] = (10, 10)) -> np.ndarray:
    """(N, K, 2) column and row to (N, K + 1, h, w) maps of single cells, background last."""
    n, k = places.shape[:2]
    maps = np.zeros((n, k + 1, *grid), np.float32)
    image, concept = np.indices((n, k))
    maps[image, concept, places[..., 1], places[..., 0]] = 1
    maps[:, -1] = 1 - maps[:, :-1].max(1)
    return maps


def example(n: int = 12, train: int = 8, noise: float = 0, **more):
    random = np.random.default_rng(0)
    places = random.integers(0, 10, (n, 2, 2))
    boxes = np.column_stack([random.random((n, 2)) * 5, 20 + random.random((n, 2)) * 60]).astype(np.float32)
    # each keypoint is a fixed mixture of the centres, in pixels of 100 x 100 images
    targets = 10 * (0.5 * places[:, [0, 1]] + 0.25 * places[:, [1, 0]]) + noise * random.normal(size=(n, 2, 2))
    seen = np.concatenate([targets, np.ones((n, 2, 1))], 2).astype(np.float32)
    return with_maps(
        peaks(places), size=(100, 100), train=train, points=seen, rectangles=boxes, keypoint_names=("a", "b"), **more
    )


def test_centres_by_hand():
    maps = np.zeros((1, 3, 2, 3))
    maps[0, 0, 1, 2] = 4
    maps[0, 1, 0, 0], maps[0, 1, 1, 2] = 1, 3
    np.testing.assert_allclose(centres(maps)[0], [[2, 1], [1.5, 0.75], [np.nan, np.nan]])


@given(st.integers(0, 10**6))
def test_the_regression_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    x, y, asked = random.normal(size=(9, 4)), random.normal(size=(9, 2)), random.normal(size=(5, 4))
    on, asked_on = random.random((9, 4)) < 0.7, random.random((5, 4)) < 0.7
    scale, targets = StandardScaler().fit(x), StandardScaler().fit(y)
    model = LinearRegression(fit_intercept=False).fit(scale.transform(x) * on, targets.transform(y))
    expected = targets.inverse_transform(model.predict(scale.transform(asked) * asked_on))
    np.testing.assert_allclose(regressed((x, on, y), asked, asked_on), expected, atol=1e-8)


def test_one_box_size_and_a_linear_truth_leave_no_error():
    run = example()
    run.rectangles = np.tile(np.array([10, 10, 50, 40], np.float32), (12, 1))
    result = KeypointRegression().compute(run)
    assert result.figures["KPR"].value == pytest.approx(0, abs=1e-4)
    assert result.figures["control, mean of the train keypoints"].value > 10
    assert result.images == 4 and result.parameters["keypoints"] == 8
    assert result.higher_is_better is False


def test_concepts_that_are_never_active_leave_the_constant_predictor():
    run = example()
    figures = KeypointRegression(active=2.0).compute(run).figures
    control = figures["control, mean of the train keypoints"].value
    assert figures["KPR"].value == pytest.approx(control)
    # by hand
    boxes, seen = run.rectangles, run.points
    share = (seen[..., :2] - boxes[:, None, :2]) / boxes[:, None, 2:]
    expected = np.linalg.norm(share[8:] - share[:8].mean(0), axis=2).mean()
    assert control == pytest.approx(100 * expected, rel=1e-5)


def test_invisible_keypoints_and_images_without_a_box_do_not_count():
    run = example()
    run.points[8, 0, 2] = 0  # of test image 8 one keypoint is left
    run.points[9, 1] = (130, 10, 1)  # outside the frame
    run.rectangles[10] = np.nan
    run.points[:8, 1, 2] = 0  # b is never seen in train
    result = KeypointRegression().compute(run)
    assert result.parameters["keypoints never seen in train"] == ["b"]
    assert list(result.parameters["error by keypoint"]) == ["a"]
    assert result.images == 2 and result.parameters["keypoints"] == 2
    run.points[8:, :, 2] = 0
    with pytest.raises(DataError, match="keypoint"):
        KeypointRegression().compute(run)


def test_the_train_images_are_a_view_and_only_one_layer_is_read():
    metric = KeypointRegression()
    assert metric.views(example()) == [View(split="train")] and metric.view_layers(example()) == ["L1"]


@given(st.permutations(range(4)))
def test_the_order_of_images_means_nothing(order):
    one = KeypointRegression().compute(example(noise=3)).figures["KPR"].value
    assert KeypointRegression().compute(example(noise=3, order=order)).figures["KPR"].value == pytest.approx(one)
    assert one > 0.5
