import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.class_pairs import consistent_pairs, pairs, share
from ivpt.metrics.consistency import Consistency
from ivpt.metrics.ratios import draws, figure
from tests.metrics import slow
from tests.metrics.arrays import hot, one_layer

BOX, WHOLE = View(crop="box"), View()
HEAD, TAIL, NOWHERE = (1, 1), (6, 6), (1, 6)  # cells of an 8 x 8 grid over 224 x 224: 28 pixels each
EYE, FOOT = (42.0, 42.0), (182.0, 182.0)


def birds(cells, visible, labels, views=(BOX,), **more):
    """Images with an eye in the cell HEAD and a foot in the cell TAIL; concepts are hot cells, (n, K)."""
    visible = np.asarray(visible, np.float32)
    table = np.concatenate([np.tile(np.float32([EYE, FOOT]), (len(labels), 1, 1)), visible[..., None]], axis=2)
    more.setdefault("rectangles", np.tile(np.float32([0, 0, 224, 224]), (len(labels), 1)))
    maps = {view: hot(np.array(cells)) for view in views}
    return one_layer(maps, labels, keypoint_names=("eye", "foot"), points=table, **more)


def value(evidence, name="consistency", **options):
    return Consistency(uncropped=False, resamples=0, control_draws=1, **options).compute(evidence).figures[name].value


SEEN = [1, 1]


@pytest.mark.parametrize(
    ("cells", "visible", "expected"),
    [
        ([HEAD] * 4 + [TAIL], [SEEN] * 5, 100),  # 4 of 5 is 0.8, and 0.8 is enough
        ([HEAD] * 3 + [TAIL], [SEEN] * 4, 0),  # 3 of 4 is not
        (
            [HEAD] * 4 + [TAIL] * 2,
            [SEEN] * 4 + [[0, 1]] * 2,
            100,
        ),  # where the eye is hidden, nothing is held against it
        ([HEAD] + [NOWHERE] * 9, [SEEN] + [[0, 1]] * 9, 100),  # seen once, met once: 1 of 1 counts (no minimum support)
        ([HEAD], [SEEN], 100),  # a class of one image
        ([NOWHERE], [SEEN], 0),
        ([HEAD], [[0, 1]], 0),  # the part under the peak is not visible
    ],
)
def test_one_class_and_one_concept_by_hand(cells, visible, expected):
    evidence = birds([[cell] for cell in cells], visible, [0] * len(cells))
    assert value(evidence) == expected


def test_a_class_without_visible_parts_is_inconsistent_and_still_counts():
    assert value(birds([[HEAD]] * 2, [[0, 0], SEEN], [0, 1])) == 50


def test_classes_and_concepts_are_counted_in_pairs():
    # concept 0 is on the head of class 0 and on the tail of class 2, and both count; concept 1 is nowhere twice and
    # on the tail of class 2; class 1 has no images
    cells = [[HEAD, NOWHERE], [HEAD, NOWHERE], [TAIL, TAIL]]
    evidence = birds(cells, [SEEN] * 3, [0, 0, 2])
    result = Consistency(uncropped=False).compute(evidence)
    assert result.figures["consistency"].value == 75
    assert result.per_concept["consistency"].tolist() == [100, 50]
    np.testing.assert_array_equal(result.per_class["consistency"], [50, np.nan, 100])
    # over all classes concept 0 is on the head in 2 of 3 images only, concept 1 on the tail in 1 of 3
    assert result.figures["class-agnostic"].value == 0
    np.testing.assert_allclose(result.per_concept["class-agnostic rate"], [200 / 3, 100 / 3])
    assert result.figures["all-zero vectors"].value == pytest.approx(100 * 2 / 6)
    assert (result.images, result.layer, result.unit, result.higher_is_better) == (3, "L6", "%", True)
    assert next(iter(result.figures)) == "consistency"


def test_minimum_support_leaves_rare_parts_out():
    evidence = birds([[HEAD]] + [[NOWHERE]] * 4, [SEEN] + [[0, 1]] * 4, [0] * 5)
    assert value(evidence) == 100
    assert value(evidence, "minimum support", min_support=5) == 0
    assert value(evidence, "minimum support", min_support=1) == 100
    found = Consistency(uncropped=False, min_support=6).compute(evidence).figures["minimum support"]
    assert (found.value, found.interval) == (None, None)
    assert "6 images" in found.why


def test_the_soft_centroid_is_the_middle_and_not_a_corner():
    # a region of 5 x 5 cells around the head's: its corners are far from the eye, its middle is not
    maps = np.zeros((1, 1, 8, 8), np.float32)
    maps[..., :5, :5] = 1
    evidence = one_layer(
        {BOX: maps},
        [0],
        keypoint_names=("eye",),
        points=np.float32([[[70, 70, 1]]]),
        rectangles=np.float32([[0, 0, 224, 224]]),
    )
    assert (value(evidence), value(evidence, "soft centroid")) == (0, 100)
    assert value(evidence, half_size=60) == 100


