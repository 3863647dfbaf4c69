"""Which figure a headline is to be held against, by the names that the metrics of ivpt give their figures."""

from pathlib import Path
from typing import Any

import pytest

from ivpt.analysis.comparison import Column, Row, cell_of
from ivpt.analysis.controls import best_control, own_controls
from ivpt.analysis.scored import ScoredRun, read_scored
from tests.analysis.scoring import entry, write_scored

RIGHT = [1, 0, 1]


def scored(path: Path, figures: dict[str, float | None], *, seed: int = 0, **more: Any) -> ScoredRun:
    headline, value = next(iter(figures.items()))
    stored = {name: {"value": number, "interval": None} for name, number in figures.items()}
    values = entry(value, headline=headline, figures=stored, **more)
    return read_scored(write_scored(path, RIGHT, seed=seed, metrics={"m": values}))


@pytest.mark.parametrize(
    ("figures", "own"),
    [
        (
            ["consistency", "uncropped", "control: constant centre", "control: random cell per image"],
            ["control: constant centre", "control: random cell per image"],
        ),
        (
            [
                *("insertion", "deletion", "by concepts: insertion", "control, random order: insertion"),
                *("control, random order: deletion", "control, random order of concepts: insertion"),
                "insertion, above control",
            ],
            ["control, random order: insertion"],
        ),
        (
            [
                "NMI",
                "ARI",
                "control 4 x 4 grid: NMI",
                "control 4 x 4 grid: ARI",
                "control 4 x 4 grid, part pixels: NMI",
            ],
            ["control 4 x 4 grid: NMI"],
        ),
        (
            ["alignment", "to coarse, control: groups permuted", "to L7, control: groups permuted"],
            ["to coarse, control: groups permuted"],
        ),
        (["KPR", "control, mean of the train keypoints"], ["control, mean of the train keypoints"]),
        (
            ["pointing game", "concept pointing game", "chance: the object's share", "chance: concept pointing game"],
            ["chance: the object's share"],
        ),
        # the control of a component is none of the whole, and "controlled" is no control
        (
            ["FunnyBirds", "single deletion", "controlled synthetic data check", "control, by area: single deletion"],
            [],
        ),
        (["mIoU", "foreground IoU", "control, everything is foreground: foreground IoU"], []),
    ],
)
def test_the_controls_of_a_headline(tmp_path: Path, figures: list[str], own: list[str]) -> None:
    run = scored(tmp_path / "run.h5", dict.fromkeys(figures, 1.0))
    assert own_controls(run, "m") == own


def test_the_control_that_is_hardest_to_beat(tmp_path: Path) -> None:
    figures = {"main": 50.0, "control: a": 40.0, "control: b": 60.0, "control: c": None}
    high, low = (scored(tmp_path / f"{up}.h5", figures, higher_is_better=up) for up in (True, False))
    assert best_control(high, "m") == ("control: b", 60.0) and best_control(low, "m") == ("control: a", 40.0)
    assert best_control(scored(tmp_path / "n.h5", {**figures, "main": None}), "m") is None
    assert best_control(high, "accuracy") is None


def test_seeds_have_the_mean_of_their_controls(tmp_path: Path) -> None:
    one = scored(tmp_path / "a.h5", {"main": 50.0, "control: a": 40.0, "control: b": 60.0})
    two = scored(tmp_path / "b.h5", {"main": 50.0, "control: a": 90.0, "control: b": 70.0}, seed=1)
    cell = cell_of(Row("both", (one, two)), Column("m"))
    assert cell.control == 75.0 and cell.controls == ("control: b", "control: a")
    assert cell_of(Row("both", (one, two)), Column("m", "control: a")).control is None
