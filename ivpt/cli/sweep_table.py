"""The table of a sweep beside the paper's figures: as a sheet, as Markdown for docs/results.md, and as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivpt.analysis.comparison import Cell, Column, Row, cell_of
from ivpt.analysis.scored import ScoredRun, read_scored
from ivpt.cli.compare_table import cell_json, value_lines
from ivpt.cli.sheet import DASH, Sheet, drawn, in_markdown
from ivpt.config import flat
from ivpt.sweep.definition import ColumnDefinition, Definition, RowDefinition
from ivpt.sweep.plan import Job
from ivpt.sweep.runner import Outcome

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""


@dataclass(frozen=True)
class SweepTable:
    """A sweep that has come to its end.

    Attributes:
        definition: of rows and columns.
        command: that made it, as typed.
        outcomes: of its runs.
        runs: what was read of those that have not failed, by position of the outcome.
        cells: of each row, column by column.
    """

    definition: Definition
    command: str
    outcomes: tuple[Outcome, ...]
    runs: Mapping[int, ScoredRun]
    cells: tuple[tuple[Cell, ...], ...]


def make_table(definition: Definition, command: str, outcomes: Sequence[Outcome]) -> SweepTable:
    """Read the runs that have not failed.

    Raises:
        RunFileError: a run file was removed or damaged meanwhile.
    """
    runs = {k: read_scored(each.job.out) for k, each in enumerate(outcomes) if each.error is None}
    cells = []
    for row in definition.rows:
        own = [runs[k] for k in sorted(runs) if outcomes[k].job.row == row]
        line = [cell_of(Row(row.name, tuple(own)), Column(c.metric, c.figure)) for c in definition.columns]
        if len({each.job.seed for each in outcomes}) > 1:
            # what is left of a row with failed runs: an interval over images would stand among those over seeds
            line = [replace(cell, interval=None) if cell.over == "images" else cell for cell in line]
        cells.append(tuple(line))
    return SweepTable(definition, command, tuple(outcomes), runs, tuple(cells))


def to_terminal(table: SweepTable) -> str:
    """For a terminal."""
    return drawn([sheet(table)], notes(table))


def to_markdown(table: SweepTable) -> str:
    """For docs/results.md, between the lines by which the next one replaces it."""
    body = in_markdown([sheet(table)], notes(table))
    begin, end = (f"<!-- {word}: {table.command.replace('-->', '-- >')} -->" for word in ("begin", "end"))
    return f"{begin}\n\n**{table.definition.title}**\n\n```\n{table.command}\n```\n\n{body}\n{end}\n"


def sheet(table: SweepTable) -> Sheet:
    """A column of ours and, where the paper has figures, one of the paper's, for each figure."""
    definition = table.definition
    printed = [any(column.name in row.paper for row in definition.rows) for column in definition.columns]
    head = [definition.title]
    for k, column in enumerate(definition.columns):
        unit = next((cells[k].unit for cells in table.cells if cells[k].unit), "")
        head += [f"{column.name} [{unit}]" if unit else column.name, *(["paper"] if printed[k] else [])]
    rows = []
    for row, cells in zip(definition.rows, table.cells, strict=True):
        line: list[tuple[str, ...]] = [(row.name,)]
        for k, (column, cell) in enumerate(zip(definition.columns, cells, strict=True)):
            line.append(value_lines(cell))
            if printed[k]:
                line.append((_paper(row, column),))
        rows.append(tuple(line))
    return Sheet(tuple(head), tuple(rows))


def _paper(row: RowDefinition, column: ColumnDefinition) -> str:
    return f"{row.paper[column.name]:.1f}" if column.name in row.paper else DASH


