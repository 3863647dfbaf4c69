"""``ivpt new-plugin``: a working, tested, installable skeleton in a new folder."""

import re
from pathlib import Path

import click

from ivpt.errors import OutputError

KINDS = {"dataset": "data set", "backbone": "backbone", "metric": "metric"}
USES = {
    "dataset": "ivpt datasets $name\nivpt train --dataset $name --data DIR",
    "backbone": "ivpt backbones $name\nivpt train --backbone $name --weights FILE",
    "metric": "ivpt metrics $name\nivpt evaluate RUN.h5 --metric $name",
}
"""What a person types once it is installed."""


@click.command("new-plugin")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="New folder.  [default: ivpt-NAME]"
)
def new_plugin(kind: str, name: str, folder: Path | None) -> None:
    """Write the skeleton of a plugin into a new folder: package, entry point, tests that pass.

    The tests use ivpt's test kit. Change the class until it reads what it should, and keep them passing.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.BadParameter("use small letters, digits and _, beginning with a letter", param_hint="NAME")
    folder = folder or Path(f"ivpt-{name.replace('_', '-')}")
    if folder.exists():
        raise OutputError(f"{folder} exists already.", "Choose another folder with --to.")
    for path, text in skeleton(kind, name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    click.echo(str(folder))
    click.echo(f"Next: cd {folder} && pip install -e . && python -m pytest", err=True)


def skeleton(kind: str, name: str) -> dict[str, str]:
    """Relative path of each file of a new plugin to its text."""
    from importlib.resources import files
    from string import Template

    from ivpt import __version__

    module = f"ivpt_{name}"
    values = {
        "name": name,
        "module": module,
        "distribution": module.replace("_", "-"),
        "cls": "".join(word.capitalize() for word in name.split("_")),
        "words": KINDS[kind],
        "group": f"ivpt.{kind}s",
        "version": __version__,
    }
    values["use"] = "```console\n" + Template(USES[kind]).substitute(values) + "\n```"
    texts = files("ivpt.cli") / "skeletons"
    parts = {
        "pyproject.toml": "every/pyproject.toml.txt",
        "README.md": "every/README.md.txt",
        f"src/{module}/__init__.py": f"{kind}/plugin.py.txt",
        f"tests/test_{name}.py": f"{kind}/test.py.txt",
    }
    return {path: Template((texts / part).read_text("utf-8")).substitute(values) for path, part in parts.items()}
