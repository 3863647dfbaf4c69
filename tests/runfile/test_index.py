"""The index of a run file against counting image by image, stored and computed, tiny and damaged."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.errors import RunFileError
from ivpt.runfile.frames import whole_frames
from ivpt.runfile.index import ImageList, Ranked, RunIndex, compute_index, stored_index
from ivpt.runfile.indexing import ranked
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS
from ivpt.runfile.update import put_metrics, revised
from ivpt.runfile.writer import write_run
from tests.runfile import small
from tests.synthetic import write_synthetic_run

IMAGES, CLASSES = 70, 4


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(
        tmp_path_factory.mktemp("index") / "run.h5",
        images=IMAGES,
        classes=CLASSES,
        grid=(6, 7),
        layers=(5, 4),
        coarse=3,
        thumbnails=False,
        train_maps=True,
    )


@pytest.fixture(scope="module")
def run(path: Path) -> Iterator[RunFile]:
    with RunFile(path) as opened:
        yield opened


@pytest.fixture(scope="module", params=["stored", "computed"])
def index(run: RunFile, request: pytest.FixtureRequest) -> RunIndex:
    found = stored_index(run) if request.param == "stored" else compute_index(run)
    assert found is not None and found.stored == (request.param == "stored")
    return found


def test_images_are_listed_by_what_they_are(run: RunFile, index: RunIndex) -> None:
    n = range(IMAGES)
    wrong = [i for i in n if run.prediction(i) >= 0 and run.prediction(i) != run.label(i)]
    assert wrong and index.mistakes().all().tolist() == wrong
    assert index.mapped().all().tolist() == [i for i in n if run.has_maps(i)]
    for c in range(CLASSES):
        assert index.of_class(c).all().tolist() == [i for i in n if run.label(i) == c]
        assert index.class_maps()[c] == sum(run.has_maps(i) for i in n if run.label(i) == c)
    counts = index.counts()
    for s, split in enumerate(SPLITS):
        own = [i for i in n if run.split(i) == split]
        assert index.of_split(split).all().tolist() == own
        confusion = index.confusion(split)
        assert confusion.counts.sum() == sum(run.prediction(i) >= 0 for i in own)
        for label, prediction, count in zip(confusion.labels, confusion.predictions, confusion.counts, strict=True):
            there = [i for i in own if run.label(i) == label and run.prediction(i) == prediction]
            assert index.of_pair(split, label, prediction).all().tolist() == there and len(there) == count > 0
        for c in range(CLASSES):
            mine = [i for i in own if run.label(i) == c]
            assert counts.images[s, c] == len(mine)
            assert counts.judged[s, c] == sum(run.prediction(i) >= 0 for i in mine)
            assert counts.correct[s, c] == sum(run.prediction(i) == c for i in mine)
    assert len(index.of_pair("test", 0, 77)) == 0


def test_a_list_is_walked_from_any_image(index: RunIndex) -> None:
    mistakes = index.mistakes()
    every = mistakes.all().tolist()
    for image in range(-1, IMAGES + 1):
        after, before = [i for i in every if i > image], [i for i in every if i < image]
        assert mistakes.step(image, 1) == (after[0] if after else None)
        assert mistakes.step(image, -1) == (before[-1] if before else None)
        assert mistakes.step(image, 2) == (after[1] if len(after) > 1 else None)
        assert mistakes.step(image, -2) == (before[-2] if len(before) > 1 else None)
        assert (image in mistakes) == (image in every)
        assert mistakes.find(image) == sum(i < image for i in every)
    with pytest.raises(IndexError):
        mistakes[len(mistakes)]


def masses(run: RunFile, key: str, channel: int) -> dict[int, float]:
    """Mass of every region, from the stored maps and not from areas and strengths."""
    found = {}
    for i in range(IMAGES):
        if run.has_maps(i) and (run.regions(key, i) == channel).any():
            found[i] = float(run.attention(key, i)[channel][run.regions(key, i) == channel].sum()) / 42
    return found


def test_ranked_images_are_those_of_greatest_middle_and_smallest_mass(run: RunFile, index: RunIndex) -> None:
    for layer in run.layers:
        for channel in layer.foreground:
            mass = masses(run, layer.key, channel)
            for split, c in [(None, None), *((s, None) for s in SPLITS), *((None, c) for c in range(CLASSES))]:
                own = [i for i in mass if split in (None, run.split(i)) and c in (None, run.label(i))]
                keep = 8 if c is not None else 32
                got = index.ranked(layer.key, channel, split=split, c=c)
                assert got.firing == len(own) and len(got.median) == min(keep, len(own))
                # values of 8 bits: the order may differ where two are nearer than a step
                down = sorted((mass[i] for i in own), reverse=True)
                middle = max((len(own) - keep) // 2, 0)
                near = {"abs": 1 / 255}
                assert [mass[i] for i in got.strongest] == pytest.approx(down[:keep], **near)
                assert [mass[i] for i in got.median] == pytest.approx(down[middle : middle + keep], **near)
                assert [mass[i] for i in got.weakest] == pytest.approx(down[::-1][:keep], **near)
    with pytest.raises(ValueError, match="not within both"):
        index.ranked("L6", 1, split="test", c=0)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 11, 12, 40])
def test_a_gallery_shows_no_image_twice(count: int) -> None:
    rng = np.random.default_rng(count)
    mass = rng.integers(0, 5, (count, 1)).astype(float)
    images = np.sort(rng.permutation(100)[:count])
    rows = ranked(images, np.ones((count, 1), bool), mass, np.zeros(count, int), 1, 32)[0, 0]
    order = sorted(range(count), key=lambda k: (-mass[k, 0], images[k]))
    assert [i for i in rows[0] if i >= 0] == [images[k] for k in order][:32]
    strongest, median, weakest = (row[row >= 0] for row in rows)
    picked = Ranked(strongest, median, weakest, count).pick(4)
    shown = [int(i) for part in picked.values() for i in part]
    assert len(set(shown)) == len(shown) == (3 * min(4, count // 3) if count > 2 else count)
    if count == 40:
        assert picked["median"].tolist() == [images[k] for k in order[18:22]]


def test_figures_of_layers(run: RunFile, index: RunIndex) -> None:
    boxes, points, sizes = run.all_boxes(), run.all_keypoints(), run.image_sizes()
    assert boxes is not None and points is not None and sizes is not None
    frames = whole_frames(sizes, tuple(run.backbone["image_size"]))
    for layer in run.layers:
        found = index.layer(layer.key)
        present, area = index.class_presence(layer.key)
        inside, boxed, parts = np.zeros(layer.prototypes), np.zeros(layer.prototypes), np.zeros((layer.prototypes, 6))
        assigned = np.zeros((layer.prototypes, run.coarse + 1))
        for k in range(layer.prototypes):
            own = {i: (run.regions(layer.key, i) == k).mean() for i in range(IMAGES)}
            for s, split in enumerate(SPLITS):
                mine = [i for i in own if run.split(i) == split]
                assert found.total[s] == len(mine)
                assert found.area[s, k] == pytest.approx(sum(own[i] for i in mine), rel=1e-5)
                assert found.images[s, k] == sum(own[i] > 0 for i in mine)
            for c in range(CLASSES):
                mine = [i for i in own if run.label(i) == c]
                assert area[c, k] == pytest.approx(sum(own[i] for i in mine), rel=1e-5)
                assert present[c, k] == sum(own[i] > 0 for i in mine)
        for i in range(IMAGES):
            regions, groups = run.regions(layer.key, i), run.groups(layer.key, i)
            (x, y, w, h), (bx, by, bw, bh) = frames[i], boxes[i]
            for row in range(6):
                for column in range(7):
                    k = regions[row, column]
                    px, py = x + (column + 0.5) / 7 * w, y + (row + 0.5) / 6 * h
                    boxed[k] += 1
                    inside[k] += bx <= px < bx + bw and by <= py < by + bh
            for j, (px, py, visible) in enumerate(points[i]):
                row, column = int((py - y) / h * 6), int((px - x) / w * 7)
                if visible and 0 <= row < 6 and 0 <= column < 7:
                    parts[regions[row, column], j] += 1
            if groups is not None:
                for k in np.unique(regions):
                    assigned[k, groups[k]] += 1
        assert (found.boxed == boxed).all() and (found.inside == inside).all()
        assert found.box_share == pytest.approx(inside.sum() / boxed.sum())
        assert found.parts is not None and (found.parts == parts).all() and parts.sum() > 4 * IMAGES
        assert (found.groups is None) == (layer.block is None)
        assert found.groups is None or (found.groups == assigned).all()
        maps = np.stack([run.attention(layer.key, i) for i in range(IMAGES)]).transpose(1, 0, 2, 3)
        assert found.sampled == IMAGES
        assert found.likeness == pytest.approx(np.corrcoef(maps.reshape(layer.prototypes, -1)), abs=1e-5)


def test_overlaps_of_layers_one_after_the_other(run: RunFile, index: RunIndex) -> None:
    found = index.overlaps
    assert [(o.fine, o.coarse) for o in found] == [("L6", "L7"), ("L7", "coarse")]
    for overlap in found:
        cells, most = np.zeros_like(overlap.cells), np.zeros_like(overlap.images)
        for i in range(IMAGES):
            fine, coarse = run.regions(overlap.fine, i), run.regions(overlap.coarse, i)
            for k in np.unique(fine):
                shared = np.bincount(coarse[fine == k], minlength=cells.shape[1])
                cells[k] += shared
                most[k, shared.argmax()] += 1
        assert (overlap.cells == cells).all() and (overlap.images == most).all()


def test_single_images_are_read_without_the_table(path: Path) -> None:
    with RunFile(path) as run, RunFile(path) as other:
        for i in range(0, IMAGES, 7):
            assert (run.label(i), run.prediction(i)) == (other.labels[i], other.predictions[i])
            assert run.split(i) == SPLITS[other.splits[i]]
            row = int(np.flatnonzero(other.map_images == i)[0])
            assert (run.area("L6", i) == other.areas("L6")[row]).all()
            assert (run.strength("L6", i) == other.strengths("L6")[row]).all()
        assert not {"labels", "splits", "predictions", "map_images"} & set(vars(run))


def test_a_run_with_almost_nothing_has_an_index(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.h5", small.content(), [])
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        assert len(index.mapped()) == len(index.mistakes()) == 0 and index.of_split("test").all().tolist() == [2, 3]
        assert [len(part) for part in index.ranked("L3", 0).pick(4).values()] == [0, 0, 0]
        layer = index.layer("L3")
        assert layer.sampled == 0 and layer.images.sum() == 0 and layer.box_share is None and layer.parts is None
        assert not layer.likeness.any()


def test_an_older_file_is_read_and_an_index_of_another_version_is_not(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5")
    for change in ("version", "gone"):
        with h5py.File(path, "r+") as file:
            if change == "version":
                file["index"].attrs["version"] = 99
            else:
                del file["index"]
        with RunFile(path) as run:
            assert stored_index(run) is None
            told: list[float] = []
            index = compute_index(run, told.append)
            assert not index.stored and told[-1] == 1 and len(index.mapped()) == len(run.map_images)


def test_what_progress_raises_ends_the_work(run: RunFile) -> None:
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        compute_index(run, stop)


def test_an_evaluation_indexes_an_older_file(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5")
    with h5py.File(path, "r+") as file:
        whole = file["index/layers/6/ranked_all"][()]
        del file["index"]
    with revised(path) as copy:
        put_metrics(copy, {"x": {"value": 1}}, shown=path)
    with RunFile(path) as run:
        assert stored_index(run) is not None
    with h5py.File(path) as file:
        assert (file["index/layers/6/ranked_all"][()] == whole).all()


@pytest.mark.parametrize("name", ["index/counts", "index/layers/6/ranked_all", "index/images/mistakes"])
def test_a_damaged_index_is_said_to_be(tmp_path: Path, name: str) -> None:
    path = write_synthetic_run(tmp_path / "run.h5")
    with h5py.File(path, "r+") as file:
        del file[name]
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        with pytest.raises(RunFileError, match=f"damaged: {name} is missing"):
            (index.counts(), index.ranked("L6", 1), index.mistakes())


@pytest.mark.parametrize("value", [-7, 24])
def test_an_index_that_names_images_that_are_not_there(tmp_path: Path, value: int) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=24)
    with h5py.File(path, "r+") as file:
        file["index/images/of_class"][0] = value
        file["index/layers/6/ranked_all"][0, 1, 0, 0] = max(value, 24)
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        for ask in (lambda: index.of_class(0)[0], lambda: index.of_class(0).all(), lambda: index.ranked("L6", 1)):
            with pytest.raises(RunFileError, match="images that are not there"):
                ask()


@pytest.mark.parametrize(("name", "value"), [("images/label", 9), ("map_image", 999), ("layers/6/regions", 200)])
def test_a_damaged_file_is_not_indexed(tmp_path: Path, name: str, value: int) -> None:
    path = write_synthetic_run(tmp_path / "run.h5")
    with h5py.File(path, "r+") as file:
        file[name][0] = value
        del file["index"]
    with RunFile(path) as run, pytest.raises(RunFileError, match="damaged"):
        compute_index(run)


def test_a_list_is_a_part_of_a_dataset(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        found = ImageList(file.create_dataset("x", data=[7, 1, 4, 9, 2]), tmp_path, 1, 4, 10)
        assert list(found) == [1, 4, 9] and len(found) == 3 and found.step(4, -1) == 1 and found.step(0, 1) == 1
