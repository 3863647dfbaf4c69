"""The model as a whole: what enters which block, what is frozen, where gradients go, what each switch changes."""

import pytest
import torch
from torch import Tensor

from ivpt.concepts.aggregation import pool
from ivpt.concepts.discovery import regions
from ivpt.concepts.model import ConceptModel, resolve_blocks
from ivpt.config import PRESETS, ConceptsConfig, load_config
from ivpt.errors import ConfigError, WeightsError
from tests.concepts.conftest import Build


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def slow_forward(model: ConceptModel, images: Tensor) -> Tensor:
    """Logits by the paper's order of steps, with plain loops over blocks, concepts and groups (evaluation)."""
    body = model.backbone
    tokens, patches = body.embed(images), slice(2, 14)
    for index in range(body.depth):
        if index in model.blocks:
            e = body.normalise(tokens)[:, patches]
            attention = model.concept_set(index)(e)
            p, mass = pool(attention, e, "region")
            fusion, prompts = model.fusion[f"L{index}"], []
            for image in range(len(images)):
                fine = range(1, attention.shape[1])
                y = {k: int(fusion.grouping.linear(p[image, k]).argmax()) + 1 for k in fine}
                for group in range(1, 4):
                    members = [p[image, k] for k in fine if y[k] == group and mass[image, k] > 0]
                    mean = torch.stack(members).mean(0) if members else torch.zeros(body.dim)
                    prompts.append(fusion.network(fusion.norm(mean)))
            entered = torch.cat([tokens, torch.stack(prompts).reshape(len(images), 3, -1)], 1)
            tokens = body.block(index, entered)[:, :14]
        else:
            tokens = body.block(index, tokens)
    e = body.normalise(tokens)[:, patches]
    p, _ = pool(model.concept_set("coarse")(e), e, "region")
    vectors = model.modulation(p)
    scores = [vectors[:, k + 1] @ model.head.weight[k].T for k in range(3)]
    return sum(scores) / 3


def test_forward_is_the_paper_step_by_step(build: Build, images: Tensor) -> None:
    model = build()
    torch.nn.init.normal_(model.head.weight)
    torch.testing.assert_close(model(images).logits, slow_forward(model, images))


def test_output_shapes_and_sums(build: Build, images: Tensor) -> None:
    model = build()
    output = model(images, model.noise(2, generator()))
    assert list(output.layers) == [2, 3] == list(model.blocks)
    assert output.layers[2].attention.shape == (2, 5, 3, 4)
    assert output.layers[3].vectors.shape == (2, 4, 6)
    assert output.layers[2].groups.shape == (2, 5, 4)
    assert output.layers[2].grouped.shape == (2, 4, 3, 4)
    assert output.coarse.attention.shape == (2, 4, 3, 4)
    assert output.scores.shape == (2, 3, 4)
    assert list(output.maps) == [2, 3, "coarse"]
    torch.testing.assert_close(output.layers[2].groups.sum(2), torch.ones(2, 5))
    torch.testing.assert_close(output.layers[2].grouped.sum(1), torch.ones(2, 3, 4))
    torch.testing.assert_close(output.layers[2].mass, regions(output.layers[2].attention).sum((2, 3)))
    torch.testing.assert_close(output.logits, output.scores.mean(1))


def test_grouped_maps_are_sums_over_the_group(build: Build, images: Tensor) -> None:
    output = build(grouping="soft")(images)
    layer = output.layers[2]
    for group in range(4):
        expected = sum(layer.groups[:, k, group, None, None] * layer.attention[:, k] for k in range(5))
        torch.testing.assert_close(layer.grouped[:, group], expected)


def test_combined_maps_stay_soft_with_hard_groups(build: Build, images: Tensor) -> None:
    layer = build(coarse=6)(images).layers[3]
    assert (layer.groups.sum(1) == 0).any(), "a group without members"
    assert (layer.grouped > 0).all(), "and a map of it that can still learn"


