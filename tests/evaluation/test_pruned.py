"""Prototypes removed from a trained model, and what the other commands make of the result."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from ivpt.data.loading import ImageSet
from ivpt.errors import ConfigError, OutputError, WeightsError
from ivpt.evaluation import head_fit
from ivpt.evaluation.evaluate import Means, evaluate_run
from ivpt.evaluation.pruned import prune_run
from ivpt.evaluation.reload import reloaded
from ivpt.evaluation.source import reopen
from ivpt.evaluation.verify import verify
from ivpt.runfile import quantise
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_log import EditLog
from ivpt.runfile.edits import edits_path, read_edits
from ivpt.runfile.reader import RunFile
from ivpt.training.evaluation import evaluate
from tests.evaluation.asking import Counting, Told, evidence_of

MAPS = ("attention", "regions", "area", "strength")


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Everything the model says, by name."""
    found = {}
    with h5py.File(path) as file:

        def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset) and item.dtype.kind != "O":
                found[name] = item[()]

        file.visititems(visit)
    return found


def same(first: Path, second: Path) -> bool:
    one, other = arrays(first), arrays(second)
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k], equal_nan=True) for k in one)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pruned.h5"


def least_used(path: Path, key: str) -> tuple[int, int]:
    """The concepts of a layer that own least and most."""
    with RunFile(path) as run:
        order = run.areas(key)[:, 1:].sum(axis=0).argsort() + 1
    return int(order[0]), int(order[-1])


def test_the_pruned_run_is_complete_and_says_where_it_comes_from(birds: Path, out: Path) -> None:
    before, told = birds.read_bytes(), Told()
    most = least_used(birds, "L6")[1]
    found = prune_run(
        birds, [Concept("L6", most), Concept("coarse", 2)], out, who="Ada", why="spurious", means=Means(progress=told)
    )
    assert birds.read_bytes() == before and not edits_path(birds).exists()
    assert found.removed == {"L6": (most,), "coarse": (2,)} and found.verification.changed == 0
    with RunFile(birds) as old, RunFile(out) as new:
        assert [layer.removed for layer in new.layers] == [(most,), (), (2,)]
        (step,) = new.origin
        assert step["run"] == "birds.h5" and step["sha256"] == hashlib.sha256(before).hexdigest()
        assert (step["who"], step["why"], step["refit"]) == ("Ada", "spurious", None)
        assert step["dropped"] == [f"L6:{most}", "coarse:2"]
        for image in new.map_images.tolist():
            attention, regions = new.attention("L6", image), new.regions("L6", image)
            assert (attention[most] == 0).all() and (regions != most).all()
            np.testing.assert_allclose(attention.sum(axis=0), 1, atol=6 / 255)
            assert (new.scores(image)[1] == 0).all() and (new.regions("coarse", image) != 2).all()
            assert new.predictions[image] == new.scores(image).mean(axis=0).argmax()
        assert (old.areas("L6")[:, most] > 0).any(), "it was there before"
        assert (new.importance()[:, 1][~np.isnan(new.importance()[:, 1])] == 0).all()
        for name in ("ids", "classes", "config", "labels", "splits", "backbone", "info", "map_images", "seed"):
            one, other = getattr(old, name), getattr(new, name)
            assert np.array_equal(one() if callable(one) else one, other() if callable(other) else other), name
        assert new.thumbnail(3) == old.thumbnail(3) is not None
        assert new.part_mask_png(3) == old.part_mask_png(3) is not None
        assert np.array_equal(new.all_keypoints(), old.all_keypoints(), equal_nan=True)
        assert new.history().keys() == old.history().keys()
        assert set(new.metrics()) == {f"{s}_{n}accuracy" for s in ("val", "test") for n in ("", "balanced_")}
        assert new.metrics()["test_accuracy"]["parameters"]["removed"] == [f"L6:{most}", "coarse:2"]
        test = new.splits == 2
        assert new.metrics()["test_accuracy"]["value"] == (new.predictions == new.labels)[test].mean()
    assert {words for _, _, words in told.words} >= {
        "predicting the stored images again",
        "val images without the prototypes",
        "test images without the prototypes",
    }


def test_it_is_what_the_model_says_with_the_rows_deleted(birds: Path, out: Path) -> None:
    """Against the stored model with the prototype moved out of everybody's reach, not by the mask."""
    most = least_used(birds, "L7")[1]
    prune_run(birds, [Concept("L7", most)], out)
    with RunFile(birds) as run, reloaded(run) as model, torch.no_grad():
        model.model.concept_set(7).bias[most] = -1e6
        dataset = reopen(run)
        far = list(evaluated(run, model, dataset))
    with RunFile(out) as new:
        rows = new.split_maps("test")
        scores = np.concatenate([batch.scores for batch in far])
        np.testing.assert_allclose(rows.scores(), scores, rtol=1e-4, atol=1e-5)
        assert np.array_equal(rows.predictions(), np.concatenate([batch.predictions for batch in far]))


