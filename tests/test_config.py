from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ivpt.config import PRESETS, Config, known_keys, load_config, validate_config
from ivpt.errors import ConfigError


def write(path, text):
    file = path / "some.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_typed_value_beats_the_file_beats_the_preset_beats_the_recommendation_beats_the_default(tmp_path):
    recommended = {"training.clip": 9.0, "training.epochs": 9, "training.batch_size": 9, "training.seed": 9}
    file = write(tmp_path, "[training]\nepochs = 3\nbatch_size = 4\n")
    config = load_config(file, "published", {"training.epochs": "2"}, recommended)
    assert config.training.epochs == 2
    assert config.training.batch_size == 4
    assert config.training.clip == PRESETS["published"]["training"]["clip"]
    assert config.training.seed == 9
    assert config.training.lr_tokens == Config().training.lr_tokens


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_survives_a_trip_through_toml(preset, tmp_path):
    config = load_config(preset=preset)
    assert load_config(write(tmp_path, config.to_toml())) == config


def test_presets_are_not_changed_by_what_is_put_on_top():
    load_config(preset="published", overrides={"training.clip": 7.0})
    assert load_config(preset="published").training.clip == 2.0


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_say_nothing_that_the_default_says_already(preset):
    default = Config().model_dump()
    same = [f"{s}.{k}" for s, part in PRESETS[preset].items() for k, v in part.items() if default[s][k] == v]
    assert same in ([], ["concepts.detach"])  # the published code's way, named although it is the default as well


def test_the_configuration_is_frozen():
    with pytest.raises(ValidationError):
        Config().training.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("concepts.prototypes", "17, 14", (17, 14)),
        ("concepts.prototypes", "[17,14]", (17, 14)),
        ("concepts.blocks", "none", None),
        ("training.clip", "None", None),
        ("backbone.weights", "none", "none"),
        ("concepts.fusion", "off", False),
        ("training.lr_tokens", "1e-3", 1e-3),
        ("data.image_size", "96", 96),
    ],
)
def test_words_of_the_command_line_become_values(key, written, value):
    section, name = key.split(".")
    assert getattr(getattr(load_config(preset="published", overrides={key: written}), section), name) == value


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("training.epoch", 3, "Did you mean 'training.epochs'"),
        ("trainin.epochs", 3, "Did you mean 'training'"),
        ("epochs", 3, "Write section.key"),
        ("training", 3, "Write section.key"),
        ("training.epochs.x", 3, "training.epochs"),
        ("training.epochs", "many", "'many'"),
        ("training.epochs", 0, "training.epochs"),
        ("training.lr_tokens", float("nan"), "finite"),
        ("training.precision", "bf", "'bf16'"),
        ("concepts.prototypes", "1", "2 or more"),
        ("concepts.prototypes", "", "prototypes"),
        ("concepts.blocks", "4,5", "2 blocks but 4 prototype counts"),
        ("concepts.blocks", "4,4,5,6", "ascending"),
        ("data.options", "x", "section.key"),
        ("data.val_fraction", 1.0, "less than 1"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(key, value, words):
    if key == "data.options":
        key, value, words = "data.options.bias", [1], "data.options.bias must be a number"
    with pytest.raises(ConfigError) as caught:
        load_config(overrides={key: value})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="Did you mean 'paper'"):
        load_config(preset="papr")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training\n", "not valid TOML"),
        ("training = 3\n", "training"),
        ("[training]\nspeed = 3\n", "'training.speed'"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(text, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        load_config(write(tmp_path, text))


def test_a_missing_file_and_a_binary_file_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "some.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path / "some.toml")


def test_known_keys_are_exactly_those_that_load():
    dump = Config().model_dump()
    assert set(known_keys()) == set(dump) | {f"{section}.{key}" for section, part in dump.items() for key in part}


def test_every_setting_that_is_no_loss_weight_says_what_it_is():
    described = Config.model_json_schema()["$defs"]
    plain = {"orthogonality", "equivariance", "presence", "background_presence", "entropy", "total_variation"}
    plain |= {"epochs", "lr_decay", "seed"}
    for section in described.values():
        for name, field in section["properties"].items():
            assert name in plain or field.get("description"), name


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers()))


@given(st.dictionaries(st.sampled_from([k for k in known_keys() if "." in k]), scalars, max_size=4))
def test_whatever_is_written_either_loads_or_is_refused_in_words(overrides: dict[str, Any]):
    with suppress(ConfigError):
        config = load_config(overrides=overrides)
        assert validate_config(config.model_dump()) == config
