import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.stability import Stability
from tests.metrics import slow
from tests.metrics.arrays import hot, one_layer

WHOLE, BOX = View(), View(crop="box")
HEAD, TAIL, BESIDE, NOWHERE = (1, 1), (6, 6), (1, 2), (1, 6)  # BESIDE is near the eye too


def noisy(seed, crop="box"):
    return View(crop=crop, noise_seed=seed)


def birds(clean, after, labels, crop="box"):
    """Concepts (n, K) as hot cells without noise, and after noise by seed; an eye in HEAD, a foot in TAIL."""
    maps = {View(crop=crop): hot(np.array(clean))}
    maps |= {noisy(seed, crop): hot(np.array(cells)) for seed, cells in after.items()}
    n = len(labels)
    table = np.tile(np.float32([[42, 42, 1], [182, 182, 1]]), (n, 1, 1))
    boxes = np.tile(np.float32([0, 0, 224, 224]), (n, 1)) if crop == "box" else None
    return one_layer(maps, labels, keypoint_names=("eye", "foot"), points=table, rectangles=boxes)


def figures(evidence, **options):
    options = {"uncropped": False, "control_draws": 1, "resamples": 0, "noise_seeds": (0,), **options}
    found = Stability(**options).compute(evidence).figures
    return {name: figure.value for name, figure in found.items()}


@pytest.mark.parametrize(
    ("clean", "after", "stable", "with_a_part", "zero"),
    [
        (HEAD, HEAD, 100, 100, 0),
        (HEAD, BESIDE, 100, 100, 0),  # the peak moved, the parts around it did not change
        (HEAD, TAIL, 0, 0, 0),
        (HEAD, NOWHERE, 0, 0, 0),
        (NOWHERE, HEAD, 0, 0, 0),
        (NOWHERE, (6, 1), 100, None, 100),  # near nothing twice counts as stable: the share of such vectors says so
    ],
)
def test_one_image_and_one_concept_by_hand(clean, after, stable, with_a_part, zero):
    found = figures(birds([[clean]], {0: [[after]]}, [0]))
    assert found["stability"] == stable
    assert found["vectors with a part"] == with_a_part
    assert found["all-zero vectors"] == zero


def test_an_image_without_visible_parts_is_stable_and_empty():
    evidence = birds([[HEAD]] * 2, {0: [[TAIL]] * 2}, [0, 1])
    assert (figures(evidence)["stability"], figures(evidence)["all-zero vectors"]) == (0, 0)
    evidence.points[0, :, 2] = 0
    assert (figures(evidence)["stability"], figures(evidence)["all-zero vectors"]) == (50, 50)


def test_data_without_parts_are_refused_before_the_model_runs():
    evidence = birds([[HEAD]], {0: [[HEAD]]}, [0])
    evidence.keypoint_names = ()
    for refused in (Stability().views, Stability().compute):
        with pytest.raises(DataError, match="neither keypoints nor part masks"):
            refused(evidence)


def test_the_mean_is_over_pairs_and_not_over_images():
    # class 0 has three images, all stable; class 1 has one, unstable in concept 0 only
    clean = [[HEAD, TAIL]] * 4
    after = [[HEAD, TAIL]] * 3 + [[TAIL, TAIL]]
    result = Stability(uncropped=False, noise_seeds=(0,)).compute(birds(clean, {0: after}, [0, 0, 0, 2]))
    assert result.figures["stability"].value == 75
    assert result.per_concept["stability"].tolist() == [50, 100]
    np.testing.assert_array_equal(result.per_class["stability"], [100, np.nan, 50])
    assert (result.images, result.layer) == (4, "L6")
    assert next(iter(result.figures)) == "stability"


def test_several_seeds_give_their_mean_and_standard_deviation():
    after = {0: [[HEAD], [HEAD]], 5: [[HEAD], [TAIL]], 7: [[NOWHERE], [TAIL]]}
    evidence = birds([[HEAD], [HEAD]], after, [0, 0])
    found = figures(evidence, noise_seeds=(0, 5, 7))
    assert found["stability"] == pytest.approx(50)
    assert found["sd over noise seeds"] == pytest.approx(50)  # 100, 50, 0
    assert "sd over noise seeds" not in figures(evidence)
    # of six pairs of vectors all have a part, three are the same
    assert found["vectors with a part"] == pytest.approx(50)


