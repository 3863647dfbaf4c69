"""``ivpt sweep``: the rows of a table, trained and evaluated over seeds."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivpt.cli.failures import Session

if TYPE_CHECKING:
    from ivpt.errors import IvptError
    from ivpt.sweep.definition import Definition, RowDefinition
    from ivpt.sweep.plan import Job
    from ivpt.sweep.runner import MetricsOf, Outcome, RowMetrics


@click.command()
@click.argument("table", metavar="TABLE|FILE.toml")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Of the runs.  [default: runs/<table>]")
@click.option("--seeds", default="0,1,2", show_default=True, metavar="N,N,...", help="One run of each row for each.")
@click.option("--epochs", metavar="N", help="Passes over the training images.")
@click.option("--dataset", metavar="NAME", help="Registered data set.")
@click.option("--data", "root", metavar="DIR", help="Folder of the data set's files.")
@click.option("--backbone", metavar="NAME", help="Registered backbone, or timm:<name>.")
@click.option("--weights", metavar="FILE", help="Backbone weights, or 'none' for random ones.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--preset", metavar="NAME", default="default", show_default=True, help="default, paper or published.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Any setting of all rows.")
@click.option("--metric", "metrics", metavar="NAME", multiple=True, help="Compute these.  [default: the table's]")
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Runs that go on at the same time; they share the cores.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="Of the output.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_context
def sweep(
    ctx: click.Context,
    /,
    table: str,
    out: Path | None,
    seeds: str,
    preset: str,
    settings: tuple[str, ...],
    metrics: tuple[str, ...],
    processes: int,
    dry_run: bool,
    shape: str,
    as_json: bool,
    **typed: str | None,
) -> None:
    """Train and evaluate the rows of a table, and print it beside the paper's.

    TABLE is table3 (components) or table4 (layers and prototypes), or a TOML file as docs/results.md describes it.
    What is trained or computed already is not done again, as long as its settings are the same; so the same command
    goes on after an interruption. A run that fails is named, the others go on, and the exit code is that of the
    failure.
    """
    from ivpt.cli.train import be_a_good_neighbour, be_quiet
    from ivpt.cli.train_config import shortcuts, with_recommendations
    from ivpt.sweep.definition import find_definition

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise click.UsageError("A sweep runs in one process.", ctx)
    be_quiet()
    be_a_good_neighbour()
    name, definition = find_definition(table)
    overrides = shortcuts(typed, settings)
    names = tuple(dict.fromkeys(metrics)) or definition.metrics
    _check_metrics(definition)
    for row in definition.rows:
        _metrics_of(definition, row, names=names)

    from ivpt.sweep.plan import make_jobs

    jobs = make_jobs(
        definition,
        parse_seeds(seeds),
        overrides,
        out or Path("runs") / name,
        lambda values: with_recommendations(preset, None, values),
    )
    shape = "json" if as_json else shape
    if dry_run:
        click.echo(_planned(jobs, shape), nl=False)
        return

    outcomes = _run(jobs, partial(_metrics_of, definition, names=names), processes, ctx.obj)

    from ivpt.cli.sweep_table import make_table

    command = _command(table, out, seeds, preset, settings, metrics, processes, typed)
    click.echo(_written(make_table(definition, command, outcomes), shape), nl=False)
    _leave(ctx, [outcome.error for outcome in outcomes if outcome.error is not None], len(outcomes))


def parse_seeds(words: str) -> list[int]:
    """``0,1,2`` as numbers.

    Raises:
        ConfigError: something else, or a seed twice.
    """
    from ivpt.errors import ConfigError

    parts = words.replace(",", " ").split()
    if not parts or not all(part.isdecimal() for part in parts):
        raise ConfigError(f"{words!r} are no seeds.", "Write --seeds 0,1,2.")
    seeds = [int(part) for part in parts]
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"{words!r} names a seed twice.", "Write --seeds 0,1,2.")
    return seeds


def _check_metrics(definition: "Definition") -> None:
    """Refuse a table that names a metric nobody brings: better now than after hours."""
    from ivpt.errors import PluginError, nearest
    from ivpt.registry import METRICS

    known = METRICS.names()
    named = [column.metric for column in definition.columns]
    named += [*definition.metric, *(name for row in definition.rows for name in row.metric)]
    for name in named:
        if name.partition("@")[0] not in known:
            raise PluginError(f"There is no metric {name!r}.", nearest(name, known))


def _metrics_of(definition: "Definition", row: "RowDefinition", *, names: tuple[str, ...]) -> "RowMetrics":
    from ivpt.cli.evaluate import make_metrics
    from ivpt.errors import ConfigError
    from ivpt.sweep.runner import RowMetrics

    options = definition.metric_options(row, names)
    try:
        return RowMetrics(make_metrics(names, options, "test")[0], options)
    except ConfigError as error:
        raise ConfigError(f"Row {row.name!r}: {error.message}", error.hint) from None


def _run(jobs: "Sequence[Job]", metrics_of: "MetricsOf", processes: int, session: Session) -> "list[Outcome]":
    from ivpt.cores import usable_cores
    from ivpt.metrics.evidence import RunEvidence

    processes = min(processes, len(jobs))
    if processes == 1:
        from ivpt.cli.sweep_progress import SweepProgress
        from ivpt.sweep.runner import run_jobs

        return run_jobs(jobs, metrics_of, RunEvidence, SweepProgress())
    # before torch is imported here and in the processes, which inherit it
    os.environ.setdefault("OMP_NUM_THREADS", str(max(usable_cores() // processes, 1)))
    from ivpt.cli.progress import progress_bars
    from ivpt.cli.sweep_progress import TogetherProgress
    from ivpt.sweep.together import run_jobs_together

    prepare = partial(_prepare, session.verbose)
    with progress_bars() as bars:
        watcher = TogetherProgress(bars)
        return run_jobs_together(jobs, metrics_of, RunEvidence, watcher, processes=processes, prepare=prepare)


def _prepare(verbose: bool) -> None:
    """What the command line does before anything else, in a process that it did not start."""
    from ivpt.cli.train import be_quiet

    be_quiet()
    if verbose:
        Session().be_verbose()


def _command(
    table: str,
    out: Path | None,
    seeds: str,
    preset: str,
    settings: Sequence[str],
    metrics: Sequence[str],
    processes: int,
    typed: Mapping[str, str | None],
) -> str:
    """The command line again, without what only says how it is shown."""
    import shlex

    words = ["ivpt", "sweep", table, "--seeds", ",".join(map(str, parse_seeds(seeds)))]
    words += [] if preset == "default" else ["--preset", preset]
    words += [] if processes == 1 else ["--processes", str(processes)]
    for name, value in typed.items():
        words += [] if value is None else [f"--{'data' if name == 'root' else name}", value]
    for option, values in (("--set", settings), ("--metric", metrics), ("--out", [str(out)] if out else [])):
        words += [word for value in values for word in (option, value)]
    return shlex.join(words)


def _planned(jobs: "Sequence[Job]", shape: str) -> str:
    import json

    from ivpt.cli import sweep_table
    from ivpt.cli.sheet import drawn, in_markdown

    if shape == "json":
        return json.dumps(sweep_table.plan_json(jobs), indent=2, ensure_ascii=False) + "\n"
    return (in_markdown if shape == "markdown" else drawn)([sweep_table.plan_sheet(jobs)], [])


def _written(table: Any, shape: str) -> str:
    import json

    from ivpt.cli import sweep_table

    if shape == "json":
        return json.dumps(sweep_table.as_json(table), indent=2, ensure_ascii=False) + "\n"
    return sweep_table.to_markdown(table) if shape == "markdown" else sweep_table.to_terminal(table)


def _leave(ctx: click.Context, errors: "Sequence[IvptError]", total: int) -> None:
    """Leave with the code of the first failure; what each was has been said."""
    if errors:
        click.echo(f"{len(errors)} of {total} runs have failed; the same command tries them again.", err=True)
        ctx.exit(errors[0].exit_code)
