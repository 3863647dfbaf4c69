"""Stored numbers compared resample by resample: against a slow paired bootstrap, and when it must not be done."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from ivpt.analysis import pairing
from ivpt.analysis.comparison import Column, compare, make_rows
from ivpt.analysis.differences import Difference, from_replicates
from ivpt.analysis.scored import ScoredRun, read_scored
from ivpt.interfaces.metric import MetricResult
from ivpt.metrics.necessity import Necessity
from ivpt.metrics.nmi_ari import NmiAri
from ivpt.metrics.ratios import draws
from ivpt.runfile.reader import RunFile
from ivpt.runfile.replicates import Replicates
from ivpt.runfile.update import add_metrics, put_metrics, revised
from tests.analysis.scoring import entry, write_scored
from tests.metrics.making import layer, one_hot, with_maps

RIGHT = [1, 1, 0, 1, 0, 1, 1, 0]
N = len(RIGHT)
Store = Callable[..., ScoredRun]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Write a run with a metric ``m`` of given value in each resample of its test images, and read it."""

    def made(
        name: str,
        value: float,
        replicates: Sequence[float] | np.ndarray | None,
        *,
        order: Sequence[int] | None = None,
        parameters: dict[str, Any] | None = None,
        **more: Any,
    ) -> ScoredRun:
        path = write_scored(tmp_path / f"{name}.h5", RIGHT, **more)
        found = entry(value, (value - 3, value + 4), metric="m", parameters=parameters or {"threshold": 0.8})
        images = np.arange(1, N + 1) if order is None else np.array(order)
        again = {} if replicates is None else {"m": Replicates(np.array(replicates), images)}
        with revised(path) as copy:
            put_metrics(copy, {"m": found}, again, shown=path)
        return read_scored(path)

    return made


def difference(runs: Sequence[ScoredRun], figure: str = "", **more: Any) -> Difference:
    found = compare(make_rows(runs), [Column("m", figure)], **more).differences[1][0]
    assert found is not None
    return found


def slow(first: Callable[[list[int]], float], second: Callable[[list[int]], float], n: int) -> Difference:
    """Draw images one by one with repeats, compute both numbers on them, subtract: nothing is shared but the draws."""
    every = list(range(n))
    value = second(every) - first(every)
    gaps = []
    for counts in draws(n).astype(int):
        chosen = [i for i in every for _ in range(counts[i])]
        gaps.append(second(chosen) - first(chosen))
    return Difference(value, tuple(np.percentile(gaps, [2.5, 97.5])), _p(gaps), "paired")


def _p(gaps: Sequence[float]) -> float:
    below = sum(gap <= 1e-5 for gap in gaps)
    above = sum(gap >= -1e-5 for gap in gaps)
    return min(1.0, 2 * (min(below, above) + 1) / (len(gaps) + 1))


def stored(store: Store, name: str, result: MetricResult) -> ScoredRun:
    headline = next(iter(result.figures.values()))
    assert headline.value is not None and headline.replicates is not None and result.judged is not None
    return store(name, headline.value, headline.replicates, order=1 + result.judged)


def scores_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, 3, 2)).astype(np.float32)


def nmi(pairs: list[tuple[int, int]]) -> float:
    """Of two labels, by counting."""

    def entropy(labels: Sequence[object]) -> float:
        shares = [count / len(labels) for count in Counter(labels).values()]
        return -sum(share * math.log(share) for share in shares)

    first, second = (entropy([pair[k] for pair in pairs]) for k in (0, 1))
    return (first + second - entropy(pairs)) / ((first + second) / 2)


def test_shares_of_images_are_those_of_a_slow_paired_bootstrap(store: Store) -> None:
    def necessary(scores: np.ndarray) -> Callable[[list[int]], float]:
        def share(images: list[int]) -> float:
            hits = []
            for i in images:
                predicted = scores[i].mean(0).argmax()
                strongest = scores[i][:, predicted].argmax()
                others = [k for k in range(3) if k != strongest]
                hits.append(scores[i][others].mean(0).argmax() != predicted)
            return 100 * float(np.mean(hits))

        return share

    both = [scores_of(1), scores_of(5)]
    info = layer(4, (1, 1), block=None)
    maps = np.ones((N, 4, 1, 1), np.float32)
    results = [
        Necessity().compute(with_maps(maps, size=(4, 4), info=info, scores=s, coarse=3, classes=2)) for s in both
    ]
    found = difference([stored(store, f"r{k}", result) for k, result in enumerate(results)])
    wanted = slow(*(necessary(s) for s in both), N)
    assert wanted.value != 0 and wanted.p is not None and wanted.p < 1
    assert found.kind == "paired" and found.why == ""
    assert found.value == pytest.approx(wanted.value) and found.p == pytest.approx(wanted.p)
    assert found.interval == pytest.approx(wanted.interval, abs=1e-4)


