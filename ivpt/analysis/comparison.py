"""Runs side by side: rows of runs (or of the seeds of one setting), columns of metrics, differences to one of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivpt.analysis.controls import best_control
from ivpt.analysis.differences import (
    Difference,
    Interval,
    bootstrap,
    from_intervals,
    from_replicates,
    over_seeds,
)
from ivpt.analysis.pairing import UNDEFINED, averaged, obstacle
from ivpt.analysis.scored import ACCURACY, Number, ScoredRun
from ivpt.errors import ConfigError, nearest

SHORT = {"consistency": "Con.", "stability": "Sta.", ACCURACY: "Acc."}
"""Heads of the columns of the paper's Table 1, in the order they stand in; all others are called as --metric does."""


@dataclass(frozen=True)
class Column:
    """A figure of a metric; ``figure`` is ``""`` for the headline."""

    metric: str
    figure: str = ""

    @property
    def head(self) -> str:
        """As the table calls it."""
        return f"{self.metric}: {self.figure}" if self.figure else SHORT.get(self.metric, self.metric)


@dataclass(frozen=True)
class Row:
    """One run, or runs that differ in the seed only."""

    name: str
    runs: tuple[ScoredRun, ...]

    @property
    def seeds(self) -> list[int]:
        """Of its runs."""
        return [run.seed for run in self.runs]


@dataclass(frozen=True)
class Cell:
    """What a row has in a column.

    Attributes:
        value: mean over the row's runs; ``None`` when nothing is stored, or nothing is defined.
        sd: over seeds (n - 1); ``None`` for a single run.
        interval: 95 %: over images for a single run, Student's over seeds for several.
        over: what the interval is over.
        unit: of the values.
        higher_is_better: ``None`` where neither is.
        runs: how many runs have the number.
        missing: files of runs in which it is not stored.
        why: why it is undefined in others.
        control: of a headline, the best that its controls reach in a run, mean over the runs that have one.
        controls: which of them that is.
    """

    value: float | None
    sd: float | None
    interval: Interval | None
    over: Literal["images", "seeds"]
    unit: str
    higher_is_better: bool | None
    runs: int
    missing: tuple[Path, ...]
    why: tuple[str, ...]
    control: float | None = None
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A table of rows and columns.

    Attributes:
        rows: in the order given.
        columns: in the order of the table.
        cells: of each row, column by column.
        baseline: position of the row that others are compared with.
        differences: of each row to the baseline, column by column; ``None`` where there is none.
        notes: what a reader has to know, in sentences.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[Cell, ...], ...]
    baseline: int
    differences: tuple[tuple[Difference | None, ...], ...]
    notes: tuple[str, ...]


def parse_column(words: str) -> Column:
    """``consistency`` or ``consistency:random cell``."""
    metric, _, figure = words.partition(":")
    return Column(metric.strip(), figure.strip())


def default_columns(runs: Iterable[ScoredRun]) -> list[Column]:
    """Headlines of every metric that some run was evaluated on: the paper's first, the others by name."""
    found = {ACCURACY} | {name for run in runs for name, entry in run.entries.items() if "metric" in entry}
    return [Column(name) for name in (*[n for n in SHORT if n in found], *sorted(found - SHORT.keys()))]


def check_columns(columns: Iterable[Column], runs: Sequence[ScoredRun], registered: Iterable[str]) -> None:
    """Refuse names that mean nothing.

    Args:
        columns: asked for.
        runs: to be compared.
        registered: names of the metrics that could be computed.

    Raises:
        ConfigError: a metric is neither stored nor registered; a figure is in none of the runs that have its metric.
    """
    stored = {name for run in runs for name in run.entries} | {ACCURACY}
    for column in columns:
        if column.metric not in stored and column.metric not in (known := set(registered)):
            raise ConfigError(f"There is no metric {column.metric!r}.", nearest(column.metric, sorted(stored | known)))
        figures = {figure for run in runs for figure in run.figures(column.metric)}
        if column.figure and figures and column.figure not in figures:
            hint = nearest(column.figure, sorted(figures))
            raise ConfigError(f"The metric {column.metric!r} has no figure {column.figure!r}.", hint)


