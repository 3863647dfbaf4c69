"""``ivpt datasets``: which there are, whether their files are here, and all about one."""

from typing import Any

import click


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def datasets(names: tuple[str, ...], as_json: bool) -> None:
    """List data sets and whether their files are present; with one NAME, all about it.

    NAME may hold * and ?. One that is named alone is shown with its options, licence and citation.
    """
    from ivpt.cli.plugin_listing import show
    from ivpt.registry import DATASETS

    show(DATASETS, names, as_json, ("files", "classes"), _cells, _lines, _option)


def _option(_: str, option: str) -> str:
    return "--data DIR" if option == "root" else f"--dataset.{option} VALUE"


def _cells(facts: dict[str, Any]) -> list[str]:
    return [str(facts.get("files", "")), str(facts.get("classes", ""))]


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    source = facts.get("source") or {}
    missing = ", ".join(source.get("missing", []))
    where = source.get("root") or ("name their folder with --data DIR" if facts.get("source") else "")
    annotated = [f"{facts[kind]} {kind}" for kind in ("parts", "keypoints") if facts.get(kind)]
    annotated += facts.get("attributes", [])
    return [
        ("Classes", str(facts.get("classes", ""))),
        ("Annotated", ", ".join(annotated)),
        ("Files", f"{facts.get('files', '')}{f' ({where})' if where else ''}"),
        ("Missing", missing),
        ("Licence", facts.get("licence") or source.get("terms", "")),
        ("Citation", facts.get("citation", "")),
        ("Homepage", facts.get("homepage") or source.get("page", "")),
    ]
