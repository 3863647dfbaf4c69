"""The run card's scores."""

from pathlib import Path

import pytest

from ivpt.runfile.update import add_metrics
from ivpt.ui.opening import read_path
from tests.synthetic import write_synthetic_run


def test_accuracies_have_one_unit_and_the_split_at_the_end(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    entry = {"value": 0.96712, "interval": [0.879, 0.98], "parameters": {"split": "val"}}
    add_metrics(path, {"val_balanced_accuracy": entry, "test_set_purity": {"value": 0.5, "parameters": {}}})
    scores = {score.name: score for score in read_path(path).scores}
    fair = scores["balanced accuracy, val"]
    assert (fair.value, fair.interval, fair.unit) == ("96.7", "[87.9, 98.0] ", "%")
    assert scores["set purity, test"].value == "0.500", "only what is an accuracy is a share for certain"


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"value": 50.5, "interval": [46.3405, 54.353], "unit": "%"}, ("50.5", "[46.3, 54.4] ", "%")),
        ({"value": 0.96512, "interval": [0.9, 1.0]}, ("0.965", "[0.900, 1.000] ", "")),
        ({"value": None, "unit": "%"}, ("–", "", "%")),
        ({"value": 3.2, "unit": "\x1b[mpx"}, ("3.200", "", "\ufffd[mpx")),
    ],
)
def test_scores_have_their_unit(tmp_path: Path, entry: dict[str, object], shown: tuple[str, ...]) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    add_metrics(path, {"mine": {"parameters": {}, **entry}})
    (score,) = [score for score in read_path(path).scores if score.name == "mine"]
    assert (score.value, score.interval, score.unit) == shown


def test_scores_stand_beside_their_controls(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    figures = {
        "NMI": {"value": 52.9},
        "control 4 x 4 grid: NMI": {"value": 17.385},
        "control: random cell": {"value": 0.0},
        "controlled synthetic data check": {"value": 100.0},
    }
    entry = {
        "value": 52.9,
        "unit": "%",
        "headline": "NMI",
        "split": "test",
        "layer": "L6",
        "images": 400,
        "figures": figures,
    }
    add_metrics(path, {"mine": {"parameters": {}, **entry}, "test_accuracy": {"value": 0.5, "parameters": {}}})
    scores = {score.name: score for score in read_path(path).scores}
    assert scores["mine"].controls == "4 x 4 grid: NMI 17.4", "those of the headline"
    assert scores["mine"].protocol == "NMI · test · L6 · n = 400"
    assert "test accuracy" not in scores, "it is shown from the predictions"


def test_the_card_says_what_is_annotated(tmp_path: Path) -> None:
    known = dict(read_path(write_synthetic_run(tmp_path / "all.h5", images=12)).data)
    assert known["keypoints"] == "6 kinds" and known["background"] == "meadow · lake" and "boxes" in known
    assert known["part masks"] == "6 parts"
    nothing = {"keypoints": False, "part_masks": False, "attributes": False, "thumbnails": False}
    bare = write_synthetic_run(tmp_path / "bare.h5", images=12, **nothing)
    assert dict(read_path(bare).data) == {"classes": "3", "pictures": "none stored"}
