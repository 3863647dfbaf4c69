"""Batches, optimiser groups, schedule, random streams, selection and scores, each by itself."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from torch import nn

from ivpt.config import TrainingConfig
from ivpt.errors import ConfigError, TrainingError
from ivpt.proportions import balanced, wilson
from ivpt.training.batches import evaluation_shares, make_plan
from ivpt.training.optimiser import check_groups, decay, make_optimiser, set_rates
from ivpt.training.randomness import Purpose, generator, seed_of
from ivpt.training.scores import accuracy_metrics
from ivpt.training.selection import ValScore, is_better


def test_the_processes_shares_make_up_the_global_batch() -> None:
    one, two = make_plan(23, 4, 1), make_plan(23, 4, 2)
    whole = one.epoch(5, 3, rank=0)
    halves = [two.epoch(5, 3, rank=rank) for rank in range(2)]
    assert whole == [a + b for a, b in zip(*halves, strict=True)]
    assert len(whole) == one.steps == 5
    seen = [i for batch in whole for i in batch]
    assert len(set(seen)) == 20


def test_an_epoch_can_be_begun_in_the_middle() -> None:
    plan = make_plan(20, 4, 1)
    assert plan.epoch(0, 1, 0, start=3) == plan.epoch(0, 1, 0)[3:]
    assert plan.epoch(0, 1, 0) != plan.epoch(0, 2, 0)
    assert plan.epoch(0, 1, 0) != plan.epoch(1, 1, 0)


def test_few_images_make_a_smaller_batch_and_unequal_shares_are_refused() -> None:
    assert make_plan(7, 16, 2).size == 6
    with pytest.raises(ConfigError, match="batch of 5 images") as refused:
        make_plan(100, 5, 2)
    assert "--batch-size 4" in refused.value.hint
    with pytest.raises(ConfigError, match="too few"):
        make_plan(1, 2, 2)


@given(images=st.integers(1, 60), per_process=st.integers(1, 7), processes=st.integers(1, 5))
def test_evaluation_names_every_image_once_and_in_order(images: int, per_process: int, processes: int) -> None:
    ranks = [evaluation_shares(range(images), per_process, processes, rank) for rank in range(processes)]
    gathered = []
    for shares in zip(*ranks, strict=True):
        assert len({len(share.positions) for share in shares}) == 1
        assert all(1 <= len(share.positions) <= per_process for share in shares)
        gathered += [i for share in shares for i in share.positions][: shares[0].kept]
    assert gathered == list(range(images))


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.ones(2)) for _ in range(3))
        self.c.requires_grad_(False)


def test_each_parameter_is_in_one_group_or_frozen() -> None:
    model = Two()
    check_groups(model, {"tokens": [model.a], "layers": [model.b]})
    with pytest.raises(TrainingError, match="b would be trained"):
        check_groups(model, {"tokens": [model.a]})
    with pytest.raises(TrainingError, match="a is in 2"):
        check_groups(model, {"tokens": [model.a], "layers": [model.a, model.b]})
    with pytest.raises(TrainingError, match="c is in an optimiser group but frozen"):
        check_groups(model, {"tokens": [model.a], "layers": [model.b, model.c]})
    with pytest.raises(TrainingError, match="not the model's"):
        check_groups(model, {"tokens": [model.a, nn.Parameter(torch.ones(1))], "layers": [model.b]})


def test_rates_halve_every_four_of_25_epochs() -> None:
    config = TrainingConfig()
    assert [decay(config, epoch) for epoch in range(25)] == [0.5 ** (epoch // 4) for epoch in range(25)]
    model = Two()
    optimiser = make_optimiser(model, {"tokens": [model.a], "layers": [model.b]}, config)
    assert set_rates(optimiser, config, 0) == {"tokens": 2e-4, "layers": 1e-2}
    assert set_rates(optimiser, config, 9) == {"tokens": 5e-5, "layers": 2.5e-3}
    assert optimiser.param_groups[0]["lr"] == 5e-5 and optimiser.param_groups[0]["weight_decay"] == 0


def test_the_schedule_scales_with_the_epochs() -> None:
    config = TrainingConfig(epochs=50)
    assert [decay(config, epoch) for epoch in (0, 7, 8, 15, 16)] == [1, 1, 0.5, 0.5, 0.25]


def test_random_streams_depend_on_seed_purpose_and_place_only() -> None:
    draws = {
        tuple(torch.rand(3, generator=generator(seed, purpose, epoch, step)).tolist())
        for seed in (0, 1)
        for purpose in (Purpose.NOISE, Purpose.AFFINE)
        for epoch in (0, 1)
        for step in (0, 1)
    }
    assert len(draws) == 16
    assert seed_of(3, Purpose.ORDER, 4) == seed_of(3, Purpose.ORDER, 4)


@given(count=st.integers(1, 400), share=st.floats(0, 1))
def test_wilson_is_what_scipy_says(count: int, share: float) -> None:
    correct = round(count * share)
    expected = binomtest(correct, count).proportion_ci(method="wilson")
    ours = wilson(correct, count)
    assert math.isclose(ours.low, expected.low, abs_tol=1e-9)
    assert math.isclose(ours.high, expected.high, abs_tol=1e-9)


def test_balanced_accuracy_weighs_classes_alike() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    always = np.zeros(100, np.int64)
    assert balanced(labels, always).value == 0.5
    found = balanced(labels, labels)
    assert found.value == 1 and 0.8 < found.low < 1 and found.high == 1
    entry = accuracy_metrics("test", labels, always, {"epoch": 1})
    assert entry["test_accuracy"]["value"] == 0.9 and entry["test_accuracy"]["correct"] == 90
    assert entry["test_balanced_accuracy"]["interval"][0] < 0.5 < entry["test_balanced_accuracy"]["interval"][1]


def test_the_interval_of_balanced_accuracy_covers() -> None:
    rng = np.random.default_rng(0)
    truth, sizes, hits = (0.9, 0.6), (200, 40), 0
    labels = np.repeat([0, 1], sizes)
    for _ in range(400):
        right = np.concatenate([rng.random(n) < p for n, p in zip(sizes, truth, strict=True)])
        found = balanced(labels, np.where(right, labels, 1 - labels))
        hits += found.low <= sum(truth) / 2 <= found.high
    assert 0.92 <= hits / 400 <= 0.985


def test_selection_is_by_accuracy_then_loss_then_the_earlier_one() -> None:
    kept = ValScore(0, 0.5, 1.0)
    assert is_better(ValScore(1, 0.6, 9.0), kept, "best")
    assert is_better(ValScore(1, 0.5, 0.9), kept, "best")
    assert not is_better(ValScore(1, 0.5, 1.0), kept, "best")
    assert not is_better(ValScore(1, 0.4, 0.1), kept, "best")
    assert is_better(ValScore(1, 0.1, 9.0), kept, "last")
    assert is_better(ValScore(0, 0.0, 9.0), None, "best")
