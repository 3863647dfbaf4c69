"""The grouping layer, group means and Eq. 9 against loops."""

import math

import pytest
import torch
from torch import Tensor

from ivpt.concepts.fusion import Fusion
from ivpt.concepts.grouping import GroupingLayer, group_means, gumbel
from ivpt.config import ConceptsConfig


def layer(**changes: object) -> GroupingLayer:
    settings = {
        "dim": 3, "groups": 2, "mode": "hard", "temperature": 1.0, "background_group": False, "uniform_empty": False
    }  # fmt: skip
    return GroupingLayer(**(settings | changes))


def slow_means(weights: Tensor, vectors: Tensor, counted: Tensor) -> Tensor:
    """Plain weighted mean per group, one vector at a time."""
    b, k, n = weights.shape
    result = torch.zeros(b, n, vectors.shape[2])
    for image in range(b):
        for group in range(n):
            total = 0.0
            for fine in range(k):
                if counted[image, fine]:
                    total += weights[image, fine, group].item()
                    result[image, group] += weights[image, fine, group] * vectors[image, fine]
            if total > 0:
                result[image, group] /= total
    return result


def test_group_means_are_plain_means_of_the_members() -> None:
    vectors = torch.randn(1, 4, 3)
    one_hot = torch.eye(3)[torch.tensor([[0, 1, 0, 0]])]
    counted = torch.tensor([[True, True, True, False]])
    means = group_means(one_hot, vectors, counted)
    torch.testing.assert_close(means[0, 0], (vectors[0, 0] + vectors[0, 2]) / 2)
    torch.testing.assert_close(means[0, 1], vectors[0, 1])
    assert not means[0, 2].any(), "a group without members"
    torch.testing.assert_close(means, slow_means(one_hot, vectors, counted))


def test_soft_group_means() -> None:
    weights, vectors = torch.randn(2, 5, 3).softmax(2), torch.randn(2, 5, 4)
    counted = torch.rand(2, 5) > 0.4
    torch.testing.assert_close(group_means(weights, vectors, counted), slow_means(weights, vectors, counted))


def test_group_mean_gradient() -> None:
    logits, vectors = torch.randn(1, 3, 2, requires_grad=True), torch.randn(1, 3, 2, requires_grad=True)
    counted = torch.tensor([[True, False, True]])
    assert torch.autograd.gradcheck(lambda x, v: group_means(x.softmax(2), v, counted), (logits, vectors))


@pytest.mark.parametrize("background_group", [False, True])
@pytest.mark.parametrize("with_noise", [False, True])
def test_relaxed_groups_are_a_gumbel_softmax(background_group: bool, with_noise: bool) -> None:
    f_g, vectors = layer(temperature=0.7, background_group=background_group), torch.randn(2, 4, 3)
    noise = torch.randn(2, 4, 3) if with_noise else None
    groups = f_g(vectors, torch.ones(2, 4), noise)
    first = 0 if background_group else 1
    for image in range(2):
        assert groups.relaxed[image, 0].tolist() == [1.0, 0.0, 0.0], "background belongs to background"
        for k in range(1, 4):
            logits = {}
            for column, g in enumerate(range(first, 3)):
                value = (f_g.linear.weight[column] @ vectors[image, k] + f_g.linear.bias[column]).item()
                logits[g] = (value + (float(noise[image, k, g]) if noise is not None else 0.0)) / 0.7
            total = sum(math.exp(x) for x in logits.values())
            for g in range(3):
                expected = math.exp(logits[g]) / total if g in logits else 0.0
                assert groups.relaxed[image, k, g].item() == pytest.approx(expected)
            best = max(logits, key=lambda g: logits[g])
            assert groups.weights[image, k].tolist() == [float(g == best) for g in range(3)]


def test_soft_grouping_keeps_the_softmax() -> None:
    groups = layer(mode="soft")(torch.randn(1, 4, 3), torch.ones(1, 4), None)
    assert torch.equal(groups.weights, groups.relaxed)


def test_hard_groups_carry_the_gradient_of_the_softmax() -> None:
    f_g, vectors, pick = layer(), torch.randn(1, 4, 3), torch.randn(1, 4, 3)
    groups = f_g(vectors, torch.ones(1, 4), None)
    hard = torch.autograd.grad((groups.weights * pick).sum(), f_g.linear.weight, retain_graph=True)[0]
    soft = torch.autograd.grad((groups.relaxed * pick).sum(), f_g.linear.weight)[0]
    torch.testing.assert_close(hard, soft)
    assert hard.any()


