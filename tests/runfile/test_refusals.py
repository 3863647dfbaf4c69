"""Files that are not what they seem: one sentence each, and nothing outside the file is touched."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from ivpt.errors import RunFileError
from ivpt.runfile.reader import RunFile


def read_everything(path: Path) -> None:
    with RunFile(path) as run:
        for name in ("config", "versions", "info", "backbone", "classes", "labels", "splits", "predictions"):
            getattr(run, name)
        for ask in (run.ids, run.history, run.metrics, run.parameters, run.attributes, run.importance):
            ask()
        for layer in run.layers:
            for image in map(int, run.map_images):
                run.attention(layer.key, image)
                run.regions(layer.key, image)
                run.groups(layer.key, image)
        for image in range(run.num_images):
            run.thumbnail(image)
            run.part_mask(image)


def test_no_file_a_folder_and_a_text(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="There is no run file"):
        RunFile(tmp_path / "none.h5")
    with pytest.raises(RunFileError, match="cannot be read"):
        RunFile(tmp_path)
    text = tmp_path / "notes.h5"
    text.write_text("not a run")
    with pytest.raises(RunFileError, match="is not a run file"):
        RunFile(text)
    (tmp_path / "nothing.h5").touch()
    with pytest.raises(RunFileError, match="is not a run file"):
        RunFile(tmp_path / "nothing.h5")


def test_another_programs_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(RunFileError, match="HDF5 file but not a run file"):
        RunFile(tmp_path / "other.h5")


def test_a_newer_format_says_what_to_do(run_path: Path) -> None:
    with h5py.File(run_path, "r+") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(RunFileError, match=r"has format 2, but this ivpt reads formats up to 1") as caught:
        RunFile(run_path)
    assert "pip install --upgrade ivpt" in caught.value.hint


@pytest.mark.parametrize("version", ["one", 0, -1])
def test_a_senseless_format_version(run_path: Path, version: object) -> None:
    with h5py.File(run_path, "r+") as file:
        file.attrs["format_version"] = version
    with pytest.raises(RunFileError, match="damaged"):
        RunFile(run_path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.9999])
def test_truncated(run_path: Path, share: float) -> None:
    content = run_path.read_bytes()
    run_path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RunFileError, match="truncated"):
        RunFile(run_path)


def test_a_damaged_map_spoils_only_itself(run_path: Path) -> None:
    with h5py.File(run_path, "r") as file:
        chunk = file["layers/6/attention"].id.get_chunk_info(0)
        image = int(file["map_image"][0])
    with run_path.open("r+b") as raw:
        raw.seek(chunk.byte_offset + 20)
        raw.write(b"\xa5" * 64)
    with RunFile(run_path) as run:
        with pytest.raises(RunFileError, match="damaged"):
            run.attention("L6", image)
        assert run.attention("L5", image).shape == (14, 12, 12)


def test_missing_and_misshapen_things(run_path: Path) -> None:
    with h5py.File(run_path, "r+") as file:
        del file["importance"]
        del file["metrics"]
        file["metrics"] = "[1, 2"
        del file["images/label"]
        file["images/label"] = np.zeros(3, np.int32)
    with RunFile(run_path) as run:
        with pytest.raises(RunFileError, match="importance is missing"):
            run.importance()
        with pytest.raises(RunFileError, match="damaged"):
            run.metrics()
        with pytest.raises(RunFileError, match="images/label does not fit"):
            _ = run.labels


def no_png(file: h5py.File) -> None:
    file["images/part_masks/data"][:64] = np.zeros(64, np.uint8)


def colours(file: h5py.File) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (2, 2)).save(stream, "PNG")
    instead(file, "data", np.frombuffer(stream.getvalue(), np.uint8))
    offset = file["images/part_masks/offset"][()]
    instead(file, "offset", np.where(offset > 0, len(stream.getvalue()), 0))


def unnamed(file: h5py.File) -> None:
    info = json.loads(file["info"].asstr()[()])
    del file["info"]
    file["info"] = json.dumps({**info, "parts": ["head"]})


def backwards(file: h5py.File) -> None:
    instead(file, "offset", file["images/part_masks/offset"][()][::-1])


def too_few(file: h5py.File) -> None:
    instead(file, "offset", file["images/part_masks/offset"][:5])


def words(file: h5py.File) -> None:
    del file["images/part_masks/data"]
    file["images/part_masks/data"] = "no numbers"


def instead(file: h5py.File, name: str, values: np.ndarray) -> None:
    del file[f"images/part_masks/{name}"]
    file[f"images/part_masks/{name}"] = values


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (no_png, "the part mask of image 0 is not a grey 8-bit PNG"),
        (colours, "the part mask of image 0 is not a grey 8-bit PNG"),
        (unnamed, "the part mask of image 0 marks part 6, and 1 parts have names"),
        (backwards, "images/part_masks of image 0 lies outside what is stored"),
        (too_few, "images/part_masks does not fit the number of images"),
        (words, "images/part_masks does not fit the number of images"),
    ],
)
def test_part_masks_that_are_none(run_path: Path, change: Callable[[h5py.File], None], says: str) -> None:
    with h5py.File(run_path, "r+") as file:
        change(file)
    with RunFile(run_path) as run:
        with pytest.raises(RunFileError) as caught:
            run.part_mask(0)
        assert caught.value.message == f"The run file {run_path} is damaged: {says}."
        assert run.thumbnail(0), "everything else can be read"


def external_link(file: h5py.File, name: str, secret: Path) -> None:
    file[name] = h5py.ExternalLink(str(secret), "secret")


def dangling_link(file: h5py.File, name: str, secret: Path) -> None:
    file[name] = h5py.ExternalLink(str(secret) + ".missing", "secret")


def soft_link(file: h5py.File, name: str, secret: Path) -> None:
    file[name] = h5py.SoftLink("/images/label")


def external_storage(file: h5py.File, name: str, secret: Path) -> None:
    file.create_dataset(name, shape=(24,), dtype=np.int32, external=[(str(secret), 0, 96)])


def virtual_storage(file: h5py.File, name: str, secret: Path) -> None:
    layout = h5py.VirtualLayout((24,), np.int32)
    layout[:] = h5py.VirtualSource(str(secret), "secret", (24,))
    file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize("point", [external_link, dangling_link, soft_link, external_storage, virtual_storage])
@pytest.mark.parametrize("name", ["images/prediction", "layers/6/attention", "parameters/prototypes.L4"])
def test_what_points_elsewhere_is_refused(tmp_path: Path, run_path: Path, point, name: str) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.arange(24, dtype=np.int32)
    with h5py.File(run_path, "r+") as file:
        del file[name]
        point(file, name, secret)
    with pytest.raises(RunFileError, match="points to another file"):
        read_everything(run_path)


def test_a_linked_group_is_refused(tmp_path: Path, run_path: Path) -> None:
    other = shutil.copy(run_path, tmp_path / "other.h5")
    with h5py.File(run_path, "r+") as file:
        del file["layers"]
        file["layers"] = h5py.ExternalLink(str(other), "layers")
    with pytest.raises(RunFileError, match="points to another file"):
        read_everything(run_path)


def test_foreign_filters_and_types_are_refused(run_path: Path) -> None:
    with h5py.File(run_path, "r+") as file:
        del file["importance"]
        file.create_dataset("importance", data=np.zeros((3, 4)), chunks=(3, 4), compression="lzf")
        del file["images/split"]
        file.create_dataset("images/split", data=np.zeros(24, [("a", "i4")]))
    with RunFile(run_path) as run:
        with pytest.raises(RunFileError, match="compresses importance in a way"):
            run.importance()
        with pytest.raises(RunFileError, match="neither numbers nor text"):
            _ = run.splits
