"""The run card's scores."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.runfile.update import add_metrics
from ivpt.training.selection import ValScore, is_better
from ivpt.ui.card import best_epoch
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


@pytest.mark.parametrize(
    ("headline", "figures", "shown"),
    [
        (
            "pointing game",
            {"pointing game": 97.5, "chance: the picture": 26.6, "concept game": 33.5, "chance: concept game": 5.7},
            "the picture 26.6",
        ),
        (
            "nmi_ari: NMI",
            {"nmi_ari: NMI": 52.9, "nmi_ari: NMI, shuffled cells": 0.9, "x: y": 50.0, "x: y, shuffled cells": 1.0},
            "nmi_ari: NMI, shuffled cells 0.9",
        ),
        (
            "alignment",
            {"alignment": 47.9, "to coarse, control: groups permuted": 28.8, "to L7, control: groups permuted": 28.6},
            "to coarse, control: groups permuted 28.8 · to L7, control: groups permuted 28.6",
        ),
        ("KPR", {"KPR": 6.1, "control, mean of the train keypoints": 23.3}, "mean of the train keypoints 23.3"),
        (
            "mIoU",
            {"mIoU": 71.8, "foreground IoU": 61.4, "control, everything is foreground: foreground IoU": 26.6},
            "everything is foreground: foreground IoU 26.6",
        ),
    ],
)
def test_every_kind_of_control_is_shown(tmp_path: Path, headline: str, figures: dict[str, float], shown: str) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    stored = {name: {"value": value} for name, value in figures.items()}
    entry = {"value": 1.0, "unit": "%", "headline": headline, "figures": stored, "parameters": {}}
    add_metrics(path, {"mine": entry})
    (score,) = [score for score in read_path(path).scores if score.name == "mine"]
    assert score.controls == shown


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.75, 0.9]), st.sampled_from([0.1, 0.2, 0.3])), min_size=1, max_size=9))
def test_the_epoch_that_is_said_to_be_kept_is_the_one_that_training_keeps(history: list[tuple[float, float]]) -> None:
    kept: ValScore | None = None
    for epoch, (accuracy, loss) in enumerate(history):
        score = ValScore(epoch, accuracy, loss)
        kept = score if is_better(score, kept, "best") else kept
    assert kept is not None
    accuracies, losses = zip(*history, strict=True)
    assert best_epoch(accuracies, losses) == kept.epoch


def test_the_card_says_which_epoch_is_kept(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    assert "kept" not in dict(read_path(path).facts)["trained"], "it has no loss on val, so nobody knows"
    with h5py.File(path, "r+") as file:
        accuracy = file["history/val_accuracy"]
        accuracy[:] = 0.5
        accuracy[1:3] = 0.75
        file["history/val_loss"] = np.linspace(1.0, 0.5, len(accuracy))
    assert dict(read_path(path).facts)["trained"].endswith("epochs, number 3 kept")


def test_the_card_says_what_is_annotated(tmp_path: Path) -> None:
    known = dict(read_path(write_synthetic_run(tmp_path / "all.h5", images=12)).data)
    assert known["keypoints"] == "6 kinds" and known["background"] == "meadow · lake" and "boxes" in known
    assert known["part masks"] == "6 parts"
    nothing = {"keypoints": False, "part_masks": False, "attributes": False, "thumbnails": False}
    bare = write_synthetic_run(tmp_path / "bare.h5", images=12, **nothing)
    assert dict(read_path(bare).data) == {"classes": "3", "pictures": "none stored"}
