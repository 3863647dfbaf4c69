"""``ivpt info``: what was trained on what, with which versions, and how well it does."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""


@click.command()
@click.argument("run", metavar="RUN.h5", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
def info(run: Path, as_json: bool) -> None:
    """Say what a run file holds: data, backbone, versions, concepts, scores, size."""
    from ivpt.runfile.reader import RunFile

    with RunFile(run) as opened:
        card = describe(opened)
    if as_json:
        import json

        click.echo(json.dumps(card, indent=2, ensure_ascii=False))
    else:
        _show(card)


def describe(run: Any) -> dict[str, Any]:
    """The run card as plain values, in the stable shape of ``ivpt info --json``.

    Args:
        run: an open :class:`ivpt.runfile.reader.RunFile`.
    """
    size = run.path.stat().st_size
    history = run.history()
    epochs = max((len(values) for values in history.values()), default=0)
    weights = run.backbone.get("weights", {})
    by_split = _by_split(run)
    return {
        "schema": SCHEMA,
        "path": str(run.path),
        "format_version": run.format_version,
        "created": run.created,
        "versions": run.versions,
        "seed": run.seed,
        "dataset": {
            "name": run.info.get("name", ""),
            "classes": len(run.classes),
            "images": run.num_images,
            "splits": {name: entry["images"] for name, entry in by_split.items()},
            "split_sha256": run.split_sha256,
            "licence": run.info.get("licence", ""),
        },
        "backbone": {
            "name": run.backbone.get("name", ""),
            "weights": {key: weights.get(key, "") for key in ("source", "name", "sha256")},
            "random_weights": weights.get("source") == "none",
            "image_size": run.backbone.get("image_size"),
        },
        "coarse": run.coarse,
        "layers": [
            {
                "key": layer.key,
                "block": layer.block,
                "prototypes": layer.prototypes,
                "background": layer.background,
                "grid": list(layer.grid),
                "removed": list(layer.removed),
            }
            for layer in run.layers
        ],
        "origin": list(run.origin),
        "epochs": {"done": epochs, "planned": run.config.get("training", {}).get("epochs")},
        "accuracy": {name: entry["accuracy"] for name, entry in by_split.items() if name != "train"},
        "metrics": run.metrics(),
        "maps": len(run.map_images),
        "bytes": size,
        "bytes_per_image_with_maps": round(size / len(run.map_images)) if len(run.map_images) else None,
    }


def _by_split(run: Any) -> dict[str, dict[str, Any]]:
    from ivpt.runfile.schema import SPLITS

    result = {}
    for value, name in enumerate(SPLITS):
        mine = run.splits == value
        judged = mine & (run.predictions >= 0)
        right = judged & (run.predictions == run.labels)
        n = int(judged.sum())
        result[name] = {
            "images": int(mine.sum()),
            "accuracy": {
                "images": n,
                "correct": int(right.sum()),
                "accuracy": int(right.sum()) / n if n else None,
            },
        }
    return result


def _show(card: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(printable(card["path"]), style="bold"))
    if card["backbone"]["random_weights"]:
        console.print(
            Text(
                "RANDOM WEIGHTS: the backbone was never trained. What is shown says nothing about real features.",
                style="bold white on red",
            )
        )
    console.print(_summary(card))
    console.print()
    console.print(_layers(card))
    if card["metrics"]:
        console.print()
        console.print(_metrics(card))


def _summary(card: dict[str, Any]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    data, backbone, epochs = card["dataset"], card["backbone"], card["epochs"]
    splits = ", ".join(f"{count:,} {name}" for name, count in data["splits"].items())
    weights = backbone["weights"]
    source = "random" if backbone["random_weights"] else f"{weights['source']} {weights['name']}".strip()
    planned = f" of {epochs['planned']}" if epochs["planned"] is not None else ""
    per_image = card["bytes_per_image_with_maps"]
    rows = [
        ("data set", f"{data['name']}: {data['classes']} classes, {data['images']:,} images ({splits})"),
        ("split", f"sha256 {data['split_sha256']}"),
        ("licence", data["licence"] or "not stated"),
        ("backbone", f"{backbone['name']} at {_size(backbone['image_size'])}"),
        ("weights", f"{source}, sha256 {weights['sha256']}"),
        *(("pruned from", _step(step)) for step in card["origin"]),
        ("epochs", f"{epochs['done']}{planned}"),
        ("seed", str(card["seed"])),
        *((f"{name} accuracy", _accuracy(entry)) for name, entry in card["accuracy"].items()),
        ("created", card["created"]),
        ("versions", ", ".join(f"{name} {version}" for name, version in card["versions"].items())),
        ("format", str(card["format_version"])),
        ("maps", f"{card['maps']:,} images"),
        ("file", _bytes(card["bytes"]) + (f", {_bytes(per_image)} per image with maps" if per_image else "")),
    ]
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in rows:
        table.add_row(name, Text(printable(words)))
    return table


def _step(step: dict[str, Any]) -> str:
    dropped = ", ".join(map(str, step.get("dropped", [])))
    head = "; head fitted anew" if step.get("refit") else ""
    why = f": {step['why']}" if step.get("why") else ""
    return (
        f"{step.get('run', '')} (sha256 {step.get('sha256', '')}) without {dropped}{head}, "
        f"by {step.get('who', '')} on {str(step.get('when', ''))[:10]}{why}"
    )


def _layers(card: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("layer")
    table.add_column("concepts", justify="right")
    table.add_column("grid", justify="right")
    for layer in card["layers"]:
        gone = len(layer["removed"])
        concepts = f"{layer['prototypes'] - 1 - gone} + background" + (f", {gone} removed" if gone else "")
        table.add_row(layer["key"], concepts, "x".join(map(str, layer["grid"])))
    return table


def _metrics(card: dict[str, Any]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("protocol", overflow="fold")
    for name, metric in card["metrics"].items():
        value = metric.get("value")
        protocol = ", ".join(f"{key}={setting}" for key, setting in metric.get("parameters", {}).items())
        shown = f"{value:.4g}" if isinstance(value, int | float) else "undefined" if value is None else str(value)
        table.add_row(Text(printable(name)), Text(printable(shown)), Text(printable(protocol)))
    return table


def printable(words: str) -> str:
    """Text from a file as it may reach a terminal: control characters are shown, never sent."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in words)


def _accuracy(entry: dict[str, Any]) -> str:
    if entry["accuracy"] is None:
        return "no predictions stored"
    return f"{entry['accuracy']:.1%} ({entry['correct']:,} of {entry['images']:,})"


def _size(size: Any) -> str:
    return "x".join(str(side) for side in size) + " px" if size else "its own size"


def _bytes(count: int) -> str:
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
