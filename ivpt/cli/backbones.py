"""``ivpt backbones``: which there are, and whether their weights are here. The network is not asked."""

from typing import Any

import click


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def backbones(names: tuple[str, ...], as_json: bool) -> None:
    """List backbones and whether their weights are present; with one NAME, all about it.

    NAME may hold * and ?, as in 'dino*'. The network is not asked.
    """
    from ivpt.cli.plugin_listing import show
    from ivpt.registry import BACKBONES

    header = ("image size", "weights")
    show(BACKBONES, names, as_json, header, _cells, _lines, lambda _, option: f"--backbone.{option} VALUE")


def _cells(facts: dict[str, Any]) -> list[str]:
    weights = facts.get("weights")
    state = "" if weights is None else "present" if weights["present"] else "not here"
    return [str(facts.get("image_size", "")), state]


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    weights = facts.get("weights")
    words = "none published, or not known"
    if weights is not None:
        words = f"{weights['name']} ({'present' if weights['present'] else 'not on this machine'})"
    return [("Image size", f"{facts['image_size']} px" if "image_size" in facts else ""), ("Weights", words)]
