"""``ivpt plugins``: what is registered, and who brings it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ivpt.errors import ExitCode

if TYPE_CHECKING:
    from ivpt.registry import Status

COLUMNS = ("kind", "name", "distribution", "version", "state", "reason")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--check", is_flag=True, help="Import every plugin; exit code 4 if one of them cannot be used.")
def plugins(as_json: bool, check: bool) -> None:
    """List data sets, backbones and metrics, and the packages that bring them.

    Without --check the list comes from package metadata alone: nothing is imported and no state is claimed but
    conflicts of names.
    """
    from ivpt.registry import REGISTRIES

    found: list[Status] = []
    for registry in REGISTRIES:
        found += [registry.check(s) for s in registry.listing()] if check else registry.listing()
    if as_json:
        click.echo(json.dumps([asdict(status) for status in found], indent=2))
    else:
        click.echo(table(COLUMNS, [[str(getattr(status, column)) for column in COLUMNS] for status in found]))
    if check and any(status.state != "ok" for status in found):
        click.get_current_context().exit(ExitCode.PLUGIN)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart; the last column is as long as it is, empty columns are left out."""
    filled = [column for column in range(len(header)) if any(row[column] for row in rows)]
    lines = [[line[column] for column in filled] for line in (list(header), *map(list, rows))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(filled))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