def test_without_boxes_the_published_figure_is_undefined_and_the_uncropped_is_given():
    evidence = birds([[HEAD]] * 2, [SEEN] * 2, [0, 0], views=(WHOLE,), rectangles=None)
    metric = Consistency()
    result = metric.compute(evidence)
    assert result.figures["consistency"].value is None
    assert "no boxes" in result.figures["consistency"].why
    assert "uncropped" in result.per_concept and list(result.per_class) == ["uncropped"]
    assert result.figures["uncropped"].value == 100
    assert result.figures["uncropped, class-agnostic"].value == 100
    assert result.parameters["views"] == ["test, whole"]
    assert list(metric.views(evidence)) == []


def test_crop_and_whole_are_two_figures():
    evidence = birds([[HEAD]] * 2, [SEEN] * 2, [0, 0], views=(BOX, WHOLE))
    evidence.maps["test, whole"]["L6"][:, 1] = hot(NOWHERE)
    metric = Consistency()
    figures = metric.compute(evidence).figures
    assert (figures["consistency"].value, figures["uncropped"].value) == (100, 0)
    assert list(metric.views(evidence)) == [BOX]
    assert "uncropped" not in Consistency(uncropped=False).compute(evidence).figures


def test_data_without_parts_are_refused():
    evidence = one_layer({BOX: hot([[HEAD]])}, [0])
    for refused in (Consistency().views, Consistency().compute):  # before the model runs
        with pytest.raises(DataError, match="neither keypoints nor part masks"):
            refused(evidence)
    with pytest.raises(DataError, match="absent or invisible"):
        value(birds([[HEAD]], [[0, 0]], [0]))


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": 0}, {"threshold": 1.1}, {"min_support": 0}, {"control_draws": 0}, {"resamples": -1}, {"frame": 0}],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"."):
        Consistency(**wrong)


