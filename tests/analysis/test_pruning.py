"""Evidence removed, against plain loops over images."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.analysis import pruning
from ivpt.analysis.pruning import Change, describe_change, evidence_removed, model_changed
from ivpt.errors import ConfigError
from ivpt.proportions import wilson, worst_group
from ivpt.runfile.concept import Concept
from ivpt.runfile.reader import RunFile
from ivpt.runfile.writer import write_run
from tests.runfile import small
from tests.synthetic import write_synthetic_run


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "run.h5", images=200, classes=5, thumbnails=False)


def coarse(*numbers: int) -> list[Concept]:
    return [Concept("coarse", number) for number in numbers]


@pytest.mark.parametrize("dropped", [(1,), (2, 4), (1, 2, 3)])
@pytest.mark.parametrize("split", ["val", "test"])
def test_predictions_are_those_of_the_scores_that_are_left(
    path: Path, dropped: tuple[int, ...], split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_WINDOW_BYTES", 400)
    with RunFile(path) as run:
        change = evidence_removed(run, coarse(*dropped), split)
        assert len(change.images) == (run.splits == ["train", "val", "test"].index(split)).sum() > 9
        for row, image in enumerate(change.images.tolist()):
            scores = run.scores(image).astype(np.float64)
            left = [scores[k - 1] for k in range(1, 5) if k not in dropped]
            zeroed = sum(left) / 4
            assert change.after[row] == zeroed.argmax() == np.mean(left, axis=0).argmax()
            assert change.before[row] == run.predictions[image]
            assert change.labels[row] == run.labels[image]
        assert len(change.flipped) > 0


def test_scores_are_read_as_they_are_and_compressed_ones_of_older_files_say_the_same(
    path: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.h5"
    shutil.copy(path, older)
    with h5py.File(older, "r+") as file:
        stored = file["scores"]
        assert stored.compression is None
        values = stored[()]
        del file["scores"]
        file.create_dataset("scores", data=values, compression="gzip", shuffle=True)
    for split in ("val", "test"):
        with RunFile(path) as run, RunFile(older) as again:
            found, same = (evidence_removed(opened, coarse(1, 3), split) for opened in (run, again))
            assert np.array_equal(found.after, same.after) and np.array_equal(found.before, same.before)
            assert describe_change(run, found) == describe_change(again, same)
            plain = run.split_maps(split).scores()
            plain[:, [0, 2]] = 0
            assert np.array_equal(found.after, plain.mean(axis=1).argmax(axis=1))


def test_what_the_others_add_stays(path: Path) -> None:
    with RunFile(path) as run:
        image = int(run.split_maps("test").images[0])
        whole, kept = run.contributions(image, 2), np.array([True, False, True, True])
        assert np.isclose(run.scores(image)[kept, 2].sum() / 4, whole[kept].sum())


def test_counts_of_a_change_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    change = Change("test", np.arange(5), labels, np.array([0, 0, 1, 1, 0]), np.array([0, 1, 0, 1, 2]))
    assert change.flipped.tolist() == [1, 2, 4]
    assert (change.lost, change.won) == (1, 1)
    assert change.accuracy == (wilson(3, 5), wilson(3, 5))
    assert change.per_class(3).tolist() == [[3, 2, 2], [2, 1, 1], [0, 0, 0]]
    before, after = change.worst_groups(np.array([0, 1, 1, 0, -1]))
    assert before is not None and (before.label, before.value, before.correct, before.count) == (0, 1, 1, 2)
    assert after is not None and (after.label, after.value, after.correct, after.count) == (0, 1, 1, 2)


def test_the_worst_group_is_that_of_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        labels, values = rng.integers(0, 3, 30), rng.integers(-1, 3, 30)
        right = rng.random(30) < 0.6
        pairs = {(c, v): right[(labels == c) & (values == v)] for c in range(3) for v in range(3)}
        pairs = {pair: hits for pair, hits in pairs.items() if len(hits) >= 2}
        worst = min(pairs, key=lambda pair: (pairs[pair].mean(), -len(pairs[pair]), pair))
        found = worst_group(labels, values, right, min_images=2)
        assert found is not None and (found.label, found.value) == worst
        assert (found.correct, found.count) == (pairs[worst].sum(), len(pairs[worst]))
    assert worst_group(np.array([0]), np.array([-1]), np.array([True])) is None


def test_only_coarse_concepts_have_evidence(path: Path) -> None:
    with RunFile(path) as run:
        for concepts, words in (
            ([Concept("L6", 3)], "no class scores"),
            (coarse(0), "background"),
            (coarse(5), "no prototype 5"),
            (coarse(1, 2, 3, 4), "Nothing of coarse"),
            ([], "No prototype"),
        ):
            with pytest.raises(ConfigError, match=words):
                evidence_removed(run, concepts)


def test_a_run_without_maps_has_nothing_to_change(tmp_path: Path) -> None:
    write_run(tmp_path / "run.h5", small.content(), [])
    with RunFile(tmp_path / "run.h5") as run:
        change = evidence_removed(run, coarse(1))
        assert describe_change(run, change)["before"]["accuracy"] is None
        assert describe_change(run, change)["images"] == 0


def test_two_runs_of_the_same_images(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.h5"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        predicted = file["images/prediction"][()]
        first = int(np.flatnonzero(predicted >= 0)[-1])
        file["images/prediction"][first] = (predicted[first] + 1) % 5
    with RunFile(path) as before, RunFile(copy) as after:
        splits = [model_changed(before, after, split) for split in ("val", "test")]
        assert sum(len(change.flipped) for change in splits) == 1
        described = [describe_change(before, change) for change in splits]
        (flip,) = [flip for each in described for flip in each["flips"]]
        assert flip["image"] == first and flip["id"] == before.ids()[first]
        assert flip["after"] == before.classes[(predicted[first] + 1) % 5]
        assert set(described[0]["worst_groups"]) == {"background"}
    write_run(tmp_path / "other.h5", small.content(), [])
    with (
        RunFile(path) as before,
        RunFile(tmp_path / "other.h5") as after,
        pytest.raises(ConfigError, match="same images"),
    ):
        model_changed(before, after)
