"""The run card: what was trained on what. Reads a handful of numbers, however many images the run has."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivpt.ui.text import counted, plain

if TYPE_CHECKING:
    from ivpt.runfile.reader import RunFile

Fact = tuple[str, str]

_CONTROL = re.compile(r"(?:control|chance)\b[:, ]*(.+)|(.*, control: .+)|(.*, shuffled .+)")
"""Name of a figure that is the control of another."""


@dataclass(frozen=True)
class Score:
    """One stored metric.

    Attributes:
        name: as stored, with blanks for underscores and the split at the end.
        value: formatted; a dash where it is undefined.
        interval: ``[low, high] ``, or empty.
        unit: for example ``%``.
        protocol: what it was measured on.
        controls: the same figure for what knows nothing; may be empty.
    """

    name: str
    value: str
    interval: str = ""
    unit: str = ""
    protocol: str = ""
    controls: str = ""


@dataclass(frozen=True)
class Card:
    """Everything the first paint of the overview shows, as harmless text.

    Attributes:
        title: the data set and backbone.
        facts: (name, value) of the run.
        data: (name, value) of what is annotated.
        scores: the stored metrics.
        cautions: what the reader should know before trusting the run.
        columns: the training history, name to values.
    """

    title: str
    facts: tuple[Fact, ...]
    data: tuple[Fact, ...]
    scores: tuple[Score, ...]
    cautions: tuple[str, ...]
    columns: dict[str, tuple[float, ...]]


def read_card(run: "RunFile") -> Card:
    """Read the card of an open run.

    Raises:
        RunFileError: the file is damaged.
    """
    info, backbone, config = run.info, run.backbone, run.config
    weights = backbone.get("weights") or {}
    layers = [layer for layer in run.layers if layer.block is not None]
    columns = {plain(name): tuple(float(v) for v in values) for name, values in run.history().items()}
    epochs = max((len(values) for values in columns.values()), default=0)
    planned = (config.get("training") or {}).get("epochs")
    source = str(weights.get("source", "")) or "unknown"
    facts = [
        ("data", _joined(info.get("name", "?"), counted(run.num_images, "image"), _classes(run))),
        ("backbone", _joined(backbone.get("name", "?"), _size(backbone.get("image_size")))),
        ("weights", _joined("random" if source == "none" else source, str(weights.get("sha256", ""))[:12])),
        ("concepts", f"{run.coarse} coarse, from " + _joined(*(f"{x.key}:{x.prototypes - 1}" for x in layers))),
        ("trained", (f"{epochs} of {plain(planned)} epochs" if planned else f"{epochs} epochs") + _kept(run, columns)),
        ("seed", f"{run.seed}, split {run.split_sha256[:12]}"),
        ("written", plain(run.created.replace("T", " ")[:19])),
        ("with", _joined(*(f"{k} {run.versions[k]}" for k in ("ivpt", "torch", "timm") if k in run.versions))),
        ("licence", plain(info.get("licence") or "not stated", 60)),
    ]
    cautions = []
    if source == "none":
        cautions.append("The backbone has random weights: its features were never learned.")
    if planned and epochs < int(planned):
        cautions.append(f"Training has done {epochs} of {planned} epochs; this page follows it.")
    # accuracy is shown per split, from the predictions in the run
    scores = tuple(_score(name, value) for name, value in run.metrics().items() if not _repeated(name))
    return Card(
        title=_joined(info.get("name", "?"), backbone.get("name", "?")),
        facts=tuple((name, plain(value)) for name, value in facts),
        data=_data(run),
        scores=scores,
        cautions=tuple(cautions),
        columns=columns,
    )


def number(value: Any) -> str:
    """A figure as short as it can be read."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value, 24)
    if isinstance(value, int) and abs(value) < 10**6:
        return str(value)
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"


def _kept(run: "RunFile", columns: dict[str, tuple[float, ...]]) -> str:
    """Which epoch's parameters the run holds."""
    accuracy, loss = columns.get("val_accuracy", ()), columns.get("val_loss", ())
    if not accuracy or len(accuracy) != len(loss):
        return ""
    if (run.config.get("training") or {}).get("select") == "last":
        return ", the last one kept"
    return f", number {best_epoch(accuracy, loss) + 1} kept"