def test_prompts_enter_their_block_and_leave_it(build: Build, images: Tensor) -> None:
    for changes, expected in (
        ({}, [14, 14, 17, 17]),
        ({"blocks": (0, 2)}, [17, 14, 17, 14]),
        ({"fusion": False}, [14, 14, 18, 17]),
        ({"cross_layer": False}, [14, 14, 14, 14]),
    ):
        model = build(**changes)
        model(images)
        assert model.backbone.seen == expected, changes


def test_two_evaluations_are_identical_and_noise_changes_them(build: Build, images: Tensor) -> None:
    model = build(grouping="soft")
    first, second = model(images), model.train()(images)
    assert torch.equal(first.logits, second.logits)
    assert all(torch.equal(first.maps[key], second.maps[key]) for key in first.maps)
    noisy = model(images, model.noise(2, generator()))
    assert not torch.equal(first.layers[2].groups, noisy.layers[2].groups)
    assert torch.equal(noisy.logits, model(images, model.noise(2, generator())).logits)


def test_an_image_alone_is_what_it_is_in_a_batch(build: Build, images: Tensor) -> None:
    model = build()
    noise = model.noise(2, generator())
    both, one = model(images, noise), model(images[:1], {key: value[:1] for key, value in noise.items()})
    torch.testing.assert_close(both.logits[:1], one.logits)
    torch.testing.assert_close(both.layers[3].grouped[:1], one.layers[3].grouped)


def test_one_foreground_prototype_and_one_coarse_concept(build: Build, images: Tensor) -> None:
    model = build(prototypes=(2,), coarse=1)
    output = model(images, model.noise(2, generator()))
    output.logits.sum().backward()
    assert output.layers[3].groups[:, 1].tolist() == [[0.0, 1.0]] * 2


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_parameter_is_in_one_group_or_frozen(build: Build, preset: str) -> None:
    model = build(load_config(preset=preset).concepts, prototypes=(5, 4), coarse=3)
    groups = model.parameter_groups()
    assert set(groups) == {"tokens", "layers"}
    trained = [p for p in model.parameters() if p.requires_grad]
    assert sorted(map(id, trained)) == sorted(id(p) for members in groups.values() for p in members)
    names = {id(p): name for name, p in model.named_parameters()}
    tokens = {names[id(p)] for p in groups["tokens"]}
    assert tokens == {
        *(f"backbone.{token}" for token in ("cls_token", "reg_token", "pos_embed")),
        *(f"sets.{key}.{part}" for key in ("L2", "L3", "coarse") for part in ("prototypes", "bias")),
    }
    assert not model.backbone.blocks[0].mix.weight.requires_grad


def test_a_parameter_nobody_owns_is_a_defect(build: Build) -> None:
    model = build()
    model.stray = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(RuntimeError, match="stray"):
        model.parameter_groups()


def test_backbone_tokens_can_stay_frozen(build: Build) -> None:
    model = build(train_backbone_tokens=False)
    assert not any(p.requires_grad for p in model.backbone.parameters())
    assert not any(name.startswith("backbone") for name in model.trained_state())


def gradients(model: ConceptModel, loss: Tensor) -> set[str]:
    """Names of the trained parameters that a loss teaches."""
    model.zero_grad(set_to_none=True)
    loss.backward()
    assert all(p.grad is None for p in model.backbone.blocks.parameters())
    return {n for n, p in model.named_parameters() if p.grad is not None and bool(p.grad.any())}


@pytest.mark.parametrize("detach", [True, False])
def test_where_the_classification_gradient_goes(build: Build, images: Tensor, detach: bool) -> None:
    model = build(detach=detach)
    reached = gradients(model, model(images, model.noise(2, generator())).logits.square().sum())
    prompted = {f"sets.{key}.{part}" for key in ("L2", "L3") for part in ("prototypes", "bias")}
    assert prompted.isdisjoint(reached) if detach else prompted <= reached
    assert {"sets.coarse.prototypes", "sets.coarse.bias", "head.weight", "modulation.weight"} <= reached
    assert {"backbone.cls_token", "backbone.reg_token", "backbone.pos_embed"} <= reached
    assert {"fusion.L2.network.0.weight", "fusion.L3.norm.weight", "fusion.L2.grouping.linear.weight"} <= reached