def test_the_views_it_reads():
    evidence = birds([[HEAD]], {}, [0])
    metric = Stability(noise_seeds=(3, 4), noise_std=0.1, noise_clip=0.3)
    noise = [View(crop=crop, noise_seed=s, noise_std=0.1, noise_clip=0.3) for crop in ("box", "whole") for s in (3, 4)]
    assert list(metric.views(evidence)) == [BOX, *noise]
    assert list(Stability(noise_seeds=(0,), uncropped=False).views(evidence)) == [BOX, noisy(0)]
    evidence.rectangles = None
    assert list(Stability(noise_seeds=(0,), uncropped=False).views(evidence)) == [noisy(0, "whole")]
    assert list(metric.view_layers(evidence)) == ["L6"]


def test_without_boxes_only_the_uncropped_figure_is_given():
    result = Stability(noise_seeds=(0,)).compute(birds([[HEAD]], {0: [[TAIL]]}, [0], crop="whole"))
    assert result.figures["stability"].value is None
    assert "no boxes" in result.figures["stability"].why
    assert list(result.per_concept) == list(result.per_class) == ["uncropped"]
    assert result.figures["uncropped"].value == 0
    assert result.parameters["views"] == [WHOLE.name, noisy(0, "whole").name]


def test_a_noisy_view_of_other_images_is_refused():
    evidence = birds([[HEAD], [HEAD]], {0: [[HEAD], [HEAD]]}, [0, 0])
    evidence.rows[noisy(0).name] = np.array([1, 0])
    with pytest.raises(DataError, match="other images"):
        figures(evidence)


@pytest.mark.parametrize(
    "wrong",
    [{"noise_seeds": ()}, {"noise_seeds": (1, 1)}, {"noise_std": 0}, {"noise_clip": -1}, {"resamples": -1}],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"noise|resamples"):
        Stability(**wrong)


def scattered(seed, n=12, concepts=3):
    """Random bytes before and after noise, close to each other, with random keypoints."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 200, (n, concepts, 5, 5))
    moved = np.clip(steps + rng.integers(-40, 41, steps.shape), 0, 255)
    table = np.concatenate([rng.uniform(0, 224, (n, 4, 2)), rng.random((n, 4, 1)) < 0.7], axis=2).astype(np.float32)
    labels = rng.integers(0, 3, n)
    evidence = one_layer(
        {BOX: steps * np.float32(1 / 255), noisy(0): moved * np.float32(1 / 255)},
        labels,
        keypoint_names=tuple("abcd"),
        points=table,
        rectangles=np.tile(np.float32([0, 0, 224, 224]), (n, 1)),
    )
    return evidence, steps, moved, table, labels


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_figure_against_loops(seed):
    evidence, steps, moved, table, labels = scattered(seed)

    def vectors(maps):
        return [
            [
                slow.correspondence(
                    slow.exact_peak(one, 224), [(int(y), int(x)) for x, y, _ in table[i]], table[i, :, 2], 36, 224
                )
                for one in maps[i]
            ]
            for i in range(len(maps))
        ]

    expected = slow.stability(vectors(steps), vectors(moved), labels)
    assert 0 < expected < 100
    assert figures(evidence)["stability"] == pytest.approx(expected)


@given(st.integers(0, 1000), st.permutations(range(3)))
def test_bounds_and_the_order_of_images_and_concepts(seed, concepts):
    evidence, *_ = scattered(seed, n=6)
    before = figures(evidence)
    assert all(0 <= number <= 100 for number in before.values() if number is not None)
    images = np.random.default_rng(seed).permutation(6)
    for view in (BOX, noisy(0)):
        evidence.rows[view.name] = images
        evidence.maps[view.name]["L6"] = evidence.maps[view.name]["L6"][images][:, [0, *(k + 1 for k in concepts)]]
    after = figures(evidence)
    for name in ("stability", "vectors with a part", "all-zero vectors"):
        assert after[name] == pytest.approx(before[name])


def test_intervals_come_from_resampling_images():
    clean, after = [[HEAD]] * 8, [[HEAD]] * 4 + [[TAIL]] * 4
    evidence = birds(clean, {0: after}, [0] * 8)
    found = Stability(uncropped=False, noise_seeds=(0,)).compute(evidence).figures["stability"]
    # the number of stable ones among 8 drawn is binomial: 1 to 7 of 8 hold more than 95 %, 2 to 6 do not
    assert (found.value, found.interval) == (50, (12.5, 87.5))


def test_fixed_controls_are_perfectly_stable_and_chance_is_not():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 8, (200, 2, 2))
    found = figures(birds(cells, {0: cells}, rng.integers(0, 5, 200)), control_draws=5)
    assert found["control: constant centre"] == found["control: random cell per class"] == 100
    # a part is in reach of about a quarter of the cells: both in reach of none is by far the most frequent agreement
    assert 50 < found["control: random cell per image"] < 80
