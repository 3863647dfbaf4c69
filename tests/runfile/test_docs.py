"""docs/run-file.md describes the file as it is."""

import re
from pathlib import Path

import h5py
import pytest

from tests.synthetic import write_synthetic_run

PAGE = (Path(__file__).parents[2] / "docs" / "run-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_names_every_array_and_no_other(run_path: Path) -> None:
    found = set()
    with h5py.File(run_path, "r") as file:

        def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                name = re.sub(r"^layers/[^/]+/", "layers/<block>/", name)
                name = re.sub(r"^history/.*", "history/<column>", name)
                found.add(re.sub(r"^(parameters|images/attributes)/.*", r"\1/<name>", name))

        file.visititems(visit)
        for name in file.attrs:
            assert f"`{name}`" in PAGE
        for name in file["layers/6"].attrs:
            assert f"`{name}`" in PAGE
    assert found == set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    write_synthetic_run(tmp_path / "run.h5")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(example, "docs/run-file.md", "exec"), names)
    assert names["regions"].shape == (12, 12)
    assert names["attention"].shape == (11, 12, 12)


def test_there_are_examples_and_measured_figures() -> None:
    assert len(EXAMPLES) == 2
    assert "**(used)**" in PAGE
