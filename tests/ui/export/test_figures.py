"""Figures, decoded again."""

import io

import numpy as np
from PIL import Image

from ivpt.ui import palette
from ivpt.ui.export.figures import Panel, figure
from ivpt.ui.pictures.scene import Scene

PICTURE = np.full((100, 60, 3), 120, np.uint8)
REGIONS = np.array([[0, 5], [5, 5]], np.uint8)


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data), formats=("PNG",)).convert("RGB"))


def test_a_concept_has_its_colour_in_figure_and_legend() -> None:
    scene = Scene(PICTURE, REGIONS, opacity=1.0)
    without = opened(figure([Panel("L3", scene)]))
    with_legend = opened(figure([Panel("L3", scene, ((5, "beak"),))]))
    own = np.array(palette.colour(5))
    assert (without == own).all(2).sum() > 400 * 240 / 2
    height = without.shape[0]
    assert with_legend.shape[0] > height
    assert (with_legend[height - 12 :] == own).all(2).sum() > 100, "the disk"


def test_parts_and_keypoints_are_named_below() -> None:
    parts = np.zeros((100, 60), np.uint8)
    parts[20:60, 10:50] = 1
    scene = Scene(PICTURE, parts=parts, letters=("A",))
    plain = opened(figure([Panel("Picture", scene)]))
    named = opened(figure([Panel("Picture", scene, (), (("A", "beak"),))]))
    assert named.shape[0] > plain.shape[0] and named.shape[1] == plain.shape[1]
    assert (named[plain.shape[0] - 12 : named.shape[0] - 12, 12:30] == 0).all(2).sum() > 80, "the letter's square"
    dotted = opened(figure([Panel("Picture", scene, (), (("A", "beak"),), tuple(f"keypoint {k}" for k in range(9)))]))
    below = dotted[named.shape[0] - 8 :]
    assert dotted.shape[0] > named.shape[0] + 22 and (below < 100).all(2).sum() > 100, "words, in several lines"
    assert (below[:, -6:] == 255).all(), "inside the paper"


def test_pictures_are_enlarged_by_whole_numbers() -> None:
    gradient = np.arange(100 * 60 * 3, dtype=np.uint32).reshape(100, 60, 3).astype(np.uint8)
    drawn = opened(figure([Panel("", Scene(np.zeros_like(gradient)))]))
    assert drawn.shape[0] >= 400 and (drawn == 0).all(2).sum() == 400 * 240


def test_more_panels_than_fit_go_on_below() -> None:
    one, five = (opened(figure([Panel("x", Scene(PICTURE))] * n)) for n in (1, 5))
    assert five.shape[:2] == (2 * one.shape[0], 4 * one.shape[1])
