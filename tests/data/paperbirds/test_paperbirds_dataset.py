"""The data set: splits, bias, cache."""

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ivpt.data.paperbirds.dataset import PaperBirds
from ivpt.data.paperbirds.habitats import HABITATS
from ivpt.data.paperbirds.species import SPECIES
from ivpt.errors import ConfigError, DataError


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


def test_what_is_left_out_is_all_that_changes(tmp_path: Path) -> None:
    birds = small(tmp_path)
    crowded = [i for i in range(40) if birds.scene(i).objects]
    assert len(crowded) > 5
    changed = 0
    for index in crowded:
        own = birds.image(index)
        assert (birds.redrawn(index) == own).all()
        parts, things = birds.removable(index)
        mask = birds.annotations(index).part_mask
        assert mask is not None
        assert parts == tuple(name for i, name in enumerate(birds.info.parts) if (mask == i + 1).any())
        assert len(things) == len(birds.scene(index).objects)
        less = birds.redrawn(index, without={*parts[:1], *things[:1]})
        assert (less == birds.render(index, without_parts={parts[0]}, without_objects={0}).image).all()
        changed += (birds.redrawn(index, without=things) != own).any()
        bare = birds.redrawn(index, without=things)
        assert (bare == birds.render(index, without_objects=range(len(things))).image).all()
    assert changed > len(crowded) / 2


def test_another_habitat_is_another_backdrop(tmp_path: Path) -> None:
    birds = small(tmp_path)
    own = HABITATS[birds.records()[3].attributes["habitat"]]
    assert (birds.redrawn(3, background=own) == birds.image(3)).all()
    other = next(name for name in HABITATS if name != own)
    assert (birds.redrawn(3, background=other) == birds.render(3, background=other).image).all()


@pytest.mark.parametrize("wrong", [{"without": {"wings"}}, {"without": {"thing 9"}}, {"background": "medow"}])
def test_what_is_not_there_cannot_be_changed(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(DataError, match=r"image 3 has no|no habitat"):
        small(tmp_path).redrawn(3, **wrong)  # type: ignore[arg-type]


def test_species_share_parts_by_their_looks(tmp_path: Path) -> None:
    variants = small(tmp_path).class_parts()
    assert set(variants) == set(small(tmp_path).info.parts)
    for part, column in (("beak", "beak"), ("legs", "legs")):
        looks = [getattr(species, column) for species in SPECIES]
        same = np.equal.outer(variants[part], variants[part])
        assert (same == np.equal.outer(looks, looks)).all()
    combined = set(zip(*variants.values(), strict=True))
    assert len(combined) == len(SPECIES)
