"""docs/plugins.md: its tutorial works word for word in a fresh environment, and it lists the checks of the kit."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from ivpt.testing import DatasetTests

DOCS = Path(__file__).parents[1] / "docs" / "plugins.md"


def steps():
    """Language and text of each block of the tutorial, in order."""
    text = DOCS.read_text(encoding="utf-8")
    (tutorial,) = re.findall(r"^## Tutorial.*?(?=^## )", text, flags=re.S | re.M)
    return re.findall(r"^```(\w+)\n(.*?)^```", tutorial, flags=re.S | re.M)


@pytest.fixture
def environment(tmp_path):
    """A fresh virtual environment that sees what is installed around it, and no network."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    outer = sysconfig.get_paths()["purelib"]
    (site / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n")
    # As pip would have written it, had ivpt been installed here.
    script = home / "bin" / "ivpt"
    script.write_text(f"#!{home}/bin/python\nimport sys\nfrom ivpt.cli import main\nsys.exit(main())\n")
    script.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("IVPT_", "PIP_", "PYTHON"))}
    return {
        **kept,
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(home),
        "IVPT_CACHE": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@pytest.mark.slow
def test_the_tutorial_works_word_for_word(environment, tmp_path):
    here = tmp_path / "work"
    here.mkdir()
    said = {}
    for language, text in steps():
        if language == "python":
            path, _, code = text.partition("\n")
            assert (here / path.removeprefix("# ")).exists(), "it replaces a file of the skeleton"
            (here / path.removeprefix("# ")).write_text(code)
        elif language == "console":
            for line in text.splitlines():
                # `cd` lasts, as it does for a reader.
                done = subprocess.run(
                    ["bash", "-c", f"{line} && pwd > {tmp_path / 'pwd'}"],
                    cwd=here,
                    env=environment,
                    capture_output=True,
                    text=True,
                )
                assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
                here = Path((tmp_path / "pwd").read_text().strip())
                said.setdefault(line, []).append(done.stdout)
    assert "CC BY 4.0" in said["ivpt datasets digits"][0]
    assert "ivpt-digits 0.1.0" in said["ivpt datasets digits"][0]
    assert "digits" in said["ivpt info digits.h5"][0]
    for tests in said["python -m pytest -q"]:
        assert re.search(r"\b[4-9]\d passed", tests), tests
    assert list((here / "dist").glob("ivpt_digits-0.1.0-*.whl"))
    # The environment around it knows nothing of the new package.
    outside = subprocess.run([sys.executable, "-m", "pip", "show", "ivpt-digits"], capture_output=True)
    assert outside.returncode != 0


def listed():
    checks = sorted(name for name in dir(DatasetTests) if name.startswith("test_"))
    return "\n".join(f"- `{name}`: {getattr(DatasetTests, name).__doc__.splitlines()[0]}" for name in checks)


def test_the_checks_of_the_kit_are_listed():
    text = DOCS.read_text(encoding="utf-8")
    found = re.search(r"^<!-- checks -->\n\n(.*?)\n\n## ", text, flags=re.S | re.M)
    assert found
    assert found[1] == listed(), listed()
