"""One frozen, validated configuration: TOML in and out.

Precedence: a value typed on the command line beats the file, the file beats the preset, the preset beats the default.
The resolved configuration is stored in every checkpoint and run file; nothing later asks again.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from ivpt.errors import ConfigError, nearest

OptionValue = bool | int | float | str


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, values: Any) -> Any:
        """What the command line and TOML cannot write otherwise: "none" for nothing, "17,14,11,8" for a tuple."""
        if not isinstance(values, Mapping):
            return values
        return {
            key: _from_word(cls.model_fields[key], v) if key in cls.model_fields else v for key, v in values.items()
        }


def _from_word(field: FieldInfo, value: Any) -> Any:
    kinds = get_args(field.annotation) or (field.annotation,)
    if not isinstance(value, str) or str in kinds:
        return value
    if NoneType in kinds and value.strip().lower() == "none":
        return None
    if any(get_origin(kind) is tuple for kind in (field.annotation, *kinds)):
        return [part for part in re.split(r"[\s,]+", value.strip("[]() \t")) if part]
    return value


class DataConfig(_Section):
    """Which images, and how they reach the model."""

    dataset: str = Field("paperbirds", description="registered data set")
    root: str | None = Field(None, description="folder of the data set's files (--data)")
    options: dict[str, OptionValue] = Field(default_factory=dict, description="the data set's own options")
    val_fraction: float = Field(0.15, gt=0, lt=1, description="share of train carved off for model selection")
    test_fraction: float = Field(0.2, gt=0, lt=1, description="share of images for test when the data set has no split")
    image_size: int | None = Field(None, gt=0, description="side in pixels; default: the backbone's own")
    augment: Literal["paper", "flip", "none"] = Field(
        "paper", description="paper: flip, rotation, translation, scale; flip: horizontal flip only"
    )
    skip_unreadable: bool = Field(False, description="leave unreadable images out (counted and named)")
    workers: int = Field(0, ge=0, description="loader processes")


class BackboneConfig(_Section):
    """The frozen vision transformer."""

    name: str = Field("vit_mini", description="registered backbone, or timm:<name>")
    weights: str | None = Field(None, description="file, or 'none' for random; default: the published weights")
    options: dict[str, OptionValue] = Field(default_factory=dict, description="the backbone's own options")


class ConceptsConfig(_Section):
    """The method: concept prototypes, regions, prompts, fusion, head (paper, section 3)."""

    prototypes: tuple[int, ...] = Field(
        (17, 14, 11, 8), min_length=1, description="prototypes of each prompted block, background included"
    )
    blocks: tuple[int, ...] | None = Field(
        None, description="0-based indices of the prompted blocks, ascending; default: the last ones"
    )
    coarse: int = Field(4, ge=1, description="n: coarse concepts, and fused prompts per layer")
    init_std: float = Field(0.05, gt=0, description="standard deviation of the prototypes at the start")
    cross_layer: bool = Field(True, description="off: only the set after the last block (Table 3 baseline)")
    spatial_bias: Literal["inside", "outside", "off"] = Field(
        "inside", description="Eq. 5: inside the softmax, added after it (as printed), or zero and fixed"
    )
    aggregation: Literal["region", "global"] = Field(
        "region", description="Eq. 6-7: inside the arg-max region, or attention-weighted over the whole image"
    )
    empty_regions: Literal["skip", "zero"] = Field(
        "skip", description="empty regions: weight 0 in group means, or a zero vector with uniform groups (published)"
    )
    fusion: bool = Field(True, description="off: the foreground prompts of a layer are inserted as they are")
    grouping: Literal["hard", "soft"] = Field(
        "hard", description="straight-through arg-max groups with plain means, or soft group weights"
    )
    grouping_temperature: float = Field(1.0, gt=0, description="of the Gumbel-softmax")
    background_group: bool = Field(False, description="a foreground prototype may be assigned to background (y = 0)")
    detach_groups: bool = Field(False, description="no gradient of the group means to the grouping layer (published)")
    fusion_network: Literal["mlp", "linear"] = Field("mlp", description="Eq. 9: D-D-D with GELU, or one linear layer")
    fusion_norm: Literal["prompt", "joint"] = Field("prompt", description="LayerNorm of each prompt, or over (n, D)")
    train_fusion_norm: bool = Field(True, description="the fusion LayerNorm's parameters are trained")
    detach: bool = Field(
        True, description="prompts send no gradient back into prototypes and features of prompted blocks (published)"
    )
    head: Literal["concept", "shared"] = Field(
        "concept", description="Eq. 4: one linear head per concept, or one for all"
    )
    head_norm: Literal["concept", "joint"] = Field(
        "concept", description="LayerNorm of each concept vector, or over (n + 1, D) with background (published)"
    )
    train_backbone_tokens: bool = Field(True, description="unfreeze class, register, distillation tokens and pos_embed")

    @model_validator(mode="after")
    def _consistent(self) -> "ConceptsConfig":
        if any(m < 2 for m in self.prototypes):
            raise ValueError("every layer needs the background and at least one foreground prototype, so 2 or more")
        if self.blocks is not None:
            if len(self.blocks) != len(self.prototypes):
                raise ValueError(f"{len(self.blocks)} blocks but {len(self.prototypes)} prototype counts")
            if sorted(set(self.blocks)) != list(self.blocks):
                raise ValueError("blocks must be ascending and distinct")
        return self


class LossConfig(_Section):
    """Weights and forms of the loss terms (Eq. 8, 10-17). A weight of 0 switches a term off."""

    classification: float = Field(1.0, ge=0, description="lambda_cls")
    part_shaping: float = Field(1.0, ge=0, description="lambda_ps, multiplies the six terms below")
    consistency: float = Field(1.0, ge=0, description="lambda_con")
    orthogonality: float = Field(1.0, ge=0)
    equivariance: float = Field(1.0, ge=0)
    presence: float = Field(1.0, ge=0)
    background_presence: float = Field(1.0, ge=0)
    entropy: float = Field(1.0, ge=0)
    total_variation: float = Field(1.0, ge=0)
    consistency_form: Literal["patch", "regions"] = Field(
        "patch", description="per-patch KL(coarse || fine) on soft maps, or Eq. 8 on hard region maps (guarded)"
    )
    orthogonality_form: Literal["squared", "sum"] = Field("squared", description="Eq. 11: squared mean, or as printed")
    orthogonality_background: bool = Field(False, description="the background vector enters Eq. 11 (published)")
    equivariance_form: Literal["cosine", "norms"] = Field("cosine", description="Eq. 12: cosine, or as printed")
    entropy_form: Literal["mean", "sum"] = Field("mean", description="Eq. 16: mean over patches, or sum as printed")


class TrainingConfig(_Section):
    """The optimiser recipe (appendix A)."""

    epochs: int = Field(25, ge=1)
    batch_size: int = Field(16, ge=1, description="images per step over all processes")
    lr_tokens: float = Field(2e-4, gt=0, description="backbone tokens, spatial bias, prototypes")
    lr_layers: float = Field(1e-2, gt=0, description="grouping, fusion, norms and heads")
    lr_decay: float = Field(0.5, gt=0, le=1)
    lr_period: float = Field(4 / 25, gt=0, description="share of the epochs after which the rate decays (4 of 25)")
    clip: float | None = Field(None, gt=0, description="gradient norm limit (published: 2.0)")
    seed: int = Field(0, ge=0)
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    precision: Literal["no", "bf16", "fp16"] = Field("no", description="mixed precision")
    compile: bool = Field(False, description="torch.compile the backbone's blocks")
    select: Literal["best", "last"] = Field("best", description="keep the epoch best on val, or the last one")


class OutputConfig(_Section):
    """What the run file holds."""

    train_maps: bool = Field(False, description="store maps of training images too")
    map_bits: Literal[8, 16] = Field(8, description="precision of stored attention maps")
    thumbnail: int = Field(160, ge=16, description="longest side of the stored JPEG thumbnails")


class Config(_Section):
    """Everything a training run depends on."""

    data: DataConfig = Field(default_factory=DataConfig)
    backbone: BackboneConfig = Field(default_factory=BackboneConfig)
    concepts: ConceptsConfig = Field(default_factory=ConceptsConfig)
    loss: LossConfig = Field(default_factory=LossConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    output: OutputConfig = Field(default_factory=OutputConfig)

    def to_toml(self) -> str:
        """The configuration as TOML; values that are ``None`` are left out, as TOML has no null."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))


PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "default": {},
    "paper": {
        "concepts": {"spatial_bias": "outside", "detach": False, "background_group": True},
        "loss": {
            "consistency_form": "regions",
            "orthogonality_form": "sum",
            "orthogonality_background": True,
            "equivariance_form": "norms",
            "entropy_form": "sum",
        },
        "training": {"select": "last"},
    },
    "published": {
        "concepts": {
            "empty_regions": "zero",
            "grouping": "soft",
            "detach_groups": True,
            "fusion_network": "linear",
            "fusion_norm": "joint",
            "train_fusion_norm": False,
            "detach": True,
            "head": "shared",
            "head_norm": "joint",
        },
        "loss": {"orthogonality_background": True},
        "training": {"clip": 2.0},
    },
}
"""Named sets of values: ``default`` (sound readings), ``paper`` (as printed), ``published`` (as the released code)."""


def load_config(
    file: Path | None = None,
    preset: str = "default",
    overrides: Mapping[str, Any] | None = None,
    recommended: Mapping[str, Any] | None = None,
) -> Config:
    """Resolve a configuration.

    Args:
        file: TOML file with any of the sections and keys of :class:`Config`.
        preset: a name in :data:`PRESETS`.
        overrides: dotted keys (``"training.epochs"``) to values; strings are converted to the field's type.
        recommended: dotted keys a backbone or data set recommends; weaker than the preset, stronger than the default.

    Raises:
        ConfigError: unknown preset, section or key (nearest names are offered), wrong type, or a contradiction.
    """
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}.", nearest(preset, list(PRESETS)))
    values: dict[str, dict[str, Any]] = {}
    for key, value in (recommended or {}).items():
        _put(values, key, value)
    _merge(values, PRESETS[preset])
    if file is not None:
        _merge(values, _read_toml(file))
    for key, value in (overrides or {}).items():
        _put(values, key, value)
    return validate_config(values)


