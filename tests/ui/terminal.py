"""The program inside tmux: a real terminal that can be typed into and read."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A shell command in a terminal of its own; a context manager that ends it.

    Args:
        socket: where the tmux server listens; a path shorter than about 100 characters.
        words: arguments of ``python -m ivpt``.
        size: columns and rows.
        folder: where the command runs.
        environment: added to this process's own.
    """

    def __init__(
        self, socket: Path, words: list[str], size: tuple[int, int], folder: Path, environment: dict[str, str]
    ) -> None:
        self._tmux = ["tmux", "-u", "-S", str(socket), "-f", "/dev/null"]
        added = {"PYTHONPATH": str(ROOT), "COLORTERM": "truecolor", **environment}
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in added.items())
        program = f"cd {shlex.quote(str(folder))}; {settings} {sys.executable} -m ivpt {shlex.join(words)}"
        self._start = ["new-session", "-d", "-x", str(size[0]), "-y", str(size[1])]
        self._start.append(f"{program}; echo ended with $?; sleep 300")

    def __enter__(self) -> "Terminal":
        subprocess.run([*self._tmux, *self._start], check=True, env={**os.environ, "TERM": "xterm-256color"})
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        """Type keys as tmux spells them; a word that is no key is typed letter by letter."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def text(self) -> str:
        """What is shown now."""
        capture = [*self._tmux, "capture-pane", "-p"]
        return subprocess.run(capture, capture_output=True, text=True, check=True).stdout

    def shows(self, *words: str, seconds: float = 60) -> str:
        """Wait until all the words are shown, and return the whole screen.

        Raises:
            AssertionError: they are not shown in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(word in text for word in words):
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"{words} not shown in:\n{text}")
            time.sleep(0.1)