def make_rows(runs: Sequence[ScoredRun], *, group: bool = False) -> list[Row]:
    """Rows named by file names, or by paths where names are equal.

    Args:
        runs: in order.
        group: put runs together that differ in the seed only; a seed that comes twice in a row is refused.

    Raises:
        ConfigError: there is one run only, a file is given twice, or two runs of a group have one seed.
    """
    if len(runs) < 2:
        raise ConfigError("One run cannot be compared with itself.", "Name two run files or more.")
    paths = [run.path.resolve() for run in runs]
    for path, count in Counter(paths).items():
        if count > 1:
            raise ConfigError(f"The run file {path} is given twice.", "Name each run once.")
    stems = Counter(run.path.stem for run in runs)
    names = [run.path.stem if stems[run.path.stem] == 1 else str(run.path) for run in runs]
    if not group:
        return [Row(name, (run,)) for name, run in zip(names, runs, strict=True)]
    together: dict[str, list[tuple[str, ScoredRun]]] = {}
    for name, run in zip(names, runs, strict=True):
        together.setdefault(run.settings, []).append((name, run))
    rows = []
    for members in together.values():
        seeds = Counter(run.seed for _, run in members)
        twice = next((seed for seed, count in seeds.items() if count > 1), None)
        if twice is not None:
            same = " and ".join(str(run.path) for _, run in members if run.seed == twice)
            raise ConfigError(f"{same} have the same settings and the same seed {twice}.", "Leave one of them out.")
        rows.append(Row(members[0][0], tuple(run for _, run in members)))
    return rows


def cell_of(row: Row, column: Column) -> Cell:
    """The number of a row in a column."""
    numbers = [(run, run.number(column.metric, column.figure)) for run in row.runs]
    found = [number for _, number in numbers if number is not None]
    known = [number for number in found if number.value is not None]
    first = (known or found or [Number(None)])[0]
    value, sd, interval = over_seeds([number.value for number in known if number.value is not None]) if known else _NONE
    single = len(row.runs) == 1
    best = [] if column.figure else [each for run in row.runs if (each := best_control(run, column.metric)) is not None]
    return Cell(
        value,
        sd,
        first.interval if single else interval,
        "images" if single else "seeds",
        first.unit,
        first.higher_is_better,
        len(known),
        tuple(run.path for run, number in numbers if number is None),
        tuple(dict.fromkeys(number.why for number in found if number.value is None)),
        sum(value for _, value in best) / len(best) if best else None,
        tuple(dict.fromkeys(name for name, _ in best)),
    )


_NONE: tuple[None, None, None] = (None, None, None)


def compare(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    baseline: int = 0,
    protocol: Callable[[str], Iterable[str]] = lambda metric: (),
) -> Comparison:
    """Put rows side by side.

    Args:
        rows: one or more.
        columns: of the table.
        baseline: position of the row that the others are compared with.
        protocol: name of a metric to its constructor parameters, which have to be equal for two numbers to be
            comparable.
    """
    cells = tuple(tuple(cell_of(row, column) for column in columns) for row in rows)
    base, base_cells = rows[baseline], cells[baseline]
    differences = tuple(
        tuple(
            None if row is base else _difference(row, cell, base, base_cells[k], column, protocol)
            for k, (column, cell) in enumerate(zip(columns, row_cells, strict=True))
        )
        for row, row_cells in zip(rows, cells, strict=True)
    )
    notes = [
        *_about_images(rows, base),
        *_about_protocols(rows, columns, protocol),
        *_about_tests(rows, columns, differences),
    ]
    return Comparison(tuple(rows), tuple(columns), cells, baseline, differences, tuple(notes))


def _difference(
    row: Row, cell: Cell, base: Row, other: Cell, column: Column, protocol: Callable[[str], Iterable[str]]
) -> Difference | None:
    if cell.value is None or other.value is None or _datasets(row) != _datasets(base):
        return None
    if column == Column(ACCURACY):
        first, second, paired = _recognised(row, base)
        found = bootstrap(first, second, paired=paired)
        around = None if found.interval is None else (100 * found.interval[0], 100 * found.interval[1])
        return Difference(100 * found.value, around, found.p, found.kind)
    why = obstacle((*row.runs, *base.runs), column.metric, column.figure, protocol(column.metric))
    if not why:
        again, others = averaged(row.runs, column.metric), averaged(base.runs, column.metric)
        difference = from_replicates(cell.value, again, other.value, others)
        if difference is not None:
            return difference
    return from_intervals(cell.value, cell.interval, other.value, other.interval, why or UNDEFINED)