def validate_config(values: Mapping[str, Any]) -> Config:
    """Build a :class:`Config` from nested plain values.

    Raises:
        ConfigError: the first thing that is wrong, with the nearest names for unknown keys.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise _explain(error) from None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {file} is not valid TOML: {error}.") from None


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _put(values: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    if not path:
        raise ConfigError(f"{dotted!r} is not a configuration key.", "Write section.key, for example training.epochs.")
    here = values
    for name in path:
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            raise ConfigError(f"{dotted!r} is not a configuration key.", f"{name!r} is a value, not a section.")
    here[last] = value


def _explain(error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(f"There is no configuration key {where!r}.", nearest(where, known_keys()))
    if first["loc"][1:2] == ("options",) and len(first["loc"]) > 3:  # one error per member of OptionValue
        where = ".".join(str(part) for part in first["loc"][:3])
        return ConfigError(f"{where} must be a number, a word, true or false (given: {first['input']!r}).")
    words = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | BaseModel) else f" (given: {first['input']!r})"
    return ConfigError(f"{where}: {words}{given}.")


def known_keys() -> list[str]:
    """All dotted configuration keys, sections included."""
    keys: list[str] = []
    for section, field in Config.model_fields.items():
        keys.append(section)
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        keys += [f"{section}.{name}" for name in kind.model_fields]
    return keys


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
