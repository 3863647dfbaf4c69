"""What is read of two runs, against counting by hand."""

from pathlib import Path

import numpy as np
import pytest

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile
from ivpt.ui.comparing import BROKEN, FIXED, MOVED, paired, read_examples, read_other, read_predictions
from tests.synthetic import write_synthetic_run


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of 40 and 50 images of which the first 40 have the same ids; a fourth class in the second."""
    folder = tmp_path_factory.mktemp("pair")
    names = [f"{i}.png" for i in range(50)]
    return (
        write_synthetic_run(folder / "a.h5", images=40, seed=4, ids=names[:40]),
        write_synthetic_run(
            folder / "b.h5", images=50, seed=5, ids=names[::-1], class_names=("creature 2", "creature 1", "creature 0")
        ),
    )


def test_common_images_are_found_by_name(pair: tuple[Path, Path]) -> None:
    with RunFile(pair[0]) as first:
        other = read_other(first, pair[1])
        assert other.own.tolist() == list(range(40))
        assert [other.run.ids()[i] for i in other.theirs] == first.ids()
        with pytest.raises(RunFileError, match=r"no run file"):
            read_other(first, pair[1].with_name("none.h5"))


def test_predictions_against_a_loop(pair: tuple[Path, Path]) -> None:
    with RunFile(pair[0]) as first:
        other = read_other(first, pair[1])
        second = other.run
        found = read_predictions(first, other)
        names, others = first.ids(), second.ids()
        judged, right, then_right, relabelled = 0, 0, 0, 0
        changed = set()
        for i, name in enumerate(names):
            j = others.index(name)
            if first.splits[i] == 0 or second.splits[j] == 0 or first.predictions[i] < 0 or second.predictions[j] < 0:
                continue
            true, also = first.classes[first.labels[i]], second.classes[second.labels[j]]
            if true != also:
                relabelled += 1
                continue
            judged += 1
            said, then = first.classes[first.predictions[i]], second.classes[second.predictions[j]]
            right, then_right = right + (said == true), then_right + (then == true)
            if said != then:
                changed.add(
                    (BROKEN if said == true else FIXED if then == true else MOVED, i, j, name, true, said, then)
                )
        assert (found.judged, found.first_right, found.second_right) == (judged, right, then_right)
        assert found.relabelled == relabelled > 0
        told = [(c.how, c.image, c.other, c.name, c.true, c.first, c.second) for c in found.changed]
        assert set(told) == changed and len(told) == len(changed)
        order = [(BROKEN, FIXED, MOVED).index(c.how) for c in found.changed]
        assert order == sorted(order)
        assert judged + relabelled > 0


def test_a_run_beside_itself_has_no_changes(run: RunFile) -> None:
    found = read_predictions(run, read_other(run, run.path))
    assert not found.changed and found.judged == len(run.map_images) and found.first_right == found.second_right


def test_every_kind_of_change_is_counted(run: RunFile, tmp_path: Path) -> None:
    other = read_other(run, write_synthetic_run(tmp_path / "b.h5", images=40, seed=9))
    found = read_predictions(run, other)
    assert found.second_right - found.first_right == found.count(FIXED) - found.count(BROKEN)
    assert found.count(FIXED) and found.count(BROKEN)
    assert sum(map(found.count, (FIXED, BROKEN, MOVED))) == len(found.changed)


def test_layers_stand_beside_each_other(run: RunFile, tmp_path: Path) -> None:
    with RunFile(write_synthetic_run(tmp_path / "b.h5", layers=(9, 7), blocks=(10, 11), coarse=3)) as second:
        assert [paired(run, second, layer.key).key for layer in run.layers] == ["L10", "L10", "L10", "L11", "coarse"]
        assert [paired(second, run, layer.key).key for layer in second.layers] == ["L6", "L7", "coarse"]
        assert all(paired(run, run, layer.key) == layer for layer in run.layers)


def test_examples_are_the_same_images_from_strong_to_weak(run: RunFile, tmp_path: Path) -> None:
    other = read_other(run, write_synthetic_run(tmp_path / "b.h5", images=40, seed=9))
    found = read_examples(run, other, "L6", 2, "L6", 5)
    assert found.same and [e.name for e in found.first] == [e.name for e in found.second] and len(found.first) == 3

    def mass(name: str) -> float:
        i = run.ids().index(name)
        here = run.regions("L6", i) == 2
        return float((run.attention("L6", i)[2] * here).sum())

    shared = [i for i in run.map_images.tolist() if i in other.own[np.isin(other.theirs, other.run.map_images)]]
    ranked = sorted((m for i in shared if (m := mass(run.ids()[i])) > 0), reverse=True)
    assert [mass(e.name) for e in found.first] == pytest.approx(
        [ranked[0], ranked[len(ranked) // 2], ranked[-1]], rel=0.02
    )
    appeared = read_examples(run, other, "L6", None, "L6", 5)
    assert appeared.same and len(appeared.first) == len(appeared.second) == 3
    for example in appeared.second:
        assert (example.regions == 5).any()


def test_without_common_images_each_run_shows_its_own(run: RunFile, tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "b.h5", images=30, ids=[f"else/{i}" for i in range(30)])
    other = read_other(run, path)
    found = read_examples(run, other, "L6", 2, "L6", 2)
    assert not found.same and all(e.name.startswith("else/") for e in found.second)
    assert all((e.regions == 2).any() for e in (*found.first, *found.second))
    assert read_examples(run, other, "L6", None, "L6", 2).first == ()
