import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.alignment import Alignment
from ivpt.metrics.overlap import overlap, shuffled, soft_labels
from ivpt.runfile.schema import LayerInfo
from tests.metrics.arrays import ArrayEvidence

TEST = View()


def regions(text):
    """Channel of each cell, rows apart by spaces."""
    return np.array([[int(c) for c in row] for row in text.split()])


def run(layers, groups, coarse=2, labels=None):
    """Evidence of hard maps: key to (n, h, w) owners, key to (n, m) groups; background is channel 0."""
    n = len(next(iter(layers.values())))
    channels = {key: (coarse + 1 if key == "coarse" else np.shape(groups[key])[1]) for key in layers}
    maps = {
        key: (np.asarray(owner)[:, None] == np.arange(channels[key])[:, None, None]).astype(np.float32)
        for key, owner in layers.items()
    }
    infos = tuple(
        LayerInfo(key, None if key == "coarse" else int(key[1:]), channels[key], 0, maps[key].shape[2:])
        for key in layers
    )
    return ArrayEvidence(
        classes=("a", "b"),
        layers=infos,
        labels=np.zeros(n, int) if labels is None else np.asarray(labels),
        sizes=np.full((n, 2), 96),
        rows={TEST.name: np.arange(n)},
        maps={TEST.name: maps},
        assigned={TEST.name: {key: np.asarray(g) for key, g in groups.items()}},
        coarse=coarse,
    )


def compute(evidence, **options):
    return Alignment(resamples=0, **options).compute(evidence)


def values(evidence, **options):
    return {name: figure.value for name, figure in compute(evidence, **options).figures.items()}


def slow_iou(source, target, groups, background=True):
    """Mean IoU of one image, cell by cell; None without any group."""
    found = []
    for i in range(0 if background else 1, groups):
        both = sum(s == t == i for s, t in zip(source, target, strict=True))
        either = sum(i in (s, t) for s, t in zip(source, target, strict=True))
        if either:
            found.append(both / either)
    return sum(found) / len(found) if found else None


def test_one_image_by_hand():
    # fine channels 1 and 2 are group 1, channel 3 is group 2
    fine, coarse = regions("0012 0013 0033"), regions("0011 0011 0222")
    found = values(run({"L6": [fine], "coarse": [coarse]}, {"L6": [[0, 1, 1, 2]]}))
    # background shares 5 of 6 cells; group 1 has 3 and 4 cells and shares 3 of 4; group 2 has 3 and 3 and shares 2 of 4
    fine_group = [0, 0, 1, 1, 0, 0, 1, 2, 0, 0, 2, 2]
    assert slow_iou(fine_group, coarse.ravel(), 3) == pytest.approx((5 / 6 + 3 / 4 + 2 / 4) / 3)
    assert found["alignment"] == pytest.approx(100 * (5 / 6 + 3 / 4 + 2 / 4) / 3)
    assert found["to coarse, foreground only"] == pytest.approx(100 * (3 / 4 + 2 / 4) / 2)
    assert found["L6 to coarse"] == found["alignment"]
    assert found["L6, non-empty groups"] == found["coarse, non-empty groups"] == 100


def test_a_group_that_is_empty_on_both_sides_does_not_count_and_one_on_one_side_counts_zero():
    fine, coarse = regions("00 11"), regions("00 11")
    assert values(run({"L6": [fine], "coarse": [coarse]}, {"L6": [[0, 1, 2]]}))["alignment"] == 100
    # now the fine concept is of group 2: group 1 is there in coarse only, group 2 in fine only
    found = values(run({"L6": [fine], "coarse": [coarse]}, {"L6": [[0, 2, 1]]}))
    assert found["alignment"] == pytest.approx(100 / 3)
    assert found["L6, non-empty groups"] == 50


def test_images_without_foreground():
    fine = coarse = np.zeros((1, 2, 2), int)
    evidence = run({"L6": fine, "coarse": coarse}, {"L6": [[0, 1, 2]]})
    found = compute(evidence).figures
    assert found["alignment"].value == 100
    assert found["to coarse, foreground only"].value is None
    assert "foreground" in found["to coarse, foreground only"].why
    assert found["coarse, non-empty groups"].value == 0
    mixed = run({"L6": [fine[0], regions("01 11")], "coarse": [coarse[0], regions("11 11")]}, {"L6": [[0, 1, 2]] * 2})
    assert values(mixed)["to coarse, foreground only"] == 75  # over the image that has one


