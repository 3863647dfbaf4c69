"""Evidence against objects, concepts against the parts they claim to be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.metrics.pointing_game import PointingGame, PointingGameBoxes, claims
from tests.metrics.making import layer, with_maps

COARSE = {"info": layer(3, (2, 2), block=None), "coarse": 2, "parts": ("beak", "tail")}


def run_of(maps, scores, masks, *, val=0, **more):
    """Two concepts and background over 2 x 2 cells of 4 x 4 pixels; the first ``val`` images are val."""
    run = with_maps(
        np.array(maps, np.float32), size=(4, 4), scores=np.array(scores), masks=masks, train=val, **COARSE, **more
    )
    run.rows = {name.replace("train", "val"): rows for name, rows in run.rows.items()}
    run.maps = {name.replace("train", "val"): rows for name, rows in run.maps.items()}
    run.class_scores = {name.replace("train", "val"): rows for name, rows in run.class_scores.items()}
    return run


def quarters(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(2, 2).repeat(2, 0).repeat(2, 1)


PEAKS = [[[4, 0], [0, 0]], [[0, 0], [0, 4]], [[0, 4], [4, 0]]]  # concept 0 top left, concept 1 bottom right


def test_the_evidence_of_the_predicted_class_is_looked_at():
    masks = {0: quarters(1, 0, 0, 0), 1: quarters(0, 0, 0, 2), 2: quarters(0, 0, 0, 0)}
    # image 0 is taken for class 0 because of concept 0; image 1 for class 1 because of concept 0, against concept 1
    scores = [[[2, 0], [0, 0]], [[0, 6], [0, -2]], [[1, 0], [0, 0]]]
    result = PointingGame().compute(run_of([PEAKS] * 3, scores, masks, val=0, classes=2, labels=[0, 1, 1]))
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert result.images == 2 and result.parameters["images without an object"] == 1
    assert figures["pointing game"] == 50
    assert figures["relevance mass in the object"] == pytest.approx(50)
    # of the four pixels of each object: all, and none (its cell is the one with most evidence against)
    assert figures["relevance rank"] == pytest.approx(50)
    assert figures["chance: the object's share of the picture"] == pytest.approx(25)
    np.testing.assert_allclose(result.per_class["pointing game"], [100, 0])
    # one hot cell of four: Gini 3/4; cells of 3 and -1: |a| = 0 0 1 3
    assert figures["sparseness (Gini)"] == pytest.approx(100 * (0.75 + (1 * 1 + 3 * 3) / (4 * 4)) / 2)
    assert figures["share of cells with evidence"] == pytest.approx(100 * (1 + 2) / 8)


def test_tolerance_is_measured_in_a_frame_of_224_and_classes_weigh_the_same():
    # the peak's middle is (1, 1) of 4 pixels; the nearest object pixel's middle is 1.5 away, 84 of 224
    masks = {0: quarters(0, 1, 0, 0), 1: quarters(0, 0, 0, 1), 2: quarters(1, 0, 0, 0)}
    scores = [[[2, 0], [0, 0]]] * 3
    run = run_of([PEAKS] * 3, scores, masks, classes=2, labels=[0, 0, 1])
    # class 0: one of two is near, class 1: all
    for tolerance, expected in ((90.0, 75), (80.0, 50)):
        name = f"pointing game, within {tolerance:g} of 224 pixels, mean over classes"
        assert PointingGame(tolerance=tolerance).compute(run).figures[name].value == pytest.approx(expected)


def test_concepts_claim_on_val_and_are_tried_on_test():
    # val: concept 0 peaks on the beak twice; concept 1 never on a part
    val = {0: quarters(1, 0, 2, 0), 1: quarters(1, 0, 0, 0)}
    # test: hit; missed (the beak is elsewhere); not seen, so it does not count
    test = {2: quarters(1, 0, 0, 0), 3: quarters(2, 1, 0, 0), 4: quarters(2, 0, 0, 2)}
    run = run_of([PEAKS] * 5, np.ones((5, 2, 2)), {**val, **test}, val=2)
    result = PointingGame().compute(run)
    np.testing.assert_array_equal(result.per_concept["peaks on the claimed part"], [50, np.nan])
    assert result.figures["concept pointing game"].value == 50
    assert result.parameters["claimed part, by concept"] == ["beak", ""]
    # a cell drawn at random lies in the beak once in four
    assert result.figures["chance: concept pointing game"].value == pytest.approx(25)
    on_val = PointingGame(split="val").compute(run)
    assert (
        on_val.figures["concept pointing game"].value is None and "val" in on_val.figures["concept pointing game"].why
    )


def test_claims_by_hand():
    hits = np.array([[1, 0, 2], [2, 0, 2], [2, 0, 1]])
    np.testing.assert_array_equal(claims(hits, 2), [1, -1, 1])
    np.testing.assert_array_equal(claims(hits[:0], 2), [-1, -1, -1])


def test_nothing_to_point_at():
    run = run_of([PEAKS], np.ones((1, 2, 2)), {0: quarters(0, 0, 0, 0)})
    with pytest.raises(DataError, match="object"):
        PointingGame().compute(run)
    with pytest.raises(ValueError, match="tolerance"):
        PointingGame(tolerance=-1)


def test_boxes_are_objects_too():
    boxes = np.array([[0, 0, 2, 2], [2.4, 0, 1, 4], [np.nan] * 4], np.float32)
    run = run_of([PEAKS] * 3, [[[2, 0], [0, 0]]] * 3, {}, rectangles=boxes)
    result = PointingGameBoxes().compute(run)
    assert result.images == 2 and result.figures["pointing game"].value == 50
    # the second box holds the middles of one column of pixels
    assert result.figures["chance: the object's share of the picture"].value == pytest.approx(100 * (4 + 4) / 32)


@given(st.integers(0, 10**6), st.permutations(range(6)))
def test_order_of_images_and_of_concepts_means_nothing(seed, order):
    random = np.random.default_rng(seed)
    maps, scores = random.random((6, 3, 2, 2)), random.normal(size=(6, 2, 3))
    masks = {i: quarters(*random.integers(0, 3, 4)) for i in range(6)}
    masks[0] = quarters(1, 1, 1, 1)
    more = {"labels": random.integers(0, 3, 6)}
    one = PointingGame().compute(run_of(maps, scores, masks, **more))
    two = PointingGame().compute(run_of(maps[:, [1, 0, 2]], scores[:, ::-1], masks, order=order, **more))
    for name, figure in one.figures.items():
        assert figure.value is None or two.figures[name].value == pytest.approx(figure.value, abs=1e-4)
        assert figure.value is None or -1e-6 <= figure.value <= 100 + 1e-6
