"""Every loss term against loops over images, concepts and cells, in double precision."""

import math

import pytest
import torch
from torch import Tensor

from ivpt.concepts.discovery import regions
from ivpt.concepts.output import LayerConcepts
from ivpt.losses.classification import classification
from ivpt.losses.consistency import consistency, patch_consistency, region_consistency
from ivpt.losses.entropy import entropy
from ivpt.losses.orthogonality import orthogonality
from ivpt.losses.presence import background_presence, border_mask, presence
from ivpt.losses.total_variation import total_variation

SHAPES = [(2, 3, 4, 5), (1, 2, 3, 3), (1, 2, 1, 4)]


def maps(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape).softmax(1)


def cells(tensor: Tensor) -> list[tuple[int, int]]:
    return [(i, j) for i in range(tensor.shape[-2]) for j in range(tensor.shape[-1])]


def test_classification_is_cross_entropy() -> None:
    logits, labels = torch.randn(3, 4), torch.tensor([0, 3, 1])
    expected = 0.0
    for row, y in zip(logits.tolist(), labels.tolist(), strict=True):
        expected += math.log(sum(math.exp(x) for x in row)) - row[y]
    assert classification(logits, labels).item() == pytest.approx(expected / 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_patch_consistency_is_a_divergence_per_patch(shape: tuple[int, ...]) -> None:
    coarse, fine = maps(shape), maps(shape)
    total = 0.0
    for b in range(shape[0]):
        for i, j in cells(coarse):
            for g in range(shape[1]):
                c, f = coarse[b, g, i, j].item(), fine[b, g, i, j].item()
                total += c * math.log(c / f)
    mean = total / (shape[0] * shape[2] * shape[3])
    assert patch_consistency(coarse, fine).item() == pytest.approx(mean, abs=1e-8)
    assert patch_consistency(coarse, coarse).item() == 0


def test_patch_consistency_teaches_the_fine_side_only() -> None:
    coarse, fine = maps((1, 3, 2, 2)).requires_grad_(), maps((1, 3, 2, 2)).requires_grad_()
    patch_consistency(coarse, fine).backward()
    assert coarse.grad is None
    assert fine.grad.any()
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: patch_consistency(coarse, x.softmax(1)), (logits,))


@pytest.mark.parametrize("shape", SHAPES)
def test_region_consistency_is_eq_8_for_unnormalised_maps(shape: tuple[int, ...]) -> None:
    fine, coarse = regions(maps(shape)), regions(maps(shape))
    total = 0.0
    for b in range(shape[0]):
        for i, j in cells(coarse):
            for g in range(shape[1]):
                f, c = fine[b, g, i, j].item(), coarse[b, g, i, j].item()
                total += (f * math.log((f + 1e-10) / (c + 1e-10)) if f else 0.0) - f + c
    mean = total / fine.numel()
    assert region_consistency(fine, coarse).item() == pytest.approx(mean)
    assert region_consistency(fine, coarse).item() > 0
    assert region_consistency(fine, fine).item() == pytest.approx(0)
    assert region_consistency(fine * 0, coarse).isfinite()


def layer(shape: tuple[int, ...], groups: int) -> LayerConcepts:
    b, m = shape[:2]
    attention = torch.randn(shape).softmax(1).requires_grad_()
    soft = torch.randn(b, m, groups).softmax(2).requires_grad_()
    hard = torch.nn.functional.one_hot(soft.argmax(2), groups).double() + soft - soft.detach()
    combined = torch.einsum("bmg,bmhw->bghw", soft, attention)
    return LayerConcepts(0, attention, torch.zeros(b, m, 1), torch.ones(b, m), hard, combined)


def test_consistency_takes_the_maps_its_form_names() -> None:
    fine, coarse = layer((2, 5, 2, 3), 3), layer((2, 3, 2, 3), 3)
    soft = patch_consistency(coarse.attention, fine.grouped)
    torch.testing.assert_close(consistency(fine, coarse, "patch"), soft)
    combined = torch.zeros(2, 2, 2, 3)
    for b in range(2):
        for k in range(5):
            y = int(fine.groups[b, k].argmax())
            if y > 0:
                combined[b, y - 1] += regions(fine.attention)[b, k]
    hard = region_consistency(combined, regions(coarse.attention)[:, 1:])
    torch.testing.assert_close(consistency(fine, coarse, "regions"), hard)


def test_a_group_without_members_gives_bounded_gradients() -> None:
    logits = torch.tensor([[[50.0, 0.0, 0.0], [60.0, 0.0, 0.0]]], requires_grad=True)
    attention = torch.randn(1, 2, 2, 2).softmax(1)
    grouped = torch.einsum("bmg,bmhw->bghw", logits.softmax(2), attention)
    patch_consistency(maps((1, 3, 2, 2)), grouped).backward()
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().max() < 10


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("form", ["squared", "sum"])
def test_orthogonality_is_eq_11(count: int, form: str) -> None:
    vectors = torch.randn(2, count, 5)
    total = 0.0
    for b in range(2):
        for k in range(count):
            for other in range(count):
                if k != other:
                    v, w = vectors[b, k], vectors[b, other]
                    cosine = (v @ w / (v.norm() * w.norm())).item()
                    total += cosine**2 / count**2 if form == "squared" else cosine
    assert orthogonality(vectors, form).item() == pytest.approx(total / 2)


