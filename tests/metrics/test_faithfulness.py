"""Faithfulness, with a model whose answers are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from ivpt.errors import DataError
from ivpt.metrics.faithfulness import Faithfulness
from ivpt.metrics.faithfulness_checks import background_independence, distractibility, irrelevant, single_deletion
from ivpt.metrics.part_sets import rank_correlation, rivals, sufficient_sets
from tests.metrics import slow_faithfulness
from tests.metrics.birds import SeeingProbe, birds, evidence_of
from tests.metrics.slow_faithfulness import Slow

tables = st.integers(0, 10**6).map(lambda s: np.random.default_rng(s).integers(0, 3, (5, 4)))


def as_sets(rows: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(row).tolist()) for row in rows}


def test_sufficient_sets_by_hand():
    #                   beak wing tail
    variants = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]])
    sets = sufficient_sets(variants)
    assert as_sets(sets[0]) == {frozenset({0, 1})}
    assert as_sets(sets[1]) == {frozenset({1})}
    assert not len(sets[2]) and not len(sets[3])  # twins
    with pytest.raises(DataError, match="17 parts"):
        sufficient_sets(np.zeros((2, 17), int))


@given(tables)
def test_sufficient_sets_and_rivals_are_those_of_a_slow_search(variants):
    sets = sufficient_sets(variants)
    for c in range(len(variants)):
        assert as_sets(sets[c]) == set(slow_faithfulness.minimal_sets(variants, c))
        found, expected = rivals(variants, c), slow_faithfulness.rivals(variants, c, 2)
        assert (found is None) == (expected is None)
        if found is not None:
            shared = [frozenset(np.flatnonzero(row).tolist()) for row in found.shared]
            assert (*found.classes, *shared) == expected
            assert found.exact == all(len(s) == 2 for s in shared) or not found.exact


@given(st.integers(0, 10**6))
def test_rank_correlation_is_that_of_scipy_over_what_is_valid(seed):
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 4, (6, 5)).astype(float), random.integers(0, 4, (6, 5)).astype(float)
    valid = random.random((6, 5)) < 0.8
    for found, x, y, there in zip(rank_correlation(a, b, valid), a, b, valid, strict=True):
        if len(set(x[there])) < 2 or len(set(y[there])) < 2:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(spearmanr(x[there], y[there]).statistic)


def test_checks_by_hand():
    there = np.array([[True, True, True], [True, False, False]])
    drops, own = np.array([[1.0, 0.1, -3], [9, 0, 0]]), np.array([-4.0, 10])
    # 5 % of |-4| is 0.2; what is not there is not irrelevant
    np.testing.assert_array_equal(irrelevant(drops, there, own), [[False, True, True], [False, False, False]])
    above, below = background_independence(drops, there, own)
    assert above.tolist() == [2, 0] and below.tolist() == [3, 1]
    # where the logit is 0, what does not lower it does not matter to the model
    assert background_independence(np.zeros((1, 2)), there[:1, :2], np.zeros(1))[0].tolist() == [2]
    called = np.array([[[True, True, False]], [[True, False, False]]])
    above, below = distractibility(called, irrelevant(drops, there, own))
    assert above.tolist() == [[0.5, 0]] and below.tolist() == [[1, 0]]  # the second image has nothing irrelevant
    above, below = single_deletion(np.array([[3.0, 2, 1], [1, 1, 1]]), drops, there)
    assert above.tolist() == [1, 0] and below.tolist() == [1, 0]  # one part has no rank


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.booleans(), st.integers(1, 2))
def test_every_figure_is_that_of_a_slow_reference(seed, sees, shared):
    run = birds(seed, sees=sees)
    maps = np.concatenate([run.maps["val, whole"]["coarse"], run.maps["test, whole"]["coarse"]])
    expected, t = Slow(run, run.probe, maps).all(range(5), range(5, 14), shared)
    result = Faithfulness(dilate=1, shared=shared).compute(run)
    assert result.parameters["threshold"] == pytest.approx(t)
    for name, value in expected.items():
        found = result.figures[name].value
        assert found is None if np.isnan(value) else found == pytest.approx(100 * value, abs=1e-6), name


def known(inverted: bool = False, background: float = 0.0):
    """Each concept is a part, of the size of its effect: the explanation is the model itself (or its opposite)."""
    parts, classes, n, val = 4, 4, 12, 4
    random = np.random.default_rng(0)
    labels = np.arange(n) % classes
    variants = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [1, 2, 1, 2]])
    # a part speaks for the classes that have its variant, the more the later it stands
    effects = np.zeros((n, classes, parts))
    for i, y in enumerate(labels):
        effects[i] = (variants == variants[y]) * np.array([1.0, 2, 3, 4]) + random.random() * 0.1
    probe = SeeingProbe(
        variants=variants,
        there=np.ones((n, parts), bool),
        effects=effects,
        thing_effects=np.full((n, classes, 1), background),
        things=np.ones(n, int),
        bias=np.zeros(classes),
    )
    maps = np.zeros((n, parts + 2, 1, parts + 2), np.float32)
    for k in range(parts + 1):
        maps[:, k, 0, k] = 1
    maps[:, -1, 0, -1] = 1
    own = np.concatenate([effects, np.full((n, classes, 1), background)], 2).swapaxes(1, 2)  # (n, K, C)
    own = own.max() - own if inverted else own
    scores = own * own.shape[1]
    # concepts may say what they like about where the evidence is; the logits are the model's
    whole = np.array([probe.logits(i, frozenset()) for i in range(n)])
    probe.split = scores + (whole - scores.mean(1))[:, None] if inverted else scores
    return evidence_of(probe, maps, labels, val)


def test_an_explanation_that_is_the_model_has_full_marks_for_correctness():
    result = Faithfulness(dilate=1).compute(known())
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert figures["accuracy"] == 100
    assert figures["single deletion"] == pytest.approx(100)
    assert figures["target sensitivity"] == pytest.approx(100)
    assert figures["background independence"] == 100
    assert figures["distractibility"] == pytest.approx(100)
    # with all its parts taken out a bird of class 0 is still taken for class 0, as no logit is larger
    assert figures["preservation check"] == 100 and figures["deletion check"] == 75
    assert figures["controlled synthetic data check"] == 100
    assert figures["FunnyBirds"] == pytest.approx(100 * (((1 + 1 + 0.75) / 3 + 1) / 2 + 1 + 1) / 3)
    assert result.parameters["target sensitivity"]["of them left, as each rival needs its own parts more"] > 0
    # all parts are as large as each other: area says nothing
    assert figures["control, parts ranked by their area: single deletion"] is None


def test_an_explanation_that_is_the_opposite_has_none():
    figures = Faithfulness(dilate=1).compute(known(inverted=True)).figures
    assert figures["single deletion"].value == pytest.approx(0)
    assert figures["FunnyBirds"].value < 60


def test_a_model_that_looks_at_the_background_is_found_out():
    figures = Faithfulness(dilate=1).compute(known(background=5.0)).figures
    assert figures["background independence"].value == 0
    assert figures["single deletion"].value == pytest.approx(100)  # the explanation says so


def test_test_images_do_not_choose_the_threshold():
    one, other = birds(3), birds(3)
    rows = other.rows["test, whole"]
    other.maps["test, whole"]["coarse"] = other.maps["test, whole"]["coarse"][::-1]
    other.probe.effects[rows] *= -1
    whole = np.array([other.probe.logits(i, frozenset()) for i in range(14)])
    other.probe.split[rows] += (whole - other.probe.split.mean(1))[rows, None]
    a, b = (Faithfulness(dilate=1).compute(run) for run in (one, other))
    assert a.parameters["threshold"] == b.parameters["threshold"]
    assert a.figures["completeness"].value != b.figures["completeness"].value


def test_the_same_set_of_parts_is_asked_about_once_per_check():
    run = birds(1)
    Faithfulness(dilate=1).compute(run)
    # 5 val and 9 test images: 80 thresholds, but nested sets of at most four parts
    most = 14 * (1 + 2 * 5 + 4 + 4 + 2 + 2 + 2)
    assert len(run.probe.asked) <= most


@settings(max_examples=10)
@given(st.integers(0, 10**4), st.permutations(range(9)))
def test_order_of_images_and_bounds(seed, order):
    one = Faithfulness(dilate=1).compute(birds(seed))
    two = Faithfulness(dilate=1).compute(birds(seed, order=order))
    for name, figure in one.figures.items():
        if figure.value is None:
            assert two.figures[name].value is None and figure.why
        else:
            assert two.figures[name].value == pytest.approx(figure.value, abs=1e-9)
            assert -1e-9 <= figure.value <= 100 + 1e-9


def test_the_threshold_is_chosen_on_test_where_val_cannot_be_drawn_again():
    run = birds(3)
    maps = np.concatenate([run.maps["val, whole"]["coarse"], run.maps["test, whole"]["coarse"]])
    run.probe.there[:5] = False
    run.probe.things = [0] * 5 + list(run.probe.things[5:])
    _, t = Slow(run, run.probe, maps).all(range(5, 14), range(5, 14), 2)
    found = Faithfulness(dilate=1).compute(run)
    assert found.parameters["threshold chosen on"].startswith("test, 9 images, as published")
    assert found.parameters["threshold"] == pytest.approx(t)
    assert t > 0.011  # not the first that comes


def test_a_lot_decides_which_images_are_asked_about():
    result = Faithfulness(images=4, dilate=1).compute(birds(2))
    assert result.images == 4 and result.parameters["threshold chosen on"] == "val, 4 images"


def test_it_says_what_is_missing():
    run = birds(0)
    run.probe.class_parts = dict
    with pytest.raises(DataError, match="which parts its classes have"):
        Faithfulness().compute(run)
    run.probe = None
    with pytest.raises(DataError, match="model"):
        Faithfulness().compute(run)
    run = birds(0)
    run.masks = {}
    with pytest.raises(DataError, match="No val image"):
        Faithfulness().compute(run)
    with pytest.raises(ValueError, match="odd"):
        Faithfulness(dilate=4)
