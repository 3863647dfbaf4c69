from pathlib import Path

import pytest

from tests.synthetic import write_synthetic_run


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    """A small complete run file."""
    return write_synthetic_run(tmp_path / "run.h5")