def notes(table: SweepTable) -> list[str]:
    """How to read it, where it comes from, and what is missing."""
    definition = table.definition
    seeds = list(dict.fromkeys(outcome.job.seed for outcome in table.outcomes))
    found = [
        f"Mean ± standard deviation over the seeds {', '.join(map(str, seeds))}; (…): Student's 95 % interval of the "
        "mean over seeds, which with few seeds may leave the range of the figure."
        if len(seeds) > 1
        else f"Seed {seeds[0]} alone; (…): 95 % interval over test images, which holds nothing of other seeds."
    ]
    if definition.source and any(row.paper for row in definition.rows):
        found.append(f"paper: {definition.source}.")
    found.append(f"Ours: {_setting(table.outcomes[0].job)}.")
    found += definition.notes
    for row, cells in zip(definition.rows, table.cells, strict=True):
        own = [outcome for outcome in table.outcomes if outcome.job.row == row]
        for column, cell in zip(definition.columns, cells, strict=True):
            found += _gaps(row, own, column, cell)
    for outcome in table.outcomes:
        if outcome.error is not None:
            found.append(f"Failed: {outcome.job.name}. {outcome.error.message}")
    return found


def _gaps(row: RowDefinition, own: Sequence[Outcome], column: ColumnDefinition, cell: Cell) -> list[str]:
    reasons = [*cell.why, *(each.left_out[column.metric] for each in own if column.metric in each.left_out)]
    gaps = [f"{DASH} {column.name} of {row.name}: {reason}" for reason in dict.fromkeys(reasons)]
    if cell.missing and not reasons:
        gaps.append(f"{DASH} {column.name} of {row.name} was not computed; name {column.metric} with --metric.")
    if 0 < cell.runs < len(own):
        gaps.append(f"{column.name} of {row.name} is the mean of {cell.runs} of {len(own)} seeds.")
    return gaps


def _setting(job: Job) -> str:
    config = job.config
    return f"{config.backbone.name} on {config.data.dataset}, epochs: {config.training.epochs}"


def as_json(table: SweepTable) -> dict[str, Any]:
    """What ``--json`` prints."""
    definition = table.definition
    return {
        "schema": SCHEMA,
        "title": definition.title,
        "source": definition.source,
        "command": table.command,
        "seeds": list(dict.fromkeys(outcome.job.seed for outcome in table.outcomes)),
        "columns": [column.model_dump() for column in definition.columns],
        "rows": [
            {
                "name": row.name,
                "settings": flat(row.settings),
                "cells": [
                    {**cell_json(cell), "paper": row.paper.get(column.name)}
                    for column, cell in zip(definition.columns, cells, strict=True)
                ],
                "runs": [
                    _run_json(outcome, table.runs.get(k))
                    for k, outcome in enumerate(table.outcomes)
                    if outcome.job.row == row
                ],
            }
            for row, cells in zip(definition.rows, table.cells, strict=True)
        ],
        "notes": notes(table),
    }


def _run_json(outcome: Outcome, run: ScoredRun | None) -> dict[str, Any]:
    kept = ("unit", "headline", "figures", "layer", "images", "parameters")
    metrics = {} if run is None else {name: e for name, e in run.entries.items() if "metric" in e}
    return {
        "path": str(outcome.job.out),
        "seed": outcome.job.seed,
        "before": outcome.job.state,
        "seconds": outcome.seconds,
        "error": None if outcome.error is None else outcome.error.message,
        "left_out": dict(outcome.left_out),
        "metrics": {name: {key: entry.get(key) for key in kept} for name, entry in metrics.items()},
    }


def plan_sheet(jobs: Sequence[Job]) -> Sheet:
    """What a sweep would do."""
    doing = {"new": "train", "unfinished": "go on", "finished": "done; only what is missing is computed"}
    rows = []
    for job in jobs:
        own = " ".join(f"{key}={_word(value)}" for key, value in flat(job.row.settings).items())
        rows.append(((job.row.name,), (str(job.seed),), (doing[job.state],), (str(job.out),), (own,)))
    return Sheet(("row", "seed", "what", "run file", "settings"), tuple(rows))


def plan_json(jobs: Sequence[Job]) -> dict[str, Any]:
    """What ``--dry-run --json`` prints."""
    return {
        "schema": SCHEMA,
        "jobs": [
            {
                "row": job.row.name,
                "seed": job.seed,
                "state": job.state,
                "path": str(job.out),
                "config": job.config.model_dump(mode="json"),
            }
            for job in jobs
        ],
    }


def _word(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
