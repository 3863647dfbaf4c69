"""The affine transform against a loop over cells, and Eq. 12."""

import math

import pytest
import torch
from torch import Tensor

from ivpt.losses.equivariance import equivariance
from ivpt.losses.transform import Affine, sample_affine, unwarp, warp

AFFINES = [
    Affine(),
    Affine(angle=90.0),
    Affine(angle=-35.0, translate=(0.1, -0.05), scale=1.3),
    Affine(angle=20.0, translate=(-0.11, 0.08), scale=0.8),
]


def move(affine: Affine, x: float, y: float, width: int, height: int) -> tuple[float, float]:
    """Where a point (in cells, centres at half-integers) goes: rotate and scale about the centre, then shift."""
    px, py = x - width / 2, y - height / 2
    turn = math.radians(affine.angle)
    qx = affine.scale * (math.cos(turn) * px - math.sin(turn) * py) + affine.translate[0] * width
    qy = affine.scale * (math.sin(turn) * px + math.cos(turn) * py) + affine.translate[1] * height
    return qx + width / 2, qy + height / 2


def move_back(affine: Affine, x: float, y: float, width: int, height: int) -> tuple[float, float]:
    """The inverse of :func:`move`."""
    px = (x - width / 2 - affine.translate[0] * width) / affine.scale
    py = (y - height / 2 - affine.translate[1] * height) / affine.scale
    turn = -math.radians(affine.angle)
    qx = math.cos(turn) * px - math.sin(turn) * py
    qy = math.sin(turn) * px + math.cos(turn) * py
    return qx + width / 2, qy + height / 2


def read(image: Tensor, x: float, y: float) -> float:
    """Bilinear reading at a point, 0 beyond the image."""
    height, width = image.shape
    x, y = x - 0.5, y - 0.5
    total = 0.0
    for i in (math.floor(y), math.floor(y) + 1):
        for j in (math.floor(x), math.floor(x) + 1):
            if 0 <= i < height and 0 <= j < width:
                total += (1 - abs(y - i)) * (1 - abs(x - j)) * image[i, j].item()
    return total


@pytest.mark.parametrize("affine", AFFINES, ids=str)
@pytest.mark.parametrize("size", [(5, 5), (4, 7)])
def test_warp_and_unwarp_read_where_the_transform_says(affine: Affine, size: tuple[int, int]) -> None:
    image = torch.randn(2, 1, *size)
    height, width = size
    there, (back, valid) = warp(image, affine), unwarp(image, affine)
    for i in range(height):
        for j in range(width):
            x, y = move_back(affine, j + 0.5, i + 0.5, width, height)
            assert there[1, 0, i, j].item() == pytest.approx(read(image[1, 0], x, y), abs=1e-9)
            x, y = move(affine, j + 0.5, i + 0.5, width, height)
            assert back[1, 0, i, j].item() == pytest.approx(read(image[1, 0], x, y), abs=1e-9)
            inside = x + 1e-4 >= 0.5 and x - 1e-4 <= width - 0.5 and y + 1e-4 >= 0.5 and y - 1e-4 <= height - 0.5
            assert bool(valid[i, j]) is inside


def test_no_transform_changes_nothing() -> None:
    image = torch.randn(1, 2, 4, 6)
    back, valid = unwarp(warp(image, Affine()), Affine())
    torch.testing.assert_close(back, image)
    assert valid.all()


def test_quarter_turn_there_and_back_is_exact() -> None:
    image = torch.randn(1, 1, 5, 5)
    turned = warp(image, Affine(angle=90.0))
    torch.testing.assert_close(turned, torch.rot90(image, -1, (2, 3)))
    torch.testing.assert_close(unwarp(turned, Affine(angle=90.0))[0], image)


def test_smooth_images_come_back_where_they_were_seen() -> None:
    y, x = torch.meshgrid(torch.linspace(0, 2, 48), torch.linspace(0, 3, 64), indexing="ij")
    image = (torch.sin(x) + torch.cos(y))[None, None]
    for affine in AFFINES:
        back, valid = unwarp(warp(image, affine), affine)
        inner = valid.clone()
        inner[:6] = inner[-6:] = False
        inner[:, :6] = inner[:, -6:] = False
        assert (back - image)[0, 0][inner].abs().max() < 5e-3


def test_samples_stay_in_their_ranges() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [sample_affine(generator) for _ in range(2000)]
    angles, scales = [a.angle for a in drawn], [a.scale for a in drawn]
    shifts = [value for a in drawn for value in a.translate]
    for values, low, high in ((angles, -90, 90), (scales, 0.8, 1.4), (shifts, -0.11, 0.11)):
        span = high - low
        assert low <= min(values) < low + 0.01 * span
        assert high - 0.01 * span < max(values) <= high
        assert sum(values) / len(values) == pytest.approx((low + high) / 2, abs=0.03 * span)
    assert sample_affine(torch.Generator().manual_seed(0)) == drawn[0]


@pytest.mark.parametrize("affine", AFFINES, ids=str)
@pytest.mark.parametrize("form", ["cosine", "norms"])
@pytest.mark.parametrize("batch", [1, 2])
def test_equivariance_is_eq_12(affine: Affine, form: str, batch: int) -> None:
    attention, other = torch.randn(batch, 3, 4, 5).softmax(1), torch.randn(batch, 3, 4, 5).softmax(1)
    back, valid = unwarp(other, affine)
    total, count = 0.0, 0
    for b in range(batch):
        for k in (1, 2):
            dot = first = second = 0.0
            for i in range(4):
                for j in range(5):
                    if valid[i, j]:
                        dot += attention[b, k, i, j].item() * back[b, k, i, j].item()
                    if valid[i, j] or form == "norms":
                        first += attention[b, k, i, j].item() ** 2
                    if form == "norms":
                        second += other[b, k, i, j].item() ** 2
                    elif valid[i, j]:
                        second += back[b, k, i, j].item() ** 2
            total += dot / math.sqrt(first * second)
            count += 1
    assert equivariance(attention, other, affine, form).item() == pytest.approx(1 - total / count)


def test_equivariant_maps_cost_nothing_and_others_do() -> None:
    attention, turn = torch.randn(2, 3, 5, 5).softmax(1), Affine(angle=90.0)
    assert equivariance(attention, warp(attention, turn), turn).item() == pytest.approx(0)
    assert equivariance(attention, attention, turn).item() > 0.01


def test_background_does_not_count() -> None:
    attention, other = torch.randn(1, 3, 4, 4).softmax(1), torch.randn(1, 3, 4, 4).softmax(1)
    before = equivariance(attention, other, AFFINES[2])
    other[:, 0] = 7
    assert torch.equal(equivariance(attention, other, AFFINES[2]), before)


@pytest.mark.parametrize("form", ["cosine", "norms"])
def test_equivariance_gradient_reaches_both_sides_and_survives_empty_maps(form: str) -> None:
    pair = (torch.rand(1, 2, 3, 4, requires_grad=True), torch.rand(1, 2, 3, 4, requires_grad=True))
    assert torch.autograd.gradcheck(lambda a, o: equivariance(a, o, AFFINES[3], form), pair)
    empty = torch.zeros(1, 2, 3, 4, requires_grad=True)
    value = equivariance(empty, pair[1], AFFINES[3], form)
    value.backward()
    assert value.item() == 1
    assert empty.grad.isfinite().all()
