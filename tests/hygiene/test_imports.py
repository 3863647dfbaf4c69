"""What each way into the program loads: asked of a fresh interpreter, never timed."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "timm", "torchvision", "accelerate"}
SCREEN = {"textual", "rich"}


def modules_after(script: str) -> set[str]:
    """Names in ``sys.modules`` of a fresh interpreter that ran the script."""
    ask = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def top_levels(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def command(*words: str) -> str:
    return f"from ivpt.cli import run; code = run({list(words)!r}); assert code == 0, code"


def test_importing_the_package_loads_nothing_else():
    extra = top_levels(modules_after("import ivpt") - modules_after("import importlib, typing"))
    assert extra == {"ivpt"}


def test_help_loads_click_and_nothing_to_speak_of():
    extra = modules_after(command("--help")) - modules_after("import click")
    ours = {name for name in extra if name.partition(".")[0] == "ivpt"}
    assert ours == {"ivpt", "ivpt.cli", "ivpt.cli.failures", "ivpt.errors"}
    assert top_levels(extra) - {"ivpt"} <= sys.stdlib_module_names | {"click"}
    assert len(extra - ours) <= 20, sorted(extra - ours)


@pytest.mark.parametrize(
    "words",
    [
        ("plugins",),
        ("plugins", "--json"),
        *((name, "--help") for name in ("info", "train", "evaluate", "predict", "prune")),
    ],
)
def test_what_asks_no_model_loads_no_torch(words):
    assert not top_levels(modules_after(command(*words))) & HEAVY


def test_a_run_that_exists_is_refused_before_torch_is_loaded(tmp_path):
    taken = tmp_path / "run.h5"
    taken.write_bytes(b"precious")
    train = f"from ivpt.cli import run; code = run(['train', '--out', {str(taken)!r}]); assert code == 8, code"
    assert not top_levels(modules_after(train)) & HEAVY
    resumed = train.replace("'--out'", "'--resume', '--out'")
    assert not top_levels(modules_after(resumed)) & HEAVY


def test_the_listing_of_plugins_imports_none_of_them():
    loaded = modules_after(command("plugins"))
    assert not any(name.startswith(("ivpt.backbones", "ivpt.data")) for name in loaded)


@pytest.mark.parametrize(
    "module",
    [
        "ivpt.analysis.pruning",
        "ivpt.cli.doctor",
        "ivpt.cli.evaluate",
        "ivpt.cli.explore",
        "ivpt.cli.info",
        "ivpt.cli.predict",
        "ivpt.cli.prune",
        "ivpt.cli.train",
        "ivpt.config",
        "ivpt.evaluation.evaluate",
        "ivpt.interfaces.backbone",
        "ivpt.interfaces.dataset",
        "ivpt.jobs.prune",
        "ivpt.metrics.evidence",
        "ivpt.registry",
        "ivpt.runfile.reader",
        "ivpt.ui.app",
        "ivpt.ui.session",
    ],
)
def test_no_torch_behind(module):
    assert not top_levels(modules_after(f"import {module}")) & HEAVY


@pytest.mark.parametrize("module", ["ivpt.ui.session", "ivpt.runfile.reader", "ivpt.registry", "ivpt.config"])
def test_no_screen_behind(module):
    assert not top_levels(modules_after(f"import {module}")) & SCREEN


def test_the_reader_needs_no_more_than_arrays_and_hdf5():
    loaded = top_levels(modules_after("import ivpt.runfile.reader"))
    assert not loaded & {"pydantic", "skimage", "sklearn", "scipy"}


@pytest.mark.parametrize("name", ["Config", "IvptError", "RunFile"])
def test_public_names_load_on_first_use(name):
    loaded = modules_after(f"import ivpt; assert ivpt.{name}.__name__ == {name!r}")
    assert not top_levels(loaded) & HEAVY