def _recognised(row: Row, base: Row) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Per image the share of a row's runs that recognise it, of both rows, and whether images are the same."""
    first = base.runs[0]
    paired = all(first.same_images(run) for run in (*row.runs, *base.runs))
    return _per_image(row), _per_image(base), paired


def _per_image(row: Row) -> NDArray[np.float64]:
    """(n,) mean over runs where all have the same images; else the images of all runs, one after the other."""
    if all(row.runs[0].same_images(run) for run in row.runs):
        return np.asarray(np.mean([run.right for run in row.runs], axis=0), np.float64)
    return np.concatenate([run.right.astype(np.float64) for run in row.runs])


def _datasets(row: Row) -> set[str]:
    return {run.dataset for run in row.runs}


def _about_images(rows: Sequence[Row], base: Row) -> list[str]:
    notes = []
    names = sorted(set().union(*(_datasets(row) for row in rows)))
    if len(names) > 1:
        notes.append(
            f"The runs are of different data sets ({', '.join(map(repr, names))}): numbers of one say little about "
            "another, and no differences are made between them."
        )
    others = [row for row in rows if row is not base and _datasets(row) == _datasets(base)]
    unpaired = [row.name for row in others if not _recognised(row, base)[2]]
    if unpaired:
        notes.append(
            f"Unpaired: {', '.join(unpaired)} and {base.name} were not judged on the same images, so images of each "
            "are drawn by themselves."
        )
    tables = {run.split_sha256 for row in (base, *others) for run in row.runs}
    if len(tables) > 1 and len(unpaired) < len(others):
        notes.append("Train and val images were drawn differently in some runs; the judged images are the same.")
    return notes


def _about_protocols(
    rows: Sequence[Row], columns: Sequence[Column], protocol: Callable[[str], Iterable[str]]
) -> list[str]:
    """Where numbers of one column were not computed in the same way."""
    notes = []
    for metric in dict.fromkeys(column.metric for column in columns):
        used: list[Mapping[str, object]] = [
            run.entries[metric].get("parameters", {}) for row in rows for run in row.runs if metric in run.entries
        ]
        for name in protocol(metric):
            values = list(dict.fromkeys(_shown(each[name]) for each in used if name in each))
            if len(values) > 1:
                notes.append(f"{Column(metric).head} was computed with different {name}: {', '.join(values)}.")
    return notes


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _about_tests(
    rows: Sequence[Row], columns: Sequence[Column], differences: Sequence[Sequence[Difference | None]]
) -> list[str]:
    found = [each for row in differences for each in row if each is not None]
    notes = []
    if any(each.p is not None for each in found):
        notes.append("p: two-sided bootstrap over test images; it is not corrected for the number of comparisons.")
    joined: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for row, line in zip(rows, differences, strict=True):
        reasons: dict[str, list[str]] = {}
        for column, each in zip(columns, line, strict=True):
            if each is not None and each.kind == "intervals":
                reasons.setdefault(each.why, []).append(column.head)
        for why, heads in reasons.items():
            joined.setdefault((why, tuple(heads)), []).append(row.name)
    if joined:
        notes.append("Without p: joined from the two intervals as if these were independent, without a test.")
    notes += [f"Without p, {', '.join(heads)} of {', '.join(names)}: {why}." for (why, heads), names in joined.items()]
    if any(len(row.runs) > 1 for row in rows) and notes:
        notes.append("Rows with several seeds: p is over images alone; hold a difference against the sd over seeds.")
    return notes


__all__ = [
    "Cell",
    "Column",
    "Comparison",
    "Row",
    "cell_of",
    "check_columns",
    "compare",
    "default_columns",
    "make_rows",
    "parse_column",
]