def scattered(seed, n=14, concepts=3, classes=3):
    """Random maps, parts, boxes and labels: bytes, small, so that exact loops can follow."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 4, (n, concepts, 5, 5)) * 85
    table = np.concatenate([rng.uniform(0, 99, (n, 4, 2)), rng.random((n, 4, 1)) < 0.7], axis=2).astype(np.float32)
    boxes = np.concatenate([rng.uniform(0, 30, (n, 2)), rng.uniform(40, 60, (n, 2))], axis=1).astype(np.float32)
    labels = rng.integers(0, classes, n)
    evidence = one_layer(
        {BOX: steps * np.float32(1 / 255)}, labels, keypoint_names=tuple("abcd"), points=table, rectangles=boxes
    )
    return evidence, steps, table, boxes, labels


def slow_vectors(steps, table, boxes, half, size):
    visible = table[..., 2] > 0
    vectors = []
    for i in range(len(steps)):
        x1, y1, w, h = (int(v) for v in boxes[i])
        where = [(int(size * (int(y) - y1) / h), int(size * (int(x) - x1) / w)) for x, y, _ in table[i]]
        peak = [slow.exact_peak(one, size) for one in steps[i]]
        vectors.append([slow.correspondence(p, where, visible[i], half, size) for p in peak])
    return vectors, visible


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_figure_against_loops_over_images_concepts_and_parts(seed):
    evidence, steps, table, boxes, labels = scattered(seed)
    vectors, visible = slow_vectors(steps, table, boxes, 9, 30)
    expected = slow.consistency(vectors, visible, labels, 0.5)
    assert 0 < expected < 100
    assert value(evidence, frame=30, half_size=9, threshold=0.5) == pytest.approx(expected)
    # pooled: as if all images were of one class
    agnostic = slow.consistency(vectors, visible, [0] * len(labels), 0.5)
    assert value(evidence, "class-agnostic", frame=30, half_size=9, threshold=0.5) == pytest.approx(agnostic)


def test_resampling_repeats_whole_images():
    rng = np.random.default_rng(0)
    visible = rng.random((12, 3)) < 0.8
    hits = (rng.random((12, 2, 3)) < 0.8) & visible[:, None]
    labels = rng.integers(0, 3, 12)
    weights = draws(12, 30, seed=1)
    found = share(consistent_pairs(hits, visible, labels, weights, 0.8))
    for row, found_share in zip(weights.astype(int), found, strict=True):
        again = np.repeat(np.arange(12), row)  # classes that no image was drawn of drop out
        assert found_share == pytest.approx(slow.consistency(hits[again], visible[again], labels[again]))
    assert len(set(found)) > 3


def test_intervals_hold_the_value_although_resampling_raises_a_maximum():
    # forty classes of four images; each of five parts is met about half of the time, so that the best one is luck
    rng = np.random.default_rng(0)
    visible = np.ones((160, 5), bool)
    hits = rng.random((160, 4, 5)) < 0.5
    labels = np.repeat(np.arange(40), 4)
    weights = np.concatenate([np.ones((1, 160), np.float32), draws(160, 400)])
    shares = share(consistent_pairs(hits, visible, labels, weights, 0.8))
    low, high = np.percentile(shares[1:], [2.5, 97.5])
    assert low > shares[0]  # as they are, resamples exclude what was measured
    moved = figure(shares[0], shares[1:], centred=(0, 100)).interval
    assert moved[0] < shares[0] < moved[1] and np.ptp(moved) == pytest.approx(high - low)


def test_intervals_are_seeded_and_hold_what_resampling_gives():
    evidence, *_ = scattered(1, n=40)
    first, again = (Consistency(uncropped=False, seed=3, threshold=0.5).compute(evidence).figures for _ in range(2))
    assert first == again
    low, high = first["consistency"].interval
    assert 0 <= low < high <= 100
    certain = birds([[HEAD]] * 6, [SEEN] * 6, [0] * 6)
    assert Consistency(uncropped=False).compute(certain).figures["consistency"].interval == (100, 100)


def test_the_interval_of_a_count_of_few_concepts_has_ends_that_the_count_can_take():
    # 45 of 50 are on the head: less than 0.8 in 0.3 % of resamples; the other concept is nowhere
    sure = birds([[HEAD, NOWHERE]] * 45 + [[NOWHERE, NOWHERE]] * 5, [SEEN] * 50, [0, 1] * 25)
    found = Consistency(uncropped=False).compute(sure).figures["class-agnostic"]
    assert found.value == 50 and found.interval == (50, 50) and set(found.replicates) == {0, 50}
    # 8 of 10: a resample is below in a third of the cases
    close = birds([[HEAD]] * 8 + [[NOWHERE]] * 2, [SEEN] * 10, [0] * 10)
    assert Consistency(uncropped=False).compute(close).figures["class-agnostic"].interval == (0, 100)


def test_the_order_of_images_changes_nothing_but_the_draws():
    evidence, *_ = scattered(2, n=30)
    metric = Consistency(uncropped=False, threshold=0.5)
    before = metric.compute(evidence)
    order = np.random.default_rng(0).permutation(30)
    evidence.rows[BOX.name] = order  # rows of a view need not be in the order of the images
    evidence.maps[BOX.name]["L6"] = evidence.maps[BOX.name]["L6"][order]
    after = metric.compute(evidence)
    for name in ("consistency", "class-agnostic", "minimum support", "soft centroid", "all-zero vectors"):
        assert after.figures[name].value == pytest.approx(before.figures[name].value)
    np.testing.assert_allclose(after.per_class["consistency"], before.per_class["consistency"])


@given(st.permutations(range(3)))
def test_the_order_of_concepts_changes_nothing(order):
    evidence, *_ = scattered(3)
    metric = Consistency(uncropped=False, threshold=0.5, resamples=10, control_draws=1)
    before = metric.compute(evidence)
    evidence.maps[BOX.name]["L6"] = evidence.maps[BOX.name]["L6"][:, [0, *(k + 1 for k in order)]]
    after = metric.compute(evidence)
    assert after.figures == before.figures
    np.testing.assert_array_equal(after.per_concept["consistency"], before.per_concept["consistency"][order])


@given(st.integers(0, 10_000), st.integers(0, 40), st.integers(0, 40))
def test_bounds_and_a_larger_window_never_lowers_it(seed, small, more):
    evidence, *_ = scattered(seed, n=8)
    narrow, wide = (value(evidence, frame=30, half_size=half, threshold=0.6) for half in (small, small + more))
    assert 0 <= narrow <= wide <= 100


@given(st.integers(0, 10_000))
def test_pooled_rates_lie_between_those_of_the_classes(seed):
    rng = np.random.default_rng(seed)
    visible = rng.random((10, 3)) < 0.8
    hits = (rng.random((10, 2, 3)) < 0.5) & visible[:, None]
    half = np.arange(10) < 4
    weights = np.stack([np.ones(10), half, ~half]).astype(np.float32)
    found = pairs(hits, visible, weights)
    both = (found.visible[1:] > 0).all(axis=0)
    pooled, apart = found.rates[0][:, both], found.rates[1:][:, :, both]
    assert (pooled >= apart.min(axis=0) - 1e-12).all()
    assert (pooled <= apart.max(axis=0) + 1e-12).all()


def test_controls_stand_beside_the_score():
    rng = np.random.default_rng(0)
    cells = np.stack([np.stack([rng.integers(0, 8, 2)] * 3) for _ in range(40)])
    evidence = birds(cells, [SEEN] * 40, np.arange(40) % 4)
    figures = Consistency(uncropped=False, control_draws=20).compute(evidence).figures
    # neither part is within 36 pixels of the centre; per class a cell is right or not for good: about 3 x 3 cells
    # around each of two parts are within reach of it
    assert figures["control: constant centre"].value == 0
    assert 10 < figures["control: random cell per class"].value < 45
    assert figures["control: random cell per image"].value < 2


def test_the_centre_control_finds_what_is_in_the_centre():
    evidence = one_layer(
        {BOX: hot([[HEAD], [HEAD]])},
        [0, 1],
        keypoint_names=("belly",),
        points=np.float32([[[112, 112, 1]], [[76, 148, 1]]]),
        rectangles=np.tile(np.float32([0, 0, 224, 224]), (2, 1)),
    )
    assert value(evidence, "control: constant centre") == 100
