"""``ivpt predict``: class, concept contributions and regions of new images."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ivpt.runfile.reader import RunFile
    from ivpt.runfile.schema import LayerInfo


@click.command()
@click.argument("run", metavar="RUN.h5", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Draw the regions of each layer into PNGs.")
@click.option("--layer", "keys", metavar="KEY", multiple=True, help="Only this layer; may be repeated.  [default: all]")
@click.option("--weights", metavar="FILE", help="The backbone's weights, if they have moved.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.  [default: the run's]")
@click.option("--batch-size", metavar="N", type=click.IntRange(min=1), help="Images at a time.  [default: the run's]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the region maps.")
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    run: Path,
    images: tuple[Path, ...],
    out: Path | None,
    keys: tuple[str, ...],
    weights: str | None,
    device: str | None,
    batch_size: int | None,
    as_json: bool,
) -> None:
    """Classify new images and say which regions speak for the class, and how much.

    What each coarse concept adds to the logit of the predicted class is exact and signed; their sum is the logit.
    Images that cannot be read are named, the others are done, and the exit code is that of unreadable data.
    """
    from ivpt.cli.info import printable
    from ivpt.cli.predict_report import JsonReport, TextReport
    from ivpt.cli.progress import progress_bar
    from ivpt.cli.train import be_a_good_neighbour
    from ivpt.errors import ExitCode
    from ivpt.runfile.reader import RunFile

    be_a_good_neighbour()
    with RunFile(run) as opened:
        layers = choose_layers(opened, keys)

        from ivpt.evaluation.new_images import Unreadable, find_images, predict_images
        from ivpt.evaluation.reload import reloaded
        from ivpt.evaluation.verify import run_batch_size

        found = find_images(images)
        report = JsonReport(opened, layers, out) if as_json else TextReport(opened, layers, out)
        unreadable: list[Unreadable] = []
        with (
            reloaded(opened, device=device, weights=weights) as model,
            progress_bar(hidden=as_json and sys.stdout.isatty()) as progress,
        ):
            per_batch = batch_size or run_batch_size(opened, model.config)
            for result in predict_images(model, found, batch_size=per_batch, progress=progress):
                if isinstance(result, Unreadable):
                    unreadable.append(result)
                else:
                    report.add(result)
    report.end(unreadable)
    for left_out in unreadable:
        click.echo(printable(f"Left out: {left_out.error.message}"), err=True)
    if unreadable:
        click.echo(f"{len(unreadable)} of {len(found)} images could not be read.", err=True)
        ctx.exit(ExitCode.DATA)


def choose_layers(run: "RunFile", keys: tuple[str, ...]) -> "list[LayerInfo]":
    """The layers of those keys, in the order of the run; all of them when no key is given.

    Raises:
        ConfigError: there is no such layer.
    """
    from ivpt.errors import ConfigError, nearest

    known = [layer.key for layer in run.layers]
    for key in keys:
        if key not in known:
            raise ConfigError(f"The run has no layer {key!r}.", nearest(key, known))
    return [layer for layer in run.layers if not keys or layer.key in keys]