def test_centred_agreement_is_that_of_a_slow_paired_bootstrap(store: Store) -> None:
    """NMI grows with repeats; each run is shifted by its own excess."""
    random = np.random.default_rng(0)
    points = np.zeros((N, 3, 3), np.float32)
    points[..., :2], points[..., 2] = random.random((N, 3, 2)) * 4, 1
    owners = [random.integers(0, 3, (N, 4, 4)) for _ in range(2)]
    # the first run knows the keypoint in most images
    for i, j in np.ndindex(N - 1, 3):
        x, y = points[i, j, :2].astype(int)
        owners[0][i, y, x] = j
    results = [NmiAri().compute(with_maps(one_hot(o, 3), size=(4, 4), points=points)) for o in owners]

    def pairs(own: np.ndarray, images: list[int]) -> list[tuple[int, int]]:
        return [(j, int(own[i, int(points[i, j, 1]), int(points[i, j, 0])])) for i in images for j in range(3)]

    every, gaps = list(range(N)), np.zeros((2, 1000))
    for b, counts in enumerate(draws(N).astype(int)):
        chosen = [i for i in every for _ in range(counts[i])]
        gaps[:, b] = [100 * nmi(pairs(own, chosen)) for own in owners]
    values = [100 * nmi(pairs(own, every)) for own in owners]
    true, regions = zip(*pairs(owners[0], every), strict=True)
    assert values[0] == pytest.approx(100 * normalized_mutual_info_score(true, regions))
    centred = [np.clip(gap + value - gap.mean(), 0, 100) for gap, value in zip(gaps, values, strict=True)]
    expected = centred[1] - centred[0]
    found = difference([stored(store, f"r{k}", result) for k, result in enumerate(results)])
    assert found.kind == "paired" and found.value == pytest.approx(values[1] - values[0], abs=1e-4)
    assert found.interval == pytest.approx(np.percentile(expected, [2.5, 97.5]), abs=1e-3)
    assert found.p == pytest.approx(_p(expected.tolist()))


def test_identical_runs_differ_by_nothing(store: Store) -> None:
    again = np.random.default_rng(2).normal(60, 5, 1000)
    again[:7] = np.nan
    assert difference([store("a", 60.0, again), store("b", 60.0, again)]) == Difference(0.0, (0.0, 0.0), 1.0, "paired")


def test_pairs_see_what_two_intervals_hide(store: Store) -> None:
    random = np.random.default_rng(3)
    hard = random.normal(0, 5, 1000)
    a, b = store("a", 60.0, 60 + hard), store("b", 62.0, 62 + hard + random.normal(0, 0.5, 1000))
    found, joined = difference([a, b]), difference([a, replace(b, replicates={})])
    assert found.p is not None and found.p < 0.01 and found.interval is not None and found.interval[0] > 0
    assert joined.p is None and joined.interval is not None and joined.interval[0] < 0
    assert difference([b, a]).value == -2 and difference([b, a]).p == pytest.approx(found.p)


def test_resamples_that_define_only_one_do_not_count() -> None:
    a, b = np.array([1.0, np.nan, 3, 4]), np.array([0.0, 5, np.nan, 1])
    found = from_replicates(3.0, a, 1.0, b)
    assert found == Difference(2.0, (1.05, 2.95), pytest.approx(2 / 3), "paired")
    assert from_replicates(3.0, np.array([1.0, np.nan, np.nan]), 1.0, np.zeros(3)) is None
    with pytest.raises(ValueError, match="no pairs"):
        from_replicates(1.0, np.zeros(3), 1.0, np.zeros(1))


