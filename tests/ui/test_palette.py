"""Colours of concepts, as people with other cones see them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from ivpt.ui import palette
from ivpt.ui.composing import CIVIDIS

# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG
# 15(6), 2009: matrices of severity 1.0, for linear sRGB
SIGHT = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
NEIGHBOURS, ANY = 10.0, 4.0
"""Least CIEDE2000 difference of colours that follow one another, and of any two; about 2 is just visible."""


def seen(rgb: NDArray[np.float64], sight: str) -> NDArray[np.float64]:
    """(n, 3) sRGB from 0 to 1 as CIELAB of what is seen."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(linear @ np.array(SIGHT[sight]).T, 0, 1)
    back = np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    lab: NDArray[np.float64] = rgb2lab(back[None])[0]
    return lab


@pytest.mark.parametrize("sight", list(SIGHT))
def test_white_and_grey_stay_what_they_are(sight: str) -> None:
    lab = seen(np.array([[1.0, 1, 1], [0.5, 0.5, 0.5]]), sight)
    assert np.abs(lab[:, 1:]).max() < 0.5 and abs(lab[0, 0] - 100) < 0.1


def test_the_simulation_merges_what_it_should() -> None:
    pairs = {"protan": [(190, 40, 40), (92, 75, 40)], "deutan": [(190, 60, 40), (112, 112, 40)]}
    for sight, pair in pairs.items():
        rgb = np.array(pair) / 255
        normal, blind = (deltaE_ciede2000(*seen(rgb, s)) for s in ("normal", sight))
        assert blind < normal / 2


@pytest.mark.parametrize("sight", list(SIGHT))
def test_colours_stay_apart(sight: str) -> None:
    lab = seen(np.array(palette.COLOURS) / 255, sight)
    apart = deltaE_ciede2000(lab[:, None], lab[None])
    assert np.diagonal(apart, 1).min() > NEIGHBOURS
    assert apart[np.triu_indices(len(lab), 1)].min() > ANY
    ground = seen(np.array([palette.BACKGROUND]) / 255, sight)
    assert deltaE_ciede2000(lab, ground).min() > NEIGHBOURS


@pytest.mark.parametrize("sight", list(SIGHT))
def test_the_scale_of_heat_rises_evenly(sight: str) -> None:
    steps = np.diff(seen(np.array(CIVIDIS) / 255, sight)[:, 0])
    assert steps.min() > 0.75 * steps.mean() and steps.max() < 1.25 * steps.mean()


def test_a_concept_keeps_its_colour_and_its_mark() -> None:
    colours = palette.colours(40)
    assert all(colours[k] == palette.colour(k) for k in range(40))
    assert colours[1] == colours[17] == palette.COLOURS[0] and colours[0] == palette.BACKGROUND
    assert len({palette.mark(k) for k in range(60)}) == 60
