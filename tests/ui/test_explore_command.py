"""``ivpt explore`` as a program."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXPLORE = [sys.executable, "-m", "ivpt", "explore"]


def test_the_explorer_imports_no_torch_and_nothing_slow() -> None:
    code = (
        "import sys, ivpt.ui.app, ivpt.cli.explore\n"
        "import ivpt.ui.screens.overview, ivpt.ui.screens.concepts, ivpt.ui.screens.image\n"
        "print([m for m in ('torch', 'timm', 'torchvision', 'pydantic', 'PIL', 'skimage', 'sklearn', 'scipy') "
        "if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_session_knows_no_terminal() -> None:
    code = (
        "import sys, ivpt.ui.session, ivpt.ui.actions, ivpt.ui.reading, ivpt.ui.composing, ivpt.ui.history;"
        "import pkgutil, importlib, ivpt.ui.parts as parts;"
        "[importlib.import_module(f'ivpt.ui.parts.{m.name}') for m in pkgutil.iter_modules(parts.__path__)];"
        "print('textual' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "False"


def test_without_a_terminal_it_points_to_info(run_path: Path) -> None:
    ran = subprocess.run([*EXPLORE, str(run_path)], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    assert ran.returncode == 2 and "ivpt info" in ran.stderr and "Traceback" not in ran.stderr and not ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("term", "what", "code", "words"),
    [("dumb", "run", 2, b"ivpt info"), ("xterm", "text", 7, b"not a run file"), ("xterm", "none", 7, b"no run file")],
)
def test_refusals_on_a_terminal(run_path: Path, tmp_path: Path, term: str, what: str, code: int, words: bytes) -> None:
    import pty

    (tmp_path / "text").write_text("hello")
    path = run_path if what == "run" else tmp_path / what
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": term, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([*EXPLORE, str(path)], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(ours)
    os.close(theirs)
    assert ran.returncode == code
    assert words in b" ".join(ran.stderr.split()) and b"Traceback" not in ran.stderr


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux(run_path: Path, tmp_path: Path) -> None:
    """From start to quit in a real terminal: the run card, the concepts, an image in colour, and a clean end."""
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    program = f"PYTHONPATH={ROOT} COLORTERM=truecolor {sys.executable} -m ivpt"
    command = f"{program} explore {run_path}; echo ended with $?; sleep 60"

    def shown(*words: str, colours: bool = False) -> str:
        deadline = time.monotonic() + 30
        text = ""
        while time.monotonic() < deadline:
            capture = [*tmux, "capture-pane", "-p", *(["-e"] if colours else [])]
            text = subprocess.run(capture, capture_output=True, text=True, check=True).stdout
            if all(word in text for word in words):
                return text
            time.sleep(0.1)
        raise AssertionError(f"{words} not shown in:\n{text}")

    def press(*keys: str) -> None:
        subprocess.run([*tmux, "send-keys", *keys], check=True)

    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", command], check=True)
    try:
        shown("40 images", "vit_mini")
        press("2")
        shown("Regions of L6:1")
        press("3")
        shown("Why creature", "logit")
        press("Right")
        assert "▀" in shown(" 2/", colours=True)
        press("?")
        shown("Next wrongly classified image")
        # not escape: followed quickly by another key it is the terminal's way to spell alt
        press("q")
        shown("logit")
        press("q")
        shown("ended with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