def best_epoch(accuracy: Sequence[float], loss: Sequence[float]) -> int:
    """The 0-based epoch that training keeps: the most accurate on val, of those the one of least loss, the first."""
    return max(range(len(accuracy)), key=lambda epoch: (accuracy[epoch], -loss[epoch]))


def _repeated(name: str) -> bool:
    return name in ("accuracy", "train_accuracy", "val_accuracy", "test_accuracy")


def _title(name: str) -> str:
    """``balanced accuracy, val`` for ``val_balanced_accuracy``."""
    from ivpt.runfile.schema import SPLITS  # with numpy, which the first paint does not wait for

    split, _, rest = name.partition("_")
    return plain((f"{rest}, {split}" if split in SPLITS and rest else name).replace("_", " "))


def _score(name: str, entry: Any) -> Score:
    values = entry if isinstance(entry, dict) else {"value": entry}
    unit = plain(values.get("unit") or "", 8)
    times = 1
    if not unit and str(name).endswith("accuracy"):
        # the trainer stores shares; all accuracies of the screen have one unit
        unit, times = "%", 100

    def shown(figure: Any) -> str:
        return f"{times * figure:.1f}" if unit == "%" and isinstance(figure, float) else number(figure)

    bounds = values.get("interval")
    known = isinstance(bounds, list | tuple) and len(bounds) == 2
    figures = found if isinstance(found := values.get("figures"), dict) else {}
    about = str(values.get("headline") or "")
    own: list[str] = []
    others: list[str] = []
    for key, figure in figures.items():
        if (match := _CONTROL.match(str(key))) is None or not isinstance(figure, dict):
            continue
        words = f"{plain(match[1] or match[2] or match[3])} {shown(figure.get('value'))}"
        # what stands behind a colon may be another figure, whose control this is
        _, colon, behind = str(key).rpartition(": ")
        (others if colon and behind in figures and behind != about else own).append(words)
    # of several figures the headline's controls are those that matter here
    controls = [words for words in own if about and about in words] or own or others
    return Score(
        _title(str(name)),
        shown(values.get("value")),
        f"[{shown(bounds[0])}, {shown(bounds[1])}] " if known else "",  # type: ignore[index]
        unit,
        _protocol(name, values),
        " · ".join(controls),
    )


def _protocol(name: str, values: dict[str, Any]) -> str:
    """The figure's own name, and the split, layer and number of images it was measured on."""
    parameters = values.get("parameters")
    other = parameters if isinstance(parameters, dict) else {}
    headline = values.get("headline")
    words = [
        None if str(headline).replace(" ", "_") == name else headline,
        values.get("split", other.get("split")),
        values.get("layer", other.get("layer")),
    ]
    count = values.get("images", values.get("count"))
    return _joined(*(word for word in words if word), f"n = {count:,}" if isinstance(count, int) else "")


def _data(run: "RunFile") -> tuple[Fact, ...]:
    info = run.info
    facts: list[Fact] = [("classes", f"{len(run.classes):,}")]
    if run.dataset("images/keypoints") is not None:
        facts.append(("keypoints", f"{len(info.get('keypoints') or ())} kinds"))
    if run.dataset("images/box") is not None:
        facts.append(("boxes", "one per image"))
    if run.has_part_masks:
        facts.append(("part masks", f"{len(info.get('parts') or ())} parts"))
    if run.dataset("images/thumbnails/offset") is None:
        facts.append(("pictures", "none stored"))
    for name, kinds in (info.get("attributes") or {}).items():
        facts.append(
            (plain(name, 10), _joined(*(plain(kind, 20) for kind in kinds[:6]), "…" if len(kinds) > 6 else ""))
        )
    return tuple(facts)


def _classes(run: "RunFile") -> str:
    return counted(len(run.classes), "class", "classes")


def _size(size: Any) -> str:
    return f"{size[1]}×{size[0]} px" if isinstance(size, list | tuple) and len(size) == 2 else ""


def _joined(*words: object) -> str:
    return " · ".join(plain(word) for word in words if str(word))
