"""``ivpt compare``: runs side by side, with intervals and a test."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ivpt.analysis.comparison import Comparison, Row

FORMATS = ("table", "markdown", "csv", "json")


@click.command()
@click.argument("runs", metavar="RUN.h5...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    help="A column: NAME, or NAME:FIGURE for a variant or control; may be repeated.  [default: all that are stored]",
)
@click.option(
    "--baseline", metavar="RUN.h5", type=click.Path(path_type=Path), help="Compare with it.  [default: the first]"
)
@click.option("--group", is_flag=True, help="Put runs together that differ in the seed only: mean and sd over seeds.")
@click.option("--split", type=click.Choice(["test", "val"]), default="test", show_default=True, help="On which images.")
@click.option(
    "--format", "shape", type=click.Choice(FORMATS), default="table", show_default=True, help="Of the output."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def compare(
    runs: tuple[Path, ...],
    metrics: tuple[str, ...],
    baseline: Path | None,
    group: bool,
    split: str,
    shape: str,
    as_json: bool,
) -> None:
    """Put runs side by side, with intervals and a test.

    Numbers are those stored in the run files; accuracy comes from the stored predictions. Where two runs were judged
    on the same images with the same parameters they are compared by pairs (bootstrap over images, with p); else by
    their intervals alone, which is said.
    """
    from ivpt.analysis.comparison import check_columns, default_columns, make_rows, parse_column
    from ivpt.analysis.comparison import compare as put_together
    from ivpt.analysis.scored import read_scored
    from ivpt.registry import METRICS

    known = {path.resolve() for path in runs}
    more = () if baseline is None or baseline.resolve() in known else (baseline,)
    scored = [read_scored(path, split) for path in (*runs, *more)]
    rows = make_rows(scored, group=group)
    columns = [parse_column(words) for words in dict.fromkeys(metrics)] or default_columns(scored)
    check_columns(columns, scored, METRICS.names())
    base = _position(rows, baseline) if baseline is not None else 0
    found = put_together(rows, columns, baseline=base, protocol=protocol_of)
    click.echo(_written(found, "json" if as_json else shape), nl=False)


def _position(rows: "list[Row]", baseline: Path) -> int:
    wanted = baseline.resolve()
    return next(k for k, row in enumerate(rows) if any(run.path.resolve() == wanted for run in row.runs))


def protocol_of(metric: str) -> Iterable[str]:
    """Constructor parameters of a metric that make its numbers comparable; none where its plugin is not to be had.

    The layer is not among them: it has another name in each backbone.
    """
    from ivpt.errors import IvptError
    from ivpt.registry import METRICS

    try:
        return [option.name for option in METRICS.options(METRICS.load(metric)) if option.name != "layer"]
    except IvptError:
        return []


def _written(found: "Comparison", shape: str) -> str:
    import json

    from ivpt.cli import compare_table
    from ivpt.cli.sheet import drawn, in_markdown

    if shape == "json":
        return json.dumps(compare_table.as_json(found), indent=2, ensure_ascii=False) + "\n"
    if shape == "csv":
        return compare_table.as_csv(found)
    sheets = [sheet for sheet in (compare_table.values(found), compare_table.differences(found)) if sheet is not None]
    return (in_markdown if shape == "markdown" else drawn)(sheets, compare_table.footnotes(found))