def test_detached_groups_hide_classification_from_the_grouping_layer(build: Build, images: Tensor) -> None:
    model = build(detach_groups=True)
    reached = gradients(model, model(images).logits.square().sum())
    assert not any("grouping" in name for name in reached)
    assert "fusion.L2.network.0.weight" in reached


@pytest.mark.parametrize("detach", [True, False])
def test_where_the_gradient_of_maps_goes(build: Build, images: Tensor, detach: bool) -> None:
    model = build(detach=detach)
    for key in (2, "coarse"):
        name = key if isinstance(key, str) else f"L{key}"
        own = {f"sets.{name}.prototypes", f"sets.{name}.bias"}
        reached = gradients(model, model(images).maps[key].square().sum())
        assert own <= reached
        if detach:
            assert reached == own
        else:
            assert "backbone.pos_embed" in reached
            assert ("sets.L3.prototypes" in reached) is (key == "coarse")


def test_grouped_maps_teach_the_grouping_layer(build: Build, images: Tensor) -> None:
    model = build(detach_groups=True)
    reached = gradients(model, model(images).layers[2].grouped.square().sum())
    assert {"fusion.L2.grouping.linear.weight", "sets.L2.prototypes"} <= reached


@pytest.mark.parametrize("detach", [True, False])
def test_the_transformed_pass(build: Build, images: Tensor, detach: bool) -> None:
    model, other = build(detach=detach), torch.randn_like(images)
    noise = model.noise(2, generator())
    output = model(images, noise, other)
    assert model.backbone.graphs[:4] == [True] * 4
    assert model.backbone.graphs[4:] == [not detach] * 4, "no graph through the backbone when features are detached"
    plain = model(other, noise)
    assert all(torch.equal(output.transformed[key], plain.maps[key]) for key in plain.maps)
    assert all(value.requires_grad for value in output.transformed.values())

    def teach(maps: dict[int | str, Tensor]) -> dict[str, Tensor]:
        model.zero_grad(set_to_none=True)
        sum(value.square().sum() for value in maps.values()).backward()
        return {n: p.grad for n, p in model.named_parameters() if p.grad is not None and bool(p.grad.any())}

    fast, slow = teach(output.transformed), teach(plain.maps)
    assert fast.keys() == slow.keys()
    assert all(torch.equal(fast[name], slow[name]) for name in fast)
    assert any(name.startswith("sets") for name in fast)
    assert any(name.startswith("backbone") for name in fast) is (not detach)


def test_no_graph_at_all_in_inference(build: Build, images: Tensor) -> None:
    with torch.no_grad():
        output = build()(images, None, images)
    assert not any(value.requires_grad for value in output.transformed.values())
    assert not output.logits.requires_grad


