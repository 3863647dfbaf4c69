"""Few colours."""

import numpy as np
import pytest
from rich._palettes import EIGHT_BIT_PALETTE, STANDARD_PALETTE
from rich.color import Color, ColorSystem
from skimage.color import lab2rgb

from ivpt.ui.pictures.quantise import available, oklab, quantise


def test_oklab_of_known_colours() -> None:
    """Ottosson's table: white is L = 1, and the primaries of sRGB (values of CSS Color 4)."""
    found = oklab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]]))
    known = [[1, 0, 0], [0, 0, 0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153]]
    assert np.abs(found - known).max() < 2e-4


@pytest.mark.parametrize("system", ["256", "standard"])
def test_every_colour_survives_the_way_through_rich(system: str) -> None:
    palettes = {"256": EIGHT_BIT_PALETTE, "standard": STANDARD_PALETTE}
    target = {"256": ColorSystem.EIGHT_BIT, "standard": ColorSystem.STANDARD}[system]
    shown, written = available(system)
    numbers = [Color.from_rgb(*rgb.tolist()).downgrade(target).number for rgb in written]
    assert len(set(numbers)) == len(written) >= {"256": 235, "standard": 16}[system]
    for number, rgb in zip(numbers, shown.tolist(), strict=True):
        assert tuple(palettes[system][number]) == tuple(rgb)


@pytest.mark.parametrize("system", ["256", "standard"])
def test_the_nearest_is_found_as_a_slow_search_finds_it(system: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (6, 7, 3), np.uint8)
    drawn = quantise(pixels, system)
    have, written = available(system)
    for pixel, got in zip(pixels.reshape(-1, 3), drawn.reshape(-1, 3), strict=True):
        # colours are looked up in steps of eight: the middle of the step is what is compared
        middle = oklab((pixel // 8 * 8 + 4)[None])[0]
        distances = [float(((oklab(rgb[None])[0] - middle) ** 2).sum()) for rgb in have]
        assert got.tolist() == written[int(np.argmin(distances))].tolist()


def test_enough_colours_change_nothing() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (2, 2, 3), np.uint8)
    assert quantise(pixels, "truecolor") is pixels and quantise(pixels, None) is pixels


def test_greys_stay_grey() -> None:
    # between the lightest grey of the 256 and white a tint is nearer
    ramp = np.repeat(np.arange(239, dtype=np.uint8)[None, :, None], 3, 2)
    for system in ("256", "standard"):
        drawn = quantise(ramp, system).astype(int)
        assert (np.ptp(drawn, axis=2) <= 1).all()
        assert (np.diff(drawn[0, :, 0]) >= 0).all()


def test_dithering_keeps_the_mean_brightness_better() -> None:
    flat = np.rint(lab2rgb(np.full((16, 16, 3), (65.0, 0, 0))) * 255).astype(np.uint8)
    plain, mixed = quantise(flat, "standard"), quantise(flat, "standard", dither=True)
    assert len(np.unique(plain)) == 1 and len(np.unique(mixed)) > 1
    assert abs(mixed.mean() - flat.mean()) < abs(plain.mean() - flat.mean())