def test_a_prototype_without_group_belongs_nowhere():
    # -1: its cells are neither background nor a group, and are missing from the union's source side
    fine, coarse = regions("01 22"), regions("01 22")
    found = values(run({"L6": [fine], "coarse": [coarse]}, {"L6": [[0, -1, 2]]}))
    assert found["alignment"] == pytest.approx(100 * (1 + 0 + 1) / 3)


def test_both_readings_of_the_target():
    same, other = regions("01 01"), regions("00 11")
    layers = {"L5": [same], "L6": [other], "L7": [same], "coarse": [other]}
    result = compute(run(layers, {key: [[0, 1, 2]] for key in ("L5", "L6", "L7")}))
    found = {name: figure.value for name, figure in result.figures.items()}
    crossed = 100 / 3  # background: 1 of 3 cells, group 1: 1 of 3
    assert found["L5 to coarse"] == found["L7 to coarse"] == pytest.approx(crossed)
    assert found["L6 to coarse"] == 100
    assert found["alignment"] == pytest.approx((2 * crossed + 100) / 3)
    assert (found["L5 to L7"], found["L6 to L7"]) == (100, pytest.approx(crossed))
    assert found["to L7"] == pytest.approx((crossed + 100) / 2)
    assert "L7 to L7" not in found
    assert next(iter(found)) == "alignment"


def test_a_run_with_one_prompted_layer_has_one_reading():
    found = values(run({"L6": [regions("01")], "coarse": [regions("01")]}, {"L6": [[0, 1, 2]]}))
    assert [name for name in found if name.startswith("to L")] == []


def test_mean_and_pooled_weigh_images_differently_and_the_spread_is_over_images():
    fine = [regions("11 11"), regions("01 00")]
    coarse = [regions("11 11"), regions("00 01")]
    result = compute(run({"L6": fine, "coarse": coarse}, {"L6": [[0, 1, 2]] * 2}, labels=[0, 1]))
    found = {name: figure.value for name, figure in result.figures.items()}
    second = (2 / 4 + 0) / 2
    assert found["alignment"] == pytest.approx(100 * (1 + second) / 2)
    assert found["to coarse, sd over images"] == pytest.approx(100 * (1 - second) / 2)
    assert found["to coarse, pooled"] == pytest.approx(100 * (2 / 4 + 4 / 6) / 2)
    np.testing.assert_allclose(result.per_class["alignment"], [100, 100 * second])
    np.testing.assert_allclose(result.per_concept["alignment, pooled"], [100 * 4 / 6, np.nan])


def test_soft_grouping_adds_up_before_it_compares():
    # two channels of 0.3 of one group outweigh 0.4 of background
    maps = np.float32([0.4, 0.3, 0.3]).reshape(1, 3, 1, 1)
    assert soft_labels(maps, np.array([[0, 1, 1]]), 3).tolist() == [[[1]]]
    assert soft_labels(maps, np.array([[0, 1, 2]]), 3).tolist() == [[[0]]]
    assert soft_labels(maps, np.array([[0, -1, 1]]), 3).tolist() == [[[0]]]


def test_soft_grouping_is_a_figure_of_its_own():
    evidence = run({"L6": [regions("01")], "coarse": [regions("11")]}, {"L6": [[0, 1, 1]]})
    evidence.maps[TEST.name]["L6"][0, :, 0, 0] = [0.4, 0.3, 0.3]
    found = values(evidence)
    assert found["alignment"] == 25
    assert found["to coarse, soft grouping"] == 100


def test_the_control_deals_the_groups_out_anew():
    groups = np.tile([0, 1, 1, 2, 2, 3, 3], (200, 1))
    dealt = shuffled(groups, 0, np.random.default_rng(0))
    assert (dealt[:, 0] == 0).all()
    np.testing.assert_array_equal(np.sort(dealt, axis=1), groups)
    assert (dealt == groups).all(axis=1).mean() < 0.1
    # a model that gives everything to one group is aligned, and so is its control; one that uses two is told apart
    rng = np.random.default_rng(1)
    fine = rng.integers(0, 5, (60, 6, 6))
    for table, low, high in (([0, 1, 1, 1, 1], 99.9, 100), ([0, 1, 1, 2, 2], 20, 80)):
        coarse = np.array(table)[fine]
        found = values(run({"L6": fine, "coarse": coarse}, {"L6": [table] * 60}))
        assert found["alignment"] == 100
        assert low < found["to coarse, control: groups permuted"] <= high


