"""Options that belong to a plugin: ``--dataset.NAME VALUE`` and ``--backbone.NAME VALUE``."""

import click

from ivpt.errors import nearest

PREFIXES = {"--dataset.": "data.options.", "--backbone.": "backbone.options."}
"""How such an option begins, and where its value goes in the configuration."""


def split_plugin_options(ctx: click.Context) -> dict[str, str]:
    """Read plugin options from what click did not know, and refuse everything else.

    Args:
        ctx: of a command that ignores unknown options and allows extra arguments.

    Returns:
        Dotted configuration keys to values as typed. What options a plugin has, and of which type, is checked when it
        is constructed.

    Raises:
        click.UsageError: another unknown option (the nearest names are offered), an argument that belongs to no option,
            or an option without its value.
    """
    found: dict[str, str] = {}
    words = list(ctx.args)
    while words:
        word = words.pop(0)
        prefix = next((p for p in PREFIXES if word.startswith(p)), None)
        name, equals, value = word.partition("=")
        if prefix is None or name == prefix:
            raise click.UsageError(_unknown(ctx, name if word.startswith("-") else word), ctx)
        if not equals:
            if not words:
                raise click.UsageError(f"Option {name!r} requires an argument.", ctx)
            value = words.pop(0)
        found[PREFIXES[prefix] + name.removeprefix(prefix).replace("-", "_")] = value
    return found


def _unknown(ctx: click.Context, word: str) -> str:
    if not word.startswith("-"):
        return f"Got an unexpected argument {word!r}."
    known = [name for parameter in ctx.command.params for name in parameter.opts]
    return f"There is no option {word!r}. {nearest(word, known)}"
