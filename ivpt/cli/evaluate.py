"""``ivpt evaluate``: metrics of a run, computed from its file and stored in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ivpt.errors import IvptError
    from ivpt.evaluation.evaluate import Evaluation
    from ivpt.interfaces.metric import Metric

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""
PREFIX = "--metric."
_OPTIONS = "ivpt.metric_options"


class EvaluateCommand(click.Command):
    """A command that takes ``--metric.NAME.PARAMETER VALUE`` anywhere in its line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the metrics' own options out, and leave the rest to click."""
        rest, options = split_metric_options(args, ctx)
        ctx.meta[_OPTIONS] = options
        return super().parse_args(ctx, rest)


@click.command(cls=EvaluateCommand, epilog="Parameters of a metric itself: --metric.NAME.PARAMETER VALUE.")
@click.argument("run", metavar="RUN.h5", type=click.Path(path_type=Path))
@click.option(
    "--metric", "names", metavar="NAME", multiple=True, help="A registered metric; may be repeated.  [default: all]"
)
@click.option("--split", type=click.Choice(["test", "val"]), default="test", show_default=True, help="On which images.")
@click.option("--data", "root", metavar="DIR", help="Folder of the data set's files, if it has moved.")
@click.option("--weights", metavar="FILE", help="The backbone's weights, if they have moved.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.  [default: the run's]")
@click.option("--batch-size", metavar="N", type=click.IntRange(min=1), help="Images at a time.  [default: the run's]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    run: Path,
    names: tuple[str, ...],
    split: str,
    root: str | None,
    weights: str | None,
    device: str | None,
    batch_size: int | None,
    as_json: bool,
) -> None:
    """Compute metrics of a run and store them in its file.

    Without --metric all metrics are computed whose annotations the images have. Where a metric needs maps of changed
    images (box crops, noise) or asks the model, the model is reloaded from the run file, checked against the stored
    predictions, and its maps are kept in the run file for the next time.
    """
    from ivpt.cli.progress import progress_bar
    from ivpt.cli.train import be_a_good_neighbour
    from ivpt.evaluation.evaluate import Means, evaluate_run
    from ivpt.metrics.evidence import RunEvidence

    be_a_good_neighbour()
    metrics, unusable = make_metrics(names, ctx.meta[_OPTIONS], split)
    with progress_bar() as progress:
        found = evaluate_run(
            run,
            metrics,
            RunEvidence,
            split=split,
            strict=bool(names),
            means=Means(root, weights, device, batch_size, progress),
        )
    _say(found, unusable)
    if as_json:
        import json

        click.echo(json.dumps(describe(run, split, found, unusable), indent=2))
    else:
        from ivpt.cli.evaluate_table import show

        show(found, split)
    _leave(found, bool(names))


def split_metric_options(args: list[str], ctx: click.Context) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Take ``--metric.NAME.PARAMETER VALUE`` out of a command line.

    Returns:
        The other words, and the values as typed by name of metric and parameter.

    Raises:
        click.UsageError: an option without its value, or without a parameter's name.
    """
    rest: list[str] = []
    options: dict[str, dict[str, str]] = {}
    words = list(args)
    while words:
        word = words.pop(0)
        if not word.startswith(PREFIX):
            rest.append(word)
            continue
        option, equals, value = word.partition("=")
        name, dot, parameter = option.removeprefix(PREFIX).rpartition(".")
        if not (name and dot and parameter):
            raise click.UsageError(f"{option!r} names no parameter; write {PREFIX}NAME.PARAMETER VALUE.", ctx)
        if not equals:
            if not words:
                raise click.UsageError(f"Option {option!r} requires an argument.", ctx)
            value = words.pop(0)
        options.setdefault(name, {})[parameter.replace("-", "_")] = value
    return rest, options


def make_metrics(
    names: tuple[str, ...], options: dict[str, dict[str, str]], split: str
) -> tuple[dict[str, "Metric"], dict[str, "IvptError"]]:
    """Construct metrics with their parameters.

    Args:
        names: as asked for; empty for all registered ones.
        options: values as typed, by name of metric and parameter.
        split: given to metrics that have a parameter of that name.

    Returns:
        The metrics, and why some of all registered ones cannot be had; one asked for by name is an error at once.

    Raises:
        PluginError: a metric asked for, or given a parameter, is unknown or broken.
        ConfigError: a parameter is unknown or of the wrong type.
    """
    from ivpt.errors import ConfigError, IvptError
    from ivpt.registry import METRICS

    wanted = list(dict.fromkeys(names)) or METRICS.names()
    for name in options:
        if name not in wanted:
            METRICS.load(name)
            raise ConfigError(f"The metric {name!r} has a parameter but is not computed.", f"Add --metric {name}.")
    metrics: dict[str, Metric] = {}
    unusable: dict[str, IvptError] = {}
    for name in wanted:
        try:
            values: dict[str, Any] = dict(options.get(name, {}))
            known = [option.name for option in METRICS.options(METRICS.load(name))]
            if "split" in known:
                values.setdefault("split", split)
            elif split != "test":
                raise ConfigError(f"The metric {name!r} is made for test images only.", "Leave --split out.")
            metrics[name] = METRICS.create(name, values)
        except IvptError as error:
            if names or name in options:
                raise
            unusable[name] = error
    return metrics, unusable


def describe(run: Path, split: str, found: "Evaluation", unusable: dict[str, "IvptError"]) -> dict[str, Any]:
    """What ``--json`` prints."""
    from ivpt.evaluation.record import as_entry

    failures = {**unusable, **found.failures}
    return {
        "schema": SCHEMA,
        "run": str(run),
        "split": split,
        "metrics": {name: as_entry(result, name, split) for name, result in found.results.items()},
        "left_out": {name: error.message for name, error in failures.items()},
        "passes": list(found.passes),
        "verification": None if found.verification is None else found.verification.to_json(),
    }


def _say(found: "Evaluation", unusable: dict[str, "IvptError"]) -> None:
    from ivpt.cli.info import printable

    if found.verification is not None:
        click.echo(printable(found.verification.describe()), err=True)
    for name, error in {**unusable, **found.failures}.items():
        click.echo(printable(f"Left out: {name}. {error.message}"), err=True)


def _leave(found: "Evaluation", named: bool) -> None:
    """Leave with the error of a metric that was asked for or should have worked; the others are stored by now."""
    from ivpt.errors import DataError

    for error in found.failures.values():
        if named or not isinstance(error, DataError):
            raise error
