"""Views in a run file: written batch by batch, read in windows, and nothing half-written is ever seen."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.errors import OutputError, RunFileError
from ivpt.runfile import quantise
from ivpt.runfile.content import MapBatch
from ivpt.runfile.reader import RunFile
from ivpt.runfile.update import put_metrics, revised
from ivpt.runfile.views import ViewWriter
from ivpt.runfile.writer import MapBits, write_run
from tests.runfile import small

BATCHES = [small.batch([3, 1], 11), small.batch([2], 12)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run.h5", small.content(), [small.batch([1, 2], 5), small.batch([3], 6)])


def add(path: Path, name: str, batches: list[MapBatch], layers: tuple[str, ...] = ("L3", "coarse")) -> None:
    with ViewWriter(path, name, layers, {"why": "test"}) as writer:
        for batch in batches:
            writer.append(batch)


def maps(batches: list[MapBatch], key: str) -> np.ndarray:
    return np.concatenate([batch.attention[key] for batch in batches])


@pytest.mark.parametrize("window", [1, 2, 256])
def test_what_is_written_is_read(path: Path, window: int) -> None:
    add(path, "first", BATCHES)
    add(path, "second", BATCHES[:1], ("coarse",))
    with RunFile(path) as run:
        assert run.views == {"first": "views/0", "second": "views/1"}
        view = run.view("first")
        assert view.images.tolist() == [3, 1, 2] and len(view) == 3
        assert view.layers == ("L3", "coarse") and run.view("second").layers == ("coarse",)
        assert (view.scores() == np.concatenate([batch.scores for batch in BATCHES])).all()
        assert view.predictions().tolist() == [0, 0, 0]
        groups = view.groups("L3")
        assert groups is not None and (groups == [1, 0, 2]).all() and view.groups("coarse") is None
        for key in view.layers:
            given = maps(BATCHES, key)
            read = list(view.attention(key, window))
            assert [rows for rows, _ in read] == [slice(i, min(i + window, 3)) for i in range(0, 3, window)]
            assert np.abs(np.concatenate([part for _, part in read]) - given).max() <= 1 / 255 / 2 + 1e-6
            regions = np.concatenate([part for _, part in view.regions(key, window)])
            assert (regions == given.argmax(axis=1)).all()


@pytest.mark.parametrize(("own", "asked", "stored"), [(8, None, 8), (16, None, 16), (8, 16, 16), (16, 8, 8)])
def test_maps_of_a_view_are_as_fine_as_asked_for_or_as_those_of_the_file(
    tmp_path: Path, own: MapBits, asked: MapBits | None, stored: int
) -> None:
    path = write_run(tmp_path / "run.h5", small.content(), [small.batch([1, 2, 3], 5)], map_bits=own)
    with ViewWriter(path, "first", ("L3",), {}, map_bits=asked) as writer:
        for batch in BATCHES:
            writer.append(batch)
    given = maps(BATCHES, "L3")
    coarser = given.astype(np.float16).astype(np.float32)
    with RunFile(path) as run:
        ((_, read),) = run.view("first").attention("L3")
        assert (read == (coarser if stored == 16 else quantise.decode(*quantise.encode(given)))).all()


def test_the_rest_of_the_file_stays(path: Path) -> None:
    with RunFile(path) as run:
        before = {name: run.dataset(name)[()].tobytes() for name in ("scores", "map_image", "layers/3/attention")}
    add(path, "first", BATCHES)
    with RunFile(path) as run:
        assert {name: run.dataset(name)[()].tobytes() for name in before} == before
        assert run.format_version == 1
        assert run.attention("L3", 2).shape == (3, *small.GRID)


def test_a_split_is_read_like_a_view(path: Path) -> None:
    with RunFile(path) as run:
        assert run.views == {}
        test = run.split_maps("test")
        assert test.images.tolist() == [2, 3] and len(run.split_maps("train")) == 0
        ((_, read),) = test.attention("L3")
        assert (read == np.stack([run.attention("L3", i) for i in (2, 3)])).all()
        ((_, regions),) = test.regions("coarse")
        assert (regions == np.stack([run.regions("coarse", i) for i in (2, 3)])).all()
        assert (test.scores() == np.stack([run.scores(i) for i in (2, 3)])).all()
        assert (test.predictions() == run.predictions[[2, 3]]).all()
        assert list(run.split_maps("train").attention("L3")) == []


def test_scattered_rows_are_read_row_by_row(tmp_path: Path) -> None:
    splits = [2, *[1] * 9, 2, 1, 2]
    names = [f"{i}.png" for i in range(13)]
    table = small.ImageTable(ids=names, labels=[0] * 13, splits=splits)
    order = np.random.default_rng(0).permutation(13).tolist()
    path = write_run(tmp_path / "run.h5", small.content(images=table), [small.batch(order)])
    with RunFile(path) as run:
        for split, code in (("val", 1), ("test", 2)):
            rows = run.split_maps(split)
            assert sorted(rows.images) == np.flatnonzero(np.equal(splits, code)).tolist()
            ((_, read),) = rows.attention("L3")
            assert (read == np.stack([run.attention("L3", int(i)) for i in rows.images])).all()


def test_many_images_are_decoded_as_one_is() -> None:
    rng = np.random.default_rng(3)
    given = rng.normal(size=(5, 3, 4, 2)).astype(np.float32)
    steps, span = quantise.encode(given)
    assert (
        quantise.decode(steps, span) == np.stack([quantise.decode(*pair) for pair in zip(steps, span, strict=True)])
    ).all()


def test_a_view_of_the_same_name_is_replaced(path: Path) -> None:
    add(path, "first", BATCHES[:1], ("coarse",))
    add(path, "second", BATCHES)
    add(path, "first", BATCHES[1:])
    with RunFile(path) as run:
        assert run.views == {"first": "views/0", "second": "views/1"}
        assert run.view("first").images.tolist() == [2] and run.view("first").layers == ("L3", "coarse")
        assert run.view("second").images.tolist() == [3, 1, 2]


def test_what_does_not_fit_is_refused(path: Path) -> None:
    before = path.read_bytes()
    wrong = small.batch([1], attention={key: np.zeros((1, 3, 2, 2), np.float32) for key in ("L3", "coarse")})
    infinite = small.batch([1], scores=np.full((1, 2, 2), np.inf, np.float32))
    for batch, error in ((wrong, ValueError), (infinite, OutputError), (small.batch([1], groups={}), ValueError)):
        with pytest.raises(error), revised(path) as copy:
            add(copy, "first", [BATCHES[1], batch])
    assert path.read_bytes() == before


def test_a_revision_appears_at_once_or_not_at_all(path: Path) -> None:
    before = path.read_bytes()

    def fail() -> None:
        with revised(path) as copy:
            add(copy, "first", BATCHES)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == before and os.listdir(path.parent) == ["run.h5"]
    with revised(path) as copy:
        add(copy, "first", BATCHES)
        assert path.read_bytes() == before
        put_metrics(copy, {"new": {"value": 1.0}}, shown=path)
    with RunFile(path) as run:
        assert list(run.views) == ["first"] and run.metrics() == {"new": {"value": 1.0}}


def test_of_two_programs_the_slower_one_gives_way(path: Path) -> None:

    def be_slow() -> None:
        with revised(path) as copy:
            add(copy, "slow", BATCHES)
            with revised(path) as other:
                add(other, "quick", BATCHES)

    with pytest.raises(OutputError, match="changed by another program"):
        be_slow()
    with RunFile(path) as run:
        assert list(run.views) == ["quick"]
    assert os.listdir(path.parent) == ["run.h5"]


@pytest.mark.parametrize("call", ["write", "ftruncate"])
def test_ctrl_c_inside_hdf5_while_a_view_is_written(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    before = path.read_bytes()
    plain, calls = getattr(os, call), 0

    def interrupted(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return plain(*arguments)

    def add_many() -> None:
        with revised(path) as copy:
            monkeypatch.setattr(os, call, interrupted)
            for number in range(50):
                add(copy, f"view {number}", BATCHES)

    with pytest.raises(KeyboardInterrupt):
        add_many()
    monkeypatch.undo()
    assert calls >= 2 and path.read_bytes() == before
    assert os.listdir(path.parent) == ["run.h5"]


def test_damaged_views_are_refused_in_one_sentence(path: Path, tmp_path: Path) -> None:
    add(path, "first", BATCHES)
    harm = {
        "too few rows": lambda file: file["views/0/layers/3/attention"].resize(1, axis=0),
        "is missing": lambda file: file.__delitem__("views/0/layers/3/regions"),
        "names images it does not have": lambda file: file["views/0/map_image"].__setitem__(0, 99),
        "points to another file": lambda file: (
            file.move("views/0/scores", "moved")
            or file.__setitem__("views/0/scores", h5py.ExternalLink("other.h5", "scores"))
        ),
    }
    for words, change in harm.items():
        bad = tmp_path / "bad.h5"
        bad.write_bytes(path.read_bytes())
        with h5py.File(bad, "r+") as file:
            change(file)
        with pytest.raises(RunFileError, match=words):
            read_everything(bad)


def read_everything(path: Path) -> None:
    with RunFile(path) as run:
        view = run.view("first")
        view.scores()
        list(view.attention("L3"))
        list(view.regions("L3"))


def test_layers_that_are_not_there_are_named(path: Path) -> None:
    add(path, "first", BATCHES, ("coarse",))
    with RunFile(path) as run, pytest.raises(KeyError, match="no maps of layer 'L3' here; there are coarse"):
        list(run.view("first").attention("L3"))
