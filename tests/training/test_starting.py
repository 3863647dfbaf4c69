"""Where background prototypes begin: the border's mean token, over a slow reference."""

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


def test_the_background_starts_at_the_mean_of_the_border_and_nothing_else_moves() -> None:
    model, images = make()
    before = {key: model.concept_set(key).prototypes.clone() for key in (2, 3, "coarse")}
    start_background(Accelerator(cpu=True), model, cast(ImageSet, images), seed=0, batch_size=3)
    rows, columns = model.backbone.grid
    for depth, key in ((2, 2), (3, 3), (4, "coarse")):
        total, weight = torch.zeros(6), 0.0
        for image in images:
            tokens = model.backbone.embed(image["image"][None])
            for index in range(depth):
                tokens = model.backbone.block(index, tokens)
            cells = model.backbone.normalise(tokens)[0, 2:]
            for y in range(rows):
                for x in range(columns):
                    share = ((2 * y / (rows - 1) - 1) ** 2 + (2 * x / (columns - 1) - 1) ** 2) / 2
                    total, weight = total + share * cells[y * columns + x], weight + share
        found = model.concept_set(key).prototypes
        torch.testing.assert_close(found[0], total / weight, atol=1e-5, rtol=1e-5)
        assert torch.equal(found[1:], before[key][1:])
        assert found.requires_grad


def test_a_bounded_number_of_images_is_looked_at_and_the_seed_chooses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "IMAGES", 2)
    found = []
    for seed in (0, 0, 1):
        model, images = make()
        start_background(Accelerator(cpu=True), model, cast(ImageSet, images), seed=seed, batch_size=3)
        found.append(model.concept_set("coarse").prototypes[0])
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[0], found[2])
