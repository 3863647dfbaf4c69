"""Where background prototypes begin: towards the border, over a slow reference."""

from typing import cast

import pytest
import torch
from accelerate import Accelerator

from ivpt.concepts.model import ConceptModel
from ivpt.config import ConceptsConfig
from ivpt.data.loading import ImageSet
from ivpt.training import starting
from ivpt.training.starting import start_background
from tests.concepts.tiny_backbone import TinyBackbone


def make() -> tuple[ConceptModel, list[dict[str, torch.Tensor]]]:
    torch.manual_seed(3)
    model = ConceptModel(TinyBackbone(), ConceptsConfig(prototypes=(5, 4), coarse=3), num_classes=4)
    return model, [{"image": torch.randn(3, 6, 8)} for _ in range(7)]


def test_the_background_starts_towards_the_border_and_nothing_else_moves() -> None:
    model, images = make()
    before = {key: model.concept_set(key).prototypes.detach().clone() for key in (2, 3, "coarse")}
    start_background(Accelerator(cpu=True), model, cast(ImageSet, images), seed=0, batch_size=3)
    rows, columns = model.backbone.grid
    for key in (2, 3):
        border, weight, everything = torch.zeros(6), 0.0, []
        for image in images:
            tokens = model.backbone.embed(image["image"][None])
            for index in range(key):
                tokens = model.backbone.block(index, tokens)
            cells = model.backbone.normalise(tokens)[0, 2:].detach()
            for y in range(rows):
                for x in range(columns):
                    share = ((2 * y / (rows - 1) - 1) ** 2 + (2 * x / (columns - 1) - 1) ** 2) / 2
                    border, weight = border + share * cells[y * columns + x], weight + share
                    everything.append(cells[y * columns + x])
        mean = torch.stack(everything).mean(0)
        found = model.concept_set(key).prototypes.detach()
        expected = border / weight - mean
        expected = expected - mean * (expected @ mean) / (mean @ mean)
        torch.testing.assert_close(found[0].norm(), before[key][0].norm())
        torch.testing.assert_close(found[0] / found[0].norm(), expected / expected.norm(), atol=1e-4, rtol=1e-4)
        assert abs(float(found[0] @ mean)) < 1e-5
        assert torch.equal(found[1:], before[key][1:])
        assert model.concept_set(key).prototypes.requires_grad
    assert torch.equal(model.concept_set("coarse").prototypes, before["coarse"])


def test_images_without_a_border_of_their_own_leave_it_where_it_was() -> None:
    model, _ = make()
    for parameter in model.backbone.parameters():
        parameter.data.zero_()  # every token is the same, so no direction is the border's
    before = model.concept_set(3).prototypes.detach().clone()
    start_background(
        Accelerator(cpu=True), model, cast(ImageSet, [{"image": torch.zeros(3, 6, 8)}] * 3), seed=0, batch_size=3
    )
    assert torch.equal(model.concept_set(3).prototypes, before)


def test_a_bounded_number_of_images_is_looked_at_and_the_seed_chooses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "IMAGES", 2)
    found = []
    for seed in (0, 0, 1):
        model, images = make()
        start_background(Accelerator(cpu=True), model, cast(ImageSet, images), seed=seed, batch_size=3)
        found.append(model.concept_set(3).prototypes[0])
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[0], found[2])