@pytest.mark.parametrize("aggregation", ["region", "global"])
def test_model_gradient_is_right(build: Build, images: Tensor, aggregation: str) -> None:
    model = build(detach=False, grouping="soft", prototypes=(3,), coarse=2, aggregation=aggregation)
    prototypes = model.concept_set(3).prototypes

    def scores(values: Tensor) -> Tensor:
        return torch.func.functional_call(model, {"sets.L3.prototypes": values}, (images[:1],)).logits

    assert torch.autograd.gradcheck(scores, (prototypes.detach().clone().requires_grad_(),), atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"spatial_bias": "outside"},
        {"spatial_bias": "off"},
        {"aggregation": "global"},
        {"fusion": False},
        {"cross_layer": False},
        {"grouping": "soft"},
        {"grouping_temperature": 0.3, "grouping": "soft"},
        {"background_group": True},
        {"fusion_network": "linear"},
        {"fusion_norm": "joint"},
        {"head": "shared"},
        {"head_norm": "joint"},
        {"empty_regions": "zero"},
        {"init_std": 0.5},
        {"blocks": (0, 1)},
    ],
    ids=str,
)
def test_each_switch_changes_the_result(build: Build, images: Tensor, change: dict[str, object]) -> None:
    reference: dict[str, object] = {"grouping": "soft"} if "grouping_temperature" in change else {}
    if "empty_regions" in change:
        # Empty members only shorten a group's mean, which the norm of each prompt by itself would undo.
        reference = {"fusion_norm": "joint"}

    def logits(**settings: object) -> Tensor:
        model = build(**settings)
        for concept_set in model.sets.values():
            torch.manual_seed(2)
            concept_set.bias.data = torch.randn_like(concept_set.bias)
            concept_set.bias.data[1] = -50  # an empty region
            if "init_std" not in settings:
                concept_set.prototypes.data = torch.randn_like(concept_set.prototypes)
        torch.manual_seed(3)
        model.head.weight.data = torch.randn(3, 4, 6)[: len(model.head.weight)]
        return model(images).logits

    assert not torch.allclose(logits(**reference), logits(**(reference | change)), atol=1e-6)


def test_switches_that_are_about_gradients_only_leave_the_result(build: Build, images: Tensor) -> None:
    for change in ({"detach": False}, {"detach_groups": True}, {"train_fusion_norm": False}):
        assert torch.equal(build()(images).logits, build(**change)(images).logits), change


def test_ablations_build_no_parameters_they_do_not_use(build: Build) -> None:
    assert not any("fusion" in name for name, _ in build(fusion=False).named_parameters())
    assert list(build(cross_layer=False).sets) == ["coarse"]
    bias = build(spatial_bias="off").concept_set(2).bias
    assert not bias.requires_grad
    assert not bias.any()
    assert build(fusion=False).noise(2, generator()) == {}


def test_state_comes_back(build: Build, images: Tensor) -> None:
    model, other = build(), build()
    with torch.no_grad():
        for members in model.parameter_groups().values():
            for p in members:
                p.add_(torch.randn_like(p))
    assert not torch.equal(model(images).logits, other(images).logits)
    state = {name: value.clone() for name, value in model.trained_state().items()}
    assert "backbone.pos_embed" in state
    assert not any("blocks" in name for name in state)
    other.load_trained_state(state)
    assert torch.equal(model(images).logits, other(images).logits)


def test_state_that_does_not_fit_changes_nothing(build: Build) -> None:
    model = build()
    before = {name: value.clone() for name, value in model.trained_state().items()}
    missing = dict(before)
    missing.pop("head.weight")
    wrong = before | {"head.weight": torch.zeros(1, 2, 3)}
    for state in (missing, wrong, before | {"extra": torch.zeros(1)}):
        with pytest.raises(WeightsError, match="do not fit"):
            model.load_trained_state({name: value + 1 for name, value in state.items()})
    assert all(torch.equal(value, before[name]) for name, value in model.trained_state().items())


def test_blocks_that_do_not_exist() -> None:
    assert resolve_blocks(ConceptsConfig(prototypes=(3, 3)), 12) == (10, 11)
    with pytest.raises(ConfigError, match="has 3 blocks"):
        resolve_blocks(ConceptsConfig(), 3)
    with pytest.raises(ConfigError, match="block 12"):
        resolve_blocks(ConceptsConfig(prototypes=(3,), blocks=(12,)), 12)
    with pytest.raises(ConfigError, match="block -1"):
        resolve_blocks(ConceptsConfig(prototypes=(3,), blocks=(-1,)), 12)


def test_bfloat16_blocks_give_maps_and_scores_in_float32(build: Build, images: Tensor) -> None:
    model = build().float()
    with torch.autocast("cpu", torch.bfloat16):
        output = model(images.float())
    assert output.logits.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in output.maps.values())
