"""What ``ivpt data`` says of a data set, as plain values and as words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from ivpt.cli.info import printable
from ivpt.data.survey import UNSPLIT, Looked, count, differences
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record

if TYPE_CHECKING:
    from ivpt.data.fetch.fetch import Fetched

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""


@dataclass(frozen=True)
class Findings:
    """All that is known after looking.

    Attributes:
        name: of the data set.
        dataset: made, perhaps without files.
        looked: its places.
        info: what it says of itself; ``None`` if it cannot be read.
        records: its images; empty if it cannot be read.
        failure: why it cannot be read.
        fetched: what was downloaded in this call.
        wrong: sentences about single images.
    """

    name: str
    dataset: Dataset
    looked: Sequence[Looked]
    info: DatasetInfo | None
    records: Sequence[Record]
    failure: DataError | None
    fetched: "Sequence[Fetched]"
    wrong: Sequence[str]

    @property
    def counts(self) -> dict[str, int]:
        """Images by split."""
        return count(self.records)

    @property
    def published(self) -> Mapping[str, int]:
        """Published images by split; empty if unknown."""
        source = self.dataset.source
        return source.counts if source else {}

    @property
    def differ(self) -> list[str]:
        """Sentences about numbers of images that are not the published ones."""
        return differences(self.counts, self.published) if self.info else []


def as_json(found: Findings) -> str:
    """One JSON object."""
    source, info = found.dataset.source, found.info
    return json.dumps(
        {
            "schema": SCHEMA,
            "name": found.name,
            "root": str(source.root) if source and source.root else None,
            "page": source.page if source else "",
            "terms": source.terms if source else "",
            "can_be_fetched": bool(source and source.downloads),
            "readable": info is not None,
            "failure": str(found.failure) if found.failure else None,
            "files": [
                {
                    "path": looked.place.path,
                    "words": looked.place.words,
                    "option": looked.place.option,
                    "needed": looked.needed,
                    "found": str(looked.found) if looked.found else None,
                }
                for looked in found.looked
            ],
            "images": found.counts if info else None,
            "published": dict(found.published),
            "differences": found.differ,
            "wrong": list(found.wrong),
            "fetched": [asdict(one) for one in found.fetched],
            "info": None
            if info is None
            else {
                "classes": list(info.classes),
                "parts": list(info.parts),
                "keypoints": list(info.keypoints),
                "attributes": {name: list(values) for name, values in info.attributes.items()},
                "licence": info.licence,
                "citation": info.citation,
                "homepage": info.homepage,
            },
        },
        indent=2,
        ensure_ascii=False,
    )


def show(found: Findings) -> None:
    """Print it for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in [*_files(found), *_content(found)]:
        table.add_row(name, Text(printable(words)))
    console = Console(highlight=False)
    console.print(table)


def _files(found: Findings) -> list[tuple[str, str]]:
    source = found.dataset.source
    rows = [("data set", found.name)]
    if source is None:
        return [*rows, ("files", "none of its own: it draws or brings its images")]
    rows.append(("folder", str(source.root) if source.root else "to be named with --data DIR"))
    rows += [("" if i else "files", _place(looked)) for i, looked in enumerate(found.looked)]
    absent = any(looked.needed and looked.found is None for looked in found.looked)
    if absent:
        rows.append(("from", source.page))
        rows.append(("terms", source.terms))
        how = f"ivpt data {found.name} --fetch downloads it" if source.downloads else "by hand: see the page"
        rows.append(("get it", f"{how}; the paths above are those below the folder"))
    for one in found.fetched:
        checked = f"checksum as published at {one.verified}" if one.verified else "unverified: no checksum is published"
        said = "there already" if not one.bytes else f"fetched, {one.bytes / 1e6:,.1f} MB, {checked}"
        rows.append(("fetched", f"{one.file}: {said}"))
    return rows


def _place(looked: Looked) -> str:
    path = looked.place.path.replace("|", " or ")
    state = "there   " if looked.found else "MISSING " if looked.needed else "absent  "
    option = f" (for --dataset.{looked.place.option})" if looked.place.option.isidentifier() else ""
    return f"{state} {path}: {looked.place.words}{option}"


def _content(found: Findings) -> list[tuple[str, str]]:
    info, rows = found.info, list[tuple[str, str]]()
    if info is None:
        said = ", ".join(
            f"{number:,} {'images' if name == UNSPLIT else name}" for name, number in found.published.items()
        )
        return [("published", said)] if said else []
    counts = dict(found.counts)
    if UNSPLIT in found.published:
        counts[UNSPLIT] = sum(counts.values())
    for name in {**counts, **found.published}:
        number, published = counts.get(name, 0), found.published.get(name)
        against = (
            "" if published is None else " (as published)" if number == published else f" ({published:,} published)"
        )
        rows.append((f"{name} images" if name != UNSPLIT else "images", f"{number:,}{against}"))
    rows.append(("classes", f"{len(info.classes):,}: {_some(info.classes)}"))
    rows += [("keypoints", f"{len(info.keypoints)}: {_some(info.keypoints, 20)}")] if info.keypoints else []
    rows += [("parts", f"{len(info.parts)}: {_some(info.parts, 20)}")] if info.parts else []
    if info.attributes:
        named = [f"{name} ({_some(values, 6)})" for name, values in info.attributes.items()]
        rows.append(("attributes", f"{len(named)}: {_some(named, 6)}"))
    for name, text in (("licence", info.licence), ("citation", info.citation), ("homepage", info.homepage)):
        rows += [(name if line == 0 else "", words) for line, words in enumerate(text.splitlines())]
    return rows


def _some(words: Sequence[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "")


def complain(found: Findings) -> bool:
    """Say on stderr what is wrong; whether anything is."""
    from ivpt.cli.failures import say

    if found.failure is not None:
        say(found.failure)
    for words in (*found.differ, *found.wrong):
        click.echo(printable(words), err=True)
    return found.failure is not None or bool(found.differ) or bool(found.wrong)


__all__ = ["Findings", "as_json", "complain", "show"]
