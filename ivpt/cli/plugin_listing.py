"""What ``ivpt datasets``, ``ivpt backbones`` and ``ivpt metrics`` share: a table of some plugins, or all about one."""

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ivpt.errors import PluginError

if TYPE_CHECKING:
    from ivpt.cli.plugin_facts import Found
    from ivpt.registry import Registry

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""

WIDTH = 100
"""Columns of what is said of a single plugin."""

Cells = Callable[[dict[str, Any]], list[str]]
"""From what a plugin says of itself to the cells of its row after its name."""


def show(
    registry: "Registry[Any]",
    patterns: Sequence[str],
    as_json: bool,
    header: Sequence[str],
    cells: Cells,
    lines: Callable[[dict[str, Any]], list[tuple[str, str]]],
    option: Callable[[str, str], str],
) -> None:
    """Print the plugins that fit, or all about the one that is named.

    Args:
        registry: of their kind.
        patterns: names, with ``*`` and ``?``; none for all.
        as_json: for machines.
        header: of the columns between name and state.
        cells: of those columns.
        lines: title and text of what is said of a single one.
        option: how an option is typed, from the plugin's name and the option's.

    Raises:
        PluginError: nothing fits, or the one that is named cannot be used.
    """
    from ivpt.cli.plugin_facts import look_at, matching
    from ivpt.cli.progress import progress_bar

    listed = matching(registry, patterns)
    with progress_bar() as progress:
        found = look_at(listed, describe=True, progress=progress)
    alone = len(patterns) == 1 and len(found) == 1 and not set(patterns[0]) & set("*?[")
    if alone and found[0].status.state != "ok":
        raise PluginError(found[0].status.reason, "`ivpt plugins --check` says how all of them are.")
    if as_json:
        plugins = [asdict(one.status) | one.facts for one in found]
        click.echo(json.dumps({"schema": SCHEMA, "plugins": plugins}, indent=2, ensure_ascii=False))
    elif alone:
        click.echo(_about(found[0], lines(found[0].facts), option))
    else:
        click.echo(_table(found, header, cells))


def _table(found: "Sequence[Found]", header: Sequence[str], cells: Cells) -> str:
    from ivpt.cli.info import printable
    from ivpt.cli.plugins import table

    names = [one.status.name for one in found]
    rows = []
    for one in found:
        status = one.status
        name = status.name if names.count(status.name) == 1 else f"{status.name}@{status.distribution}"
        usable = status.state == "ok"
        middle = cells(one.facts) if usable else [""] * len(header)
        words = one.facts.get("summary", "") if usable else f"{status.state}: {status.reason}"
        whose = "" if status.distribution == "ivpt" else f"{status.distribution} {status.version}"
        rows.append([printable(cell) for cell in (name, *middle, whose, words)])
    return table(("name", *header, "package", "what"), rows)


def _about(one: "Found", lines: Sequence[tuple[str, str]], option: Callable[[str, str], str]) -> str:
    from ivpt.cli.info import printable

    status, facts = one.status, one.facts
    head = [
        ("Name", status.name),
        ("What", facts.get("summary", "")),
        ("Package", f"{status.distribution} {status.version} (interface {status.api_version})"),
        *lines,
    ]
    if facts.get("note"):
        head.append(("Note", facts["note"]))
    shown = []
    for title, text in head:
        for part in (text or "").splitlines() or [""]:
            if part:
                shown.append(_wrapped(f"{title + ':':<12}", printable(part)))
                title = ""
    shown.append("\nOptions:" if facts.get("options") else "\nIt has no options.")
    for known in facts.get("options", []):
        default = "needed" if known["required"] else f"default: {known['default']}"
        shown.append(f"  {option(status.name, known['name'])}  {known['type']}  [{default}]")
        if known["help"]:
            shown.append(_wrapped("      ", printable(known["help"])))
    return "\n".join(shown)


def _wrapped(begin: str, words: str) -> str:
    begin = begin if begin.strip() != ":" else " " * len(begin)
    return textwrap.fill(words, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_on_hyphens=False)
