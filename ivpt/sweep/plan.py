"""From a definition to runs: their settings, their files, and how far each has come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ivpt.config import Config, flat, validate_config
from ivpt.errors import ConfigError
from ivpt.runfile.reader import RunFile
from ivpt.sweep.definition import SEED, Definition, RowDefinition, slug
from ivpt.training.checkpoint import read_state
from ivpt.training.output import checkpoint_path
from ivpt.training.run import MAY_CHANGE

State = Literal["new", "unfinished", "finished"]

Resolve = Callable[[Mapping[str, Any]], Config]
"""Dotted keys to the configuration that ``ivpt train`` would use."""


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Attributes:
        row: of the definition.
        seed: of the run.
        config: resolved.
        out: its run file.
        state: what is there of it already.
    """

    row: RowDefinition
    seed: int
    config: Config
    out: Path
    state: State

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.row.name}, seed {self.seed}"


def make_jobs(
    definition: Definition, seeds: Sequence[int], typed: Mapping[str, Any], folder: Path, resolve: Resolve
) -> list[Job]:
    """Every run of a sweep, all rows of the first seed first, so that a full table is there as early as can be.

    Args:
        definition: of the rows.
        seeds: one run each.
        typed: dotted keys to values from the command line; they beat the definition's common settings.
        folder: of the run files.
        resolve: makes a configuration.

    Raises:
        ConfigError: a typed setting is one that makes the rows differ, a row's settings are wrong, or a file of the
            folder holds a run with other settings.
        RunFileError, TrainingError: a file of the folder is damaged.
    """
    if SEED in typed:
        raise ConfigError(f"{SEED} is set by the sweep itself.", "Name the seeds with --seeds.")
    files = _files(definition)
    jobs = []
    for row in definition.rows:
        own = next((key for key in flat(row.settings) if key in typed), None)
        if own is not None:
            raise ConfigError(
                f"{own} is what the row {row.name!r} sets itself.", "Leave it out, or write a table of your own."
            )
    for seed in seeds:
        for row in definition.rows:
            try:
                config = resolve({**definition.settings_of(row), **typed, SEED: seed})
            except ConfigError as error:
                raise ConfigError(f"Row {row.name!r}: {error.message}", error.hint) from None
            out = folder / f"{files[row.name]}-seed{seed}.h5"
            jobs.append(Job(row, seed, config, out, state_of(config, out)))
    return jobs


def _files(definition: Definition) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in definition.rows:
        name, number = slug(row.name), 2
        while name in names.values():
            name, number = f"{slug(row.name)}-{number}", number + 1
        names[row.name] = name
    return names


def state_of(config: Config, out: Path) -> State:
    """What there is of a run.

    Raises:
        ConfigError: a run with other settings.
        RunFileError, TrainingError: its file or checkpoint is damaged.
    """
    checkpoint = checkpoint_path(out)
    state: State = "new"
    stored: Mapping[str, Any] = {}
    if checkpoint.exists():
        state, stored = "unfinished", read_state(checkpoint)["config"]
    elif out.exists():
        state = "finished"
        with RunFile(out) as run:
            stored = run.config
    if state != "new":
        differing = _differing(config, stored)
        if differing:
            raise ConfigError(
                f"{out} holds a run with other settings: {differing}.", "Name another folder with --out, or remove it."
            )
    return state


def _differing(config: Config, stored: Mapping[str, Any]) -> str:
    """The first setting that differs and enters the result, with both values; empty when there is none."""
    try:
        before = flat(validate_config(stored).model_dump(mode="json"))
    except ConfigError as error:
        return error.message.rstrip(".")
    now = flat(config.model_dump(mode="json"))
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key) and key not in MAY_CHANGE:
            return f"{key} = {before.get(key)!r}, and {now.get(key)!r} is asked for"
    return ""


__all__ = ["Job", "Resolve", "State", "make_jobs", "state_of"]
