"""Class folders, with and without split folders."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ivpt.data.folder import Folder
from ivpt.errors import DataError


def put(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 4), "red").save(file)


def test_class_folders(tmp_path: Path) -> None:
    put(tmp_path, "wren/2.png", "wren/1.PNG", "owl/deep/a.jpg", "owl/.hidden.png", ".cache/x.png")
    (tmp_path / "owl" / "notes.txt").write_text("x")
    folder = pickle.loads(pickle.dumps(Folder(str(tmp_path))))
    assert folder.info.classes == ("owl", "wren")
    assert [r.id for r in folder.records()] == ["owl/deep/a.jpg", "wren/1.PNG", "wren/2.png"]
    assert [r.label for r in folder.records()] == [0, 1, 1]
    assert {r.split for r in folder.records()} == {None}
    assert folder.image(2).shape == (4, 5, 3)
    assert folder.image(2).dtype == np.uint8


def test_split_folders(tmp_path: Path) -> None:
    put(tmp_path, "train/a/1.png", "train/b/1.png", "valid/a/2.png", "test/b/3.png")
    records = Folder(str(tmp_path)).records()
    assert {(r.id, r.label, r.split) for r in records} == {
        ("train/a/1.png", 0, "train"),
        ("train/b/1.png", 1, "train"),
        ("valid/a/2.png", 0, "val"),
        ("test/b/3.png", 1, "test"),
    }


def test_train_alone_is_no_published_split(tmp_path: Path) -> None:
    put(tmp_path, "train/a/1.png", "train/b/1.png")
    assert {r.split for r in Folder(str(tmp_path)).records()} == {None}


def test_classes_called_train_and_test(tmp_path: Path) -> None:
    put(tmp_path, "train/1.png", "test/1.png")
    folder = Folder(str(tmp_path))
    assert folder.info.classes == ("test", "train")
    assert len(folder.records()) == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no class folders"),
        (["a/1.png"], "1 class folder,"),
        (["a/1.png", "b/1.txt"], "b holds no images"),
        (["train/a/1.png", "train/b/1.png", "test/c/1.png"], "'c'.* has no training images"),
    ],
)
def test_unusable_folders(files: list[str], words: str, tmp_path: Path) -> None:
    put(tmp_path, *[name for name in files if name.endswith("png")])
    for name in files:
        if name.endswith("txt"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match=words):
        Folder(str(tmp_path)).records()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data DIR"):
        Folder().records()
    with pytest.raises(DataError, match="There is no folder"):
        Folder(str(tmp_path / "absent")).records()
