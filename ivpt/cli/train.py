"""``ivpt train``: learn interpretable prompts and write a run file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivpt.cli.plugin_options import split_plugin_options

if TYPE_CHECKING:
    from ivpt.training.run import TrainResult

RANDOM_WEIGHTS = "RANDOM WEIGHTS: the backbone was never trained; regions and scores say nothing about real features."


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    epilog="Options of a data set or backbone itself: --dataset.NAME VALUE and --backbone.NAME VALUE.",
)
@click.option("--dataset", metavar="NAME", help="Registered data set.  [default: paperbirds]")
@click.option("--data", "root", metavar="DIR", help="Folder of the data set's files.")
@click.option("--backbone", metavar="NAME", help="Registered backbone, or timm:<name>.  [default: vit_mini]")
@click.option("--weights", metavar="FILE", help="Backbone weights, or 'none' for random ones.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Run file.  [default: runs/<dataset>.h5]")
@click.option("--overwrite", is_flag=True, help="Replace an existing run file.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished run.")
@click.option("--epochs", metavar="N", help="Passes over the training images.")
@click.option("--batch-size", metavar="N", help="Images per step, over all processes.")
@click.option("--image-size", metavar="N", help="Side of the images in pixels.")
@click.option("--seed", metavar="N", help="Of split, parameters, order, augmentation and noise.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--precision", metavar="NAME", help="no, bf16 or fp16: mixed precision.")
@click.option("--preset", metavar="NAME", help="default, paper or published.")
@click.option("--config", "file", metavar="FILE", type=click.Path(path_type=Path), help="Settings as TOML.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Any setting, as section.key=value.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_context
def train(
    ctx: click.Context,
    /,
    out: Path | None,
    overwrite: bool,
    resume: bool,
    preset: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    **typed: str | None,
) -> None:
    """Learn interpretable prompts and write a run file.

    A typed option beats the file, the file beats the preset, the preset beats what the backbone recommends.
    """
    from ivpt.cli.train_config import place, resolve, shortcuts
    from ivpt.errors import ConfigError, ExitCode, Interrupted
    from ivpt.training.output import check_free

    plugin_options = split_plugin_options(ctx)
    if overwrite and resume:
        raise ConfigError("--overwrite and --resume exclude each other.", "Give one of them.")
    overrides = shortcuts(typed, settings) | plugin_options
    be_quiet()
    be_a_good_neighbour()
    out = out or place(preset, file, overrides)
    # training asks again; here it is said before torch is imported
    check_free(out, overwrite=overwrite, resume=resume)
    config = resolve(out, resume, preset, file, overrides)

    from ivpt.cli.train_progress import make_observer
    from ivpt.training.run import train as run

    with make_observer() as observer:
        try:
            result = run(config, out, overwrite=overwrite, resume=resume, observer=observer)
        except Interrupted as stop:
            observer.close()
            if _is_main():
                click.echo(stop.message, err=True)
                click.echo(stop.hint, err=True)
            ctx.exit(ExitCode.INTERRUPTED)
    if _is_main():
        _report(result, as_json)


def _is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"


def be_quiet() -> None:
    """Libraries below speak through ivpt or not at all; --verbose has set up logging before this."""
    import warnings

    warnings.filterwarnings("ignore", message=r"(?s).*OMP_NUM_THREADS.*")
    warnings.filterwarnings("ignore", message=".*pin_memory.*")


def be_a_good_neighbour() -> None:
    """Let torch's threads sleep soon when they wait for each other; to be called before torch is imported.

    GNU OpenMP's threads wait by spinning, for milliseconds. Where another program wants the same cores, each wait then
    holds up the thread that is waited for: a step took 3 to 7 times as long on two busy cores. The value is the one the
    library itself uses when it knows of too few cores. Whoever has set either variable is left in peace.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def _report(result: "TrainResult", as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(describe(result), indent=2))
        return
    for name, words in (("test_accuracy", "Test accuracy"), ("test_balanced_accuracy", "Balanced by class")):
        entry = result.metrics[name]
        low, high = entry["interval"]
        count = f", {entry['correct']} of {entry['count']} images" if name == "test_accuracy" else ""
        click.echo(f"{words + ':':<19}{entry['value']:7.1%}  (95 % interval {low:.1%} to {high:.1%}{count})")
    click.echo(f"{'Epoch kept:':<19}{result.epoch} of {len(result.history['val_accuracy'])}")
    click.echo(f"{'Training took:':<19}{result.seconds:.0f} s")
    if result.weights == "none":
        click.secho(RANDOM_WEIGHTS, fg="red", bold=True, err=True)
    click.echo(f"{'Run file:':<19}{result.out}")
    click.echo(f"{'Next:':<19}ivpt explore {_quoted(result.out)}")


def describe(result: "TrainResult") -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "schema": 1,
        "out": str(result.out),
        "epoch": result.epoch,
        "epochs": len(result.history["val_accuracy"]),
        "seconds": result.seconds,
        "random_weights": result.weights == "none",
        "metrics": dict(result.metrics),
    }


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
