"""The pictures in the documentation are those of the explorer as it is now.

A picture shows a trained run, which no test can make again. What does not depend on the run is compared: the line of
screens above, and the keys below, which say what can be done on a screen.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.synthetic import write_synthetic_run
from tools.screenshots import WALK

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
NAMES = [name for name, *_ in WALK]
PLAIN = [name for name, _, keys in WALK if not any(key.partition(" ")[0] in {"WITH", "WAIT", "NAME"} for key in keys)]
"""Those that need neither a second run, nor a model, nor concepts that lie on a part."""


def rows(picture: Path) -> dict[int, str]:
    """The words of each row of cells, without blanks."""
    found: dict[int, list[tuple[float, str]]] = {}
    for text in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text"):
        place = float(text.get("x", "0")), "".join(text.itertext())
        found.setdefault(int(float(text.get("y", "0")) // 16), []).append(place)
    return {row: re.sub(r"\s", "", "".join(words for _, words in sorted(placed))) for row, placed in found.items()}


def frame(picture: Path) -> tuple[str, str]:
    """The names of the screens in the first row, where they are shown, and the last row."""
    words = rows(picture)
    screens, naming, _ = words[min(words)].partition("Naming")
    return screens if naming else "", words[max(words)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    run = write_synthetic_run(folder / "run.h5", images=40, seed=4)
    script = ROOT / "tools" / "screenshots.py"
    command = [sys.executable, str(script), str(run), "--out", str(folder), "--only", *PLAIN]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", PLAIN)
def test_the_picture_shows_the_screens_and_keys_of_today(name: str, drawn: Path) -> None:
    assert frame(IMAGES / f"{name}.svg") == frame(drawn / f"{name}.svg"), "run tools/screenshots.py again"


def test_every_picture_is_drawn_by_the_script_and_shown_in_a_document() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in IMAGES.glob("*.svg"))
    documents = "".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    assert [name for name in NAMES if f"images/{name}.svg" not in documents] == []
