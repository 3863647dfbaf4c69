from pathlib import Path

import pytest

import ivpt.paths
from ivpt.paths import cache_dir, default_run_path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of where the package lies, to pretend that it is installed or a checkout."""
    monkeypatch.delenv("IVPT_CACHE", raising=False)
    monkeypatch.setattr(ivpt.paths, "__file__", str(tmp_path / "ivpt" / "paths.py"))
    return tmp_path.resolve()


def test_the_environment_names_the_cache(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVPT_CACHE", "elsewhere")
    assert cache_dir() == tmp_path / "elsewhere"
    monkeypatch.setenv("IVPT_CACHE", "~/cache")
    assert cache_dir() == Path.home() / "cache"


def test_a_checkout_has_its_own_cache(package):
    (package / "cache").mkdir()
    (package / "pyproject.toml").touch()
    assert cache_dir() == package / "cache"


def test_an_installed_package_uses_the_cache_of_the_user_and_makes_nothing(package, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(package / "home"))
    (package / "cache").mkdir()
    assert package / "cache" != cache_dir()
    assert cache_dir().name == "ivpt"
    assert not cache_dir().is_relative_to(package) or not cache_dir().exists()


@pytest.mark.parametrize("name", ["folder", "cub@other-package", "a/b", "timm:x"])
def test_the_run_file_of_any_name_lies_directly_in_runs(name):
    path = default_run_path(name)
    assert path.parent == Path("runs")
    assert path.suffix == ".h5"
    assert not set(path.name) & set(":/@")