@pytest.mark.parametrize("uniform", [False, True])
def test_empty_regions_as_published_belong_everywhere(uniform: bool) -> None:
    mass = torch.tensor([[1.0, 0.0, 2.0]])
    groups = layer(uniform_empty=uniform)(torch.randn(1, 3, 3), mass, None)
    torch.testing.assert_close(groups.weights.sum(2), torch.ones(1, 3))
    assert (groups.weights[0, 1].tolist() == [0.0, 0.5, 0.5]) is uniform
    assert (groups.relaxed[0, 1].tolist() == [0.0, 0.5, 0.5]) is uniform


def test_gumbel_noise_has_its_mean_and_variance() -> None:
    noise = gumbel((200_000,), torch.Generator().manual_seed(0))
    assert noise.mean().item() == pytest.approx(0.5772, abs=0.01)
    assert noise.var().item() == pytest.approx(math.pi**2 / 6, rel=0.02)
    assert torch.equal(noise, gumbel((200_000,), torch.Generator().manual_seed(0)))


def slow_layer_norm(vector: Tensor) -> Tensor:
    mean = vector.sum() / vector.numel()
    variance = ((vector - mean) ** 2).sum() / vector.numel()
    return (vector - mean) / (variance + 1e-5).sqrt()


def config(**changes: object) -> ConceptsConfig:
    return ConceptsConfig.model_validate({"prototypes": (4,), "coarse": 2} | changes)


@pytest.mark.parametrize("norm", ["prompt", "joint"])
@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_fused_prompts_are_eq_9(norm: str, network: str) -> None:
    fusion = Fusion(3, config(fusion_norm=norm, fusion_network=network))
    vectors, mass = torch.randn(2, 4, 3), torch.ones(2, 4)
    prompts, groups = fusion(vectors, mass, None)
    means = slow_means(groups.weights[:, 1:, 1:], vectors[:, 1:], torch.ones(2, 3) > 0)
    for image in range(2):
        normed = torch.stack([slow_layer_norm(p) for p in means[image]])
        if norm == "joint":
            normed = slow_layer_norm(means[image])
        for i in range(2):
            expected = normed[i]
            if network == "linear":
                expected = fusion.network.weight @ expected + fusion.network.bias
            else:
                hidden = fusion.network[0].weight @ expected + fusion.network[0].bias
                hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
                expected = fusion.network[2].weight @ hidden + fusion.network[2].bias
            torch.testing.assert_close(prompts[image, i], expected)


def test_empty_regions_are_left_out_of_means_or_counted_as_zero() -> None:
    vectors, mass = torch.randn(1, 4, 3), torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    vectors[0, 2] = 0
    filled = [1, 3]
    for rule in ("skip", "zero"):
        torch.manual_seed(3)
        fusion = Fusion(3, config(empty_regions=rule, coarse=1))
        fusion.norm = torch.nn.Identity()  # it would hide that the mean is shorter
        prompts, _ = fusion(vectors, mass, None)
        mean = vectors[0, filled].sum(0) / (2 if rule == "skip" else 3)
        expected = fusion.network(mean)
        torch.testing.assert_close(prompts[0, 0], expected)


def test_all_regions_empty_gives_finite_prompts_and_gradients() -> None:
    fusion = Fusion(3, config())
    prompts, _ = fusion(torch.zeros(1, 4, 3), torch.zeros(1, 4), None)
    prompts.sum().backward()
    assert prompts.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in fusion.parameters())


@pytest.mark.parametrize("detached", [False, True])
def test_detached_groups_give_the_grouping_layer_no_gradient(detached: bool) -> None:
    fusion = Fusion(3, config(detach_groups=detached))
    fusion(torch.randn(1, 4, 3), torch.ones(1, 4), None)[0].square().sum().backward()
    assert (fusion.grouping.linear.weight.grad is None) is detached


def test_the_norm_can_be_frozen() -> None:
    assert not any(p.requires_grad for p in Fusion(3, config(train_fusion_norm=False)).norm.parameters())


def test_soft_fusion_gradient() -> None:
    fusion = Fusion(3, config(grouping="soft"))
    vectors, noise = torch.randn(1, 4, 3, requires_grad=True), torch.randn(1, 4, 3)
    assert torch.autograd.gradcheck(lambda v: fusion(v, torch.ones(1, 4), noise)[0], (vectors,))
