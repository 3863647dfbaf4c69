"""Rows, columns, cells and differences, from run files with known predictions and metrics."""

from pathlib import Path

import numpy as np
import pytest

from ivpt.analysis.comparison import (
    Column,
    cell_of,
    check_columns,
    compare,
    default_columns,
    make_rows,
    parse_column,
)
from ivpt.analysis.differences import bootstrap
from ivpt.analysis.scored import read_scored
from ivpt.errors import ConfigError
from tests.analysis.scoring import entry, write_scored

A = [1, 1, 1, 0, 1, 0, 1, 1]
B = [1, 0, 1, 0, 1, 0, 0, 1]
ACC = Column("accuracy")


def test_accuracy_comes_from_predictions_and_is_tested_image_by_image(tmp_path: Path) -> None:
    runs = [read_scored(write_scored(tmp_path / f"{n}.h5", r)) for n, r in (("a", A), ("b", B))]
    found = compare(make_rows(runs), [ACC])
    assert [row.name for row in found.rows] == ["a", "b"]
    assert [cells[0].value for cells in found.cells] == pytest.approx([75.0, 50.0])
    assert found.differences[0] == (None,)
    (difference,) = found.differences[1]
    expected = bootstrap(np.array(B), np.array(A), paired=True)
    assert difference is not None and difference.kind == "paired"
    assert difference.value == pytest.approx(-25) and difference.p == expected.p
    assert difference.interval == pytest.approx([100 * side for side in expected.interval or ()])
    other = compare(make_rows(runs), [ACC], baseline=1)
    assert other.differences[1] == (None,) and other.differences[0][0] is not None
    assert other.differences[0][0].value == pytest.approx(25)


def test_other_split_tables_around_the_same_test_images_are_pairs_and_other_images_are_not(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A))
    redrawn = read_scored(write_scored(tmp_path / "b.h5", B, sha="cd"))
    strangers = read_scored(write_scored(tmp_path / "c.h5", B, names="other/{}.png"))
    found = compare(make_rows([a, redrawn, strangers]), [ACC])
    kinds = [row[0].kind if row[0] else None for row in found.differences]
    assert kinds == [None, "paired", "unpaired"]
    assert any("Unpaired: c and a" in note for note in found.notes)
    assert any("drawn differently" in note for note in found.notes)
    alike = compare(make_rows([a, read_scored(write_scored(tmp_path / "d.h5", B))]), [ACC])
    assert not any("drawn differently" in note or "Unpaired" in note for note in alike.notes)


def test_the_same_names_with_other_classes_are_other_images(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A))
    b = read_scored(write_scored(tmp_path / "b.h5", A))
    assert a.same_images(b)
    from dataclasses import replace

    assert not a.same_images(replace(b, labels=1 - b.labels))
    assert not a.same_images(replace(b, dataset="other"))


def test_other_data_sets_are_shown_but_not_subtracted(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A, metrics={"stability": entry(50.0, (40, 60))}))
    b = read_scored(write_scored(tmp_path / "b.h5", B, dataset="big", metrics={"stability": entry(60.0, (50, 70))}))
    found = compare(make_rows([a, b]), [ACC, Column("stability")])
    assert found.differences[1] == (None, None)
    assert found.cells[1][1].value == 60
    assert any("'big', 'small'" in note for note in found.notes)


def test_stored_metrics_are_compared_by_their_intervals(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A, metrics={"consistency": entry(60.0, (57.0, 64.0))}))
    b = read_scored(write_scored(tmp_path / "b.h5", B, metrics={"consistency": entry(70.0, (67.0, 74.0))}))
    found = compare(make_rows([a, b]), [Column("consistency"), Column("consistency", "control")])
    difference, control = found.differences[1]
    assert difference is not None and difference.kind == "intervals" and difference.p is None
    assert difference.interval == pytest.approx((10 - 5, 10 + 5))  # 3-4-5
    assert control is not None and control.value == 0 and control.interval is None
    assert any("without a test" in note for note in found.notes)


def test_a_number_that_is_missing_or_undefined_is_none_and_says_so(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A, metrics={"consistency": entry(None)}))
    b = read_scored(write_scored(tmp_path / "b.h5", B))
    found = compare(make_rows([a, b]), [Column("consistency")])
    undefined, missing = found.cells[0][0], found.cells[1][0]
    assert undefined.value is None and undefined.why == ("nothing is annotated",) and undefined.missing == ()
    assert missing.value is None and missing.missing == (tmp_path / "b.h5",) and missing.why == ()
    assert found.differences[1] == (None,)


