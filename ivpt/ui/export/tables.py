"""Rows as CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: what it is about; part of a file's name.
        columns: their names.
        rows: values, as many per row as there are columns; None for what is not known.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def csv(self) -> bytes:
        """UTF-8, comma-separated, a line of names first; numbers in full precision, empty for what is not known."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if value is None else value for value in row] for row in self.rows)
        return stream.getvalue().encode()

    def json(self) -> bytes:
        """A list of objects; null for what is not known."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return (json.dumps(rows, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """A table of rows that may hold nested values.

    Tuples and arrays become a column per entry (``importance.0``, ...), mappings and dataclasses one per name; a row
    that lacks a column has None there.

    Args:
        name: of the table.
        rows: column to value.
    """
    flat = [dict(pair for column, value in row.items() for pair in _flat(column, value)) for row in rows]
    columns = tuple(dict.fromkeys(column for row in flat for column in row))
    # where a nested value is missing, its column has no name of its own
    nested = {c for row in rows for c, value in row.items() if [name for name, _ in _flat(c, value)] != [c]}
    kept = tuple(c for c in columns if c not in nested)
    return Table(name, kept, tuple(tuple(row.get(c) for c in kept) for row in flat))


def named(row: Any) -> dict[str, Any]:
    """Fields of a dataclass, its own only, as a row."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _flat(column: str, value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        yield column, value
    elif isinstance(value, float):
        yield column, value if math.isfinite(value) else None
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{column}.{key}", inner)
    elif is_dataclass(value):
        for key, inner in named(value).items():
            yield from _flat(f"{column}.{key}", inner)
    elif isinstance(value, Sequence | np.ndarray | frozenset | set):
        for number, inner in enumerate(sorted(value) if isinstance(value, frozenset | set) else value):
            yield from _flat(f"{column}.{number}", inner)
    else:
        yield column, str(value)
