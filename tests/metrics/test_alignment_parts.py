"""The decomposition of what cross-layer alignment loses, by hand and against the metric."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.alignment_parts import best_grouping, edges, iou, kinds, one_cell, read, readings, rows
from ivpt.metrics.alignment import Alignment
from ivpt.metrics.evidence import RunEvidence
from ivpt.runfile.reader import RunFile
from tests.synthetic import write_synthetic_run

COARSE = np.array([[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 2], [0, 0, 0, 2]]])
FINE = np.array([[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1], [3, 0, 0, 1]]])


def test_kinds_of_cells_by_hand():
    found = {
        name: [tuple(cell) for cell in np.argwhere(mask[0]).tolist()] for name, mask in kinds(FINE, COARSE, 4).items()
    }
    assert found == {
        "background here, group there": [(2, 2), (3, 0)],
        "two groups": [(2, 3), (3, 3)],
        "interior": [],
        "absent": [(2, 3), (3, 0), (3, 3)],
    }
    whole = np.zeros((1, 5, 5), int)
    dot = whole.copy()
    dot[0, 2, 2] = 1
    assert kinds(dot, whole, 2)["interior"].sum() == 1 and not edges(whole).any()
    assert edges(dot).sum() == 9 and edges(dot)[0, 1:4, 1:4].all()


def test_iou_by_hand():
    assert iou(COARSE, COARSE, 3) == 100
    # background 9 of 11, group 1: 3 of 6, groups 2 and 3: on one side only
    assert iou(FINE, COARSE, 4) == pytest.approx(100 * (9 / 11 + 3 / 6) / 4)


def test_the_best_grouping_takes_most_cells_and_leaves_background():
    channels = np.array([[[0, 0, 1, 1], [2, 2, 1, 1]]])
    target = np.array([[[0, 1, 2, 2], [0, 1, 2, 1]]])
    assert best_grouping(channels, target, 3, 3).tolist() == [[[0, 0, 2, 2], [1, 1, 2, 2]]]


def test_one_cell_by_hand():
    stripes = np.array([[[0, 1, 1, 1]] * 2])
    # down: nothing changes; across: background 0 of 1, the group 2 of 3
    assert one_cell(stripes, 2) == pytest.approx((100 + 100 * (0 + 2 / 3) / 2) / 2)


def test_a_run_is_read_as_the_metric_reads_it(tmp_path: Path):
    path = write_synthetic_run(tmp_path / "run.h5", images=60, classes=3, thumbnails=False)
    maps = read(path, "test")
    with RunFile(path) as run:
        figures = Alignment(resamples=0).compute(RunEvidence(run)).figures
    assert readings(maps)["the metric"] == pytest.approx(figures["alignment"].value)
    for key, row in zip(maps.grouped, rows([maps]), strict=True):
        assert row[0] == pytest.approx(figures[f"{key} to coarse"].value)
        background, groups = row[2:4]
        assert background + groups == pytest.approx(100)
        assert all(value >= row[0] for value in row[6:10]), "what is repaired only helps"
