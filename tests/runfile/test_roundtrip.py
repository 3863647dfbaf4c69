"""What is written is what is read, by the reader and by plain h5py."""

import io
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from ivpt.errors import OutputError
from ivpt.runfile import label_png
from ivpt.runfile.content import ImageTable
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import LayerInfo
from ivpt.runfile.writer import RunWriter, write_run
from tests.runfile import small
from tests.synthetic import write_synthetic_run


def test_everything_comes_back(tmp_path: Path) -> None:
    maps = [small.batch([2, 1], seed=1), small.batch([3], seed=2)]
    mask = np.arange(6, dtype=np.uint8).reshape(2, 3)
    given = small.content(
        info={"name": "small", "classes": ["a", "ü"], "parts": list("vwxyz")},
        images=ImageTable(
            ids=["a/ä.png", "b", "c", "d"],
            labels=[0, 1, 0, 1],
            splits=[0, 1, 2, 2],
            sizes=[[10, 20]] * 4,
            attributes={"a/b": [0, -1, 1, 1]},
            keypoints=[[[1, 2, 1]], [[np.nan] * 3], [[0, 0, 0]], [[5, 6, 1]]],
            boxes=[[0, 1, 2, 3], [np.nan] * 4, [1, 1, 1, 1], [2, 2, 2, 2]],
            thumbnails=[b"one", None, b"three", b""],
            part_masks=[None, label_png.encode(mask), None, label_png.encode(mask * 0)],
        ),
        parameters={"head.weight": np.arange(6.0).reshape(2, 3), "count": np.array(3)},
        history={"loss": [2.0, np.nan]},
        metrics={"nmi": {"value": np.float32(0.5), "parameters": {"layer": "L3"}}, "none": {"value": float("nan")}},
    )
    with RunFile(write_run(tmp_path / "new" / "run.h5", given, maps)) as run:
        assert (run.format_version, run.seed, run.split_sha256, run.num_images) == (1, 7, "ab" * 32, 4)
        assert run.config == given.config
        assert run.versions == given.versions
        assert run.info == given.info
        assert run.backbone == given.backbone
        assert run.classes == ("a", "ü")
        assert run.layers == (LayerInfo("L3", 3, 3, 1, (3, 5)), LayerInfo("coarse", None, 3, 0, (3, 5)))
        assert run.layer("L3").foreground == (0, 2)
        assert run.ids() == ["a/ä.png", "b", "c", "d"]
        assert run.ids(1, 3) == ["b", "c"]
        assert run.labels.tolist() == [0, 1, 0, 1]
        assert run.splits.tolist() == [0, 1, 2, 2]
        assert run.predictions.tolist() == [-1, 0, 0, 0]
        assert run.image_size(2) == (10, 20)
        assert run.attributes()["a/b"].tolist() == [0, -1, 1, 1]
        assert run.keypoints(1) is None
        assert np.array_equal(run.keypoints(3), [[5, 6, 1]])
        assert run.box(1) is None
        assert np.array_equal(run.box(0), [0, 1, 2, 3])
        assert [run.thumbnail(i) for i in range(4)] == [b"one", None, b"three", None]
        assert run.has_part_masks and run.part_mask(0) is run.part_mask(2) is None
        assert np.array_equal(run.part_mask(1), mask) and np.array_equal(run.part_mask(3), np.zeros((2, 3)))
        assert run.history()["loss"][0] == 2.0
        assert np.isnan(run.history()["loss"][1])
        assert run.metrics() == {"nmi": {"value": 0.5, "parameters": {"layer": "L3"}}, "none": {"value": None}}
        assert np.array_equal(run.parameters()["head.weight"], given.parameters["head.weight"])
        assert run.parameters()["count"] == 3
        assert np.array_equal(run.prototypes("L3"), given.layers[0].prototypes)
        assert np.array_equal(run.spatial_bias("coarse"), given.layers[1].spatial_bias)
        assert run.map_images.tolist() == [2, 1, 3]
        assert [run.has_maps(i) for i in range(4)] == [False, True, True, True]
        for image, source, row in [(2, maps[0], 0), (1, maps[0], 1), (3, maps[1], 0)]:
            for key in ("L3", "coarse"):
                floats = source.attention[key][row]
                assert np.abs(run.attention(key, image) - floats).max() <= 0.5 / 255 + 1e-7
                assert np.array_equal(run.regions(key, image), floats.argmax(axis=0))
            assert np.array_equal(run.scores(image), source.scores[row])
            assert np.allclose(run.contributions(image, 1).sum(), source.scores[row].mean(axis=0)[1])
            assert run.groups("L3", image).tolist() == [1, 0, 2]
            assert run.groups("coarse", image) is None


def test_area_and_strength_describe_the_regions(run_path: Path) -> None:
    with RunFile(run_path) as run:
        for row, image in enumerate(run.map_images):
            regions, maps = run.regions("L5", int(image)), run.attention("L5", int(image))
            for k in range(run.layer("L5").prototypes):
                mine = regions == k
                assert run.areas("L5")[row, k] == pytest.approx(mine.mean())
                strength = maps[k][mine].mean() if mine.any() else 0.0
                assert run.strengths("L5")[row, k] == pytest.approx(strength, abs=0.5 / 255 + 1e-6)


