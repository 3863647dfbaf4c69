"""``ivpt plugins``: what is registered, and who brings it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ivpt.errors import ExitCode

if TYPE_CHECKING:
    from ivpt.registry import Status

COLUMNS = ("kind", "name", "distribution", "version", "api_version", "state", "reason")
HEADER = ("kind", "name", "distribution", "version", "interface", "state", "reason")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--check", is_flag=True, help="Import every plugin; exit code 4 if one of them cannot be used.")
@click.option(
    "--time-limit", type=float, default=60.0, metavar="S", help="Seconds that importing one may take.  [default: 60]"
)
def plugins(as_json: bool, check: bool, time_limit: float) -> None:
    """List data sets, backbones, metrics and methods, and the packages that bring them.

    Without --check the list comes from package metadata alone: nothing is imported and no state is claimed but
    conflicts of names. With it every package's plugins are imported in a process of their own.
    """
    from ivpt.registry import REGISTRIES

    found: list[Status] = [listed for registry in REGISTRIES for listed in registry.listing()]
    if check:
        found = checked(found, time_limit)
    if as_json:
        click.echo(json.dumps([asdict(status) for status in found], indent=2))
    else:
        click.echo(table(HEADER, [_row(status) for status in found]))
    if check and any(status.state != "ok" for status in found):
        click.get_current_context().exit(ExitCode.PLUGIN)


def checked(listed: "Sequence[Status]", limit: float) -> "list[Status]":
    """Every plugin imported, in processes of their own, with a bar on stderr."""
    from ivpt.cli.plugin_facts import look_at
    from ivpt.cli.progress import progress_bar

    with progress_bar() as progress:
        return [found.status for found in look_at(listed, limit=limit, progress=progress)]


def _row(status: "Status") -> list[str]:
    from ivpt.cli.info import printable

    values = (getattr(status, column) for column in COLUMNS)
    return [printable("" if value is None else str(value)) for value in values]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart; the last column is as long as it is, empty columns are left out."""
    filled = [column for column in range(len(header)) if any(row[column] for row in rows)]
    lines = [[line[column] for column in filled] for line in (list(header), *map(list, rows))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(filled))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