@given(st.integers(0, 10_000))
def test_against_loops_and_bounds_and_order(seed):
    rng = np.random.default_rng(seed)
    n = 5
    layers = {
        "L5": rng.integers(0, 5, (n, 3, 4)),
        "L6": rng.integers(0, 4, (n, 3, 4)),
        "coarse": rng.integers(0, 4, (n, 3, 4)),
    }
    groups = {"L5": rng.integers(0, 4, (n, 5)), "L6": rng.integers(0, 4, (n, 4))}
    for table in groups.values():
        table[:, 0] = 0
    found = values(run(layers, groups, coarse=3))
    owned = {key: np.take_along_axis(groups[key], layers[key].reshape(n, -1), 1) for key in groups}
    owned["coarse"] = layers["coarse"].reshape(n, -1)
    for source, target in (("L5", "coarse"), ("L6", "coarse"), ("L5", "L6")):
        expected = [slow_iou(owned[source][i], owned[target][i], 4) for i in range(n)]
        assert found[f"{source} to {target}"] == pytest.approx(100 * np.mean(expected))
        assert found[f"{source} to {target}, sd over images"] == pytest.approx(100 * np.std(expected))
    foreground = [
        [slow_iou(owned[key][i], owned["coarse"][i], 4, background=False) for key in ("L5", "L6")] for i in range(n)
    ]
    means = [np.mean([v for v in pair if v is not None]) for pair in foreground]
    assert found["to coarse, foreground only"] == pytest.approx(100 * np.mean(means))
    assert all(0 <= number <= 100 + 1e-9 for number in found.values() if number is not None)
    order = rng.permutation(n)
    again = values(run({k: v[order] for k, v in layers.items()}, {k: v[order] for k, v in groups.items()}, coarse=3))
    assert {k: v for k, v in again.items() if "control" not in k} == pytest.approx(
        {k: v for k, v in found.items() if "control" not in k}
    )


@given(st.integers(0, 10_000))
def test_the_order_of_prototypes_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    owner, coarse = rng.integers(0, 5, (3, 4, 4)), rng.integers(0, 3, (3, 4, 4))
    groups = np.insert(rng.integers(0, 3, (3, 4)), 0, 0, axis=1)
    place = np.insert(rng.permutation(4) + 1, 0, 0)  # channel k moves to place[k]; background stays
    moved = np.empty_like(groups)
    moved[:, place] = groups
    kept = [
        {k: v for k, v in values(run({"L6": o, "coarse": coarse}, {"L6": g})).items() if "control" not in k}
        for o, g in ((owner, groups), (place[owner], moved))
    ]
    assert kept[0] == pytest.approx(kept[1])


def test_intervals_come_from_resampling_images():
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 3, (50, 4, 4))
    coarse = np.where(rng.random((50, 4, 4)) < 0.3, rng.integers(0, 3, (50, 4, 4)), fine)
    evidence = run({"L6": fine, "coarse": coarse}, {"L6": [[0, 1, 2]] * 50})
    found = Alignment(seed=1).compute(evidence).figures
    iou = overlap(fine.astype(np.int8), coarse.astype(np.int8), 3).per_image(background=True)
    spread = 100 * 1.96 * iou.std() / np.sqrt(50)
    low, high = found["alignment"].interval
    assert (low, high) == pytest.approx((100 * iou.mean() - spread, 100 * iou.mean() + spread), abs=0.2 * spread)
    pooled = found["to coarse, pooled"]
    assert pooled.interval[0] < pooled.value < pooled.interval[1]


def test_runs_that_cannot_be_compared_are_refused():
    evidence = run({"L6": [regions("01")], "coarse": [regions("01")]}, {"L6": [[0, 1, 2]]})
    evidence.assigned = {}
    with pytest.raises(DataError, match="does not group"):
        compute(evidence)
    evidence = run({"L6": [regions("01 00")], "coarse": [regions("01")]}, {"L6": [[0, 1, 2]]})
    with pytest.raises(DataError, match="one grid"):
        compute(evidence)
    evidence = run({"coarse": [regions("01")]}, {})
    with pytest.raises(DataError, match="does not group"):
        compute(evidence)
    evidence = run({"L6": np.zeros((0, 2, 2)), "coarse": np.zeros((0, 2, 2))}, {"L6": np.zeros((0, 3), int)})
    with pytest.raises(DataError, match="No maps of test"):
        compute(evidence)
    with pytest.raises(ValueError, match="resamples"):
        Alignment(resamples=-1)
