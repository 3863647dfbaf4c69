"""docs/paper.md names tests, functions and settings that exist, and every setting that changes results."""

import importlib
import re
from pathlib import Path

import pytest

from ivpt.config import ConceptsConfig, LossConfig, known_keys

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")


def test_named_tests_exist() -> None:
    defined = {name for kind in ("concepts", "losses") for path in (ROOT / "tests" / kind).glob("test_*.py")
               for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}  # fmt: skip
    named = set(re.findall(r"\b(test_\w+)\b(?!\.py)", TEXT))
    assert len(named) > 15
    assert named <= defined


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:concepts|losses)\.[a-z_]+\.[A-Za-z_.]+)`", TEXT))))
def test_named_functions_exist(name: str) -> None:
    package, module, *path = name.split(".")
    found = importlib.import_module(f"ivpt.{package}.{module}")
    for part in path:
        found = getattr(found, part)
    assert callable(found)


def test_settings_exist_and_none_is_missing() -> None:
    used = set(re.findall(r"\b((?:concepts|loss|training|data)\.[a-z_]+)=", TEXT))
    assert used <= set(known_keys())
    weights = {name for name, field in LossConfig.model_fields.items() if field.annotation is float}
    plain = weights | {"prototypes", "blocks", "coarse", "init_std"}
    for name in {*ConceptsConfig.model_fields, *LossConfig.model_fields} - plain:
        assert f"`{name}" in TEXT or f"{name}=" in TEXT or f"{name} =" in TEXT, name
