"""Metrics as a table: the headline of each, its variants and controls below it."""

import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivpt.cli.info import printable

if TYPE_CHECKING:
    from ivpt.evaluation.evaluate import Evaluation
    from ivpt.interfaces.metric import Figure, MetricResult

_UNBROKEN = 200


def show(found: "Evaluation", split: str) -> None:
    """Print what an evaluation found to stdout; where that is no terminal, lines are not broken."""
    Console(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN).print(table(found, split))
    intervals = [f.interval for metric in found.results.values() for f in metric.figures.values() if f.interval]
    if any(low == high for low, high in intervals):
        click.echo("An interval without width: hardly any resample of these images changes the figure.", err=True)


def table(found: "Evaluation", split: str) -> Table:
    """One row per figure."""
    result = Table(box=None, padding=(0, 2, 0, 0))
    result.add_column(f"metric ({split})", overflow="fold")
    result.add_column("value", justify="right", no_wrap=True)
    result.add_column("95 % interval", justify="right", no_wrap=True)
    result.add_column("layer", no_wrap=True)
    result.add_column("images", justify="right", no_wrap=True)
    for name, metric in found.results.items():
        for number, (label, figure) in enumerate(metric.figures.items()):
            first = number == 0
            words = name if label == name else f"{name}: {label}"
            result.add_row(
                Text(printable(words), style="bold") if first else Text(f"  {printable(label)}"),
                number_of(figure, metric),
                interval_of(figure, metric),
                metric.layer or "" if first else "",
                f"{metric.images:,}" if first else "",
            )
            note = figure.why if figure.value is None else metric.parameters.get(label)
            # a parameter by a figure's name says what that figure is of: which group is the worst, and how small it is
            if isinstance(note, str) and note:
                result.add_row(Text(f"    {printable(note)}", style="italic"))
    return result


def number_of(figure: "Figure", metric: "MetricResult") -> str:
    """A figure's value with as many digits as its unit bears, and the unit."""
    return "undefined" if figure.value is None else f"{_digits(figure.value, metric.unit)} {metric.unit}".rstrip()


def interval_of(figure: "Figure", metric: "MetricResult") -> str:
    """A figure's interval."""
    if figure.interval is None:
        return ""
    low, high = figure.interval
    return f"{_digits(low, metric.unit)} to {_digits(high, metric.unit)}"


def _digits(value: float, unit: str) -> str:
    return f"{value:.1f}" if unit == "%" else f"{value:.4g}"