def evaluated(run: RunFile, model: object, dataset: object) -> object:
    backbone = model.model.backbone
    images = ImageSet(
        dataset, run.split_maps("test").images, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std
    )
    return evaluate(model.accelerator, model.model, images, per_process=16)


def test_a_prototype_that_has_no_attention_changes_nothing(birds: Path, out: Path) -> None:
    """The bias keeps it away from every patch; then it is removed, and every map, group and prediction stays."""
    with h5py.File(birds, "r+") as file:
        file["parameters/sets.L6.bias"][3] = -1e6
    fill_again(birds)
    prune_run(birds, [Concept("L6", 3)], out)
    one, two = arrays(birds), arrays(out)
    for name in one:
        if name.startswith("layers") and name.endswith(MAPS):
            assert np.array_equal(one[name], two[name]), name
    assert np.array_equal(one["images/prediction"], two["images/prediction"])
    np.testing.assert_allclose(one["scores"], two["scores"], rtol=1e-5, atol=1e-6)


def fill_again(path: Path) -> None:
    """Put what the changed model says into its file."""
    with RunFile(path) as run, reloaded(run) as model:
        dataset = reopen(run)
        backbone, rows = model.model.backbone, run.map_images
        sets = [run.split_maps(split).images for split in ("val", "test")]
        assert np.array_equal(np.concatenate(sets), rows)
        batches = [
            batch
            for indices in sets
            for batch in evaluate(
                model.accelerator,
                model.model,
                ImageSet(dataset, indices, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std),
                per_process=16,
            )
        ]
    with h5py.File(path, "r+") as file:
        start = 0
        for batch in batches:
            part = slice(start, start := start + len(batch.indices))
            file["scores"][part] = batch.scores
            for row, image in enumerate(batch.indices):
                file["images/prediction"][image] = batch.predictions[row]
            for key, maps in batch.attention.items():
                group = file[f"layers/{key.removeprefix('L')}"]
                group["attention"][part], group["attention_range"][part] = quantise.encode(maps)
                regions = maps.argmax(axis=1)
                owned = regions[:, None] == np.arange(maps.shape[1])[:, None, None]
                cells = owned.sum(axis=(2, 3))
                group["regions"][part] = regions
                group["area"][part] = cells / regions[0].size
                group["strength"][part] = (maps * owned).sum(axis=(2, 3)) / np.maximum(cells, 1)


def test_the_removal_is_honoured_when_the_run_is_used_again(birds: Path, out: Path) -> None:
    most = least_used(birds, "L6")[1]
    prune_run(birds, [Concept("L6", most), Concept("coarse", 1)], out)
    with RunFile(out) as run, reloaded(run) as model:
        assert model.model.concept_set(6).kept == [k for k in range(5) if k != most]
        assert model.model.concept_set("coarse").kept == [0, 2]
        found = verify(run, model, reopen(run))
        assert (found.changed, found.largest, found.differences) == (0, 0.0, ())
    counted = evaluate_run(out, {"counting": Counting(needs_probe=True)}, evidence_of)
    assert counted.verification is not None and counted.verification.changed == 0
    with RunFile(out) as run:
        assert [layer.removed for layer in run.layers] == [(most,), (), (1,)] and len(run.origin) == 1


