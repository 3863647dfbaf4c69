"""Write the pages of docs/ that quote the program: docs/cli.md, docs/configuration.md, docs/keys.md.

    python tools/reference_docs.py

A test compares them with what the program says. They are built from names, types and help texts, not from click's
layout, so that they do not change with its version.
"""

from collections.abc import Callable
from pathlib import Path

import click
from pydantic import BaseModel

from ivpt.cli import COMMANDS, root
from ivpt.config import PRESETS, Config
from ivpt.ui.actions import ACTIONS, SCREENS

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by tools/reference_docs.py; do not edit. -->\n"


def cli_page() -> str:
    """Every command with its arguments and options."""
    context = click.Context(root, info_name="ivpt")
    parts = [
        "# Command line\n" + NOTE,
        "```\nivpt COMMAND [OPTIONS] [ARGUMENTS]\n```\n",
        "stdout is data, stderr is words; [exit codes](errors.md) are distinct. `ivpt COMMAND --help` says the same as "
        "this page.\n",
        _options(root),
    ]
    for name, (_, line) in COMMANDS.items():
        command = root.get_command(context, name)
        assert command is not None
        arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
        usage = " ".join(["ivpt", name, "[OPTIONS]", *(_argument(argument) for argument in arguments)])
        parts += [f"## ivpt {name}\n", f"{line}\n", f"```\n{usage}\n```\n", _prose(command), _options(command)]
    return "\n".join(part for part in parts if part)


def configuration_page() -> str:
    """Every section and key of the configuration with its default."""
    parts = [
        "# Configuration\n" + NOTE,
        "Every key can stand in a TOML file (`ivpt train --config FILE.toml`) under its section, or on the command\n"
        "line (`ivpt train --set training.epochs=10`). A value typed on the command line beats the file, the file\n"
        "beats the preset (`--preset`), the preset beats what the backbone recommends, and that beats the default.\n"
        "`none` stands for nothing; a list is written `17,14,11,8` on the command line. The resolved configuration is\n"
        "stored in the run file.\n",
    ]
    for section, field in Config.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        parts += [f"## {section}\n", f"{(kind.__doc__ or '').strip()}\n", _keys(kind)]
    parts.append("## Presets\n")
    for name, sections in PRESETS.items():
        values = [
            f"- `{section}.{key}` = `{value}`" for section, part in sections.items() for key, value in part.items()
        ]
        parts += [f"### {name}\n", "\n".join(values or ["The defaults above."]) + "\n"]
    return "\n".join(parts)


def keys_page() -> str:
    """Every action of the explorer with its name and keys."""
    parts = [
        "# Keys of the explorer\n" + NOTE,
        "The name of an action gives it other keys, see [the explorer](explore.md#keys-of-your-own).\n",
    ]
    for screen in ("", *SCREENS):
        lines = ["| name | keys | what |", "|---|---|---|"]
        for action in ACTIONS:
            if screen in action.screens or not (screen or action.screens):
                keys = " ".join(f"`{key}`" for key in action.keys)
                lines.append(f"| `{action.id}` | {keys} | {_cell(action.help)} |")
        if len(lines) > 2:
            parts += [f"## {screen.capitalize() or 'Everywhere'}\n", "\n".join(lines) + "\n"]
    return "\n".join(parts)


def _keys(section: type[BaseModel]) -> str:
    schema = section.model_json_schema()["properties"]
    default = section().model_dump(mode="json")
    lines = ["| key | default | what |", "|---|---|---|"]
    for name in section.model_fields:
        choices = schema[name].get("enum", [])
        what = schema[name].get("description", "")
        if choices:
            what = "; ".join(filter(None, [what, "one of " + ", ".join(f"`{c}`" for c in choices)]))
        shown = "" if default[name] in (None, {}) else f"`{_plain(default[name])}`"
        lines.append(f"| `{name}` | {shown} | {_cell(what)} |")
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _argument(argument: click.Argument) -> str:
    name = (argument.metavar or argument.name or "").upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _prose(command: click.Command) -> str:
    """The help text after its first paragraph, which the line of the command's heading repeats."""
    _, _, rest = (command.help or "").replace("\b\n", "").partition("\n\n")
    return rest.strip() + "\n" if rest.strip() else ""


def _options(command: click.Command) -> str:
    lines = ["| option | what |", "|---|---|"]
    for parameter in command.params:
        if not isinstance(parameter, click.Option) or parameter.hidden:
            continue
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        if not parameter.is_flag:
            names += f" {parameter.metavar or _kind(parameter.type)}"
        lines.append(f"| {_cell(names)} | {_cell(parameter.help or '')} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def _kind(kind: click.ParamType) -> str:
    return ", ".join(str(choice) for choice in kind.choices) if isinstance(kind, click.Choice) else kind.name.upper()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": cli_page,
    "docs/configuration.md": configuration_page,
    "docs/keys.md": keys_page,
}
"""Path of each generated page, below the repository's root: the function that writes it."""

if __name__ == "__main__":
    for page, write in PAGES.items():
        (ROOT / page).write_text(write(), encoding="utf-8")
