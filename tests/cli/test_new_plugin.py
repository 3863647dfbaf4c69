"""The skeletons: written as they should be, and their own tests pass at once."""

import os
import subprocess
import sys
import tomllib

import pytest

from ivpt.cli import run
from ivpt.cli.new_plugin import KINDS, skeleton
from ivpt.errors import ExitCode


def registered(folder):
    """Make a written skeleton an installed distribution: its entry points beside its package."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{group}]\n{n} = {v}\n" for group, names in project["entry-points"].items() for n, v in names.items()]
    (info / "entry_points.txt").write_text("".join(lines))
    return folder / "src"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass_at_once(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new-plugin", kind, "my_birds"]) == ExitCode.OK
    assert capsys.readouterr().out == "ivpt-my-birds\n"
    source = registered(tmp_path / "ivpt-my-birds")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error"],
        cwd=tmp_path / "ivpt-my-birds",
        env={**os.environ, "PYTHONPATH": str(source), "IVPT_PLUGINS": "ivpt-my-birds"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    passed = int(done.stdout.rpartition(" passed")[0].split()[-1])
    assert passed > 20
    assert "failed" not in done.stdout


def test_the_entry_point_is_of_its_kind():
    text = skeleton("dataset", "my_birds")["pyproject.toml"]
    points = tomllib.loads(text)["project"]["entry-points"]
    assert points == {"ivpt.datasets": {"my_birds": "ivpt_my_birds:MyBirds"}}


@pytest.mark.parametrize("name", ["", "My", "1a", "a-b", "../a", "a b"])
def test_a_name_that_is_none_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["new-plugin", "dataset", name]) == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    assert run(["new-plugin", "dataset", "birds", "--to", "there"]) == ExitCode.OUTPUT
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_well_formed(kind, tmp_path, monkeypatch):
    ruff = pytest.importorskip("ruff")
    assert ruff
    monkeypatch.chdir(tmp_path)
    run(["new-plugin", kind, "birds"])
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "120", "--select", "E,W,F,I,UP,B", "."],
        cwd=tmp_path / "ivpt-birds",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
