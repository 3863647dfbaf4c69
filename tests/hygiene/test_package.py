"""The wheel that users get."""

import statistics
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ivpt import __version__

ROOT = Path(__file__).parents[2]
LONGEST = 500
MEDIAN = 150


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (file,) = place.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield {info.filename: info.file_size for info in archive.infolist()}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    listed = subprocess.run(["git", "ls-files", "ivpt"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {name for name in listed.stdout.splitlines() if (ROOT / name).exists()} <= set(wheel)


def test_the_wheel_holds_nothing_but_the_package(wheel):
    assert {name.partition("/")[0] for name in wheel} == {"ivpt", f"ivpt-{__version__}.dist-info"}
    assert not [name for name in wheel if name.endswith((".pyc", ".h5", ".ckpt"))]


def test_the_wheel_brings_licence_types_and_weights(wheel):
    assert f"ivpt-{__version__}.dist-info/licenses/LICENSE" in wheel
    assert "ivpt/py.typed" in wheel
    assert 100_000 < wheel["ivpt/backbones/weights/vit_mini.safetensors"] <= 12_000_000


def test_the_version_is_stated_once_and_the_same():
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_entry_points_that_are_installed_are_those_that_are_declared():
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, names in declared.items():
        installed = {p.name: p.value for p in entry_points(group=group) if p.dist and p.dist.name == "ivpt"}
        assert installed == names


def test_no_file_grows_into_one_that_everything_leaks_into():
    lengths = {str(path): len(path.read_text().splitlines()) for path in (ROOT / "ivpt").rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
    assert statistics.median(lengths.values()) <= MEDIAN
