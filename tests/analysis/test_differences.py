"""The bootstrap against cases that can be worked out by hand, by enumeration, or by another's formula."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ivpt.analysis.differences import REPLICATES, Difference, bootstrap, from_intervals, over_seeds
from ivpt.proportions import wilson


def test_the_bootstrap_of_three_images_is_that_of_all_27_resamples() -> None:
    a, b = np.array([1, 1, 0]), np.array([0, 1, 1])  # differences 1, 0, -1
    every = np.array([np.mean(draw) for draw in product((1, 0, -1), repeat=3)])
    found = bootstrap(a, b, paired=True)
    assert found.value == 0 and found.kind == "paired"
    assert found.interval == pytest.approx(np.percentile(every, [2.5, 97.5], method="inverted_cdf"))
    assert found.p == 1.0  # both tails hold more than half

    above = bootstrap([1, 1, 1], [0, 1, 1], paired=True)  # below or at 0 only when the first is never drawn: (2/3)^3
    assert above.p == pytest.approx(2 * (2 / 3) ** 3, abs=4 * np.sqrt(0.21 / REPLICATES) * 2)


def test_many_images_come_to_the_normal_approximation() -> None:
    a = np.repeat([1.0, 0, 1, 0], [300, 200, 420, 80])
    b = np.repeat([1.0, 0, 0, 1], [300, 200, 420, 80])
    d = a - b
    error = d.std() / np.sqrt(len(d))
    found = bootstrap(a, b, paired=True)
    assert found.value == pytest.approx(0.34)
    assert found.interval == pytest.approx((0.34 - 1.96 * error, 0.34 + 1.96 * error), abs=0.1 * error)
    assert found.p == pytest.approx(2 / (REPLICATES + 1))

    # 30 against 44 discordant images: McNemar's test and the bootstrap have to agree
    d = np.repeat([1.0, -1, 0], [44, 30, 926])
    near = bootstrap(d, np.zeros(1000), paired=True)
    z = d.mean() / (d.std() / np.sqrt(1000))
    assert near.p == pytest.approx(2 * stats.norm.sf(z), abs=0.02)


def test_pairs_tell_more_than_the_same_images_unpaired() -> None:
    rng = np.random.default_rng(3)
    hard = rng.random(500) < 0.5
    a, b = (~hard).astype(float), (~hard & (rng.random(500) < 0.95)).astype(float)
    paired, unpaired = bootstrap(a, b, paired=True), bootstrap(a, b, paired=False)
    assert paired.value == pytest.approx(unpaired.value)
    assert paired.interval is not None and unpaired.interval is not None
    assert paired.interval[1] - paired.interval[0] < 0.5 * (unpaired.interval[1] - unpaired.interval[0])
    assert paired.p is not None and unpaired.p is not None and paired.p < 0.001 < 0.1 < unpaired.p
    assert unpaired.kind == "unpaired"
    error = np.sqrt(a.var() / 500 + b.var() / 500)
    assert unpaired.interval[1] - unpaired.interval[0] == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_under_no_difference_the_test_rejects_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    rejected = 0
    for seed in range(300):
        a, b = rng.random((2, 200)) < 0.7
        p = bootstrap(a, b, paired=True, seed=seed).p
        assert p is not None
        rejected += p < 0.1
    assert 0.05 * 300 < rejected < 0.15 * 300


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30), st.booleans())
def test_swapping_the_two_turns_the_sign_and_nothing_else(pairs: list[tuple[bool, bool]], paired: bool) -> None:
    a, b = np.array(pairs).T
    there, back = bootstrap(a, b, paired=paired), bootstrap(b, a, paired=paired)
    assert there.value == pytest.approx(-back.value)
    assert there.p is not None and back.p is not None and 0 < there.p <= 1
    assert there.p == pytest.approx(back.p, abs=0.08)
    assert there.interval is not None and there.interval[0] <= there.interval[1]
    assert there.interval[0] - 0.02 <= there.value <= there.interval[1] + 0.02 or not paired


def test_a_run_against_itself_is_no_different() -> None:
    a = np.arange(7) % 3 / 3
    assert bootstrap(a, a, paired=True) == Difference(0.0, (0.0, 0.0), 1.0, "paired")


def test_thirds_that_do_not_cancel_count_as_equal() -> None:
    a, b = np.full(5, 0.1 + 0.2), np.full(5, 0.3)
    assert (a - b)[0] != 0
    assert bootstrap(a, b, paired=True).p == 1.0


def test_images_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 2 images"):
        bootstrap([1, 0, 1], [1, 0], paired=True)
    with pytest.raises(ValueError, match="no image"):
        bootstrap([], [], paired=True)


def test_joined_intervals_are_newcombes_for_two_proportions() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 873-890, Table II, case (a), method 10: 56/70 against 48/80
    first, second = wilson(56, 70), wilson(48, 80)
    found = from_intervals(first.value, (first.low, first.high), second.value, (second.low, second.high))
    assert found.value == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.p is None and found.kind == "intervals"


def test_joined_intervals_hold_their_difference_also_where_a_number_is_outside_its_own() -> None:
    found = from_intervals(10.0, (11.0, 12.0), 5.0, (4.0, 6.0))
    assert found.interval == pytest.approx((4.0, 5 + np.hypot(2, 1)))
    assert from_intervals(10.0, None, 5.0, (4.0, 6.0)) == Difference(5.0, None, None, "intervals")


@pytest.mark.parametrize("count", [2, 3, 5, 21])
def test_the_interval_over_seeds_is_students(count: int) -> None:
    values = np.random.default_rng(count).normal(70, 3, count)
    mean, sd, interval = over_seeds(values.tolist())
    assert mean == pytest.approx(values.mean()) and sd == pytest.approx(values.std(ddof=1))
    expected = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert interval == pytest.approx(expected, rel=1e-4)


def test_one_seed_says_nothing_about_others() -> None:
    assert over_seeds([4.5]) == (4.5, None, None)
    with pytest.raises(ValueError, match="no value"):
        over_seeds([])
