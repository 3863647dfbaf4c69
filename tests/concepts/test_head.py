"""Eq. 4 against loops, and the two norms before it."""

import pytest
import torch

from ivpt.concepts.head import ConceptHead, Modulation


@pytest.mark.parametrize("kind", ["concept", "shared"])
def test_scores_are_eq_4(kind: str) -> None:
    head, modulated = ConceptHead(3, 4, 5, kind), torch.randn(2, 4, 4)
    scores = head(modulated)
    assert scores.shape == (2, 3, 5)
    for image in range(2):
        for k in range(3):
            for c in range(5):
                weight = head.weight[k if kind == "concept" else 0, c]
                expected = sum(weight[i] * modulated[image, k + 1, i] for i in range(4))
                torch.testing.assert_close(scores[image, k, c], expected)


@pytest.mark.parametrize("kind", ["concept", "joint"])
def test_modulation_normalises_each_vector_or_all_together(kind: str) -> None:
    norm, vectors = Modulation(3, 4, kind), torch.randn(2, 3, 4) * torch.tensor([1.0, 5.0, 9.0]).reshape(1, 3, 1)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    made = norm(vectors)
    for image in range(2):
        for k in range(3):
            over = vectors[image, k] if kind == "concept" else vectors[image]
            z = (vectors[image, k] - over.mean()) / (over.var(correction=0) + 1e-5).sqrt()
            torch.testing.assert_close(made[image, k], z * norm.weight[k] + norm.bias[k])


@pytest.mark.parametrize("kind", ["concept", "shared"])
def test_head_gradient(kind: str) -> None:
    head, norm = ConceptHead(2, 3, 4, kind), Modulation(3, 3, "concept")
    assert torch.autograd.gradcheck(lambda v: head(norm(v)), (torch.randn(1, 3, 3, requires_grad=True),))
