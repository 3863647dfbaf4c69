"""Eq. 5 and 6 against loops over pixels and prototypes."""

import math

import pytest
import torch
from torch import Tensor

from ivpt.concepts.discovery import ConceptSet, attention_maps, regions


def slow_attention(features: Tensor, prototypes: Tensor, bias: Tensor, place: str) -> Tensor:
    """Eq. 5 as it is written, one number at a time."""
    (m, h, w), b = bias.shape, len(features)
    result = torch.zeros(b, m, h, w)
    for image in range(b):
        for i in range(h):
            for j in range(w):
                e = features[image, i * w + j].tolist()
                logits = [-sum((x - y) ** 2 for x, y in zip(e, q, strict=True)) for q in prototypes.tolist()]
                if place == "inside":
                    logits = [value + float(bias[k, i, j]) for k, value in enumerate(logits)]
                total = sum(math.exp(value) for value in logits)
                for k, value in enumerate(logits):
                    share = math.exp(value) / total
                    if place == "outside":
                        share = min(1.0, max(0.0, share + float(bias[k, i, j])))
                    result[image, k, i, j] = share
    return result


def slow_regions(attention: Tensor) -> Tensor:
    """Eq. 6, one patch at a time; the first of equal prototypes wins."""
    result = torch.zeros_like(attention)
    for image in range(len(attention)):
        for i in range(attention.shape[2]):
            for j in range(attention.shape[3]):
                values = attention[image, :, i, j].tolist()
                k = values.index(max(values))
                result[image, k, i, j] = values[k]
    return result


@pytest.mark.parametrize("place", ["inside", "outside", "off"])
@pytest.mark.parametrize(("batch", "m", "grid"), [(2, 4, (3, 5)), (1, 2, (2, 2)), (1, 3, (1, 4))])
def test_attention_is_eq_5(place: str, batch: int, m: int, grid: tuple[int, int]) -> None:
    features = torch.randn(batch, grid[0] * grid[1], 3)
    prototypes, bias = torch.randn(m, 3), torch.randn(m, *grid) * 0.3
    torch.testing.assert_close(
        attention_maps(features, prototypes, bias, place), slow_attention(features, prototypes, bias, place)
    )


def test_inside_and_off_are_distributions() -> None:
    features, prototypes, bias = torch.randn(2, 6, 3), torch.randn(4, 3), 5 * torch.randn(4, 2, 3)
    for place in ("inside", "off"):
        torch.testing.assert_close(attention_maps(features, prototypes, bias, place).sum(1), torch.ones(2, 2, 3))


def test_outside_stays_in_the_stated_range() -> None:
    attention = attention_maps(torch.randn(1, 4, 3), torch.randn(3, 3), 4 * torch.randn(3, 2, 2), "outside")
    assert attention.min() >= 0
    assert attention.max() <= 1
    assert not torch.allclose(attention.sum(1), torch.ones(1, 2, 2))


@pytest.mark.parametrize("place", ["inside", "off"])
def test_attention_gradient(place: str) -> None:
    inputs = (torch.randn(1, 4, 3), torch.randn(3, 3) * 0.5, torch.randn(3, 2, 2) * 0.1)
    inputs = tuple(x.requires_grad_() for x in inputs)
    assert torch.autograd.gradcheck(lambda e, q, b: attention_maps(e, q, b, place), inputs)


def test_outliers_keep_float32_precision() -> None:
    features, prototypes = torch.randn(1, 16, 64), torch.randn(5, 64) * 0.05
    features[:, 3] *= 40
    bias = torch.zeros(5, 4, 4)
    exact = attention_maps(features, prototypes, bias)
    near = attention_maps(features.float(), prototypes.float(), bias.float())
    assert (near - exact).abs().max() < 1e-4


@pytest.mark.parametrize("shape", [(2, 4, 3, 5), (1, 2, 1, 3), (1, 1, 2, 2)])
def test_regions_are_eq_6(shape: tuple[int, ...]) -> None:
    attention = torch.randn(shape).softmax(1)
    torch.testing.assert_close(regions(attention), slow_regions(attention))


def test_a_tie_belongs_to_one_region_only() -> None:
    tied = torch.full((1, 3, 2, 2), 1 / 3)
    assert ((regions(tied) > 0).sum(1) == 1).all()
    torch.testing.assert_close(regions(tied), slow_regions(tied))


def test_region_gradient_passes_the_kept_values_only() -> None:
    attention = torch.randn(1, 3, 2, 2).softmax(1).requires_grad_()
    regions(attention).sum().backward()
    torch.testing.assert_close(attention.grad, (slow_regions(attention.detach()) > 0).double())
    assert torch.autograd.gradcheck(regions, (attention,))


def test_half_precision_features_are_measured_in_float32() -> None:
    attention = attention_maps(torch.randn(1, 4, 8).bfloat16(), torch.randn(3, 8).float(), torch.zeros(3, 2, 2).float())
    assert attention.dtype == torch.float32


def test_bias_has_the_grid_and_off_freezes_it_at_zero() -> None:
    for place, trained in (("inside", True), ("outside", True), ("off", False)):
        made = ConceptSet(3, 8, (2, 5), 0.05, place)
        assert made.bias.shape == (3, 2, 5)
        assert made.bias.requires_grad is trained
        assert not made.bias.any()


def test_prototypes_start_with_the_deviation() -> None:
    assert ConceptSet(50, 400, (1, 1), 0.05, "off").prototypes.std().item() == pytest.approx(0.05, rel=0.02)
