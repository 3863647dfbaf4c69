"""Definitions: what comes with ivpt says what the paper's tables say, and what is wrong is refused in one sentence."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ivpt.config import flat, load_config
from ivpt.errors import ConfigError
from ivpt.sweep.definition import COLUMNS, METRICS, Definition, find_definition, shipped, slug

ROOT = Path(__file__).parents[2]
TABLE3, TABLE4 = find_definition("table3")[1], find_definition("table4")[1]


def resolved(definition: Definition) -> list[dict[str, object]]:
    return [flat(load_config(None, "default", definition.settings_of(row)).model_dump()) for row in definition.rows]


def test_each_row_of_table_3_changes_one_component_and_the_last_is_the_whole_method() -> None:
    rows = resolved(TABLE3)
    changed = [{key for key in a if a[key] != b[key]} for a, b in pairwise(rows)]
    assert changed == [
        {"concepts.spatial_bias"},
        {"concepts.aggregation"},
        {"concepts.cross_layer"},
        {"concepts.fusion"},
    ]
    assert rows[-1] == flat(load_config().model_dump())


def test_table_3_is_what_docs_paper_says() -> None:
    text = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| (baseline|\+ [^|]+) \| ([^|]*) \|$", text, flags=re.M))
    assert len(documented) == len(TABLE3.rows)
    for words, row in zip(documented.values(), TABLE3.rows, strict=True):
        typed = dict(part.split("=") for part in re.findall(r"[a-z_.]+=[a-z]+", words))
        ours = load_config(None, "default", TABLE3.settings_of(row)).concepts
        theirs = load_config(None, "default", typed).concepts
        # without prompted layers there is nothing to fuse, so docs/paper.md need not switch fusion off there
        assert ours.model_copy(update={"fusion": True}) == theirs.model_copy(update={"fusion": True})
        assert ours.fusion == theirs.fusion or not ours.cross_layer


def test_rows_without_prompted_layers_score_the_coarse_one() -> None:
    for row, values in zip(TABLE3.rows, resolved(TABLE3), strict=True):
        options = TABLE3.metric_options(row, METRICS)
        scored = {"consistency", "stability", "nmi_ari_pixels"}
        expected = {} if values["concepts.cross_layer"] else {name: {"layer": "coarse"} for name in scored}
        assert options == expected


def test_table_4_counts_as_its_rows_are_named() -> None:
    assert len(TABLE4.rows) == 9
    for row, values in zip(TABLE4.rows, resolved(TABLE4), strict=True):
        layers, *counts = map(int, re.findall(r"\d+", row.name))
        assert len(counts) == layers
        assert values["concepts.prototypes"] == tuple(count + 1 for count in counts)
        assert counts[max(layers - 2, 0)] == 10, "the layer that is scored has 10 concepts"
    whole = next(r for r, v in zip(TABLE4.rows, resolved(TABLE4), strict=True) if v == resolved(TABLE3)[-1])
    assert whole.paper == TABLE3.rows[-1].paper


@pytest.mark.parametrize("name", shipped())
def test_every_row_that_comes_with_ivpt_has_the_papers_figures(name: str) -> None:
    definition = find_definition(name)[1]
    assert definition.columns == COLUMNS and definition.metrics == METRICS
    for row in definition.rows:
        assert set(row.paper) == {"Con.", "Sta.", "Acc."}
        assert all(50 < value < 100 for value in row.paper.values())


def test_the_example_of_the_docs_is_a_definition(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, flags=re.S | re.M)
    file = tmp_path / "My table.toml"
    file.write_text(example, encoding="utf-8")
    name, definition = find_definition(str(file))
    assert name == "my-table"
    assert definition.settings_of(definition.rows[1]) == {
        "training.epochs": 10,
        "concepts.fusion_network": "linear",
    }
    for row in definition.rows:
        load_config(None, "default", definition.settings_of(row))
    assert definition.metric_options(definition.rows[0], ("consistency",)) == {"consistency": {"threshold": 0.7}}
    assert definition.metric_options(definition.rows[1], ("consistency", "accuracy")) == {
        "consistency": {"threshold": 0.7, "layer": "L6"}
    }


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("title = 'x'", "rows", ""),
        ("title = 'x'\nrows = []", "rows", ""),
        ("title = 'x'\n[[rows]]\nname = 'a'\nsetings = 1", "unknown key 'rows.1.setings'", "'settings'"),
        ("title = 'x'\nrow = 1\n[[rows]]\nname = 'a'", "unknown key 'row'", "'rows'"),
        ("title = 'x'\n[[rows]]\nname = 'a'\n[[rows]]\nname = 'a'", "two rows are named 'a'", ""),
        ("title = 'x'\n[[rows]]\nname = 'a'\npaper = { Con = 3 }", "'Con', which is no column", ""),
        ("title = 'x'\n[[rows]]\nname = 'a'\nsettings.training.seed = 3", "training.seed is set by the sweep", ""),
        ("title = 'x'\n[[rows]]\nname = 'a'\nsettings = 3", "rows.1.settings", ""),
        ("title = ", "not valid TOML", ""),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        find_definition(str(file))
    assert said in refused.value.message and str(file) in refused.value.message
    assert hint in refused.value.hint


def test_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no table and no file 'table33'") as refused:
        find_definition("table33")
    assert "'table3'" in refused.value.hint
    with pytest.raises(ConfigError, match="no file"):
        find_definition(str(tmp_path))


def test_slugs_are_file_names() -> None:
    assert slug("+ Spatial bias maps") == "spatial-bias-maps"
    assert slug("2 layers: 10, 7") == "2-layers-10-7"
    assert slug("../…") == "row"
