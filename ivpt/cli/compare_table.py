"""A comparison as sheets, as comma-separated values and as plain values, with its footnotes."""

from typing import Any

from ivpt.analysis.comparison import Cell, Column, Comparison, Row
from ivpt.analysis.differences import Difference
from ivpt.cli.compare_missing import missing_notes
from ivpt.cli.sheet import DASH, Sheet, between, digits, to_csv

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""


def values(found: Comparison) -> Sheet:
    """Rows of runs, columns of metrics: the value, its sd over seeds, its interval, the best of its controls."""
    rows = [
        (name_lines(row), *((*value_lines(cell), *control_lines(cell)) for cell in cells))
        for row, cells in zip(found.rows, found.cells, strict=True)
    ]
    return Sheet(("run", *(head_of(found, k) for k in range(len(found.columns)))), tuple(rows))


def differences(found: Comparison) -> Sheet | None:
    """The other rows minus the baseline; ``None`` where there is no difference at all."""
    rows = []
    for k, row in enumerate(found.rows):
        if k != found.baseline and any(each is not None for each in found.differences[k]):
            units = [cell.unit for cell in found.cells[k]]
            cells = (_difference_lines(d, unit) for d, unit in zip(found.differences[k], units, strict=True))
            rows.append((name_lines(row), *cells))
    if not rows:
        return None
    head = f"minus {found.rows[found.baseline].name}"
    return Sheet((head, *(head_of(found, k) for k in range(len(found.columns)))), tuple(rows))


def name_lines(row: Row) -> tuple[str, ...]:
    """Name and, for several runs, the seeds."""
    if len(row.runs) == 1:
        return (row.name,)
    return row.name, f"({len(row.runs)} seeds: {', '.join(map(str, row.seeds))})"


def head_of(found: Comparison, k: int) -> str:
    """A column's head with its unit."""
    unit = next((cells[k].unit for cells in found.cells if cells[k].unit), "")
    return f"{found.columns[k].head} [{unit}]" if unit else found.columns[k].head


def value_lines(cell: Cell) -> tuple[str, ...]:
    """``75.3 ± 1.2`` and ``(70.1 to 80.2)``; a dash without value."""
    if cell.value is None:
        return (DASH,)
    shown = digits(cell.value, cell.unit)
    if cell.sd is not None:
        shown += f" ± {digits(cell.sd, cell.unit)}"
    around = between(cell.interval, cell.unit)
    return (shown, f"({around})") if around else (shown,)


def control_lines(cell: Cell) -> tuple[str, ...]:
    """``control 57.1``; nothing without one."""
    return () if cell.control is None else (f"control {digits(cell.control, cell.unit)}",)


def _difference_lines(difference: Difference | None, unit: str) -> tuple[str, ...]:
    if difference is None:
        return (DASH,)
    shown = digits(difference.value, unit)
    lines = [shown if shown.startswith("-") else f"+{shown}"]
    if around := between(difference.interval, unit):
        lines.append(f"({around})")
    if difference.p is not None:
        lines.append(f"p {'< 0.001' if difference.p < 0.001 else f'= {difference.p:.3f}'}")
    return tuple(lines)


def footnotes(found: Comparison) -> list[str]:
    """What is missing and how to have it, then what a reader has to know."""
    several = any(len(row.runs) > 1 for row in found.rows)
    single = any(len(row.runs) == 1 for row in found.rows)
    kinds = ["(…): 95 % interval over test images"] if single else []
    if several:
        kinds.append(
            "± and (…) of several seeds: standard deviation over seeds, and Student's 95 % interval of their mean"
        )
    notes = ["; ".join(kinds).replace("test images", f"{found.rows[0].runs[0].split} images") + "."]
    notes += _about_controls(found)
    notes += missing_notes(found)
    for k, column in enumerate(found.columns):
        notes += _undefined(found, k, column)
    return notes + list(found.notes)


def _about_controls(found: Comparison) -> list[str]:
    known = []
    for k, column in enumerate(found.columns):
        names = dict.fromkeys(name for cells in found.cells for name in cells[k].controls)
        if names:
            known.append(f"{column.head} ({' or '.join(map(_bare, names))})")
    if not known:
        return []
    return [f"control: the best that is reached without knowing the concepts, by {'; '.join(known)}."]


def _bare(control: str) -> str:
    """``constant centre`` of ``control: constant centre``, which stands behind the word."""
    return control.removeprefix("control").lstrip(":, ") or control


def _undefined(found: Comparison, k: int, column: Column) -> list[str]:
    notes = []
    for row, cells in zip(found.rows, found.cells, strict=True):
        for why in cells[k].why:
            notes.append(f"{DASH} {column.head} of {row.name} is undefined: {why}")
        if 0 < cells[k].runs < len(row.runs):
            notes.append(f"{column.head} of {row.name} is the mean of {cells[k].runs} of {len(row.runs)} runs.")
    return notes


def as_csv(found: Comparison) -> str:
    """One line per row, eight fields per column."""
    parts = ("", " sd", " low", " high", " difference", " difference low", " difference high", " p", " kind")
    head = ["run", "seeds", *(column.head + part for column in found.columns for part in parts)]
    rows = []
    for row, cells, others in zip(found.rows, found.cells, found.differences, strict=True):
        line: list[object] = [row.name, " ".join(map(str, row.seeds))]
        for cell, other in zip(cells, others, strict=True):
            line += [cell.value, cell.sd, *(cell.interval or (None, None))]
            line += (
                [None] * 5 if other is None else [other.value, *(other.interval or (None, None)), other.p, other.kind]
            )
        rows.append(line)
    return to_csv(head, rows)


def as_json(found: Comparison) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "schema": SCHEMA,
        "split": found.rows[0].runs[0].split,
        "baseline": found.rows[found.baseline].name,
        "columns": [{"metric": c.metric, "figure": c.figure or None, "head": c.head} for c in found.columns],
        "rows": [
            {
                "name": row.name,
                "runs": [{"path": str(run.path), "seed": run.seed, "dataset": run.dataset} for run in row.runs],
                "cells": [cell_json(cell) for cell in cells],
                "differences": [None if other is None else _difference_json(other) for other in others],
            }
            for row, cells, others in zip(found.rows, found.cells, found.differences, strict=True)
        ],
        "notes": footnotes(found),
    }


def cell_json(cell: Cell) -> dict[str, Any]:
    """A cell as plain values."""
    return {
        "value": cell.value,
        "sd": cell.sd,
        "interval": None if cell.interval is None else list(cell.interval),
        "interval_over": cell.over,
        "unit": cell.unit,
        "higher_is_better": cell.higher_is_better,
        "runs": cell.runs,
        "missing_in": [str(path) for path in cell.missing],
        "undefined": list(cell.why),
        "control": cell.control,
        "controls": list(cell.controls),
    }


def _difference_json(difference: Difference) -> dict[str, Any]:
    return {
        "value": difference.value,
        "interval": None if difference.interval is None else list(difference.interval),
        "p": difference.p,
        "kind": difference.kind,
        "why": difference.why,
    }
