"""The reader on a hand-made tree: four domains of five classes."""

import pickle
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ivpt_vlcs import Vlcs
from PIL import Image

from ivpt.data.splits import TEST, TRAIN, VAL, make_split
from ivpt.errors import ConfigError, DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

COUNTS = {"Caltech101": 5, "LabelMe": 6, "SUN09": 7, "VOC2007": 8}  # per class


def write_tree(root: Path) -> None:
    for number, (domain, count) in enumerate(COUNTS.items()):
        for value, name in enumerate(("person", "dog", "bird", "chair", "car")):  # not in the order of the labels
            folder = root / "VLCS" / domain / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = np.zeros((8, 8, 3), np.uint8)
                pixels[...] = (value * 50, i * 20, number * 60)
                pixels[:4, :4, 1] = 255
                Image.fromarray(pixels).save(folder / f"img_{i}.{'JPG' if i == 0 else 'jpg'}", quality=95)
            (folder / "Thumbs.db").write_bytes(b"")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_tree(root)
    return root


class TestVlcs(DatasetTests):
    plugin = Vlcs

    def options(self, folder: Path) -> Mapping[str, Any]:
        write_tree(folder)
        return {"root": str(folder), "train_domain": "LabelMe"}


def test_registered() -> None:
    assert isinstance(DATASETS.create("vlcs", {"train_domain": "SUN09"}), Vlcs)
    with pytest.raises(ConfigError, match="Caltech101"):
        DATASETS.create("vlcs", {"train_domain": "Sketch"})


def test_domains_and_classes_are_numbered_in_sorted_order(tree: Path) -> None:
    data = Vlcs(str(tree))
    assert data.info.classes == ("bird", "car", "chair", "dog", "person")
    assert data.info.attributes == {"domain": ("Caltech101", "LabelMe", "SUN09", "VOC2007")}
    for record in data.records():
        domain, name, _ = record.id.split("/")
        assert data.info.classes[record.label] == name
        assert data.info.attributes["domain"][record.attributes["domain"]] == domain
    assert Counter(r.attributes["domain"] for r in data.records()) == {0: 25, 1: 30, 2: 35, 3: 40}


def test_image_is_that_of_the_record(tree: Path) -> None:
    data = Vlcs(str(tree))
    dogs = [i for i, record in enumerate(data.records()) if record.id.startswith("SUN09/dog/")]
    assert len(dogs) == 7
    assert all(np.abs(data.image(i)[7, 7, 0].astype(int) - 50) < 8 for i in dogs)


def test_no_split_is_published(tree: Path) -> None:
    records = Vlcs(str(tree)).records()
    assert {record.split for record in records} == {None}
    split = make_split(records, val_fraction=0.2, test_fraction=0.2, seed=0).split
    assert set(split) == {TRAIN, VAL, TEST}


def test_one_domain_to_learn_from_and_all_to_be_tested_on(tree: Path) -> None:
    records = Vlcs(str(tree), train_domain="VOC2007", held_out=0.25).records()
    places = Counter((record.attributes["domain"], record.split) for record in records)
    assert places == {(0, "test"): 25, (1, "test"): 30, (2, "test"): 35, (3, "test"): 10, (3, "train"): 30}
    split = make_split(records, val_fraction=0.2, test_fraction=0.2, seed=0).split
    learnt = {r.attributes["domain"] for r, code in zip(records, split, strict=True) if code != TEST}
    assert learnt == {3}


def test_held_out_images_do_not_depend_on_the_others(tree: Path, tmp_path: Path) -> None:
    def held_out(share: float) -> set[str]:
        records = Vlcs(str(tree), train_domain="LabelMe", held_out=share).records()
        return {r.id for r in records if r.split == "test" and r.attributes["domain"] == 1}

    assert held_out(0) == set()
    assert len(held_out(0.2)) == 5
    assert held_out(0.2) < held_out(0.5)
    assert Counter(name.split("/")[1] for name in held_out(0.99)) == dict.fromkeys(Vlcs().info.classes, 4)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="held_out"):
        Vlcs(held_out=share)


def test_the_folder_itself_will_do(tree: Path) -> None:
    assert Vlcs(str(tree / "VLCS")).records() == Vlcs(str(tree)).records()


def test_missing_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"VLCS/Caltech101 and 3 more.*--data DIR"):
        Vlcs(str(tmp_path)).records()
    for domain in COUNTS:
        (tmp_path / domain).mkdir()
    with pytest.raises(DataError, match=r"Caltech101/bird holds no images, or is not there"):
        Vlcs(str(tmp_path)).records()
    (tmp_path / "Caltech101" / "bird").mkdir()
    with pytest.raises(DataError, match=r"Caltech101/bird holds no images"):
        Vlcs(str(tmp_path)).records()


def test_listing_opens_no_image(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert len(Vlcs(str(tree)).records()) == 130


def test_pickles(tree: Path) -> None:
    data = Vlcs(str(tree), train_domain="SUN09")
    assert pickle.loads(pickle.dumps(data)).records() == data.records()
