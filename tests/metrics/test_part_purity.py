"""Purity of patches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import DataError
from ivpt.metrics.part_purity import PartPurity, chosen_counts, merged, patches, strongest, top_counts
from ivpt.metrics.ratios import draws
from tests.metrics.making import layer, with_maps

ALL = np.ones((1, 4), np.float32)


def test_patches_by_hand():
    # 7 cells: 192 / 6 = 32 apart, edge to edge
    np.testing.assert_array_equal(patches(7), [[32 * i, 32 * i + 32] for i in range(7)])
    # 12 cells: 192 / 11 is 17.45, rounded 17; the last would reach from 187 to 224 and is cut to 32 about its middle
    assert patches(12)[1].tolist() == [17, 49] and patches(12)[-1].tolist() == [189, 221]
    # 193 cells: every pixel; of half a step the even one is taken: 192 / 128 = 1.5 is 2
    assert patches(129)[1].tolist() == [2, 34]
    # the published rule for 26 cells
    table = patches(26)
    assert table[0].tolist() == [0, 32] and table[1].tolist() == [4, 36] and table[2].tolist() == [12, 44]
    assert table[25].tolist() == [192, 224]
    assert patches(1).tolist() == [[96, 128]]


@given(st.integers(2, 80))
def test_patches_are_never_wider_than_the_patch_and_never_leave_the_frame(cells):
    table = patches(cells)
    assert ((table >= 0) & (table <= 224)).all()
    assert (table[:, 1] - table[:, 0] <= 32).all() and (np.diff(table[:, 0]) >= 0).all()


def test_of_equal_cells_the_first_column_is_taken():
    maps = np.zeros((1, 1, 3, 3), np.float32)
    maps[0, 0, 0, 2] = maps[0, 0, 2, 1] = maps[0, 0, 1, 1] = 5
    value, place = strongest(maps)
    assert value == 5 and place.tolist() == [[[1, 1]]]


def test_left_and_right_become_one():
    seen = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0]], bool)
    hits = np.array([[[1, 0, 1]], [[0, 1, 0]], [[1, 0, 1]]], bool)  # hits at invisible ones do not count
    names, visible, hit = merged(("left eye", "right eye", "tail"), seen, hits)
    assert names == ("eye", "tail")
    np.testing.assert_array_equal(visible, [[True, False], [True, True], [True, False]])
    np.testing.assert_array_equal(hit, [[[True, False]], [[False, False]], [[False, False]]])


def test_purity_and_its_variants_by_hand():
    # part 0 is visible in all four images and hit in three; part 1 is visible in one and hit there
    seen = np.array([[1, 0], [1, 0], [1, 1], [1, 0]], bool)
    hits = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool)[:, None]
    scores, lots = np.array([[4.0], [3], [2], [1]]), np.zeros(4)
    counts = top_counts(scores, lots, seen, hits, 4, ALL)
    assert counts.purity() == [[1]] and counts.purity(2) == [[0.75]] and counts.of_most_hits() == [[0.75]]
    assert np.isnan(counts.purity(5))
    two = top_counts(scores, lots, seen, hits, 2, ALL)
    assert two.seen.tolist() == [[[2, 0]]] and two.purity() == [[1]]
    chosen = chosen_counts(scores > 2.5, seen, hits, ALL)
    assert chosen.hits.tolist() == [[[2, 0]]]
    assert np.isnan(chosen_counts(scores > 9, seen, hits, ALL).purity())


def test_ties_of_most_hits_go_to_the_purer_part():
    seen, hits = np.array([[1, 1], [1, 0]], bool), np.array([[1, 1], [0, 0]], bool)[:, None]
    weights = np.ones((1, 2), np.float32)
    assert top_counts(np.zeros((2, 1)), np.arange(2.0), seen, hits, 2, weights).of_most_hits() == [[1]]


@given(st.integers(0, 10**6))
def test_an_image_drawn_twice_counts_twice_in_the_selection(seed):
    random = np.random.default_rng(seed)
    scores, lots = random.integers(0, 4, (9, 2)).astype(float), random.permutation(9).astype(float)
    seen, hits = random.random((9, 3)) < 0.6, random.random((9, 2, 3)) < 0.5
    hits &= seen[:, None]
    weights = draws(9, 5, seed)
    found = top_counts(scores, lots, seen, hits, 4, weights)
    for b, row in enumerate(weights.astype(int)):
        again = np.repeat(np.arange(9), row)
        for k in range(2):
            first = sorted(again, key=lambda i: (-scores[i, k], lots[i]))[:4]
            np.testing.assert_array_equal(found.hits[b, k], hits[first, k].sum(0))
            np.testing.assert_array_equal(found.seen[b, k], seen[first].sum(0))


def run_of(cells: list[tuple[int, int]], points: list[tuple[float, float, int]], **more):
    """Maps of one concept (background last) that peak in a cell (column, row) of 7 x 7; images of 448 x 224."""
    maps = np.zeros((len(cells), 2, 7, 7), np.float32)
    for image, (column, row) in enumerate(cells):
        maps[image, 0, row, column] = 0.9 - image / 100
    seen = np.array(points, np.float32)[:, None]
    return with_maps(maps, size=(448, 224), points=seen, keypoint_names=("tail",), **more)


def test_the_metric_by_hand():
    # cell (2, 1): x from 128 to 192 of 448, y from 32 to 64; both ends count
    cells = [(2, 1)] * 4
    run = run_of(cells, [(128, 40, 1), (192, 64, 1), (193, 40, 1), (150, 40, 0)])
    result = PartPurity(support=4).compute(run)
    assert result.figures["top 10"].value == pytest.approx(100 * 2 / 3)
    assert result.figures["all above 0.5"].value == pytest.approx(100 * 2 / 3)
    assert result.figures["top 10, support of 4"].value is None
    assert result.figures["top 10: concepts purer than 50 %"].value == 100
    assert PartPurity(top=2).compute(run).figures["top 2"].value == 100
    assert PartPurity(above=0.895).compute(run).figures["all above 0.895"].value == 100  # the first image only
    assert PartPurity(above=1).compute(run).figures["all above 1"].value is None
    with pytest.raises(DataError, match="No keypoint"):
        PartPurity().compute(run_of(cells, [(1, 1, 0)] * 4))
    with pytest.raises(ValueError, match="at least 1"):
        PartPurity(top=0)


def test_ties_are_drawn_by_lot_and_counted():
    maps = np.zeros((30, 2, 7, 7), np.float32)
    maps[:, 0, 3, 3] = 1
    seen = np.tile(np.array([[112, 112, 1]], np.float32), (30, 1, 1))
    seen[:10] = (1, 1, 1)  # the first ten images look elsewhere
    run = with_maps(maps, size=(224, 224), points=seen, keypoint_names=("tail",))
    result = PartPurity().compute(run)
    assert result.parameters["concepts whose selection ties decide"] == 1
    assert 0 < result.figures["top 10"].value < 100


@given(st.integers(0, 10**6), st.permutations(range(14)), st.permutations(range(3)))
def test_order_of_images_and_of_concepts_means_nothing(seed, order, concepts):
    random = np.random.default_rng(seed)
    maps = random.integers(0, 3, (14, 4, 5, 5)).astype(np.float32)
    seen = np.concatenate([random.random((14, 4, 2)) * 50, random.integers(0, 2, (14, 4, 1))], 2).astype(np.float32)
    seen[0, 0, 2] = 1
    more = {"size": (50, 50), "points": seen, "keypoint_names": ("left eye", "right eye", "tail", "beak")}
    one = PartPurity().compute(with_maps(maps, **more))
    two = PartPurity().compute(with_maps(maps[:, [*concepts, 3]], order=order, info=layer(4, (5, 5)), **more))
    for name, figure in one.figures.items():
        if "control" not in name:
            assert two.figures[name].value == pytest.approx(figure.value)
        assert figure.value is None or 0 <= figure.value <= 100
    np.testing.assert_allclose(two.per_concept["top 10"], one.per_concept["top 10"][concepts])
    support = [one.figures[name].value for name in ("top 10", "top 10, part with most hits")]
    assert support[0] >= support[1] - 1e-9