@pytest.mark.parametrize("form", ["squared", "sum"])
def test_orthogonality_gradient_even_with_a_zero_vector(form: str) -> None:
    vectors = torch.randn(1, 3, 4, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: orthogonality(v, form), (vectors,))
    with torch.no_grad():
        vectors[0, 1] = 0
    orthogonality(vectors, form).backward()
    assert vectors.grad.isfinite().all()
    assert not vectors.grad[0, 1].any()


def slow_smooth(attention: Tensor) -> Tensor:
    """Means of 3x3 windows that lie inside the map (or of the whole side when it is shorter)."""
    b, m, h, w = attention.shape
    p, q = min(3, h), min(3, w)
    result = torch.zeros(b, m, h - p + 1, w - q + 1)
    for i, j in cells(result):
        result[:, :, i, j] = attention[:, :, i : i + p, j : j + q].sum((2, 3)) / (p * q)
    return result


@pytest.mark.parametrize("shape", SHAPES)
def test_presence_is_eq_13(shape: tuple[int, ...]) -> None:
    attention = maps(shape)
    best = [max(slow_smooth(attention)[:, k].flatten().tolist()) for k in range(1, shape[1])]
    assert presence(attention).item() == pytest.approx(1 - sum(best) / len(best))


def test_presence_over_several_processes() -> None:
    attention = maps((4, 3, 5, 5))
    other = slow_smooth(attention[2:, 1:]).amax((0, 2, 3))
    halves = presence(attention[:2], lambda x: torch.maximum(x, other))
    torch.testing.assert_close(halves, presence(attention))


@pytest.mark.parametrize("shape", SHAPES)
def test_background_presence_is_eq_14_and_15(shape: tuple[int, ...]) -> None:
    attention = maps(shape)
    smoothed = slow_smooth(attention)[:, 0]
    h, w = smoothed.shape[1:]

    def share(i: int, count: int) -> float:
        return i / (count - 1) - 0.5 if count > 1 else 0.5

    total = 0.0
    for b in range(shape[0]):
        values = [(2 * share(i, h) ** 2 + 2 * share(j, w) ** 2) * smoothed[b, i, j].item() for i, j in cells(smoothed)]
        total -= math.log(max(values))
    assert background_presence(attention).item() == pytest.approx(total / shape[0], abs=1e-8)


def test_border_mask_runs_from_centre_to_corner() -> None:
    mask = border_mask(5, 7, torch.zeros(1))
    assert mask[2, 3].item() == pytest.approx(0)
    assert mask[0, 0] == mask[4, 6] == 1
    assert mask[0, 3].item() == pytest.approx(0.5)


def test_background_absent_or_everywhere() -> None:
    attention = torch.zeros(1, 2, 4, 4, requires_grad=True)
    absent = background_presence(attention)
    absent.backward()
    assert absent.item() == pytest.approx(-math.log(1e-10))
    assert attention.grad.isfinite().all()
    attention = torch.zeros(1, 2, 4, 4)
    attention[:, 0] = 1
    assert background_presence(attention).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", ["mean", "sum"])
def test_entropy_is_eq_16(shape: tuple[int, ...], form: str) -> None:
    attention = maps(shape)
    total = -sum(a * math.log(a) for a in attention.flatten().tolist()) / shape[0]
    expected = total / (shape[2] * shape[3]) if form == "mean" else total / shape[1]
    assert entropy(attention, form).item() == pytest.approx(expected)


def test_entropy_of_certain_patches_is_zero_with_a_finite_gradient() -> None:
    attention = torch.zeros(1, 3, 2, 2)
    attention[:, 1] = 1
    attention.requires_grad_()
    value = entropy(attention, "mean")
    value.backward()
    assert value.item() == 0
    assert attention.grad.isfinite().all()


@pytest.mark.parametrize("shape", SHAPES)
def test_total_variation_is_eq_17(shape: tuple[int, ...]) -> None:
    attention = maps(shape)
    total = 0.0
    for b in range(shape[0]):
        for k in range(shape[1]):
            for i, j in cells(attention):
                here = attention[b, k, i, j].item()
                if i + 1 < shape[2]:
                    total += abs(attention[b, k, i + 1, j].item() - here)
                if j + 1 < shape[3]:
                    total += abs(attention[b, k, i, j + 1].item() - here)
    assert total_variation(attention).item() == pytest.approx(total / (shape[0] * shape[2] * shape[3]))


def test_total_variation_does_not_remember_the_first_batch() -> None:
    attention = maps((1, 2, 4, 4))
    total_variation(maps((8, 2, 4, 4)))
    torch.testing.assert_close(total_variation(attention), total_variation(attention.repeat(3, 1, 1, 1)))


@pytest.mark.parametrize(
    "term",
    [presence, background_presence, total_variation, lambda a: entropy(a, "sum"), lambda a: entropy(a, "mean")],
    ids=["presence", "background_presence", "total_variation", "entropy_sum", "entropy_mean"],
)
def test_gradients_of_map_terms(term) -> None:
    assert torch.autograd.gradcheck(lambda x: term(x.softmax(1)), (torch.randn(2, 3, 4, 3, requires_grad=True),))


def test_region_consistency_gradient() -> None:
    pair = (torch.rand(1, 2, 2, 2, requires_grad=True), torch.rand(1, 2, 2, 2, requires_grad=True))
    assert torch.autograd.gradcheck(region_consistency, pair)
