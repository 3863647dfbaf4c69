"""The split: stratified, seeded, fingerprinted; published images stay."""

from collections import Counter

import numpy as np
import pytest

from ivpt.data.splits import TEST, TRAIN, VAL, make_split
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Record


def records(*counts: int, split: str | None = None) -> list[Record]:
    return [Record(f"{label}/{i}", label, split) for label, count in enumerate(counts) for i in range(count)]


def draw(found: list[Record], seed: int = 0, **changes: float) -> np.ndarray:
    return make_split(found, **{"val_fraction": 0.15, "test_fraction": 0.2, "seed": seed, **changes}).split


def test_every_class_keeps_its_share() -> None:
    found = records(100, 20, 3)
    split = draw(found)
    counts = Counter((r.label, int(code)) for r, code in zip(found, split, strict=True))
    assert [counts[0, code] for code in (TRAIN, VAL, TEST)] == [68, 12, 20]
    assert [counts[1, code] for code in (TRAIN, VAL, TEST)] == [14, 2, 4]
    assert [counts[2, code] for code in (TRAIN, VAL, TEST)] == [1, 1, 1]


def test_published_test_never_moves_and_only_train_gives_val() -> None:
    found = records(40, 40, split="train") + [Record(f"t{i}", i % 2, "test") for i in range(10)]
    table = make_split(found, val_fraction=0.25, test_fraction=0.2, seed=1)
    assert (table.split[80:] == TEST).all()
    assert Counter(table.split[:80].tolist()) == {TRAIN: 60, VAL: 20}
    assert table.indices(TEST).tolist() == list(range(80, 90))
    assert len(table.indices(TRAIN, VAL)) == 80


def test_published_val_is_kept() -> None:
    found = records(10, 10, split="train") + [Record(f"v{i}", i % 2, "val") for i in range(4)]
    split = draw(found)
    assert (split[20:] == VAL).all()
    assert not (split[:20] == VAL).any()
    assert (split[:20] == TEST).sum() == 4


def test_seed_and_order() -> None:
    found = records(30, 30)
    first = make_split(found, val_fraction=0.15, test_fraction=0.2, seed=0)
    backwards = make_split(found[::-1], val_fraction=0.15, test_fraction=0.2, seed=0)
    assert (backwards.split[::-1] == first.split).all()
    assert backwards.sha256 == first.sha256
    other = make_split(found, val_fraction=0.15, test_fraction=0.2, seed=1)
    assert other.sha256 != first.sha256
    assert (other.split != first.split).any()


def test_draw_is_pinned() -> None:
    table = make_split(records(6, 6), val_fraction=0.2, test_fraction=0.2, seed=0)
    assert table.split.tolist() == [0, 0, 1, 0, 0, 2, 0, 2, 1, 0, 0, 0]
    assert table.sha256 == "db82f9dd8347ddf5602f6d6e70c73f9587a0bde2f72869696867e60aa38e9d6f"


@pytest.mark.parametrize("counts", [(5, 2), (1, 5), (5, 0, 5)])
def test_small_classes_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="at least 3"):
        draw(records(*counts))


def test_errors_name_the_class() -> None:
    with pytest.raises(DataError, match="'wren' has 2 images"):
        make_split(records(5, 2), val_fraction=0.1, test_fraction=0.1, seed=0, classes=("owl", "wren"))


def test_nothing_one_class_and_repeats_are_refused() -> None:
    for found, words in (([], "no images"), (records(9), "one class"), (records(3, 3) + records(1), "more than once")):
        with pytest.raises(DataError, match=words):
            draw(found)


def test_large_fractions_leave_something_to_learn_from() -> None:
    split = draw(records(4, 4), val_fraction=0.99, test_fraction=0.99)
    assert Counter(split.tolist()) == {TRAIN: 2, VAL: 2, TEST: 4}