def test_float32_does_not_make_a_difference_of_none() -> None:
    values = np.random.default_rng(0).random(1000) * 100
    found = from_replicates(50.0, values.astype(np.float32), 50.0, values)
    assert found is not None and found.p == 1.0


FALLBACKS: dict[str, tuple[dict[str, Any], str]] = {
    "other order": ({"order": [2, 1, *range(3, N + 1)]}, pairing.OTHER_IMAGES),
    "fewer images": ({"order": range(1, N)}, pairing.OTHER_IMAGES),
    "other images": ({"names": "other/{}.png"}, pairing.OTHER_IMAGES),
    "other threshold": ({"parameters": {"threshold": 0.5}}, pairing.OTHER_PARAMETERS),
    "a threshold of which nothing is known": ({"parameters": {"other": 1}}, pairing.OTHER_PARAMETERS),
}


@pytest.mark.parametrize("case", FALLBACKS)
def test_what_is_no_pair_is_joined_from_the_intervals_and_says_why(store: Store, case: str) -> None:
    more, why = FALLBACKS[case]
    again = np.random.default_rng(4).normal(60, 5, 1000)
    found = compare(make_rows([store("a", 60.0, again), store("b", 64.0, again + 4, **more)]), [Column("m")])
    made = found.differences[1][0]
    assert made is not None and (made.kind, made.p, made.why) == ("intervals", None, why)
    assert made.interval == pytest.approx((4 - 5, 4 + 5))  # 3-4-5
    assert f"Without p, m of b: {why}." in found.notes


def test_fewer_resamples_old_files_and_variants_are_no_pairs(store: Store) -> None:
    again = np.random.default_rng(4).normal(60, 5, 1000)
    a, fewer, old = store("a", 60.0, again), store("b", 61.0, again[:500]), store("c", 62.0, None)
    assert difference([a, fewer]).why == pairing.OTHER_PARAMETERS
    assert difference([a, old]).why == pairing.NOT_STORED
    assert difference([a, fewer], "control").why == pairing.NOT_THE_HEADLINE
    assert difference([a, a_copy(a)], "main").kind == "paired"


def a_copy(run: ScoredRun) -> ScoredRun:
    return replace(run, path=run.path.with_name("copy.h5"))


def test_only_parameters_of_the_protocol_count_and_the_layer_has_another_name_elsewhere(store: Store) -> None:
    again = np.random.default_rng(4).normal(60, 5, 1000)
    a = store("a", 60.0, again, parameters={"threshold": 0.8, "layer": "L6", "chosen on val": 0.1})
    b = store("b", 61.0, again + 1, parameters={"threshold": 0.8, "layer": "L7", "chosen on val": 0.2})
    assert difference([a, b]).why == pairing.OTHER_PARAMETERS
    assert difference([a, b], protocol=lambda metric: ["threshold", "frame"]).kind == "paired"


def test_seeds_of_one_setting_are_averaged_resample_by_resample(store: Store) -> None:
    random = np.random.default_rng(5)
    values = [random.normal(60, 5, 1000) for _ in range(3)]
    first, second = (store(f"s{k}", 60.0 + k, values[k], seed=k) for k in range(2))
    other = store("other", 65.0, values[2], config={"concepts": {"fusion": False}})
    (made,) = compare(make_rows([first, second, other], group=True), [Column("m")]).differences[1]
    expected = values[2] - (values[0] + values[1]) / 2
    assert made is not None and made.kind == "paired" and made.value == pytest.approx(4.5)
    assert made.interval == pytest.approx(np.percentile(expected, [2.5, 97.5]), abs=1e-3)


def test_metrics_written_anew_without_resamples_leave_none_of_the_old_ones(store: Store) -> None:
    run = store("a", 60.0, np.arange(5.0))
    with RunFile(run.path) as file:
        kept = file.metrics()["m"]
        np.testing.assert_array_equal(file.replicates("m"), np.arange(5.0))
        assert file.replicates("absent") is None
    add_metrics(run.path, {"other": {"value": 1}})
    with RunFile(run.path) as file:
        assert file.replicates("m") is not None
    add_metrics(run.path, {"m": kept})  # it names judged images, but these are no values of it
    with RunFile(run.path) as file:
        assert file.replicates("m") is None and "judged" not in file.metrics()["m"]
        assert file.dataset("replicates/m") is None
