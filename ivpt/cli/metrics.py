"""``ivpt metrics``: which there are, and what they need."""

from typing import Any

import click


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def metrics(names: tuple[str, ...], as_json: bool) -> None:
    """List metrics and what they need; with one NAME, all about it.

    NAME may hold * and ?.
    """
    from ivpt.cli.plugin_listing import show
    from ivpt.registry import METRICS

    show(METRICS, names, as_json, ("needs",), _cells, _lines, lambda name, option: f"--metric.{name}.{option} VALUE")


def _cells(facts: dict[str, Any]) -> list[str]:
    return [", ".join([*facts.get("needs", []), *(["the model"] if facts.get("needs_model") else [])])]


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Needs", _cells(facts)[0] or "nothing but a run file"), ("Uses", ", ".join(facts.get("uses", [])))]
