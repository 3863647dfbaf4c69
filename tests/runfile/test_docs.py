"""docs/run-file.md describes the file as it is."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.runfile.content import MapBatch
from ivpt.runfile.reader import RunFile
from ivpt.runfile.replicates import Replicates
from ivpt.runfile.update import put_metrics, revised
from ivpt.runfile.views import ViewWriter
from tests.synthetic import write_synthetic_run

PAGE = (Path(__file__).parents[2] / "docs" / "run-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

KEYS = ("L4", "L5", "L6", "L7", "coarse")


def test_the_table_names_every_array_and_no_other(run_path: Path) -> None:
    found = set()
    with RunFile(run_path) as run:
        rows = run.split_maps("test").images
        maps = {key: np.concatenate([part for _, part in run.split_maps("test").attention(key)]) for key in KEYS}
        groups = {key: run.split_maps("test").groups(key) for key in KEYS[:-1]}
        scores = run.split_maps("test").scores()
    with ViewWriter(run_path, "test, box", KEYS, {}) as writer:
        writer.append(MapBatch(rows, maps, scores, scores.mean(axis=1).argmax(axis=1), groups))
    with revised(run_path) as copy:
        put_metrics(copy, {"stability": {"value": 1.0}}, {"stability": Replicates(np.ones(5), rows)}, shown=run_path)
    with h5py.File(run_path, "r") as file:

        def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                name = re.sub(r"^views/[^/]+/", "views/<n>/", name)
                name = re.sub(r"^index/overlaps/[^/]+/", "index/overlaps/<k>/", name)
                name = re.sub(r"(^|/)layers/[^/]+/", r"\1layers/<block>/", name)
                name = re.sub(r"^history/.*", "history/<column>", name)
                name = re.sub(r"^replicates/.*", "replicates/<metric>", name)
                found.add(re.sub(r"^(parameters|images/attributes)/.*", r"\1/<name>", name))

        file.visititems(visit)
        for name in file.attrs:
            assert f"`{name}`" in PAGE
        for name in (*file["layers/6"].attrs, *file["views/0"].attrs):
            assert f"`{name}`" in PAGE
    assert found == set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    write_synthetic_run(tmp_path / "run.h5")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(example, "docs/run-file.md", "exec"), names)
    if "EditLog" in example:
        assert str(names["log"].state().names) == "{Concept(layer='L6', number=3): 'beak'}"
        return
    if "part_mask(" in example:
        assert names["mask"].max() == 6  # type: ignore[attr-defined]
        return
    if "replicates" in example:
        assert "value" in names["entry"]  # type: ignore[operator]
        return
    assert names["attention"].shape[-3:] == (11, 12, 12)
    assert "window" in example or names["regions"].shape == (12, 12)


def test_there_are_examples_and_measured_figures() -> None:
    assert len(EXAMPLES) == 7
    assert "**(used)**" in PAGE
