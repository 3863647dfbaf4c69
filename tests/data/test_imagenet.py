"""ImageNet on tiny trees in its layouts; each trap by name."""

import numpy as np
import pytest
from PIL import Image

from ivpt.data.imagenet import ImageNet
from ivpt.errors import DataError
from tests import trees


@pytest.mark.parametrize("folders", [True, False])
def test_trap_devkit_numbers_are_not_labels(tmp_path, folders):
    # Validation images by devkit and by folders are the same images of the same classes.
    records = ImageNet(root=str(trees.imagenet(tmp_path, folders=folders))).records()
    assert [r.label for r in records if r.split == "train"] == [0, 0, 1, 1, 2, 2]
    found = {r.id[-28:]: r.label for r in records if r.split == "test"}
    assert found == {f"ILSVRC2012_val_{n:08d}.JPEG": label for n, label in ((1, 1), (2, 2), (3, 2), (4, 0))}


def test_trap_published_validation_is_test_here(tmp_path):
    assert {r.split for r in ImageNet(root=str(trees.imagenet(tmp_path))).records()} == {"train", "test"}


def test_trap_two_classes_share_their_words(tmp_path):
    classes = ImageNet(root=str(trees.imagenet(tmp_path))).info.classes
    assert classes == ("tench, Tinca tinca", "crane (n02012849)", "crane (n03126707)")


def test_trap_ground_truth_counts_from_1(tmp_path):
    root = trees.imagenet(tmp_path, folders=False)
    truth = root / "ILSVRC2012_devkit_t12" / "data" / "ILSVRC2012_validation_ground_truth.txt"
    truth.write_text("3\n1\n1\n")
    with pytest.raises(DataError, match=r"no line for val/ILSVRC2012_val_00000004.JPEG"):
        ImageNet(root=str(root)).records()


def test_trap_jpeg_that_is_a_cmyk_or_a_png(tmp_path):
    root = trees.imagenet(tmp_path)
    folder = root / "train" / "n01440764"
    Image.fromarray(np.zeros((5, 4, 4), np.uint8), "CMYK").save(folder / "n01440764_1.JPEG", "JPEG")
    Image.new("P", (4, 5)).save(folder / "n01440764_2.JPEG", "PNG")
    data = ImageNet(root=str(root))
    assert data.image(0).shape == data.image(1).shape == (5, 4, 3)


def test_a_selection_of_classes(tmp_path):
    root = trees.imagenet(tmp_path)
    for file in (root / "train" / "n02012849").iterdir():
        file.unlink()
    (root / "train" / "n02012849").rmdir()
    data = ImageNet(root=str(root))
    assert data.info.classes == ("tench, Tinca tinca", "crane")
    assert [r.label for r in data.records() if r.split == "test"] == [0, 1, 1]


def test_other_folders_and_files_are_passed_over(tmp_path):
    root = trees.imagenet(tmp_path)
    (root / "train" / "not_a_synset").mkdir()
    (root / "train" / "n01440764" / "notes.txt").write_text("x")
    assert len(ImageNet(root=str(root)).records()) == 10


def test_flat_validation_without_devkit_is_refused(tmp_path):
    root = trees.imagenet(tmp_path, folders=False)
    (root / "ILSVRC2012_devkit_t12").rename(root / "elsewhere")
    with pytest.raises(DataError, match="ILSVRC2012_devkit_t12/data"):
        ImageNet(root=str(root)).records()


@pytest.mark.parametrize(
    ("emptied", "words"), [("train/n01440764", "holds no images"), ("val", "neither class folders")]
)
def test_empty_folders_are_named(tmp_path, emptied, words):
    root = trees.imagenet(tmp_path, folders=False)
    for file in (root / emptied).iterdir():
        file.unlink()
    with pytest.raises(DataError, match=words):
        ImageNet(root=str(root)).records()


def test_damaged_devkit(tmp_path):
    root = trees.imagenet(tmp_path, folders=False)
    (root / "ILSVRC2012_devkit_t12" / "data" / "meta.mat").write_bytes(b"no")
    with pytest.raises(DataError, match=r"meta.mat of the development kit cannot be read"):
        ImageNet(root=str(root)).records()
