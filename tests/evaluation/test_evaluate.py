"""Evaluating a run: what is needed, what is kept, and what an interruption leaves."""

import json
import os
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ivpt.errors import ConfigError, DataError, IvptError, OutputError, PluginError, RunFileError, WeightsError
from ivpt.evaluation import passes, probe
from ivpt.evaluation.evaluate import Evaluation, Means, evaluate_run
from ivpt.interfaces.metric import Evidence, View
from ivpt.runfile.reader import RunFile
from ivpt.runfile.update import add_metrics
from tests.evaluation.asking import BOX, NOISE, Counting, Told, evidence_of, refuse


def evaluate(path: Path, strict: bool = True, means: Means | None = None, **metrics: Counting) -> Evaluation:
    return evaluate_run(path, metrics, evidence_of, strict=strict, means=means)


def test_stored_maps_need_no_model(birds: Path) -> None:
    before = {}
    with RunFile(birds) as run:
        before = run.metrics()
        right = float((run.predictions == run.labels)[run.splits == 2].mean())
    told = Told()
    found = evaluate(birds, means=Means(root="/nowhere", progress=told), counting=Counting())
    assert found.passes == () and found.verification is None and told.words == []
    with RunFile(birds) as run:
        entry = run.metrics()["counting"]
        assert {name: value for name, value in run.metrics().items() if name != "counting"} == before
        assert run.views == {}
    assert entry["value"] == pytest.approx(100 * right) and entry["interval"] == [0.0, 100.0]
    assert entry["figures"]["nothing"] == {"value": None, "interval": None, "why": "There is nothing."}
    assert (entry["metric"], entry["split"], entry["headline"], entry["unit"]) == ("counting", "test", "right", "%")
    assert entry["images"] == 20 and entry["parameters"] == {"seed": 3}
    assert entry["per_class"] == {"right": [None] * 20}


def test_views_are_made_once(birds: Path) -> None:
    told = Told()
    first = evaluate(birds, means=Means(progress=told), counting=Counting((BOX, NOISE)))
    assert first.passes == ("test, box", "test, whole, noise 0.2 0.25 seed 4")
    assert first.verification is not None and first.verification.largest == 0
    assert told.about("maps of test, box")[-1] == (20, 20)
    assert told.about("predicting the stored images again")[-1] == (40, 40)
    told.words.clear()
    again = Counting((BOX, NOISE))
    second = evaluate(birds, means=Means(root="/nowhere", progress=told), counting=again)
    assert second.passes == () and second.verification is None and told.words == []
    assert second.results["counting"].figures == first.results["counting"].figures


def test_metrics_share_a_pass_and_its_layers(birds: Path) -> None:
    found = evaluate(
        birds, one=Counting((BOX,), ("L6",)), two=Counting((BOX,), ("coarse",)), three=Counting((View(split="val"),))
    )
    assert found.passes == ("test, box",)
    with RunFile(birds) as run:
        assert run.view("test, box").layers == ("L6", "coarse")
    assert evaluate(birds, more=Counting((BOX,), ("L6", "L7"))).passes == ("test, box",)
    with RunFile(birds) as run:
        assert list(run.views) == ["test, box"] and run.view("test, box").layers == ("L6", "L7", "coarse")
    assert evaluate(birds, all=Counting((BOX,))).passes == ()


def test_a_file_from_before_there_were_views_works(birds: Path) -> None:
    with h5py.File(birds, "r+") as file:
        assert "views" not in file
        del file["images/size"]
        versions = json.loads(file["versions"].asstr()[()])
        for name in ("device", "threads"):
            del versions[name]
        del file["versions"]
        file["versions"] = json.dumps(versions)
    found = evaluate(birds, counting=Counting((NOISE,)))
    assert found.verification is not None and found.verification.changed == 0
    assert "on which device" in found.verification.differences[0]


def interrupt(evidence: Evidence) -> None:
    raise KeyboardInterrupt


