"""Classes against the scores of their images, one by one."""

from pathlib import Path

import numpy as np
import pytest

from ivpt.analysis.classes import class_differences, class_rows, confusion_matrix, why
from ivpt.proportions import wilson
from ivpt.runfile.index import stored_index
from ivpt.runfile.reader import RunFile
from tests.analysis.placing import write_placed

N, C = 40, 5


@pytest.fixture
def run(tmp_path: Path) -> RunFile:
    rng = np.random.default_rng(5)
    regions = {"L6": rng.integers(0, 3, (N, 3, 3)), "coarse": rng.integers(0, 3, (N, 3, 3))}
    labels = rng.integers(0, C - 1, N)
    scores = rng.normal(size=(N, 2, C))
    path = write_placed(
        tmp_path / "run.h5",
        regions,
        channels={"L6": 3, "coarse": 3},
        scores=scores,
        labels=labels.tolist(),
        predictions=scores.mean(axis=1).argmax(axis=1).tolist(),
        splits=rng.integers(0, 3, N).tolist(),
        classes=list("abcde"),
    )
    return RunFile(path)


def test_rows_of_classes(run: RunFile) -> None:
    index = stored_index(run)
    assert index is not None
    for split in ("val", "test"):
        rows = class_rows(run, index, split)
        for c, row in enumerate(rows):
            own = [i for i in range(N) if run.label(i) == c and run.split(i) == split]
            right = sum(run.prediction(i) == c for i in own)
            assert row.c == c and row.images[("train", "val", "test").index(split)] == len(own)
            assert row.accuracy == (wilson(right, len(own)) if own else None)
            wrong = np.bincount([run.prediction(i) for i in own if run.prediction(i) != c], minlength=C)
            assert row.taken_for == ((wrong.argmax(), wrong.max()) if wrong.any() else None)
            held = [i for i in range(N) if run.label(i) == c and run.split(i) != "train"]
            if held:
                mean = np.mean([run.scores(i)[:, c] for i in held], axis=0)
                assert row.importance == pytest.approx(mean / 2, abs=1e-5)
                assert row.shares == pytest.approx(np.exp(mean) / np.exp(mean).sum(), abs=1e-5)
            else:
                assert np.isnan(row.importance).all() and np.isnan(row.shares).all()


def test_the_confusion_matrix_counts_every_image(run: RunFile) -> None:
    index = stored_index(run)
    assert index is not None
    own = [i for i in range(N) if run.split(i) == "test"]
    whole = np.zeros((C, C), int)
    for i in own:
        whole[run.label(i), run.prediction(i)] += 1
    found = confusion_matrix(index, "test")
    assert (found.counts == whole).all() and found.classes.tolist() == list(range(C)) and not found.elsewhere.any()
    assert found.mistakes == found.shown == whole.sum() - np.trace(whole) > 0
    part = confusion_matrix(index, "test", most=3)
    off = whole - np.diag(np.diag(whole))
    involved = off.sum(axis=0) + off.sum(axis=1)
    assert min(involved[part.classes]) >= max(np.delete(involved, part.classes))
    assert (part.counts == whole[np.ix_(part.classes, part.classes)]).all()
    assert (part.elsewhere == whole[part.classes].sum(axis=1) - part.counts.sum(axis=1)).all()
    assert part.mistakes == found.mistakes and part.shown == off[np.ix_(part.classes, part.classes)].sum()


@pytest.mark.parametrize("window", [1, 3, 256])
def test_two_classes_differ_by_evidence_and_area(run: RunFile, window: int) -> None:
    index = stored_index(run)
    assert index is not None
    found = class_differences(run, index, 1, 2, window)
    assert [row.key for row in found] == ["coarse", "coarse", "L6", "L6"]
    for row in found:
        for side, c in enumerate((1, 2)):
            own = [i for i in range(N) if run.label(i) == c]
            cells = [run.regions(row.key, i) == row.channel for i in own]
            assert row.area[side] == pytest.approx(np.mean(cells))
            assert row.present[side] == pytest.approx(np.mean([c.any() for c in cells]))
            if row.key == "coarse":
                k = row.channel - 1
                spoke = [(run.scores(i)[k, 1] - run.scores(i)[k, 2]) / 2 for i in own]
                assert row.evidence is not None and row.evidence[side] == pytest.approx(np.mean(spoke), abs=1e-5)
    first, second, third, fourth = found
    assert first.evidence is not None and second.evidence is not None
    assert abs(np.subtract(*first.evidence)) >= abs(np.subtract(*second.evidence))
    assert abs(np.subtract(*third.area)) >= abs(np.subtract(*fourth.area)) and third.evidence is None


def test_a_class_without_images_has_no_evidence(run: RunFile) -> None:
    index = stored_index(run)
    assert index is not None
    for row in class_differences(run, index, 0, C - 1):
        assert np.isnan(row.area[1]) and not np.isnan(row.area[0])
        assert row.evidence is None or np.isnan(row.evidence[1])


def test_why_this_and_not_that_adds_up(run: RunFile) -> None:
    for image in range(0, N, 9):
        scores = run.scores(image)
        logits = scores.mean(axis=0)
        found = why(run, image, that=3)
        assert found.this == run.prediction(image) == logits.argmax() and found.that == 3
        assert found.logits == pytest.approx(logits, abs=1e-6)
        assert found.for_this.sum() == pytest.approx(logits[found.this], abs=1e-6)
        assert found.for_that is not None and found.for_that.sum() == pytest.approx(logits[3], abs=1e-6)
        assert found.contrast.sum() == pytest.approx(logits[found.this] - logits[3], abs=1e-6)
        assert found.contrast == pytest.approx(found.for_this - found.for_that, abs=1e-6)
        assert found.area == pytest.approx([(run.regions("coarse", image) == k).mean() for k in (1, 2)])
        alone = why(run, image, this=2)
        assert alone.that is alone.for_that is None and (alone.contrast == scores[:, 2] / 2).all()


def test_why_needs_maps(tmp_path: Path) -> None:
    from ivpt.runfile.writer import write_run
    from tests.runfile import small

    with RunFile(write_run(tmp_path / "run.h5", small.content(), [])) as run, pytest.raises(KeyError):
        why(run, 0)
