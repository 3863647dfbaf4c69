"""Views: geometry, normalisation, and chance only from the generator."""

import numpy as np
import pytest
import torch

from ivpt.data import transforms
from ivpt.data.transforms import evaluation_crop, evaluation_view, normalised, training_view, visible_box

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


def generator(*values: float) -> np.random.Generator:
    """Draws exactly ``values``: flip, angle, shift x, shift y, scale, corner x, corner y."""

    class Fixed:
        def __init__(self) -> None:
            self.left = list(values)

        def random(self) -> float:
            return self.left.pop(0)

    return Fixed()  # type: ignore[return-value]


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


NEUTRAL = (0.9, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0)


def test_normalised_is_the_definition() -> None:
    image = picture(3, 4)
    want = (image.astype(np.float64) / 255 - MEAN) / STD
    assert np.allclose(normalised(image, MEAN, STD).permute(1, 2, 0).numpy(), want, atol=1e-6)


def test_same_size_is_untouched() -> None:
    image = picture(8, 8)
    assert (evaluation_crop(image, (8, 8)) == image).all()


@pytest.mark.parametrize("shape", [(30, 60), (60, 30), (7, 5), (200, 201)])
@pytest.mark.parametrize("size", [(16, 16), (16, 24)])
def test_evaluation_view_has_the_size(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert evaluation_view(picture(*shape), size, MEAN, STD).shape == (3, *size)


def test_visible_box_maps_points() -> None:
    assert visible_box(60, 30, (16, 16)) == (15, 0, 30, 30)
    assert visible_box(30, 60, (16, 16)) == (0, 15, 30, 30)
    image = np.zeros((40, 80, 3), np.uint8)
    image[10:20, 50:60] = 255
    x, y, width, height = visible_box(80, 40, (20, 20))
    crop = evaluation_crop(image, (20, 20))[..., 0]
    rows, columns = np.nonzero(crop > 127)
    assert (columns.min(), columns.max() + 1) == ((50 - x) * 20 / width, (60 - x) * 20 / width)
    assert (rows.min(), rows.max() + 1) == ((10 - y) * 20 / height, (20 - y) * 20 / height)


def test_reduction_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = evaluation_crop(stripes, (16, 16)).astype(int)
    assert np.abs(crop[:, 1:-1] - 127).max() <= 4


def test_neutral_draw_is_the_picture() -> None:
    image = picture(12, 12)
    got = training_view(image, (12, 12), MEAN, STD, "paper", generator(*NEUTRAL))
    assert torch.allclose(got, normalised(image, MEAN, STD), atol=1e-4)


def test_flip() -> None:
    image = picture(12, 12)
    want = normalised(image, MEAN, STD).flip(-1)
    assert torch.allclose(
        training_view(image, (12, 12), MEAN, STD, "paper", generator(0.1, *NEUTRAL[1:])), want, atol=1e-4
    )
    assert torch.equal(training_view(image, (12, 12), MEAN, STD, "flip", generator(0.1)), want)
    assert torch.equal(training_view(image, (12, 12), MEAN, STD, "flip", generator(0.9)), want.flip(-1))


def test_quarter_turns() -> None:
    image = picture(12, 12)
    plain = normalised(image, MEAN, STD)
    clockwise = training_view(image, (12, 12), MEAN, STD, "paper", generator(0.9, 1.0, *NEUTRAL[2:]))
    assert torch.allclose(clockwise, torch.rot90(plain, -1, (1, 2)), atol=1e-3)
    back = training_view(image, (12, 12), MEAN, STD, "paper", generator(0.9, 0.0, *NEUTRAL[2:]))
    assert torch.allclose(back, torch.rot90(plain, 1, (1, 2)), atol=1e-3)


def test_shift_fills_with_the_mean() -> None:
    image = picture(10, 10)
    got = training_view(image, (10, 10), MEAN, STD, "paper", generator(0.9, 0.5, 1.0, 0.0, 0.5, 0.0, 0.0))
    plain = normalised(image, MEAN, STD)
    assert torch.allclose(got[:, :8, 2:], plain[:, 2:, :8], atol=1e-4)  # 0.2 of 10 pixels to the right and up
    assert torch.allclose(got[:, :, :2], torch.zeros(3, 10, 2), atol=1e-5)
    assert torch.allclose(got[:, 8:], torch.zeros(3, 2, 10), atol=1e-5)


def test_scale_enlarges_about_the_centre() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[15:25, 15:25] = 255
    areas = []
    for draw in (0.0, 0.5, 1.0):
        view = training_view(image, (40, 40), (0, 0, 0), (1, 1, 1), "paper", generator(0.9, 0.5, 0.5, 0.5, draw, 0, 0))
        areas.append(float(view[0].sum()))
    assert np.allclose(areas, [64, 100, 144], rtol=0.02)


def test_random_crop_moves_along_the_long_side() -> None:
    image = picture(10, 30)
    plain = normalised(image, MEAN, STD)
    for draw, start in ((0.0, 0), (0.5, 10), (0.9999, 20)):
        view = training_view(image, (10, 10), MEAN, STD, "paper", generator(*NEUTRAL[:5], draw, 0.0))
        assert torch.allclose(view, plain[:, :, start : start + 10], atol=1e-4)


def test_ranges_are_the_recipe() -> None:
    assert (transforms.MAX_ANGLE, transforms.MAX_SHIFT, transforms.SCALES) == (90, 0.2, (0.8, 1.2))