def test_seeds_of_one_setting_are_one_row(tmp_path: Path) -> None:
    sta = (70.0, 73.0, 76.0)
    runs = [
        read_scored(write_scored(tmp_path / f"s{k}.h5", right, seed=k, metrics={"stability": entry(sta[k], (0, 100))}))
        for k, right in enumerate((A, B, A))
    ]
    other = read_scored(write_scored(tmp_path / "other.h5", B, config={"concepts": {"fusion": False}}))
    rows = make_rows([runs[0], other, *runs[1:]], group=True)
    assert [(row.name, row.seeds) for row in rows] == [("s0", [0, 1, 2]), ("other", [0])]
    cell = cell_of(rows[0], Column("stability"))
    assert (cell.value, cell.sd, cell.over, cell.runs) == (pytest.approx(73), pytest.approx(3), "seeds", 3)
    assert cell.interval == pytest.approx((73 - 4.3027 * 3 / 3**0.5, 73 + 4.3027 * 3 / 3**0.5))
    found = compare(rows, [ACC], baseline=1)
    (difference,) = found.differences[0]
    expected = bootstrap(np.mean([A, B, A], axis=0), np.array(B), paired=True)
    assert difference is not None and difference.p == expected.p and difference.kind == "paired"
    assert difference.value == pytest.approx(100 * expected.value)
    assert any("sd over seeds" in note for note in found.notes)
    assert len(make_rows([*runs, other])) == 4


def test_where_files_lie_makes_no_other_setting_but_weights_do(tmp_path: Path) -> None:
    there = {"data": {"root": "/there", "workers": 4, "dataset": "x"}}
    here = {"data": {"root": "/here", "workers": 0, "dataset": "x"}}
    a = read_scored(write_scored(tmp_path / "a.h5", A, seed=1, config=there))
    b = read_scored(write_scored(tmp_path / "b.h5", A, seed=2, config=here))
    c = read_scored(write_scored(tmp_path / "c.h5", A, seed=3, config={"data": {"dataset": "y"}}))
    assert a.settings == b.settings != c.settings


def test_a_group_in_which_not_all_have_a_number(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A, seed=0, metrics={"stability": entry(50.0, (40, 60))}))
    b = read_scored(write_scored(tmp_path / "b.h5", B, seed=1))
    (row,) = make_rows([a, b], group=True)
    cell = cell_of(row, Column("stability"))
    assert (cell.value, cell.sd, cell.interval, cell.runs) == (50.0, None, None, 1)
    assert cell.missing == (tmp_path / "b.h5",)


def test_other_protocols_are_named(tmp_path: Path) -> None:
    a = write_scored(tmp_path / "a.h5", A, metrics={"consistency": entry(60.0)})
    b = write_scored(tmp_path / "b.h5", B, metrics={"consistency": entry(70.0, parameters={"threshold": 0.5})})
    rows = make_rows([read_scored(a), read_scored(b)])
    found = compare(rows, [Column("consistency")], protocol=lambda metric: ["threshold", "frame"])
    assert "Con. was computed with different threshold: 0.8, 0.5." in found.notes


def test_val_images_and_val_metrics_are_others(tmp_path: Path) -> None:
    metrics = {"consistency": entry(60.0), "val_consistency": entry(40.0, metric="consistency", split="val")}
    path = write_scored(tmp_path / "a.h5", A, val=[1, 0, 0, 0], metrics=metrics)
    test, val = read_scored(path), read_scored(path, "val")
    numbers = [(run.number("accuracy"), run.number("consistency")) for run in (test, val)]
    assert [[n.value for n in pair if n] for pair in numbers] == [[75.0, 60.0], [25.0, 40.0]]


def test_columns_by_default_and_by_name(tmp_path: Path) -> None:
    a = write_scored(tmp_path / "a.h5", A, metrics={"zeta": entry(1.0), "alignment": entry(99.0), "beta": entry(1.0)})
    b = write_scored(tmp_path / "b.h5", A, metrics={"consistency": entry(60.0)})
    runs = [read_scored(a), read_scored(b)]
    assert [column.head for column in default_columns(runs)] == ["Con.", "Acc.", "alignment", "beta", "zeta"]
    assert parse_column("consistency: control") == Column("consistency", "control")
    check_columns([Column("beta"), Column("consistency", "control"), Column("stability")], runs, ["stability"])
    with pytest.raises(ConfigError, match="no metric 'consistenci'"):
        check_columns([Column("consistenci")], runs, ["stability"])
    with pytest.raises(ConfigError, match="no figure 'contrl'") as refused:
        check_columns([Column("consistency", "contrl")], runs, [])
    assert "'control'" in refused.value.hint


def test_rows_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    a = read_scored(write_scored(tmp_path / "a.h5", A))
    copy = read_scored(write_scored(tmp_path / "b.h5", A))
    with pytest.raises(ConfigError, match="One run"):
        make_rows([a])
    with pytest.raises(ConfigError, match="given twice"):
        make_rows([a, a])
    with pytest.raises(ConfigError, match="same seed 0"):
        make_rows([a, copy], group=True)
    (tmp_path / "deep").mkdir()
    other = read_scored(write_scored(tmp_path / "deep" / "a.h5", B))
    assert [row.name for row in make_rows([a, other])] == [str(tmp_path / "a.h5"), str(tmp_path / "deep" / "a.h5")]
