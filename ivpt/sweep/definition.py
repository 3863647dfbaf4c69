"""What a sweep is: rows of settings, and figures to print. Written as TOML; docs/results.md has the format."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ivpt.config import flat
from ivpt.errors import ConfigError, nearest

TABLES = Path(__file__).parent / "tables"
"""The definitions that come with ivpt."""

METRICS = ("accuracy", "consistency", "stability", "alignment", "nmi_ari_pixels")
"""Computed for each run unless the definition or the command line says otherwise."""

SEED = "training.seed"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ColumnDefinition(_Part):
    """A column: its head, and the figure that stands in it; ``figure`` is ``""`` for the metric's headline."""

    name: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    figure: str = ""


class RowDefinition(_Part):
    """A row: dotted or nested settings, parameters of metrics by name, and what the paper has there by column."""

    name: str = Field(min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    metric: dict[str, dict[str, Any]] = Field(default_factory=dict)
    paper: dict[str, float] = Field(default_factory=dict)


COLUMNS = (
    ColumnDefinition(name="Con.", metric="consistency"),
    ColumnDefinition(name="Sta.", metric="stability"),
    ColumnDefinition(name="Acc.", metric="accuracy"),
)
"""The paper's."""


class Definition(_Part):
    """A table.

    ``settings`` and ``metric`` hold for every row; a row's own values beat them. ``source`` says where the ``paper``
    figures come from; ``notes`` stand below the table.
    """

    title: str = Field(min_length=1)
    source: str = ""
    notes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = Field(METRICS, min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    metric: dict[str, dict[str, Any]] = Field(default_factory=dict)
    columns: tuple[ColumnDefinition, ...] = Field(COLUMNS, min_length=1)
    rows: tuple[RowDefinition, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Definition":
        for what, names in (("rows", [r.name for r in self.rows]), ("columns", [c.name for c in self.columns])):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} are named {twice!r}")
        heads = [column.name for column in self.columns]
        for row in self.rows:
            stray = next((name for name in row.paper if name not in heads), None)
            if stray is not None:
                raise ValueError(f"row {row.name!r} has a paper figure for {stray!r}, which is no column")
            if SEED in {**flat(self.settings), **flat(row.settings)}:
                raise ValueError(f"{SEED} is set by the sweep itself")
        return self

    def settings_of(self, row: RowDefinition) -> dict[str, Any]:
        """Dotted keys to values."""
        return {**flat(self.settings), **flat(row.settings)}

    def metric_options(self, row: RowDefinition, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """Parameters of the named metrics as far as any are given."""
        found = {name: {**self.metric.get(name, {}), **row.metric.get(name, {})} for name in names}
        return {name: options for name, options in found.items() if options}


def shipped() -> list[str]:
    """Names of the definitions that come with ivpt."""
    return sorted(path.stem for path in TABLES.glob("*.toml"))


def find_definition(words: str) -> tuple[str, Definition]:
    """A definition by its name, or from a file.

    Returns:
        A short name, fit for a folder; and the definition.

    Raises:
        ConfigError: there is none, or it cannot be read, or something in it is wrong.
    """
    file = TABLES / f"{words}.toml" if words in shipped() else Path(words)
    if not file.is_file():
        hint = f"{nearest(words, shipped())} Or name a TOML file; docs/results.md has its format."
        raise ConfigError(f"There is no table and no file {words!r}.", hint)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The sweep {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The sweep {file} is not valid TOML: {error}.") from None
    try:
        return slug(file.stem), Definition.model_validate(values)
    except ValidationError as error:
        raise _explained(file, error) from None


def _explained(file: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    if first["type"] == "extra_forbidden":
        kinds: dict[str, type[_Part]] = {"rows": RowDefinition, "columns": ColumnDefinition}
        known = list(kinds.get(str(first["loc"][0]), Definition).model_fields)
        return ConfigError(f"The sweep {file} has an unknown key {where!r}.", nearest(str(first["loc"][-1]), known))
    words = first["msg"].removeprefix("Value error, ")
    return ConfigError(f"The sweep {file} is wrong: {f'{where}: ' if where else ''}{words}.")


def slug(words: str) -> str:
    """Words as a file name: lower case letters, digits and dashes; never empty."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "row"


__all__ = [
    "COLUMNS",
    "METRICS",
    "SEED",
    "ColumnDefinition",
    "Definition",
    "RowDefinition",
    "find_definition",
    "flat",
    "shipped",
    "slug",
]
