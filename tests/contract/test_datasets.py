"""What every registered data set promises before any of its files is there."""

import pickle
from types import MappingProxyType

import pytest

from ivpt.config import DataConfig
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.registry import DATASETS

NEEDS_FILES = {"folder", "cub", "nabirds", "cifar100", "imagenet", "waterbirds", "funnybirds"}

pytestmark = pytest.mark.parametrize("name", DATASETS.names())


def test_it_loads_and_is_complete(name):
    plugin = DATASETS.load(name)
    assert issubclass(plugin, Dataset)
    assert plugin.__doc__


def test_every_option_has_a_default_and_a_type(name):
    for option in DATASETS.options(DATASETS.load(name)):
        assert not option.required, option.name
        assert option.annotation is not None, option.name


def test_options_do_not_collide_with_keys_of_the_configuration(name):
    # `root` is the one name that both have on purpose: it receives --data.
    names = {option.name for option in DATASETS.options(DATASETS.load(name))}
    assert names & set(DataConfig.model_fields) <= {"root"}


def test_it_is_made_without_any_file_and_pickles(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    made = DATASETS.create(name, {})
    assert list(tmp_path.iterdir()) == []
    assert type(pickle.loads(pickle.dumps(made))) is type(made)


def test_what_it_says_of_itself_is_consistent_or_it_says_what_is_missing(name, tmp_path, monkeypatch):
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    made = DATASETS.create(name, {})
    if name in NEEDS_FILES:
        with pytest.raises(DataError) as caught:
            made.prepare()
        assert caught.value.hint, "say where the files come from"
        return
    info = made.info
    assert isinstance(info, DatasetInfo)
    assert info.name == name
    assert len(info.classes) == len(set(info.classes)) >= 2
    for names in (info.parts, info.keypoints, *info.attributes.values()):
        assert len(names) == len(set(names))
    assert info.licence
    assert info.citation
    assert info.homepage or name == "paperbirds"  # which is drawn by code and has no other home


def test_the_frozen_pieces_take_what_it_hands_out(name):
    assert DATASETS.load(name).annotations.__annotations__.get("return") in (Annotations, "Annotations")
    assert Record("a", 0, attributes=MappingProxyType({"x": 1})).attributes["x"] == 1
