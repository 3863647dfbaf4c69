"""What ``ivpt predict`` says about each image, for people and for machines."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from ivpt.analysis.importance import contributions
from ivpt.cli.info import printable
from ivpt.cli.predict_picture import Line, draw
from ivpt.evaluation.new_images import Prediction, Unreadable
from ivpt.runfile.names import given_names
from ivpt.runfile.publish import replacing, writing
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, LayerInfo

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""
TOP = 5
"""Classes that ``--json`` names."""
NOT_CALIBRATED = (
    "Probabilities are softmaxes of the logits, not calibrated: a picture of something else gets a class, too, and may "
    "get it with a high one."
)


class TextReport:
    """One line per image, when all are done: class, probability, and what each coarse concept adds to its logit.

    Args:
        run: open, until the last image was added.
        layers: those that are told about.
        out: where overlays go; ``None`` for none.
    """

    def __init__(self, run: RunFile, layers: Sequence[LayerInfo], out: Path | None) -> None:
        self._classes, self._layers, self._out = run.classes, layers, out
        self._names = given_names(run)
        self._removed = next((layer.removed for layer in run.layers if layer.block is None), ())
        self._lines: list[str] = []
        self._drawn = 0

    def add(self, prediction: Prediction) -> None:
        """Take note of an image, and draw it."""
        where = ""
        if self._out is not None:
            self._drawn += len(save_overlays(prediction, self._classes, self._layers, self._names, self._out))
            where = f"  drawn: {overlay_path(prediction, '*', self._out)}"
        c = prediction.predicted
        shares = list(enumerate(contributions(prediction.scores)[:, c], 1))
        names = {k: self._names.get(f"{COARSE}:{k}") for k, _ in shares}
        called = {k: f"{k} ({name})" if name else str(k) for k, name in names.items()}
        terms = "  ".join(f"{called[k]}: {value:+.2f}" for k, value in shares if k not in self._removed)
        self._lines.append(
            f"{prediction.found.path}  {self._classes[c]}  {prediction.probabilities[c]:.1%}  "
            f"logit {prediction.logits[c]:+.2f} = {terms}{where}"
        )

    def end(self, unreadable: Sequence[Unreadable]) -> None:
        """Print."""
        for line in self._lines:
            click.echo(printable(line))
        if self._drawn:
            click.echo(f"Pictures drawn into {self._out}: {self._drawn}.", err=True)
        if self._lines:
            click.echo(NOT_CALIBRATED, err=True)


class JsonReport:
    """One JSON object on stdout, written image by image so that any number of them fits into memory.

    Args:
        run: open, until the last image was added.
        layers: those that are told about.
        out: where overlays go; ``None`` for none.
    """

    def __init__(self, run: RunFile, layers: Sequence[LayerInfo], out: Path | None) -> None:
        self._classes, self._layers, self._out = run.classes, layers, out
        self._names = given_names(run)
        self._head = {"schema": SCHEMA, "run": str(run.path), "classes": list(run.classes), "names": self._names}
        self._images = 0

    def add(self, prediction: Prediction) -> None:
        """Print an image."""
        row = describe(prediction, self._classes, self._layers)
        if self._out is not None:
            row["overlays"] = save_overlays(prediction, self._classes, self._layers, self._names, self._out)
        click.echo(("," if self._images else self._begin()) + "\n" + json.dumps(row), nl=False)
        self._images += 1

    def end(self, unreadable: Sequence[Unreadable]) -> None:
        """Print what could not be read, and close the object."""
        named = [{"image": str(entry.found.path), "why": entry.error.message} for entry in unreadable]
        begin = "" if self._images else self._begin()
        click.echo(f'{begin}],\n"unreadable": {json.dumps(named)}}}')
        if self._images:
            click.echo(NOT_CALIBRATED, err=True)

    def _begin(self) -> str:
        return json.dumps(self._head)[:-1] + ', "images": ['


def describe(prediction: Prediction, classes: Sequence[str], layers: Sequence[LayerInfo]) -> dict[str, Any]:
    """An image as plain values.

    The contributions are to the logit of the predicted class, of coarse concept 1 first; their sum is the logit.
    """
    c, probabilities = prediction.predicted, prediction.probabilities
    best = np.argsort(-prediction.logits, kind="stable")[:TOP]
    return {
        "image": str(prediction.found.path),
        "prediction": classes[c],
        "index": c,
        "probability": float(probabilities[c]),
        "logit": float(prediction.logits[c]),
        "contributions": contributions(prediction.scores)[:, c].tolist(),
        "top": [
            {"class": classes[i], "logit": float(prediction.logits[i]), "probability": float(probabilities[i])}
            for i in best
        ],
        "layers": {layer.key: _layer(prediction, layer) for layer in layers},
    }


def _layer(prediction: Prediction, layer: LayerInfo) -> dict[str, Any]:
    regions = prediction.regions(layer.key)
    groups = prediction.groups.get(layer.key)
    return {
        "background": layer.background,
        "removed": list(layer.removed),
        "area": _areas(prediction, layer),
        "groups": None if groups is None else groups.tolist(),
        "regions": regions.tolist(),
    }


def _areas(prediction: Prediction, layer: LayerInfo) -> list[float]:
    """Share of the cells that each channel owns."""
    regions = prediction.regions(layer.key)
    counts = np.bincount(regions.ravel(), minlength=layer.prototypes)
    return [float(count) / regions.size for count in counts]


def save_overlays(
    prediction: Prediction, classes: Sequence[str], layers: Sequence[LayerInfo], names: Mapping[str, str], out: Path
) -> dict[str, str]:
    """Draw an image's regions, one PNG per layer: ``<name of the image>.<layer>.png``; with the names of concepts.

    Returns:
        Layer key to path.

    Raises:
        OutputError: a picture cannot be written.
    """
    paths = {}
    c = prediction.predicted
    title = f"{classes[c]}  {prediction.probabilities[c]:.1%}"
    for layer in layers:
        path = overlay_path(prediction, layer.key, out)
        png = draw(
            prediction.picture,
            prediction.regions(layer.key),
            layer.prototypes,
            layer.background,
            title,
            legend(prediction, layer, names),
        )
        with replacing(path) as temporary, writing(path):
            temporary.write_bytes(png)
        paths[layer.key] = str(path)
    return paths


def overlay_path(prediction: Prediction, layer: str, out: Path) -> Path:
    """Where an image's picture of a layer goes."""
    return (out / prediction.found.name).with_suffix(f".{layer}.png")


def legend(prediction: Prediction, layer: LayerInfo, names: Mapping[str, str]) -> list[Line]:
    """Concepts with a region, largest first; of coarse ones all there are, with what they add to the class's logit."""
    areas = _areas(prediction, layer)
    called = {k: f"{printable(names[at])}  " if (at := f"{layer.key}:{k}") in names else "" for k in layer.present}
    if layer.block is None:
        shares = contributions(prediction.scores)[:, prediction.predicted]
        return [Line(k, f"{called[k]}{shares[k - 1]:+.2f}  area {areas[k]:.0%}") for k in layer.present]
    shown = sorted((k for k in layer.foreground if areas[k] > 0), key=lambda k: -areas[k])
    groups = prediction.groups.get(layer.key)
    feeds = {k: "" if groups is None else f"  to {_group(int(groups[k]), names)}" for k in shown}
    return [Line(k, f"{called[k]}area {areas[k]:.0%}{feeds[k]}") for k in shown]


def _group(group: int, names: Mapping[str, str]) -> str:
    if not group:
        return "background"
    given = names.get(f"{COARSE}:{group}", "")
    return printable(given) if given else f"coarse {group}"