def test_step_by_step_is_as_good_as_at_once(birds: Path, tmp_path: Path) -> None:
    first, both, once = tmp_path / "first.h5", tmp_path / "both.h5", tmp_path / "once.h5"
    prune_run(birds, [Concept("L6", 1)], first)
    prune_run(first, [Concept("L6", 2), Concept("coarse", 1)], both)
    prune_run(birds, [Concept("L6", 2), Concept("coarse", 1), Concept("L6", 1)], once)
    assert same(both, once)
    with RunFile(both) as run:
        assert [step["run"] for step in run.origin] == ["birds.h5", "first.h5"]
        assert run.origin[1]["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match="removed from this run already"):
        prune_run(first, [Concept("L6", 1)], tmp_path / "x.h5")
    with pytest.raises(ConfigError, match="Nothing of coarse"):
        prune_run(both, [Concept("coarse", 2)], tmp_path / "x.h5")


def test_a_named_set_replayed_on_a_copy_gives_the_same_to_the_last_bit(birds: Path, tmp_path: Path) -> None:
    with RunFile(birds) as run:
        log = EditLog(run, "Ada")
        log.name(Concept("L6", 2), "beak")
        log.mark([Concept("L6", 2), Concept("L7", 1)])
        log.save_set("chosen")
        log.drop(Concept("coarse", 1))
        log.undo()
    copy = tmp_path / "elsewhere" / "copy.h5"
    copy.parent.mkdir()
    copy.write_bytes(birds.read_bytes())
    edits_path(copy).write_bytes(edits_path(birds).read_bytes())
    outs = []
    for path in (birds, copy):
        with RunFile(path) as run:
            chosen = EditLog(run).drops_of("chosen")
        outs.append(path.with_name("out.h5"))
        prune_run(path, chosen, outs[-1], who="Bo")
    assert same(*outs)
    with RunFile(outs[1]) as run:
        log = EditLog(run)
        assert log.state().names == {Concept("L6", 2): "beak"}, "a removed concept keeps its name"
        assert log.state().drops == () and set(log.state().sets) == {"chosen"}
        assert log.edits()[:-1] == read_edits(copy) and log.edits()[-1].what == "pruned"
        assert log.edits()[-1].who == "Bo" and log.undo() is None


def test_the_head_is_fitted_to_what_is_left(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    features = head_fit._features
    monkeypatch.setattr(head_fit, "_features", lambda *words: seen.append(words[3]) or features(*words))
    found = prune_run(folder, [Concept("coarse", 1)], out, refit_head=True)
    fit = found.refit
    assert fit is not None and seen == ["train", "val"], "test images are not looked at"
    with RunFile(folder) as old, RunFile(out) as new:
        before, after = old.parameters(), new.parameters()
        changed = {name for name in before if not np.array_equal(before[name], after[name])}
        assert changed == ({"head.weight"} if fit.kept else set())
        assert np.array_equal(before["head.weight"][0], after["head.weight"][0]), "nothing to learn for what is gone"
        assert fit.images == (old.splits == 0).sum() and fit.rate == old.config["training"]["lr_layers"]
        val = new.splits == 1
        assert fit.val_after == (new.predictions == new.labels)[val].mean() >= fit.val_before
        assert new.origin[0]["refit"] == fit.to_json()
        assert new.metrics()["val_accuracy"]["parameters"]["head"] == "fitted anew"
    again = out.with_name("again.h5")
    prune_run(folder, [Concept("coarse", 1)], again, refit_head=True)
    assert same(out, again)


def test_the_fit_lowers_the_loss_and_keeps_the_best_epoch(folder: Path) -> None:
    with RunFile(folder) as run, reloaded(run) as model:
        dataset = reopen(run)
        with torch.no_grad():
            model.model.head.weight.zero_()
        fit = head_fit.fit_head(run, model, dataset, batch_size=8, epochs=20)
        assert fit.kept > 0 and fit.val_after > fit.val_before
        assert model.model.head.weight.abs().sum() > 0


Attempt = Callable[[Path, Path], object]


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda run, out: prune_run(run, [], out), ConfigError, "No prototype"),
        (lambda run, out: prune_run(run, [Concept("L5", 1)], out), ConfigError, "no layer 'L5'"),
        (lambda run, out: prune_run(run, [Concept("L6", 0)], out), ConfigError, "background"),
        (lambda run, out: prune_run(run, [Concept("L6", 1)], run, overwrite=True), OutputError, "is the run that is"),
        (
            lambda run, out: prune_run(run, [Concept("L6", 1)], out, means=Means(weights="none")),
            WeightsError,
            "not those of the run",
        ),
    ],
)
def test_refusals_leave_nothing_behind(
    birds: Path, out: Path, attempt: Attempt, error: type[Exception], words: str
) -> None:
    before = birds.read_bytes()
    with pytest.raises(error, match=words):
        attempt(birds, out)
    assert birds.read_bytes() == before and sorted(birds.parent.iterdir()) == [birds]


def test_what_is_there_is_replaced_only_when_asked(birds: Path, out: Path) -> None:
    prune_run(birds, [Concept("L6", 1)], out)
    with RunFile(out) as run:
        EditLog(run, "Ada").name(Concept("L6", 2), "beak")
    before = out.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        prune_run(birds, [Concept("L6", 2)], out)
    assert out.read_bytes() == before
    found = prune_run(birds, [Concept("L6", 2)], out, overwrite=True)
    assert found.set_aside is not None and found.set_aside.exists() and not edits_path(out).exists()
    with RunFile(out) as run:
        assert run.layers[0].removed == (2,)


def test_an_interruption_leaves_nothing(birds: Path, out: Path) -> None:
    def stop(done: int, total: int, words: str) -> None:
        if words.startswith("test images"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune_run(birds, [Concept("L6", 1)], out, means=Means(progress=stop))
    assert sorted(birds.parent.iterdir()) == [birds]
