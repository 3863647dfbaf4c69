"""Results are kept while files and parameters are the same, and found out again when they are not."""

import os
from pathlib import Path

import pytest

from ivpt.data.remembered import fingerprint, remembered
from ivpt.errors import OutputError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_found_out_once(cache: Path) -> None:
    calls = []
    results = [remembered("birds", "k", lambda: calls.append(1) or (1, "två")) for _ in range(3)]
    assert results == [[1, "två"]] * 3  # as JSON has it, the first time too
    assert len(calls) == 1
    assert [file.name for file in (cache / "birds").iterdir()] == ["k.json"]


def test_a_damaged_file_is_found_out_again(cache: Path) -> None:
    remembered("birds", "k", lambda: 1)
    (cache / "birds" / "k.json").write_text("[1, ")
    assert remembered("birds", "k", lambda: 2) == 2
    assert remembered("birds", "k", lambda: 3) == 2


def test_what_fails_leaves_nothing(cache: Path) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        remembered("birds", "k", fail)
    assert not cache.exists()
    with pytest.raises(TypeError):
        remembered("birds", "k", lambda: {1, 2})
    assert list((cache / "birds").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said(cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(OutputError, match="IVPT_CACHE"):
        remembered("birds", "k", lambda: 1)


def test_the_key_follows_files_and_parameters(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text("a")
    two.write_text("b")
    before = fingerprint([one, two], 256)
    assert fingerprint([two, one], 256) == before
    assert fingerprint([one, two], 128) != before
    assert fingerprint([one], 256) != before
    os.utime(two, ns=(0, 0))
    after = fingerprint([one, two], 256)
    assert after != before
    two.unlink()
    assert fingerprint([one, two], 256) not in (before, after)
