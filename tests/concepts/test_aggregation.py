"""Eq. 7 against loops, with empty regions and regions that cover everything."""

import pytest
import torch
from torch import Tensor

from ivpt.concepts.aggregation import aggregate, pool
from ivpt.concepts.discovery import regions


def slow_aggregate(weights: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
    """Eq. 7, one patch at a time; an empty region is the zero vector."""
    b, m, h, w = weights.shape
    vectors, mass = torch.zeros(b, m, features.shape[2]), torch.zeros(b, m)
    for image in range(b):
        for k in range(m):
            for i in range(h):
                for j in range(w):
                    mass[image, k] += weights[image, k, i, j]
                    vectors[image, k] += weights[image, k, i, j] * features[image, i * w + j]
            if mass[image, k] > 0:
                vectors[image, k] /= mass[image, k]
    return vectors, mass


@pytest.mark.parametrize("mode", ["region", "global"])
@pytest.mark.parametrize(("batch", "m", "grid"), [(2, 4, (3, 5)), (1, 2, (2, 2))])
def test_aggregation_is_eq_7(mode: str, batch: int, m: int, grid: tuple[int, int]) -> None:
    attention = torch.randn(batch, m, *grid).softmax(1)
    features = torch.randn(batch, grid[0] * grid[1], 3)
    weights = regions(attention) if mode == "region" else attention
    for made, expected in zip(pool(attention, features, mode), slow_aggregate(weights, features), strict=True):
        torch.testing.assert_close(made, expected)


def test_an_empty_region_is_zero_and_sends_no_gradient() -> None:
    attention = torch.tensor([0.8, 0.2]).reshape(1, 2, 1, 1).expand(1, 2, 2, 3).clone().requires_grad_()
    features = torch.randn(1, 6, 3, requires_grad=True)
    vectors, mass = pool(attention, features, "region")
    assert mass[0, 1] == 0
    assert not vectors[0, 1].any()
    vectors[0, 1].sum().backward()
    assert not attention.grad.any()
    assert not features.grad.any()


def test_a_region_over_the_whole_image_is_the_weighted_mean() -> None:
    attention = torch.zeros(1, 3, 2, 3)
    attention[:, 0] = torch.rand(1, 2, 3) + 1
    features = torch.randn(1, 6, 4)
    vectors, mass = pool(attention, features, "region")
    share = attention[0, 0].flatten() / attention[0, 0].sum()
    torch.testing.assert_close(vectors[0, 0], share @ features[0])
    assert (mass[0, 1:] == 0).all()


def test_vanishing_weights_count_as_empty_and_do_not_overflow() -> None:
    weights = torch.full((1, 1, 2, 2), 1e-40, dtype=torch.float32, requires_grad=True)
    vectors, mass = aggregate(weights, torch.randn(1, 4, 3, dtype=torch.float32))
    assert mass.item() == 0
    vectors.sum().backward()
    assert weights.grad.isfinite().all()


@pytest.mark.parametrize("mode", ["region", "global"])
def test_aggregation_gradient(mode: str) -> None:
    logits, features = torch.randn(1, 3, 2, 2, requires_grad=True), torch.randn(1, 4, 3, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, e: pool(a.softmax(1), e, mode), (logits, features))
