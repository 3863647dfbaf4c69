"""The test kit itself: for each check a plugin that is wrong in one way, and fails exactly that check."""

import inspect
import sys

import pytest

from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests
from ivpt.testing.subject import Subject
from tests.strangers import publish
from tests.wrong_datasets import GOOD, WRONG

CHECKS = [name for name in dir(DatasetTests) if name.startswith("test_")]


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setenv("IVPT_PLUGINS", "a-stranger")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("a_stranger", None)


SLOW = "test_records_are_the_same_in_another_process"
"""Starts an interpreter: left out where another check is the one that fails."""
FAST = [name for name in CHECKS if name != SLOW]


def failed(plugin, tmp_path, monkeypatch, options, checks=CHECKS):
    """Names of the checks that fail, with their messages."""
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "files").mkdir()
    kit = type("TestPlugin", (DatasetTests,), {"plugin": plugin})()
    subject = Subject(plugin, options(tmp_path / "files"), tmp_path / "files", tmp_path / "cache")
    found = {}
    for name in checks:
        check = getattr(kit, name)
        wanted = inspect.signature(check).parameters
        for damage in ["cut in half", "emptied", "overwritten with text", "gone"] if "damage" in wanted else [None]:
            here = tmp_path / f"{name}-{damage}"
            here.mkdir()
            given = {"subject": subject, "damage": damage, "tmp_path": here, "monkeypatch": monkeypatch}
            with monkeypatch.context() as patch:
                given["monkeypatch"] = patch
                try:
                    check(**{key: given[key] for key in wanted})
                except pytest.skip.Exception:
                    pass
                except pytest.fail.Exception as failure:
                    found[name] = str(failure)
    return found


def load(place, source):
    publish(place, "a-stranger", source)
    plugin = DATASETS.load("stranger")
    return plugin, sys.modules[plugin.__module__].make_tree


def test_a_good_one_passes_every_check(place, tmp_path, monkeypatch):
    plugin, tree = load(place, GOOD)
    assert failed(plugin, tmp_path, monkeypatch, tree) == {}


@pytest.mark.parametrize("check", WRONG)
def test_one_that_is_wrong_fails_exactly_its_check(check, place, tmp_path, monkeypatch):
    source, words = WRONG[check]
    plugin, tree = load(place, source)
    found = failed(plugin, tmp_path, monkeypatch, tree, [name for name in CHECKS if name in (check, *FAST)])
    assert list(found) == [check], found
    assert words in found[check]
    assert "\nHow to mend it: " in found[check]


def test_every_check_has_its_wrong_plugin():
    unloadable = {"test_class_can_be_used", "test_interface_version", "test_it_is_registered"}
    assert set(CHECKS) - unloadable == set(WRONG)


def test_a_class_that_cannot_be_used_fails():
    kit = type("TestPlugin", (DatasetTests,), {"plugin": dict})()
    with pytest.raises(pytest.fail.Exception, match="is no subclass of Dataset"):
        kit.test_class_can_be_used()


def test_an_abstract_class_fails(place):
    kit = type("TestPlugin", (DatasetTests,), {"plugin": DATASETS.base})()
    with pytest.raises(pytest.fail.Exception, match="does not define image, info, records"):
        kit.test_class_can_be_used()


def test_another_interface_version_fails():
    old = type("Old", (DATASETS.load("folder"),), {"api_version": 0})
    kit = type("TestPlugin", (DatasetTests,), {"plugin": old})()
    with pytest.raises(pytest.fail.Exception, match="speaks interface version 0"):
        kit.test_interface_version()


def test_a_class_without_an_entry_point_fails():
    kit = type("TestPlugin", (DatasetTests,), {"plugin": type("Own", (DATASETS.load("folder"),), {})})()
    with pytest.raises(pytest.fail.Exception, match=r"No entry point in the group 'ivpt\.datasets'"):
        kit.test_it_is_registered()
