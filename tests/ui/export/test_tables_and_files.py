"""Tables and new files."""

import csv
import io
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ivpt.errors import OutputError
from ivpt.ui.export.files import save, stem
from ivpt.ui.export.tables import table


@dataclass(frozen=True)
class Share:
    count: int
    total: int


ROWS = [
    {"name": 'a,"b"\nc', "value": np.float32(0.5), "pair": (1, 2), "share": Share(3, 4), "figures": {"x": 1.5}},
    {"name": "=1+1", "value": float("nan"), "pair": None, "share": None, "figures": {"y": np.int64(2)}},
]
COLUMNS = ("name", "value", "pair.0", "pair.1", "share.count", "share.total", "figures.x", "figures.y")


def test_nested_rows_become_columns() -> None:
    made = table("t", ROWS)
    assert made.columns == COLUMNS
    assert made.rows[0] == ('a,"b"\nc', 0.5, 1, 2, 3, 4, 1.5, None)
    assert made.rows[1] == ("=1+1", None, None, None, None, None, None, 2)


def test_csv_and_json_are_read_back() -> None:
    made = table("t", ROWS)
    rows = list(csv.reader(io.StringIO(made.csv().decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ['a,"b"\nc', "0.5", "1", "2", "3", "4", "1.5", ""]
    assert json.loads(made.json()) == [dict(zip(COLUMNS, row, strict=True)) for row in made.rows]


def test_arrays_and_numbers_keep_their_precision() -> None:
    value = 0.1 + 0.2
    made = table("t", [{"a": np.array([value, np.inf])}])
    assert made.rows == ((value, None),) and made.columns == ("a.0", "a.1")
    assert float(made.csv().decode().splitlines()[1].split(",")[0]) == value


def test_columns_without_any_value_stay() -> None:
    assert table("t", [{"a": None}, {"a": None}]).columns == ("a",)
    assert table("t", []).columns == () and table("t", []).rows == ()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    paths = [save(tmp_path, "x", ".csv", bytes([n])) for n in range(3)]
    assert [path.name for path in paths] == ["x.csv", "x-2.csv", "x-3.csv"]
    assert [path.read_bytes() for path in paths] == [b"\0", b"\1", b"\2"]


def test_names_hold_no_path_and_nothing_odd() -> None:
    assert stem("../../etc", "pass wd\x1b[31m", "é") == "etc-pass-wd-31m"
    assert stem("", "...") == "ivpt"
    assert len(stem("x" * 500)) <= 120


def test_a_missing_folder_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        save(tmp_path / "gone", "x", ".png", b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            save(tmp_path, "x", ".png", b"")
    finally:
        tmp_path.chmod(stat.S_IRWXU)