def test_importance_is_the_mean_contribution_over_val_and_test_images_of_the_class(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", train_maps=True, classes=4)
    with RunFile(path) as run:
        for c in range(4):
            mine = [i for i in run.map_images if run.splits[i] > 0 and run.labels[i] == c]
            assert mine
            expected = np.mean([run.contributions(int(i), c) for i in mine], axis=0)
            assert np.allclose(run.importance()[c], expected, atol=1e-6)


def test_importance_of_a_class_without_images_is_undefined(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.h5", small.content(), [small.batch([0, 2])])
    with RunFile(path) as run:
        assert np.isfinite(run.importance()[0]).all()
        assert np.isnan(run.importance()[1]).all()


def test_predictions_are_the_arg_max_of_the_mean_score(run_path: Path) -> None:
    with RunFile(run_path) as run:
        for image in run.map_images:
            assert run.predictions[image] == run.scores(int(image)).mean(axis=0).argmax()


def test_plain_h5py_reads_it_with_standard_filters_only(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=200)
    filters: set[str] = set()
    with h5py.File(path, "r") as file, RunFile(path) as run:
        assert file.attrs["format"] == "ivpt-run"
        assert file.attrs["format_version"] == 1
        assert json.loads(file["config"].asstr()[()]) == run.config
        assert list(file["classes"].asstr()) == list(run.classes)
        image = int(file["map_image"][3])
        low, high = file["layers/6/attention_range"][3]
        maps = low + file["layers/6/attention"][3] * (high - low) / 255
        assert np.allclose(maps, run.attention("L6", image), atol=1e-6)
        assert np.array_equal(file["layers/6/regions"][3], run.regions("L6", image))
        start, stop = file["images/thumbnails/offset"][image : image + 2]
        jpeg = file["images/thumbnails/data"][start:stop].tobytes()
        assert Image.open(io.BytesIO(jpeg)).size == (160, 160)
        start, stop = file["images/part_masks/offset"][image : image + 2]
        labels = np.asarray(Image.open(io.BytesIO(file["images/part_masks/data"][start:stop].tobytes())))
        assert np.array_equal(labels, run.part_mask(image)) and set(np.unique(labels)) <= set(range(7))

        def visit(name: str, found: h5py.Group | h5py.Dataset) -> None:
            if isinstance(found, h5py.Dataset):
                assert found.dtype.kind in "iuf" or h5py.check_string_dtype(found.dtype) is not None, name
                plan = found.id.get_create_plist()
                filters.update(plan.get_filter(k)[3].decode() for k in range(plan.get_nfilters()))

        file.visititems(visit)
    assert filters == {"deflate", "shuffle"}


def test_half_precision_maps(tmp_path: Path) -> None:
    given = small.batch([1])
    with RunFile(write_run(tmp_path / "run.h5", small.content(), [given], map_bits=16)) as run:
        assert np.array_equal(run.attention("L3", 1), given.attention["L3"][0].astype(np.float16).astype(np.float32))


def test_a_run_without_images_maps_or_optional_things(tmp_path: Path) -> None:
    nothing = small.content(images=ImageTable(ids=[], labels=[], splits=[]))
    with RunFile(write_run(tmp_path / "empty.h5", nothing, [])) as run:
        assert run.num_images == 0
        assert run.ids() == []
        assert run.map_images.shape == (0,)
        assert np.isnan(run.importance()).all()
    with RunFile(write_run(tmp_path / "bare.h5", small.content(), [])) as run:
        assert run.thumbnail(0) is run.keypoints(0) is run.box(0) is run.image_size(0) is run.part_mask(0) is None
        assert not run.has_part_masks
        assert run.attributes() == run.history() == run.metrics() == run.parameters() == {}
        assert not run.has_maps(3)
        with pytest.raises(KeyError, match="no stored maps"):
            run.attention("L3", 3)
        with pytest.raises(IndexError):
            run.has_maps(-1)


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([small.batch([1, 1])], "twice"),
        ([small.batch([1]), small.batch([1])], "twice"),
        ([small.batch([9])], "outside"),
        ([small.batch([1], scores=np.zeros((1, 3, 2), np.float32))], "do not fit"),
        ([small.batch([1]), small.batch([2], groups={})], "missing in a batch"),
        ([small.batch([1], groups={}), small.batch([2])], "missing in an earlier batch"),
    ],
)
def test_batches_that_do_not_fit_are_refused(tmp_path: Path, batches: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        write_run(tmp_path / "run.h5", small.content(), batches)
    assert list(tmp_path.iterdir()) == []


def test_a_map_that_is_not_finite_names_its_image(tmp_path: Path) -> None:
    bad = small.batch([1, 3])
    bad.attention["L3"][1, 0, 0, 0] = np.nan
    with pytest.raises(OutputError, match=r"L3 of image '3\.png' are not finite"):
        write_run(tmp_path / "run.h5", small.content(), [bad])
    assert list(tmp_path.iterdir()) == []


def test_more_than_256_prototypes(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=5, layers=(300,), grid=(4, 4))
    with RunFile(path) as run:
        assert run.regions("L7", int(run.map_images[0])).dtype == np.uint16


def test_thumbnails_are_taken_one_at_a_time(tmp_path: Path) -> None:
    asked: list[int] = []

    class Lazy:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, i: int) -> bytes:
            asked.append(i)
            return bytes([i]) * 700_000

    table = ImageTable(ids=list("abcd"), labels=[0] * 4, splits=[0] * 4, thumbnails=Lazy())
    with RunWriter(tmp_path / "run.h5", small.content(images=table)):
        pass
    assert asked == [0, 1, 2, 3]
    with RunFile(tmp_path / "run.h5") as run:
        assert [run.thumbnail(i) for i in range(4)] == [bytes([i]) * 700_000 for i in range(4)]


def test_metrics_may_come_after_the_last_batch(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run.h5", small.content(metrics={"early": {"value": 1}})) as writer:
        writer.append(small.batch([1]))
        writer.set_metrics({"late": {"value": 0.25}})
    with RunFile(tmp_path / "run.h5") as run:
        assert run.metrics() == {"late": {"value": 0.25}}
