"""From what was typed to a configuration and an output path."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivpt.config import Config, load_config, validate_config
from ivpt.errors import ConfigError
from ivpt.paths import default_run_path

if TYPE_CHECKING:
    from ivpt.registry import Registry

SHORTCUTS = {
    "dataset": "data.dataset",
    "root": "data.root",
    "image_size": "data.image_size",
    "backbone": "backbone.name",
    "weights": "backbone.weights",
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "seed": "training.seed",
    "device": "training.device",
    "precision": "training.precision",
}
"""Options that are short names of settings."""


def shortcuts(typed: Mapping[str, str | None], settings: Sequence[str]) -> dict[str, Any]:
    """Dotted keys to values, from options and from ``--set section.key=value``; of two, the option wins.

    Raises:
        ConfigError: a ``--set`` without ``=``.
    """
    overrides: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {setting!r} is not a setting.", "Write --set section.key=value.")
        overrides[key.strip()] = value.strip()
    overrides |= {SHORTCUTS[name]: value for name, value in typed.items() if value is not None}
    return overrides


def place(preset: str | None, file: Path | None, overrides: Mapping[str, Any]) -> Path:
    """Where a run goes for which no place was typed: the data set says; no plugin is imported for that.

    Raises:
        ConfigError: unknown or contradicting settings.
    """
    return default_run_path(load_config(file, preset or "default", overrides).data.dataset)


def resolve(out: Path, resume: bool, preset: str | None, file: Path | None, overrides: Mapping[str, Any]) -> Config:
    """The configuration of the run that goes to ``out``.

    A resumed run takes its configuration from its checkpoint; what is typed besides is laid over it, and training
    refuses what differs.

    Raises:
        ConfigError: unknown or contradicting settings.
        TrainingError: the checkpoint cannot be read.
    """
    if resume and preset is None and file is None:
        return _saved(out, overrides)
    return with_recommendations(preset or "default", file, overrides)


def with_recommendations(preset: str, file: Path | None, overrides: Mapping[str, Any]) -> Config:
    """Resolve, with what the backbone and the data set themselves recommend as the weakest values."""
    from ivpt.registry import BACKBONES, DATASETS

    first = load_config(file, preset, overrides)
    dataset = DATASETS.load(first.data.dataset)
    backbone = BACKBONES.load(first.backbone.name.partition(":")[0])  # last: it takes long, as it imports torch
    recommended = {**_recommended(BACKBONES, backbone), **_recommended(DATASETS, dataset)}
    kinds = {f"backbone.options.{o.name}": o.annotation for o in BACKBONES.options(backbone)}
    kinds |= {f"data.options.{o.name}": o.annotation for o in DATASETS.options(dataset)}
    typed = {key: as_kind(value, kinds[key]) if key in kinds else value for key, value in overrides.items()}
    return load_config(file, preset, typed, recommended)


def _recommended(registry: "Registry[Any]", plugin: type[Any]) -> Mapping[str, Any]:
    """What a plugin recommends; one that recommends what is no setting is named."""
    try:
        recommended = dict(plugin.recommended)
        load_config(recommended=recommended)
    except Exception as error:
        from ivpt.errors import PluginError
        from ivpt.registry import first_words

        raise PluginError(f"{registry.called(plugin)} recommends what is no setting: {first_words(error)}.") from error
    return recommended


def as_kind(word: object, kind: Any) -> object:
    """A typed word as the number or truth value that a plugin's constructor asks for; else as it is.

    What does not fit stays a word, and is refused with the option's name when the plugin is constructed.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        value: object = TypeAdapter(kind).validate_python(word)
    except ValidationError:
        return word
    return value if isinstance(value, bool | int | float) else word


def _saved(out: Path, overrides: Mapping[str, Any]) -> Config:
    from ivpt.training.checkpoint import read_state
    from ivpt.training.output import checkpoint_path

    values = read_state(checkpoint_path(out))["config"]
    for key, value in overrides.items():
        *path, last = key.split(".")
        here = values
        for name in path:
            here = here.setdefault(name, {})
            if not isinstance(here, dict):
                raise ConfigError(f"{key!r} is not a configuration key.")
        here[last] = value
    return validate_config(values)
