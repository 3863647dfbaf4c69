"""Passes over changed images: held against a slow pass of one image at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ivpt.data.transforms import evaluation_view, normalised
from ivpt.errors import DataError
from ivpt.evaluation.changed import noise
from ivpt.evaluation.passes import add_view
from ivpt.evaluation.reload import Reloaded, reloaded
from ivpt.evaluation.source import reopen
from ivpt.evaluation.wanted import is_stored, view_images
from ivpt.interfaces.dataset import Dataset
from ivpt.interfaces.metric import View
from ivpt.metrics.evidence import RunEvidence
from ivpt.runfile.reader import RunFile
from tests.evaluation.asking import BOX, CROPPED_NOISE, NOISE, Told

KEYS = ("L6", "L7", "coarse")


@pytest.fixture(scope="module")
def model(trained_birds: Path) -> Iterator[Reloaded]:
    with RunFile(trained_birds) as run, reloaded(run) as model:
        yield model


@pytest.fixture(scope="module")
def dataset(trained_birds: Path) -> Dataset:
    with RunFile(trained_birds) as run:
        return reopen(run)


def add(path: Path, view: View, model: Reloaded, dataset: Dataset, size: int = 8, keys: tuple[str, ...] = KEYS) -> None:
    add_view(path, view, keys, model, dataset, batch_size=size, shown=path)


def slowly(view: View, index: int, run: RunFile, model: Reloaded, dataset: Dataset) -> torch.Tensor:
    """The changed image, written down once more."""
    backbone, image = model.model.backbone, dataset.image(index)
    if view.crop == "box":
        x, y, w, h = (int(value) for value in run.box(index))
        small = Image.fromarray(image[y : y + h, x : x + w]).resize((48, 48), Image.Resampling.BICUBIC)
        tensor = normalised(np.asarray(small), backbone.mean, backbone.std)
    else:
        tensor = evaluation_view(image, (48, 48), backbone.mean, backbone.std)
    if view.noise_seed is not None:
        tensor = tensor + noise(view.noise_seed, run.ids()[index], (3, 48, 48), 0.2, 0.25)
    return tensor


@pytest.mark.parametrize("view", [BOX, NOISE, CROPPED_NOISE, View(split="train"), View(crop="box", split="val")])
def test_a_view_is_what_the_model_says_of_changed_images(
    birds: Path, model: Reloaded, dataset: Dataset, view: View
) -> None:
    add(birds, view, model, dataset)
    with RunFile(birds) as run:
        evidence = RunEvidence(run)
        indices = evidence.indices(view)
        code = {"train": 0, "val": 1, "test": 2}[view.split]
        assert indices.tolist() == np.flatnonzero(run.splits == code).tolist()
        with torch.no_grad():
            outputs = [model.model(slowly(view, int(i), run, model, dataset)[None]) for i in indices]
        scores = torch.cat([output.scores for output in outputs]).numpy()
        assert np.abs(evidence.scores(view) - scores).max() < 1e-5
        assert (evidence.predictions(view) == scores.mean(axis=1).argmax(axis=1)).mean() > 0.9
        ((_, attention),) = evidence.attention(view, "L6")
        assert attention.shape == (len(indices), 5, 6, 6)
        expected = torch.cat([output.layers[6].attention for output in outputs]).numpy()
        step = 2**-11 if view.crop == "box" else 1 / 255  # box crops are kept in 16 bits
        assert np.abs(attention - expected).max() < step / 2 + 1e-5
        ((_, regions),) = evidence.regions(view, "coarse")
        assert (regions == torch.cat([o.coarse.attention for o in outputs]).argmax(1).numpy()).mean() > 0.99
        groups = evidence.groups(view, "L6")
        assert groups is not None
        assert (groups == torch.cat([o.layers[6].groups for o in outputs]).argmax(2).numpy()).mean() > 0.99


@pytest.mark.parametrize("view", [NOISE, CROPPED_NOISE])
def test_the_batch_changes_nothing(birds: Path, model: Reloaded, dataset: Dataset, view: View) -> None:
    read = []
    for size in (3, 20):
        add(birds, view, model, dataset, size)
        with RunFile(birds) as run:
            read.append((run.view(view.name).scores(), next(run.view(view.name).attention("L6"))[1]))
    assert np.abs(read[0][0] - read[1][0]).max() < 1e-5
    assert np.abs(read[0][1] - read[1][1]).max() <= 1 / 255 + 1e-6


def test_only_the_layers_that_were_asked_for_are_kept(birds: Path, model: Reloaded, dataset: Dataset) -> None:
    with RunFile(birds) as run:
        assert not is_stored(run, BOX, ["L6"]) and is_stored(run, View(), list(KEYS))
        assert is_stored(run, View(split="val"), []) and not is_stored(run, View(split="train"), [])
    add(birds, BOX, model, dataset, keys=("L6",))
    with RunFile(birds) as run:
        assert is_stored(run, BOX, ["L6"]) and not is_stored(run, BOX, ["L6", "L7"]) and not is_stored(run, NOISE, [])


def test_progress_is_told(birds: Path, model: Reloaded, dataset: Dataset) -> None:
    told = Told()
    add_view(birds, BOX, ["L6"], model, dataset, batch_size=8, shown=birds, progress=told)
    assert told.words == [(n, 20, "maps of test, box") for n in (8, 16, 20)]


def test_images_without_a_box_or_unreadable_are_left_out(birds: Path) -> None:
    import h5py

    with RunFile(birds) as run:
        test = np.flatnonzero(run.splits == 2)
    with h5py.File(birds, "r+") as file:
        box, size = file["images/box"][()], file["images/size"][()]
        box[test[0]], box[test[1], 2], size[test[2]] = np.nan, 0.9, 0
        file["images/box"][...], file["images/size"][...] = box, size
    with RunFile(birds) as run:
        assert view_images(run, BOX)[0].tolist() == test[3:].tolist()
        assert view_images(run, NOISE)[0].tolist() == np.delete(test, 2).tolist()


def test_without_boxes_there_is_nothing_to_crop_to(folder: Path) -> None:
    with RunFile(folder) as run, pytest.raises(DataError, match="holds no boxes"):
        view_images(run, BOX)


def test_frames_of_views(birds: Path, model: Reloaded, dataset: Dataset) -> None:
    add(birds, BOX, model, dataset)
    with RunFile(birds) as run:
        evidence = RunEvidence(run)
        assert (evidence.frames(View()) == [0, 0, 32, 32]).all()
        assert (evidence.frames(BOX) == np.trunc(evidence.boxes(evidence.indices(BOX)))).all()
        with pytest.raises(DataError, match=r"no maps of the view 'test, whole, noise 0\.2 0\.25 seed 4'"):
            evidence.frames(NOISE)


def test_evidence_is_the_run_file(birds: Path, dataset: Dataset) -> None:
    with RunFile(birds) as run:
        evidence = RunEvidence(run, part_mask=lambda i: dataset.annotations(i).part_mask)
        assert evidence.classes == run.classes and evidence.layers == run.layers and evidence.coarse == 2
        assert evidence.image_size == (48, 48) and len(evidence.parts) == 9 and len(evidence.keypoint_names) == 15
        assert evidence.attributes["habitat"] == dataset.info.attributes["habitat"]
        indices = np.array([70, 3])
        truth = [dataset.annotations(int(i)) for i in indices]
        assert (evidence.keypoints(indices) == np.stack([t.keypoints for t in truth])).all()
        assert (evidence.boxes(indices) == np.array([t.box for t in truth], np.float32)).all()
        assert (
            evidence.attribute("habitat")[indices] == [dataset.records()[i].attributes["habitat"] for i in indices]
        ).all()
        assert (evidence.part_mask(70) == truth[0].part_mask).all()
        assert (evidence.sizes[indices] == 32).all()
        assert evidence.probe is None
        view = View(split="val")
        assert (evidence.predictions(view) == run.predictions[evidence.indices(view)]).all()


def test_where_nothing_is_annotated(folder: Path) -> None:
    with RunFile(folder) as run:
        evidence = RunEvidence(run)
        assert evidence.keypoints(np.array([0, 1])).shape == (2, 0, 3)
        assert np.isnan(evidence.boxes(np.array([0, 1]))).all()
        assert evidence.part_mask(0) is None and evidence.parts == () and dict(evidence.attributes) == {}