class Impatient(Told):
    """Stops everything at some words."""

    def __init__(self, stop: str) -> None:
        super().__init__()
        self.stop = stop

    def __call__(self, done: int, total: int, words: str) -> None:
        super().__call__(done, total, words)
        if words == self.stop:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "stop",
    ["predicting the stored images again", "maps of test, box", "maps of test, whole, noise 0.2 0.25 seed 4", ""],
)
def test_an_interrupted_evaluation_leaves_the_file_as_it_was(birds: Path, stop: str) -> None:
    before = birds.read_bytes()
    metric = Counting((BOX, NOISE), then=(lambda evidence: None) if stop else interrupt)
    told = Impatient(stop)
    with pytest.raises(KeyboardInterrupt):
        evaluate(birds, means=Means(batch_size=8, progress=told), counting=metric)
    assert birds.read_bytes() == before
    assert os.listdir(birds.parent) == ["birds.h5"]
    assert told.words


def test_a_full_disk_leaves_the_file_as_it_was(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, plain = birds.read_bytes(), os.write

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    def fill(*arguments: object, **more: object) -> None:
        monkeypatch.setattr(os, "write", full)
        try:
            add_view(*arguments, **more)
        finally:
            monkeypatch.setattr(os, "write", plain)

    add_view = passes.add_view
    monkeypatch.setattr(passes, "add_view", fill)
    with pytest.raises(OutputError, match=r"birds.h5 cannot be written: the disk is full"):
        evaluate(birds, counting=Counting((BOX,)))
    assert birds.read_bytes() == before and os.listdir(birds.parent) == ["birds.h5"]


def test_what_another_program_writes_meanwhile_stays(birds: Path) -> None:
    metric = Counting(then=lambda evidence: add_metrics(birds, {"other": {"value": 1}}))
    with pytest.raises(OutputError, match="changed by another program meanwhile"):
        evaluate(birds, counting=metric)
    with RunFile(birds) as run:
        assert "other" in run.metrics() and "counting" not in run.metrics()


def test_missing_annotations_are_named_with_a_way_out(folder: Path) -> None:
    before = folder.read_bytes()
    metric = Counting(needs=frozenset(("keypoints", "part masks", "boxes", "attributes")))
    with pytest.raises(DataError) as refused:
        evaluate(folder, counting=metric)
    assert refused.value.message == (
        "The metric 'counting' needs attributes and boxes and keypoints and part masks, "
        "which the images of 'folder' do not have."
    )
    assert "accuracy" in refused.value.hint and "consistency" not in refused.value.hint
    assert folder.read_bytes() == before
    found = evaluate(folder, strict=False, counting=metric, plain=Counting())
    assert list(found.results) == ["plain"] and found.failures["counting"].message == refused.value.message


def test_what_cannot_be_computed_is_refused_before_the_model_runs(folder: Path) -> None:
    told = Told()
    first, second = Counting((NOISE,)), Counting(needs=frozenset(("boxes",)))
    with pytest.raises(DataError, match="needs boxes"):
        evaluate(folder, means=Means(progress=told), first=first, second=second)
    assert told.words == []


def test_a_run_that_is_trained_on_meanwhile_is_not_mixed_up(birds: Path) -> None:
    """It is republished while the model is checked: maps of the old model must not come into the new file."""

    class Trainer(Told):
        def __call__(self, done: int, total: int, words: str) -> None:
            add_metrics(birds, {"epoch": {"value": 2}})

    with pytest.raises(OutputError, match="changed by another program meanwhile"):
        evaluate(birds, means=Means(progress=Trainer()), counting=Counting((BOX,)))
    with RunFile(birds) as run:
        assert "epoch" in run.metrics() and run.views == {} and os.listdir(birds.parent) == ["birds.h5"]


def test_everything_is_annotated_on_birds(birds: Path) -> None:
    metric = Counting(needs=frozenset(("keypoints", "part masks", "boxes", "attributes")))
    evaluate(birds, counting=metric)
    mask = metric.seen[0].part_mask(70)
    assert mask is not None and mask.shape == (32, 32) and mask.any()
    assert metric.seen[0].probe is None


def test_the_probe_is_there_for_whom_asks(birds: Path) -> None:
    def ask(evidence: Evidence) -> None:
        indices = evidence.indices(View()).tolist()
        assert evidence.probe is not None
        scores = evidence.probe.redrawn(indices, [frozenset()] * len(indices))
        assert np.abs(scores - evidence.scores(View())).max() < 1e-5

    one, two = Counting(needs_probe=True, then=ask), Counting(needs_probe=True, then=ask)
    found = evaluate(birds, one=one, two=two)
    assert found.verification is not None
    asked = one.seen[0].probe
    assert isinstance(asked, probe.ModelProbe) and asked is two.seen[0].probe and asked.asked == 20


def test_a_metric_that_refuses_takes_nobody_along(birds: Path) -> None:
    found = evaluate(birds, bad=Counting((BOX,), then=refuse), good=Counting())
    assert list(found.results) == ["good"] and found.failures["bad"].message == "These images are too small."
    with RunFile(birds) as run:
        assert list(run.views) == ["test, box"] and "bad" not in run.metrics()


def test_a_metric_that_breaks_is_named(birds: Path) -> None:
    def crash(evidence: Evidence) -> None:
        raise IndexError("axis 7 is not there.")

    found = evaluate(birds, bad=Counting(then=crash), good=Counting())
    assert isinstance(found.failures["bad"], PluginError) and list(found.results) == ["good"]
    assert found.failures["bad"].message.endswith("failed: IndexError: axis 7 is not there.")
    before = birds.read_bytes()
    with pytest.raises(PluginError, match="IndexError"):
        evaluate(birds, bad=Counting(then=crash))
    assert birds.read_bytes() == before


def test_a_reader_who_has_gone_is_not_the_metrics_fault(birds: Path) -> None:
    def tell(evidence: Evidence) -> None:
        raise BrokenPipeError

    before = birds.read_bytes()
    with pytest.raises(BrokenPipeError):
        evaluate(birds, strict=False, counting=Counting(then=tell), other=Counting())
    assert birds.read_bytes() == before


def test_without_the_images_what_needs_none_is_computed(folder: Path) -> None:
    missing = Means(root=str(folder.parent / "nothing"))
    found = evaluate(folder, strict=False, means=missing, noisy=Counting((NOISE,)), plain=Counting())
    assert list(found.results) == ["plain"] and isinstance(found.failures["noisy"], DataError)
    with pytest.raises(DataError):
        evaluate(folder, means=missing, noisy=Counting((NOISE,)), plain=Counting())


@pytest.mark.parametrize(
    ("means", "error"),
    [
        (Means(weights="missing.safetensors"), WeightsError),
        (Means(device="abacus"), ConfigError),
    ],
)
def test_without_the_model_nothing_changes(birds: Path, means: Means, error: type[IvptError]) -> None:
    before = birds.read_bytes()
    with pytest.raises(error):
        evaluate(birds, means=means, counting=Counting((BOX,)))
    assert birds.read_bytes() == before


def test_a_model_that_is_another_one_makes_no_maps(birds: Path) -> None:
    with h5py.File(birds, "r+") as file:
        head = file["parameters/head.weight"]
        head[...] = np.roll(head[()], 1, axis=1)
    before = birds.read_bytes()
    with pytest.raises(RunFileError, match="otherwise"):
        evaluate(birds, counting=Counting((BOX,)))
    assert birds.read_bytes() == before


def test_val_is_stored_under_its_own_name(birds: Path) -> None:
    evaluate_run(birds, {"counting": Counting((View(split="val"),))}, evidence_of, split="val")
    with RunFile(birds) as run:
        assert run.metrics()["val_counting"]["split"] == "val" and "counting" not in run.metrics()


def test_the_printed_example_works(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluate.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    birds.rename(birds.with_name("run.h5"))
    monkeypatch.chdir(birds.parent)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/evaluate.md", "exec"), names)
    assert list(names["found"].results) == ["accuracy"]
