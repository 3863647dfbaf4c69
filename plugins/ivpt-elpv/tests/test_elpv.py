"""The plugin against the package that carries the images."""

import pickle
from collections import Counter
from pathlib import Path

import ivpt_elpv.dataset as module
import numpy as np
import pytest
from elpv_dataset.utils import load_dataset
from ivpt_elpv import Elpv

from ivpt.data.splits import TEST, TRAIN, VAL, make_split
from ivpt.errors import ConfigError, DataError
from ivpt.registry import DATASETS


def test_registered() -> None:
    assert "elpv" in DATASETS.names()
    created = DATASETS.create("elpv", {"threshold": "0.9"})
    assert isinstance(created, Elpv)
    assert created.threshold == 0.9


def test_labels_and_types_are_the_published_ones() -> None:
    records = Elpv().records()
    assert len(records) == 2624
    assert Counter(r.label for r in records) == {0: 1803, 1: 821}
    assert Counter(r.attributes["cell type"] for r in records) == {0: 1074, 1: 1550}
    assert len({r.id for r in records}) == 2624
    assert {r.split for r in records} == {None}


@pytest.mark.parametrize(("threshold", "defective"), [(0.2, 1116), (0.5, 821), (0.9, 715), (1.0, 715)])
def test_threshold(threshold: float, defective: int) -> None:
    assert sum(r.label for r in Elpv(threshold).records()) == defective


def test_agrees_with_the_packages_own_loader() -> None:
    images, probabilities, types = load_dataset()
    data = Elpv()
    records = data.records()
    assert [r.label for r in records] == (probabilities >= 0.5).astype(int).tolist()
    assert [module.CELL_TYPES[r.attributes["cell type"]] for r in records] == types.tolist()
    for index in (0, 1311, 2623):
        image = data.image(index)
        assert image.shape == (300, 300, 3)
        assert image.dtype == np.uint8
        assert (image == images[index][..., None]).all()


def test_info_shows_licence_and_citation() -> None:
    info = Elpv().info
    assert info.classes == ("functional", "defective")
    assert "CC BY-NC-SA 4.0" in info.licence
    assert info.citation.count("DOI") == 3


def test_core_draws_a_stratified_split() -> None:
    records = Elpv().records()
    split = make_split(records, val_fraction=0.15, test_fraction=0.2, seed=0).split
    share = [
        np.mean([r.label for r, code in zip(records, split, strict=True) if code == s]) for s in (TRAIN, VAL, TEST)
    ]
    assert np.ptp(share) < 0.01


def test_pickles() -> None:
    data = Elpv(0.9)
    data.records()
    assert pickle.loads(pickle.dumps(data)).records() == data.records()


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_empty_classes_are_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="one class empty"):
        Elpv(threshold)


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install elpv-dataset"):
        Elpv().records()


def test_damaged_table_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("images/cell0001.png 1.0 amorphous\n")
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"labels\.csv"):
        Elpv().records()
