"""The data set: splits, bias, cache."""

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ivpt.data.paperbirds.dataset import PaperBirds
from ivpt.data.paperbirds.habitats import HABITATS
from ivpt.data.paperbirds.species import SPECIES
from ivpt.errors import ConfigError


def small(cache: Path, seed: int = 0) -> PaperBirds:
    return PaperBirds(seed=seed, size=32, train_per_class=1, test_per_class=1, cache=cache)


def test_splits_are_balanced() -> None:
    records = PaperBirds().records()
    assert Counter(r.split for r in records) == {"train": 800, "test": 400}
    cells = Counter((r.split, r.label, r.attributes["habitat"]) for r in records)
    assert {count for (split, *_), count in cells.items() if split == "train"} == {8}
    assert {count for (split, *_), count in cells.items() if split == "test"} == {4}
    assert len({r.id for r in records}) == len(records)


@pytest.mark.parametrize("bias", [0.0, 0.5, 0.95, 1.0])
def test_bias_ties_habitat_to_class_in_train_only(bias: float) -> None:
    records = PaperBirds(bias=bias).records()
    own = [HABITATS.index(SPECIES[r.label].habitat) == r.attributes["habitat"] for r in records]
    train = np.mean([o for o, r in zip(own, records, strict=True) if r.split == "train"])
    test = np.mean([o for o, r in zip(own, records, strict=True) if r.split == "test"])
    assert abs(train - (bias + (1 - bias) / len(HABITATS))) < 0.02
    assert test == pytest.approx(0.2)


def test_each_habitat_is_home_to_as_many_species() -> None:
    assert set(Counter(s.habitat for s in SPECIES).values()) == {4}


def test_the_cache_holds_what_is_drawn(tmp_path: Path) -> None:
    birds, told = small(tmp_path), []
    birds.prepare(lambda done, total, words: told.append((done, total)))
    assert told[0] == (0, 40)
    assert told[-1] == (40, 40)
    for index in (0, 17, 39):
        drawn, truth = birds.render(index), birds.annotations(index)
        assert (birds.image(index) == drawn.image).all()
        assert truth.part_mask is not None
        assert (truth.part_mask == drawn.parts).all()
        assert truth.keypoints is not None
        assert (truth.keypoints == drawn.keypoints).all()
        assert truth.box == drawn.box
    told.clear()
    again = small(tmp_path)
    again.prepare(lambda done, total, words: told.append((done, total)))
    assert not told
    other = pickle.loads(pickle.dumps(again))
    assert (other.image(3) == birds.image(3)).all()
    assert [p.suffix for p in tmp_path.iterdir()] == [".npy"]


@pytest.mark.parametrize("harm", ["cut", "flip", "empty"])
def test_a_damaged_cache_is_drawn_again(tmp_path: Path, harm: str) -> None:
    birds = PaperBirds(size=32, train_per_class=1, test_per_class=0, cache=tmp_path)
    birds.prepare()
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    del birds
    bad = {"cut": good[:5000], "flip": good[:5000] + b"????" + good[5004:], "empty": b""}[harm]
    path.unlink()
    path.write_bytes(bad)
    PaperBirds(size=32, train_per_class=1, test_per_class=0, cache=tmp_path).prepare()
    assert path.read_bytes() == good


def test_seed_and_size_have_files_of_their_own(tmp_path: Path) -> None:
    first, second = small(tmp_path), small(tmp_path, seed=1)
    assert first._store.path != second._store.path
    assert first._store.path == small(tmp_path)._store.path


@pytest.mark.parametrize("wrong", [{"bias": 1.5}, {"size": 8}, {"train_per_class": 0}])
def test_wrong_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="paperbirds"):
        PaperBirds(**wrong)  # type: ignore[arg-type]
