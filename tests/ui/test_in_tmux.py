"""From start to a saved pruned run in a real terminal, with a real model in the background."""

import shutil
from pathlib import Path

import pytest

from ivpt.runfile.edits import read_edits
from ivpt.runfile.reader import RunFile
from ivpt.training.run import train
from tests.training.pictures import draw_pictures, tiny_config
from tests.ui.terminal import Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("tmux") is None, reason="tmux is not installed: the explorer was not tried in a real terminal"
    ),
]


def test_from_start_to_a_saved_pruned_run(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "tiny.h5"
    run.parent.mkdir()
    train(tiny_config(draw_pictures(tmp_path / "pictures"), training__epochs=1), run)
    before = run.read_bytes()
    with Terminal(tmp_path / "s", ["explore", "runs/tiny.h5", "--as", "Ada"], (100, 30), tmp_path, {}) as terminal:
        terminal.shows("1 of 1 epochs")
        terminal.press("2")
        terminal.shows("Regions of")
        terminal.press("N")
        terminal.shows("Name of")
        terminal.press("stripe", "Enter")
        terminal.shows("stripe")
        terminal.press("5")
        terminal.shows("A  EVIDENCE REMOVED", "B  REMOVED FROM THE MODEL", "Marked: 0")
        # around the start of the layers, to the coarse concepts
        terminal.press("[")
        terminal.press("Space")
        terminal.shows("Marked: 1", "Stored scores without", "--evidence", "Not a model trained without it.")
        terminal.shows("Not asked yet")
        terminal.press("w")
        terminal.shows("Keep the pruned run as", "tiny-pruned.h5")
        terminal.press("Enter")
        terminal.shows("Nothing was trained anew", seconds=180)
        terminal.press("q")
        terminal.shows("ended with 0")
    assert run.read_bytes() == before, "the run itself is only read"
    edits = read_edits(run)
    assert [(e.who, e.what) for e in edits] == [("Ada", "name"), ("Ada", "drop")]
    dropped = edits[1].arguments["concept"]
    with RunFile(run.with_name("tiny-pruned.h5")) as pruned:
        layer = pruned.layer("coarse")
        assert [f"coarse:{k}" for k in layer.removed] == [dropped]
        assert pruned.saved_edits and "stripe" in "".join(pruned.saved_edits), "it has its history"
        assert pruned.origin[-1]
