"""``ivpt data``: where a data set's files are, whether they are complete, and what it looks like."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivpt.cli.plugin_options import PREFIXES, split_plugin_options

if TYPE_CHECKING:
    from ivpt.cli.data_sheet import Tile
    from ivpt.interfaces.dataset import Dataset, DatasetInfo, Progress, Record
    from ivpt.interfaces.source import Source


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    epilog="Options of a data set itself: --dataset.NAME VALUE.",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--data", "root", metavar="DIR", help="Folder of the data set's files.  [default: data/NAME in the cache]"
)
@click.option("--fetch", is_flag=True, help="Download what is missing, where that is allowed.")
@click.option("--sheet", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw some images, annotated.")
@click.option("--show", is_flag=True, help="The same in the terminal.")
@click.option("--images", metavar="N", type=click.IntRange(1, 400), default=12, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
@click.pass_context
def data(
    ctx: click.Context,
    /,
    name: str,
    root: str | None,
    fetch: bool,
    sheet: Path | None,
    show: bool,
    images: int,
    as_json: bool,
) -> None:
    """Look at a data set: its files, its images by split against the published numbers, and some of them annotated.

    The exit code is 5 when files are missing, numbers differ or an annotation cannot be true.
    """
    from ivpt.cli import data_report
    from ivpt.cli.progress import progress_bar
    from ivpt.data.opening import open_dataset
    from ivpt.data.survey import look
    from ivpt.errors import DataError, ExitCode, Interrupted

    options = {key.removeprefix(PREFIXES["--dataset."]): value for key, value in split_plugin_options(ctx).items()}
    dataset = open_dataset(name, root, options)
    fetched = []
    with progress_bar() as progress:
        if fetch and (downloads := _fetchable(name, dataset)) is not None:
            from ivpt.data.fetch.fetch import fetch as fetch_all

            try:
                fetched = fetch_all(downloads, progress=progress)
            except KeyboardInterrupt:
                raise Interrupted("The download was stopped.", "The same command goes on from where it was.") from None
        info: DatasetInfo | None = None
        records: Sequence[Record] = ()
        failure: DataError | None = None
        tiles: list[Tile] = []
        try:
            dataset.prepare(progress)
            records, info = dataset.records(), dataset.info
            if sheet or show:
                tiles = _tiles(dataset, info, records, images, progress)
        except DataError as error:
            failure = error
    source = dataset.source
    looked = look(source, options) if source else []
    wrong = [f"{tile.title[0]}: {words}." for tile in tiles for words in tile.wrong]
    found = data_report.Findings(name, dataset, looked, info, records, failure, fetched, wrong)
    if as_json:
        click.echo(data_report.as_json(found))
    else:
        data_report.show(found)
        if show and tiles:
            _print(tiles)
    if sheet and info is not None and tiles:
        _save(tiles, info, sheet)
    if data_report.complain(found):
        ctx.exit(ExitCode.DATA)


def _fetchable(name: str, dataset: "Dataset") -> "Source | None":
    """The source to fetch from; where one may not simply download, that is said, and the report says the rest."""
    source = dataset.source
    if source is not None and source.downloads:
        if source.terms:
            click.echo(f"Terms of {name}: {source.terms}.", err=True)
        return source
    where = (
        f"get it from {source.page} and lay it out as listed" if source and source.page else "there is nothing to fetch"
    )
    click.echo(f"{name} is not downloaded: {where}.", err=True)
    return None


def _tiles(
    dataset: "Dataset", info: "DatasetInfo", records: "Sequence[Record]", wanted: int, progress: "Progress"
) -> "list[Tile]":
    from ivpt.cli.data_sheet import Tile
    from ivpt.data.survey import contradictions, spread

    tiles = []
    chosen = spread(len(records), wanted)
    for done, index in enumerate(chosen):
        progress(done, len(chosen), "drawing images")
        record, image, found = records[index], dataset.image(index), dataset.annotations(index)
        title = (record.id, f"{info.classes[record.label]}  {record.split or ''}".strip())
        tiles.append(Tile(image, found, title, tuple(contradictions(image, found, info))))
    return tiles


def _print(tiles: "Sequence[Tile]") -> None:
    import shutil

    from rich.console import Console

    from ivpt.cli.data_sheet import in_terminal

    width = shutil.get_terminal_size().columns
    # Asked for by name, so colours are written also where no terminal is seen (| less -R).
    console = Console(highlight=False, force_terminal=True, color_system="truecolor", width=width)
    for line in in_terminal(tiles, width):
        console.print(line, overflow="crop", no_wrap=True)


def _save(tiles: "Sequence[Tile]", info: "DatasetInfo", path: Path) -> None:
    import io

    from ivpt.cli.data_sheet import sheet
    from ivpt.runfile.publish import replacing, writing

    stream = io.BytesIO()
    sheet(tiles, info, f"{info.name}: {len(tiles)} images, {len(info.classes)} classes").save(stream, "PNG")
    with writing(path), replacing(path) as target:
        target.write_bytes(stream.getvalue())
    click.echo(f"Drawn: {path}", err=True)
