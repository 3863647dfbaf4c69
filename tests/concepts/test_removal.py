"""A removed prototype is as good as one that never was."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from ivpt.concepts.aggregation import pool
from ivpt.concepts.discovery import attention_maps
from ivpt.concepts.model import ConceptModel
from ivpt.concepts.output import ConceptOutput
from tests.concepts.conftest import Build


def slow_forward(model: ConceptModel, images: Tensor, gone: dict[int | str, set[int]]) -> dict[str, Tensor]:
    """Evaluation with the rows of the removed prototypes deleted from every matrix, and loops over what is left."""
    body, config = model.backbone, model.config
    patches, found = slice(2, 14), {}
    tokens = body.embed(images)

    def left(key: int | str) -> list[int]:
        return [k for k in range(len(model.concept_set(key).prototypes)) if k not in gone.get(key, set())]

    def maps(key: int | str, features: Tensor) -> Tensor:
        own = model.concept_set(key)
        return attention_maps(features, own.prototypes[left(key)], own.bias[left(key)], own.place)

    for index in range(body.depth):
        entering = tokens
        if index in model.blocks:
            e = body.normalise(tokens)[:, patches]
            found[f"L{index}"] = attention = maps(index, e)
            p, mass = pool(attention, e, config.aggregation)
            prompts = slow_prompts(model, index, p, mass) if config.fusion else p[:, 1:]
            entering = torch.cat([tokens, prompts], 1)
        tokens = body.block(index, entering)[:, :14]
    e = body.normalise(tokens)[:, patches]
    found["coarse"] = maps("coarse", e)
    p, _ = pool(found["coarse"], e, config.aggregation)
    kept, norm = left("coarse"), model.modulation
    if config.head_norm == "concept":
        vectors = torch.stack([nn.functional.layer_norm(p[:, i], p.shape[2:]) for i in range(len(kept))], 1)
    else:
        vectors = nn.functional.layer_norm(p, p.shape[1:])
    vectors = vectors * norm.weight[kept] + norm.bias[kept]
    heads = [model.head.weight[k - 1 if config.head == "concept" else 0] for k in kept[1:]]
    found["scores"] = torch.stack([vectors[:, 1 + i] @ head.T for i, head in enumerate(heads)], 1)
    return found


def slow_prompts(model: ConceptModel, index: int, p: Tensor, mass: Tensor) -> Tensor:
    fusion, config = model.fusion[f"L{index}"], model.config
    means = torch.zeros(len(p), config.coarse, p.shape[2])
    for image in range(len(p)):
        for group in range(1, config.coarse + 1):
            total, weight = torch.zeros(p.shape[2]), 0.0
            for k in range(1, p.shape[1]):
                logits = fusion.grouping.linear(p[image, k])
                first = 0 if config.background_group else 1
                share = logits.softmax(0)[group - first]
                if config.grouping == "hard":
                    share = torch.tensor(float(int(logits.argmax()) + first == group))
                if mass[image, k] == 0:
                    share = torch.tensor(1 / config.coarse if config.empty_regions == "zero" else 0.0)
                total, weight = total + share * p[image, k], weight + float(share)
            if weight > 1e-6:
                means[image, group - 1] = total / weight
    return fusion.network(fusion.norm(means))


def compare(output: ConceptOutput, slow: dict[str, Tensor], gone: dict[int | str, set[int]]) -> None:
    for key, attention in output.maps.items():
        kept = [k for k in range(attention.shape[1]) if k not in gone.get(key, set())]
        torch.testing.assert_close(attention[:, kept], slow[f"L{key}" if isinstance(key, int) else key])
        assert (attention[:, sorted(gone.get(key, set()))] == 0).all()
    kept = [k - 1 for k in range(1, 4) if k not in gone.get("coarse", set())]
    torch.testing.assert_close(output.scores[:, kept], slow["scores"])
    torch.testing.assert_close(output.logits, slow["scores"].sum(1) / 3)
    assert output.logits.argmax(1).tolist() == slow["scores"].mean(1).argmax(1).tolist()
    for k in gone.get("coarse", set()):
        assert (output.scores[:, k - 1] == 0).all()


VARIANTS = [
    {},
    {"spatial_bias": "outside"},
    {"spatial_bias": "off"},
    {"aggregation": "global"},
    {"empty_regions": "zero"},
    {"grouping": "soft"},
    {"background_group": True},
    {"fusion": False},
    {"fusion_norm": "joint", "head_norm": "joint", "head": "shared"},
]
REMOVED: list[dict[int | str, set[int]]] = [
    {2: {1}},
    {2: {4}, 3: {1, 2}},
    {"coarse": {2}},
    {2: {1, 2, 3}, 3: {3}, "coarse": {1, 3}},
]


@pytest.mark.parametrize(("changes", "gone"), list(product(VARIANTS, REMOVED)))
def test_it_is_the_model_with_these_rows_deleted(
    build: Build, images: Tensor, changes: dict[str, object], gone: dict[int | str, set[int]]
) -> None:
    model = build(**changes).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.remove(gone)
        compare(model(images), slow_forward(model, images, gone), gone)


def test_the_reference_is_the_whole_model_when_nothing_is_gone(build: Build, images: Tensor) -> None:
    model = build().eval()
    with torch.no_grad():
        compare(model(images), slow_forward(model, images, {}), {})


def test_a_prototype_without_any_attention_changes_nothing_to_the_last_bit(build: Build, images: Tensor) -> None:
    model = build().eval()
    with torch.no_grad():
        nn.init.normal_(model.head.weight)
        model.concept_set(2).bias[4] = -1e4
        model.concept_set(3).bias[1] = -1e4
        before = model(images)
        model.remove({2: [4], 3: [1]})
        after = model(images)
    for key in before.maps:
        assert torch.equal(before.maps[key], after.maps[key])
    torch.testing.assert_close(before.scores, after.scores, rtol=1e-12, atol=1e-12)


def test_a_removed_concept_is_in_no_group_and_speaks_for_no_class(build: Build, images: Tensor) -> None:
    model = build().eval()
    with torch.no_grad():
        nn.init.normal_(model.head.weight)
        nn.init.normal_(model.modulation.bias)
        whole = model(images)
        model.remove({2: [3]})
        model.remove({"coarse": [2], 2: [1]})
        output = model(images)
    groups = output.layers[2].groups
    assert groups is not None and (groups[:, [1, 3]] == 0).all() and (groups[:, [0, 2, 4]].sum(2) == 1).all()
    assert (whole.scores[:, 1] != 0).any() and (output.scores[:, 1] == 0).all()
    assert (output.modulated[:, 2] == 0).all()
    assert output.coarse.mass[:, 2].max() == 0


def test_patches_go_to_the_others(build: Build, images: Tensor) -> None:
    model = build(spatial_bias="inside").eval()
    with torch.no_grad():
        before = model(images).layers[2].attention
        model.remove({2: [2]})
        after = model(images).layers[2].attention
    kept = [0, 1, 3, 4]
    torch.testing.assert_close(after[:, kept], before[:, kept] / before[:, kept].sum(1, keepdim=True))
    torch.testing.assert_close(after.sum(1), torch.ones_like(after.sum(1)))


def test_trained_state_is_the_same_with_and_without(build: Build) -> None:
    model = build()
    names = list(model.trained_state())
    model.remove({2: [1], "coarse": [1]})
    assert list(model.trained_state()) == names
    assert model.concept_set(2).kept == [0, 2, 3, 4]


@pytest.mark.parametrize("channel", [0, 5, -1])
def test_background_and_what_is_not_there_cannot_be_removed(build: Build, channel: int) -> None:
    with pytest.raises(ValueError, match="cannot be removed"):
        build().remove({2: [channel]})
