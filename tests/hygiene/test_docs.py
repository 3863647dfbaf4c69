"""The documents say what the program does: generated pages, links, and every command line they quote."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest

from ivpt.cli import COMMANDS, root
from ivpt.config import known_keys
from ivpt.errors import ExitCode
from tools.reference_docs import PAGES

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "plugins").glob("*/*.md")])
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def quoted_commands(text: str) -> list[list[str]]:
    """The words after ``ivpt`` of every command line in code blocks and in code spans."""
    blocks = re.findall(r"^```(?:\w*)\n(.*?)^```", text, flags=re.S | re.M)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    parts = [part.strip() for line in lines for part in re.split(r"&&|;|\\?\|", line)]
    found = []
    for part in parts:
        words = shlex.split(part, comments=True) if part.count("'") % 2 == 0 and part.count('"') % 2 == 0 else []
        if words[:1] == ["ivpt"] and len(words) > 1 and words[1] != "COMMAND":
            found.append(words[1:])
        elif "-m" in words and words[words.index("-m") + 1 :][:1] == ["ivpt"]:
            found.append(words[words.index("-m") + 2 :])
    return found


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_what_the_program_says(page):
    assert (ROOT / page).read_text(encoding="utf-8") == PAGES[page](), "run: python tools/reference_docs.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_links_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if target and not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_quoted_commands_and_options_exist(document):
    context = click.Context(root)
    for words in quoted_commands(document.read_text(encoding="utf-8")):
        if words[0].startswith("-"):
            command, options = root, words
        else:
            assert words[0] in COMMANDS, words
            command, options = root.get_command(context, words[0]), words[1:]
            assert command is not None
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"--help", "-h"}
        for option in (word.partition("=")[0] for word in options if re.match(r"--?[a-z]", word)):
            dotted = {"train": r"--(dataset|backbone)\.", "evaluate": r"--metric\."}.get(words[0])
            assert option in known or (dotted and re.match(dotted, option)), f"{option} in {words}"
        for word, value in pairwise(options):
            if word == "--set" and "=" in value:
                assert value.partition("=")[0] in known_keys(), value


def test_architecture_names_every_package_and_nothing_that_is_not_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (ROOT / "ivpt").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"`ivpt/(\w+)/", text))
    files = re.findall(r"`(?:ivpt/)?((?:\w+/)*\w+\.py)`", text)
    homes = [ROOT / "ivpt", *(ROOT / "ivpt").glob("*/")]
    assert [name for name in files if not any((home / name).exists() for home in homes)] == []


def test_every_exit_code_is_documented():
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    documented = {int(code): name for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", text, flags=re.M)}
    assert documented == {code.value: code.name for code in ExitCode}


def test_the_changelog_has_a_place_for_what_comes_next():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
