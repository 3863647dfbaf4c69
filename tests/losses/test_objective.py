"""What is added up, with which weights, over which maps; and both passes of a training step."""

import pytest
import torch
from torch import Tensor

from ivpt.concepts.model import ConceptModel
from ivpt.concepts.output import ConceptOutput
from ivpt.config import PRESETS, LossConfig, load_config
from ivpt.losses.consistency import consistency
from ivpt.losses.entropy import entropy
from ivpt.losses.equivariance import equivariance
from ivpt.losses.objective import PART_SHAPING, TERMS, Objective, training_terms
from ivpt.losses.orthogonality import orthogonality
from ivpt.losses.presence import background_presence, presence
from ivpt.losses.total_variation import total_variation
from ivpt.losses.transform import Affine, sample_affine
from tests.concepts.conftest import Build

LABELS = torch.tensor([1, 3])
AFFINE = Affine(angle=30.0, translate=(0.05, -0.1), scale=1.2)


def step(model: ConceptModel, images: Tensor, config: LossConfig) -> tuple[ConceptOutput, dict[str, Tensor]]:
    noise = model.noise(len(images), torch.Generator().manual_seed(2))
    return training_terms(model, Objective(config), images, LABELS[: len(images)], noise, AFFINE)


def test_terms_are_averaged_over_the_sets_they_belong_to(build: Build, images: Tensor) -> None:
    output, terms = step(build(), images, LossConfig())
    sets = [output.layers[2].attention, output.layers[3].attention, output.coarse.attention]
    moved = [output.transformed[key] for key in (2, 3, "coarse")]
    expected = {
        "classification": torch.nn.functional.cross_entropy(output.logits, LABELS),
        "consistency": sum(consistency(output.layers[i], output.coarse, "patch") for i in (2, 3)) / 2,
        "orthogonality": orthogonality(output.modulated[:, 1:], "squared"),
        "equivariance": sum(equivariance(a, o, AFFINE) for a, o in zip(sets, moved, strict=True)) / 3,
        "presence": sum(presence(a) for a in sets) / 3,
        "background_presence": sum(background_presence(a) for a in sets) / 3,
        "entropy": sum(entropy(a, "mean") for a in sets) / 3,
        "total_variation": sum(total_variation(a) for a in sets) / 3,
    }
    assert set(terms) == {*TERMS, "total"}
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value, msg=name)
    torch.testing.assert_close(terms["total"], sum(expected.values()))


def test_weights_multiply_and_part_shaping_multiplies_six(build: Build, images: Tensor) -> None:
    plain = step(build(), images, LossConfig())[1]
    weights = {name: 0.5 + i for i, name in enumerate(TERMS)}
    weighted = step(build(), images, LossConfig(**weights, part_shaping=0.3))[1]
    factor = {name: weights[name] * (0.3 if name in PART_SHAPING else 1.0) for name in TERMS}
    torch.testing.assert_close(weighted["total"], sum(factor[name] * plain[name] for name in TERMS))


@pytest.mark.parametrize("name", TERMS)
def test_a_weight_of_zero_switches_a_term_off(build: Build, images: Tensor, name: str) -> None:
    model = build()
    terms = step(model, images, LossConfig(**{name: 0.0}))[1]
    assert name not in terms
    assert len(terms) == len(TERMS)
    assert len(model.backbone.seen) == (4 if name == "equivariance" else 8), "no second pass without equivariance"


def test_part_shaping_off_leaves_two_terms(build: Build, images: Tensor) -> None:
    terms = step(build(), images, LossConfig(part_shaping=0.0))[1]
    assert set(terms) == {"classification", "consistency", "total"}


def test_terms_that_do_not_apply_are_left_out(build: Build, images: Tensor) -> None:
    assert "consistency" not in step(build(fusion=False), images, LossConfig())[1]
    assert "consistency" not in step(build(cross_layer=False), images, LossConfig())[1]
    assert "equivariance" not in Objective(LossConfig())(build()(images), LABELS)


@pytest.mark.parametrize(
    "change",
    [
        {"consistency_form": "regions"},
        {"orthogonality_form": "sum"},
        {"orthogonality_background": True},
        {"equivariance_form": "norms"},
        {"entropy_form": "sum"},
    ],
    ids=str,
)
def test_each_form_changes_its_term(build: Build, images: Tensor, change: dict[str, object]) -> None:
    before, after = step(build(), images, LossConfig())[1], step(build(), images, LossConfig(**change))[1]
    name = next(iter(change)).removesuffix("_form").removesuffix("_background")
    changed = {term for term in TERMS if not torch.allclose(before[term], after[term])}
    assert changed == {name}


def test_the_global_maximum_reaches_presence_only(build: Build, images: Tensor) -> None:
    model = build()
    output = model(images)
    plain = Objective(LossConfig())(output, LABELS)
    full = Objective(LossConfig())(output, LABELS, reduce_max=lambda x: x * 0 + 1)
    assert full["presence"].item() == pytest.approx(0)
    assert {name for name in plain if not torch.equal(plain[name], full[name])} == {"presence", "total"}


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("batch", [1, 2])
def test_presets_train(build: Build, images: Tensor, preset: str, batch: int) -> None:
    config = load_config(preset=preset)
    model = build(config.concepts, prototypes=(5, 4), coarse=3)
    groups = model.parameter_groups()
    trained = [p for members in groups.values() for p in members]
    optimiser = torch.optim.Adam(trained, lr=1e-2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        noise = model.noise(batch, generator)
        affine = sample_affine(generator)
        _, terms = training_terms(model, Objective(config.loss), images[:batch], LABELS[:batch], noise, affine)
        optimiser.zero_grad()
        terms["total"].backward()
        assert all(term.isfinite() for term in terms.values())
        assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in trained)
        optimiser.step()
    assert model(images).logits.isfinite().all()


def test_the_paper_preset_survives_maps_outside_the_unit_range(build: Build, images: Tensor) -> None:
    config = load_config(preset="paper")
    model = build(config.concepts, prototypes=(5, 4), coarse=3)
    for concept_set in model.sets.values():
        concept_set.bias.data = 3 * torch.randn_like(concept_set.bias)
    output, terms = step(model, images, config.loss)
    terms["total"].backward()
    assert all(value.min() >= 0 and value.max() <= 1 for value in output.maps.values())
    assert all(term.isfinite() for term in terms.values())
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in model.parameters())


@pytest.mark.parametrize(
    ("config", "share"), [(LossConfig(), 0.7), (LossConfig(part_shaping=0.0, consistency=0.0), 0.6)]
)
def test_steps_lower_the_loss(build: Build, images: Tensor, config: LossConfig, share: float) -> None:
    model, objective = build(), Objective(config)
    optimiser = torch.optim.Adam([p for members in model.parameter_groups().values() for p in members], lr=1e-2)
    totals = []
    for _ in range(40):
        _, terms = training_terms(model, objective, images, LABELS, None, AFFINE)
        optimiser.zero_grad()
        terms["total"].backward()
        optimiser.step()
        totals.append(terms["total"].item())
    assert totals[-1] < share * totals[0]
