"""Matching of two runs against every possible assignment, and runs in which the truth is known."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from ivpt.analysis.matching import assign, importance_side_by_side, match_concepts, overlaps, resampled
from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from tests.analysis.placing import write_placed


def slow_overlap(first: np.ndarray, second: np.ndarray, a: int, b: int) -> np.ndarray:
    found = np.full((a, b), np.nan)
    for k in range(a):
        for j in range(b):
            if (first == k).any() and (second == j).any():
                found[k, j] = ((first == k) & (second == j)).sum() / ((first == k) | (second == j)).sum()
    return found


@pytest.mark.parametrize("window", [1, 3, 256])
def test_regions_of_common_images_are_compared(tmp_path: Path, window: int) -> None:
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 4, (9, 4, 4)), rng.integers(0, 3, (8, 4, 4))
    ids = [f"{i}.png" for i in range(9)]
    # other images, in another order, one that the first has not
    places = [7, 2, 5, 0, 1, 4, 3]
    second_ids = [ids[i] for i in places] + ["new.png"]
    one = write_placed(tmp_path / "1.h5", {"L6": first}, channels={"L6": 5}, ids=ids)
    two = write_placed(tmp_path / "2.h5", {"L7": second}, channels={"L7": 3}, ids=second_ids)
    told: list[float] = []
    with RunFile(one) as a, RunFile(two) as b:
        found = match_concepts(a, b, "L6", "L7", same=0.0, window=window, progress=told.append)
    expected = slow_overlap(first[places], second[:7], 5, 3)
    assert found.overlap == pytest.approx(expected, nan_ok=True)
    assert (found.how, found.images, found.common, found.notes) == ("regions", 7, 7, ()) and told[-1] == 1
    best = max(sum(expected[k, j] for k, j in zip(rows, (1, 2), strict=True)) for rows in permutations((1, 2, 3), 2))
    assert sum(m.overlap for m in found.matches) == pytest.approx(best)
    assert found.matches == tuple(sorted(found.matches, key=lambda m: -m.overlap))
    # 4 never has a region: it has not vanished
    assert set(found.vanished) | {m.first for m in found.matches} == {1, 2, 3} and found.appeared == ()


def test_a_run_matches_itself_renumbered(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    regions = rng.integers(0, 4, (6, 5, 5))
    renumbered = np.array([0, 3, 1, 2])[regions]
    one = write_placed(tmp_path / "1.h5", {"L6": regions}, channels={"L6": 4})
    two = write_placed(tmp_path / "2.h5", {"L6": renumbered}, channels={"L6": 4})
    with RunFile(one) as a, RunFile(two) as b:
        found = match_concepts(a, b, "L6", "L6")
    assert [(m.first, m.second, m.overlap) for m in found.matches] == [(1, 3, 1.0), (2, 1, 1.0), (3, 2, 1.0)]
    assert found.vanished == found.appeared == () and found.same == 0.25


def test_what_vanished_and_what_appeared(tmp_path: Path) -> None:
    before, after = np.zeros((4, 6, 6), int), np.zeros((4, 6, 6), int)
    before[:, 0], before[:, 2], before[:, 4, :2] = 1, 2, 3
    after[:, 0], after[:, 5] = 1, 3
    one = write_placed(tmp_path / "1.h5", {"coarse": before}, channels={"coarse": 4}, coarse=3)
    two = write_placed(tmp_path / "2.h5", {"coarse": after}, channels={"coarse": 4}, coarse=3, removed={"coarse": (2,)})
    with RunFile(one) as a, RunFile(two) as b:
        found = match_concepts(a, b, "coarse", "coarse")
        sides = importance_side_by_side(a, b, found)
        assert [(m.first, m.second) for m in found.matches] == [(1, 1)]
        assert found.vanished == (2, 3) and found.appeared == (3,)
        assert found.matches[0].chance == pytest.approx(1 / (6 + 6 - 1))  # 6 of 36 cells each
        first, second = a.importance(), b.importance()
    assert [side.name for side in sides] == ["a", "b"]
    assert sides[0].first == pytest.approx(first[0, [0]]) and sides[0].second == pytest.approx(second[0, [0]])
    assert sides[0].first_only == pytest.approx(first[0, [1, 2]])
    assert sides[0].second_only == pytest.approx(second[0, [2]])
    assert np.isnan(sides[1].first).all()


def test_classes_are_the_same_by_name(tmp_path: Path) -> None:
    regions = np.ones((4, 2, 2), int)
    runs = [
        write_placed(
            tmp_path / f"{names}.h5",
            {"coarse": regions},
            channels={"coarse": 3},
            labels=[0, 1, 2, 2],
            scores=np.arange(24).reshape(4, 2, 3),
            classes=list(names),
        )
        for names in ("dog", "god")
    ]
    with RunFile(runs[0]) as a, RunFile(runs[1]) as b:
        sides = importance_side_by_side(a, b, match_concepts(a, b, "coarse", "coarse"))
        assert [side.name for side in sides] == ["d", "o", "g"]
        for side, (c, other) in zip(sides, ((0, 2), (1, 1), (2, 0)), strict=True):
            assert side.first.tolist() == [a.importance()[c, 0]] and side.second.tolist() == [b.importance()[other, 0]]
        with pytest.raises(KeyError):
            match_concepts(a, b, "L6", "coarse")


def test_a_subset_is_spread_evenly_and_said_to_be(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    first, second = rng.integers(0, 3, (11, 3, 3)), rng.integers(0, 3, (11, 3, 3))
    one = write_placed(tmp_path / "1.h5", {"L6": first}, channels={"L6": 3})
    two = write_placed(tmp_path / "2.h5", {"L6": second}, channels={"L6": 3})
    with RunFile(one) as a, RunFile(two) as b:
        found = match_concepts(a, b, "L6", "L6", most=3)
    assert found.overlap == pytest.approx(slow_overlap(first[[0, 5, 10]], second[[0, 5, 10]], 3, 3), nan_ok=True)
    assert found.images == 3 and found.common == 11
    assert found.notes == ("Compared on 3 of 11 common images, spread evenly.",)


def test_maps_of_another_grid_are_read_at_the_middles_of_cells(tmp_path: Path) -> None:
    coarse = np.arange(4).reshape(1, 2, 2)
    assert resampled(coarse, (4, 4)).tolist() == [[[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]]
    assert resampled(coarse, (3, 2)).tolist() == [[[0, 1], [2, 3], [2, 3]]]
    assert resampled(np.arange(16).reshape(1, 4, 4), (4, 4)).ravel().tolist() == list(range(16))
    fine = coarse.repeat(2, axis=1).repeat(2, axis=2)
    one = write_placed(tmp_path / "1.h5", {"L6": coarse}, channels={"L6": 4})
    two = write_placed(tmp_path / "2.h5", {"L6": fine}, channels={"L6": 4})
    with RunFile(one) as a, RunFile(two) as b:
        assert [m.overlap for m in match_concepts(a, b, "L6", "L6").matches] == [1.0] * 3


def test_chance_is_what_independent_regions_have() -> None:
    rng = np.random.default_rng(8)
    first, second = rng.random(400_000) < 0.3, rng.random(400_000) < 0.2
    shared = np.array(
        [[(~first & ~second).sum(), (~first & second).sum()], [(first & ~second).sum(), (first & second).sum()]]
    )
    found, chance = overlaps(shared)
    assert found == pytest.approx(chance, abs=0.005)
    assert found[1, 1] == (first & second).sum() / (first | second).sum()


def cosine(vectors: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> np.ndarray:
    a, b = np.array(vectors, float), np.array(others, float)
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def test_without_common_images_prototypes_are_compared(tmp_path: Path) -> None:
    vectors = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    others = [[1, 0, 0, 0], [0, 0.1, 1, 0], [0, 0.4, 0, 1]]
    regions = np.ones((2, 2, 2), int)
    one = write_placed(tmp_path / "1.h5", {"L6": regions}, channels={"L6": 3}, prototypes={"L6": vectors})
    two = write_placed(
        tmp_path / "2.h5", {"L6": regions}, channels={"L6": 3}, prototypes={"L6": others}, ids=["x", "y"]
    )
    with RunFile(one) as a, RunFile(two) as b:
        found = match_concepts(a, b, "L6", "L6")
    assert found.how == "prototypes" and found.images == 0 and found.same == 0.5
    start, apart, _ = found.notes
    assert "same random numbers (seed 0)" in start
    rest = [cosine(vectors, others)[pair] for pair in ((1, 1), (1, 2), (2, 2))]
    assert apart.endswith(f"95 % below {np.quantile(rest, 0.95):.2f}, greatest {max(rest):.2f}.")
    assert found.overlap == pytest.approx(cosine(vectors, others), abs=1e-6)
    assert [(m.first, m.second, m.chance) for m in found.matches] == [(2, 1, None)]
    assert found.vanished == (1,) and found.appeared == (2,)


def test_runs_that_have_nothing_in_common_are_refused(tmp_path: Path) -> None:
    regions = np.ones((2, 2, 2), int)
    one = write_placed(tmp_path / "1.h5", {"L6": regions}, channels={"L6": 3})
    two = write_placed(tmp_path / "2.h5", {"L6": regions}, channels={"L6": 3}, ids=["x", "y"], weights="11")
    with RunFile(one) as a, RunFile(two) as b, pytest.raises(RunFileError, match="no image in common"):
        match_concepts(a, b, "L6", "L6")


def test_what_cannot_be_trusted_about_the_images_is_noted(tmp_path: Path) -> None:
    regions = np.ones((2, 2, 2), int)
    one = write_placed(tmp_path / "1.h5", {"L6": regions}, channels={"L6": 3}, image_size=(8, 8))
    two = write_placed(
        tmp_path / "2.h5", {"L6": regions}, channels={"L6": 3}, image_size=(8, 16), info={"name": "other"}
    )
    with RunFile(one) as a, RunFile(two) as b:
        notes = match_concepts(a, b, "L6", "L6").notes
    assert "different proportions" in notes[0] and "different data sets" in notes[1]


def test_what_cannot_be_matched_is_not() -> None:
    overlap = np.array([[np.nan, 0.9], [0.3, np.nan]])
    found = assign(overlap, None, (0, 1), (0, 1), 0.0)
    assert [(m.first, m.second) for m in found] == [(0, 1), (1, 0)]
    assert assign(np.full((2, 2), np.nan), None, (0, 1), (0, 1), -1.0) == ()
