"""Questions to the model about single changed images."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from ivpt.data.paperbirds.dataset import PaperBirds
from ivpt.data.transforms import evaluation_view
from ivpt.data.watched import Watched
from ivpt.errors import DataError
from ivpt.evaluation import probe as module
from ivpt.evaluation.probe import ModelProbe, blurred
from ivpt.evaluation.reload import Reloaded, reloaded
from ivpt.evaluation.source import reopen
from ivpt.interfaces.metric import SeesThings
from ivpt.runfile.reader import RunFile
from tests.evaluation.asking import Told

NONE: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def model(trained_birds: Path) -> Iterator[Reloaded]:
    with RunFile(trained_birds) as run, reloaded(run) as model:
        yield model


@pytest.fixture(scope="module")
def birds_drawn(trained_birds: Path) -> PaperBirds:
    with RunFile(trained_birds) as run:
        dataset = reopen(run)
    assert isinstance(dataset, Watched) and isinstance(dataset.inner, PaperBirds)
    return cast(PaperBirds, dataset)  # what a Watched lacks is asked of the data set itself


@pytest.fixture
def probe(model: Reloaded, birds_drawn: PaperBirds) -> ModelProbe:
    return ModelProbe(model, birds_drawn, batch_size=4)


def scores_of(model: Reloaded, image: np.ndarray) -> np.ndarray:
    backbone = model.model.backbone
    with torch.no_grad():
        return model.model(evaluation_view(image, (48, 48), backbone.mean, backbone.std)[None]).scores[0].numpy()


def test_redrawn_images_are_those_that_are_rendered(
    model: Reloaded, birds_drawn: PaperBirds, probe: ModelProbe
) -> None:
    crowded = next(i for i in range(60, 80) if birds_drawn.scene(i).objects)
    indices = [61, 61, 70, crowded, 70]
    without = [NONE, frozenset({"wing", "tail"}), NONE, frozenset({"thing 0"}), frozenset({"head"})]
    found = probe.redrawn(indices, without)
    asked = [
        {},
        {"without_parts": {"wing", "tail"}},
        {},
        {"without_objects": {0}},
        {"without_parts": {"head"}},
    ]
    expected = [scores_of(model, birds_drawn.render(i, **how).image) for i, how in zip(indices, asked, strict=True)]
    assert found.shape == (5, 2, 20)
    assert np.abs(found - np.stack(expected)).max() < 1e-5
    assert np.abs(found[0] - found[1]).max() > 1e-4
    moved = probe.redrawn([61], [NONE], ["rocks"])
    assert np.abs(moved[0] - scores_of(model, birds_drawn.render(61, background="rocks").image)).max() < 1e-5


def test_untouched_images_have_their_stored_scores(trained_birds: Path, probe: ModelProbe) -> None:
    with RunFile(trained_birds) as run:
        stored = run.split_maps("test")
        found = probe.redrawn(stored.images.tolist(), [NONE] * len(stored))
        assert np.abs(found - stored.scores()).max() < 1e-5
        whole = probe.masked(stored.images.tolist(), np.ones((len(stored), 6, 6), bool), "blur")
        assert np.abs(whole - stored.scores()).max() < 1e-5


@pytest.mark.parametrize("fill", ["mean", "blur"])
def test_masked_images_are_filled_cell_by_cell(
    model: Reloaded, birds_drawn: PaperBirds, probe: ModelProbe, fill: str
) -> None:
    rng = np.random.default_rng(1)
    indices, keep = [60, 60, 72], rng.random((3, 6, 6)) < 0.5
    backbone = model.model.backbone
    line = np.exp(-(np.arange(-5, 6.0) ** 2) / 50)
    kernel = np.outer(line, line) / line.sum() ** 2
    expected = []
    for index, mask in zip(indices, keep, strict=True):
        image = evaluation_view(birds_drawn.image(index), (48, 48), backbone.mean, backbone.std).numpy()
        filling = np.zeros_like(image)
        if fill == "blur":
            filling = np.stack([convolve(channel.astype(np.float64), kernel, mode="constant") for channel in image])
        for r in range(48):
            for c in range(48):
                if not mask[r // 8, c // 8]:
                    image[:, r, c] = filling[:, r, c]
        with torch.no_grad():
            expected.append(model.model(torch.from_numpy(image)[None]).scores[0].numpy())
    found = probe.masked(indices, keep, fill)  # type: ignore[arg-type]
    assert np.abs(found - np.stack(expected)).max() < 1e-4


def test_blur_keeps_a_plane_and_darkens_the_border() -> None:
    smooth = blurred(torch.ones(3, 30, 30))
    assert torch.allclose(smooth[:, 5:-5, 5:-5], torch.ones(1), atol=1e-6)
    assert (smooth[:, 0, 0] < 0.5).all()


def test_a_question_asked_before_is_answered_from_memory(probe: ModelProbe) -> None:
    indices, without = [60, 61, 60], [NONE, frozenset({"wing"}), NONE]
    first = probe.redrawn(indices, without)
    assert probe.asked == 2
    assert (probe.redrawn(indices[::-1], without[::-1]) == first[::-1]).all() and probe.asked == 2
    probe.redrawn([60], [NONE], ["rocks"])
    assert probe.asked == 3
    keep = np.zeros((2, 6, 6), bool)
    probe.masked([60, 60], keep, "mean")
    assert probe.asked == 4
    probe.masked([60], keep[:1], "blur")
    assert probe.asked == 5
    probe.masked([60], keep[:1], "mean")
    assert probe.asked == 5


def test_memory_is_bounded_and_forgets_the_oldest(probe: ModelProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3 * 2 * 20 * 4)
    answers = probe.redrawn([60, 61, 62, 63, 64], [NONE] * 5)
    assert answers.shape == (5, 2, 20) and len(probe._answers) == 3
    probe.redrawn([63, 64], [NONE] * 2)
    assert probe.asked == 5
    again = probe.redrawn([60], [NONE])
    assert probe.asked == 6 and np.abs(again[0] - answers[0]).max() < 1e-5


def test_what_can_be_taken_out(birds_drawn: PaperBirds, probe: ModelProbe) -> None:
    assert isinstance(probe, SeesThings)
    assert probe.class_parts() == birds_drawn.class_parts()
    seen = 0
    for index in range(60, 80):
        parts, things = probe.removable(index)
        assert set(parts) <= set(birds_drawn.info.parts) and len(things) == len(birds_drawn.scene(index).objects)
        masks = probe.thing_masks(index)
        assert list(masks) == list(things)
        for name, mask in masks.items():
            assert mask.shape == (32, 32)
            less = birds_drawn.redrawn(index, without={name})
            assert (less[~mask] == birds_drawn.image(index)[~mask]).all()
            seen += mask.any()
    assert seen > 3


def test_progress_counts_new_images_only(model: Reloaded, birds_drawn: PaperBirds) -> None:
    told = Told()
    probe = ModelProbe(model, birds_drawn, 2, told)
    probe.redrawn([60, 61, 62, 60], [NONE] * 4)
    assert told.words == [(n, 3, "asking the model about redrawn images") for n in (2, 3)]


def test_no_question_has_no_answer(probe: ModelProbe) -> None:
    assert probe.redrawn([], []).shape == (0, 2, 20)
    assert probe.masked([], np.zeros((0, 6, 6), bool), "mean").shape == (0, 2, 20)


def test_wrong_questions(probe: ModelProbe) -> None:
    with pytest.raises(ValueError, match="keep is"):
        probe.masked([60], np.zeros((1, 3, 3), bool), "mean")
    with pytest.raises(DataError, match="no 'hat'"):
        probe.redrawn([60], [frozenset({"hat"})])


def test_photographs_cannot_be_drawn_again(trained_folder: Path) -> None:
    with RunFile(trained_folder) as run, reloaded(run) as model:
        probe = ModelProbe(model, reopen(run), 4)
        assert probe.removable(0) == ((), ()) and probe.class_parts() == {} and probe.thing_masks(0) == {}
        with pytest.raises(DataError, match="cannot draw its images again"):
            probe.redrawn([0], [NONE])
        assert probe.masked([0], np.ones((1, 4, 4), bool), "mean").shape == (1, 2, 3)
