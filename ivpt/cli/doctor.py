"""``ivpt doctor``: is everything here that ivpt needs? The network is not asked."""

import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from ivpt.cli.plugins import table
from ivpt.cores import usable_cores
from ivpt.errors import ExitCode

PACKAGES = (
    "accelerate",
    "click",
    "h5py",
    "numpy",
    "pillow",
    "pydantic",
    "rich",
    "safetensors",
    "scikit-image",
    "scikit-learn",
    "textual",
    "timm",
    "torch",
    "torchvision",
)
DOCTORS_PATIENCE = 60.0
"""Seconds that importing one plugin may take."""

EMBEDDED_WEIGHTS = ("vit_mini.safetensors",)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def doctor(as_json: bool) -> None:
    """Check versions, devices, the cache and every plugin, without the network.

    The exit code is 4 when a part of ivpt itself cannot be used; a broken plugin of somebody else is reported only.
    """
    facts = examine()
    click.echo(json.dumps(facts, indent=2) if as_json else describe(facts))
    if facts["problems"]:
        click.get_current_context().exit(ExitCode.PLUGIN)


def examine() -> dict[str, Any]:
    """Everything the doctor knows, as plain values."""
    plugins = _plugins()
    weights = _embedded_weights()
    problems = [
        f"The {p['kind']} {p['name']!r} is {p['state']}: {p['reason']}"
        for p in plugins
        if p["distribution"] == "ivpt" and p["state"] != "ok"
    ]
    problems += [f"The embedded weights {name} are missing." for name, size in weights.items() if size is None]
    return {
        "versions": _versions(),
        "devices": _devices(),
        "cache": _cache(),
        "weights": weights,
        "plugins": plugins,
        "problems": problems,
    }


def describe(facts: dict[str, Any]) -> str:
    """The facts for people."""
    cache = facts["cache"]
    state = f"{_amount(cache['bytes'])} in {cache['files']} files" if cache["exists"] else "not there yet"
    weights = [[name, "missing" if size is None else _amount(size)] for name, size in facts["weights"].items()]
    columns = ("kind", "name", "distribution", "version", "state", "reason")
    sections = {
        "Versions": table(("package", "version"), list(facts["versions"].items())),
        "Devices": table(("device", "what"), list(facts["devices"].items())),
        "Cache": f"{cache['path']} ({state}{'' if cache['writable'] else ', not writable'})",
        "Embedded weights": table(("file", "size"), weights),
        "Plugins": table(columns, [[p[column] for column in columns] for p in facts["plugins"]]),
        "Problems": "\n".join(facts["problems"]) or "none",
    }
    return "\n\n".join(f"{click.style(title, bold=True)}\n{_indent(text)}" for title, text in sections.items())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "ivpt": _version("ivpt")}
    return found | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _devices() -> dict[str, str]:
    import torch

    found = {"cpu": f"{usable_cores()} cores, {torch.get_num_threads()} torch threads"}
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{properties.name}, {_amount(properties.total_memory)}"
    if torch.backends.mps.is_available():
        found["mps"] = "Apple GPU"
    return found


def _cache() -> dict[str, Any]:
    from ivpt.paths import cache_dir

    folder = cache_dir()
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    # Where the folder is not there yet, what counts is whether it could be made.
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    return {
        "path": str(folder),
        "exists": folder.is_dir(),
        "writable": os.access(standing, os.W_OK),
        "files": len(sizes),
        "bytes": sum(sizes),
    }


def _embedded_weights() -> dict[str, int | None]:
    folder = files("ivpt.backbones") / "weights"
    sizes: dict[str, int | None] = {}
    for name in EMBEDDED_WEIGHTS:
        file = Path(str(folder / name))
        sizes[name] = file.stat().st_size if file.is_file() else None
    return sizes


def _plugins() -> list[dict[str, Any]]:
    from ivpt.cli.plugins import checked
    from ivpt.registry import REGISTRIES

    return [asdict(s) for s in checked([s for r in REGISTRIES for s in r.listing()], DOCTORS_PATIENCE)]


def _amount(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
