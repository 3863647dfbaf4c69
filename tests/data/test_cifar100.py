"""CIFAR-100 on tiny pickles in its exact format, and pickles that want to run something."""

import os
import pickle

import numpy as np
import pytest

from ivpt.data.cifar100 import Cifar100
from ivpt.data.harmless_pickle import read_pickle
from ivpt.errors import DataError
from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.cifar100(tmp_path)


def test_the_tree_is_what_a_plain_unpickler_reads(root):
    # The tree is written opcode by opcode as Python 2 did; pickle itself agrees about what it says.
    with (root / "cifar-100-python" / "train").open("rb") as stream:
        found = pickle.load(stream, encoding="bytes")
    assert found[b"fine_labels"] == [2, 0, 1, 0]
    assert found[b"data"].shape == (4, 3072)
    assert found[b"data"].dtype == np.uint8


def test_records(root):
    data = pickle.loads(pickle.dumps(Cifar100(root=str(root))))
    assert data.info.classes == ("apple", "aquarium fish", "baby")
    assert [(r.id, r.label, r.split) for r in data.records()][:2] == [
        ("train/00000", 2, "train"),
        ("train/00001", 0, "train"),
    ]
    assert [r.label for r in data.records()] == [2, 0, 1, 0, 1, 2]
    assert [r.split for r in data.records()] == ["train"] * 4 + ["test"] * 2
    assert data.info.attributes["superclass"] == ("things", "people")
    assert [r.attributes["superclass"] for r in data.records()] == [1, 0, 0, 0, 0, 1]


def test_trap_a_row_is_three_planes_each_row_by_row(root):
    with (root / "cifar-100-python" / "train").open("rb") as stream:
        row = pickle.load(stream, encoding="bytes")[b"data"][2]
    image = Cifar100(root=str(root)).image(2)
    for plane in range(3):
        for y, x in ((0, 0), (0, 31), (31, 0), (5, 17)):
            assert image[y, x, plane] == row[1024 * plane + 32 * y + x]


def test_agrees_with_torchvisions_reader(root, monkeypatch):
    from torchvision.datasets import CIFAR100

    monkeypatch.setattr(CIFAR100, "_check_integrity", lambda self: True)
    monkeypatch.setattr(CIFAR100, "_load_meta", lambda self: None)
    data = Cifar100(root=str(root))
    for train, offset in ((True, 0), (False, 4)):
        theirs = CIFAR100(str(root), train=train)
        assert theirs.targets == [r.label for r in data.records()][offset : offset + len(theirs)]
        for i in range(len(theirs)):
            assert (np.asarray(theirs[i][0]) == data.image(offset + i)).all()


def test_the_checksum_is_the_published_one():
    from torchvision.datasets import CIFAR100

    (download,) = Cifar100().source.downloads
    assert download.checksum == f"md5:{CIFAR100.tgz_md5}"
    assert download.url == CIFAR100.url


def test_the_folder_itself_may_be_named(root):
    assert len(Cifar100(root=str(root / "cifar-100-python")).records()) == 6


class Evil:
    def __init__(self, *what):
        self.what = what

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "evil",
    [
        Evil(os.system, ("touch PWNED",)),
        Evil(eval, ("open('PWNED', 'w')",)),
        Evil(exec, ("open('PWNED', 'w')",)),
        Evil(getattr, (os, "system")),
        Evil(__import__, ("os",)),
        Evil(np.load, ("PWNED", None, True)),
        Evil(np.dtype, ("O",)),
    ],
)
def test_trap_pickles_are_programs_and_are_not_run(tmp_path, monkeypatch, evil, protocol):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train"
    try:
        content = pickle.dumps({"data": evil, "x": np.zeros(3, object)}, protocol)
    except (pickle.PicklingError, TypeError):  # modules cannot be pickled: a literal then
        content = b"cbuiltins\ngetattr\n(cos\nsystem\ntR."
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read safely"):
        read_pickle(path)
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read safely"),
        (b"\x80\x02", "cannot be read safely"),
        (pickle.dumps([1]), "it is no dictionary"),
        (pickle.dumps({"a": np.zeros(3, np.int64)}), "something other than bytes"),
        (pickle.dumps({"a": np.array([os.system])}), "asks for"),
        (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.", "cannot be read safely"),
        (b"cposix\nsystem\n(S'touch PWNED'\ntR.", "asks for posix.system"),
        (b"cnumpy\nndarray.__class__\n.", "asks for"),
        (b"cnumpy.core.multiarray\n_reconstruct\n.", "it is no dictionary"),
    ],
)
def test_damaged_pickles(tmp_path, content, words):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_pickle(tmp_path / "x")


def test_an_array_that_lies_about_its_size_is_refused(tmp_path):
    honest = trees.python2_pickle({b"data": np.zeros((2, 6), np.uint8)})
    six = (6).to_bytes(4, "little")
    assert honest.count(b"J" + six) == 1
    (tmp_path / "x").write_bytes(honest.replace(b"J" + six, b"J" + (2**31 - 1).to_bytes(4, "little")))
    with pytest.raises(DataError, match="not as large as it says"):
        read_pickle(tmp_path / "x")


def test_arrays_of_python_3_are_read_as_well(tmp_path):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    (tmp_path / "x").write_bytes(pickle.dumps({"a": values, "b": np.asfortranarray(values)}, 4))
    found = read_pickle(tmp_path / "x")
    assert (found["a"] == values).all()
    assert (found["b"] == values).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({b"fine_labels": [0, 1]}, "one of fine_labels for each"),
        ({b"fine_labels": [0, 1, 2, 3]}, "numbers from 0 to 2"),
        ({b"coarse_labels": [0, 1, -1, 0]}, "numbers from 0 to 1"),
        ({b"data": np.zeros((4, 3000), np.uint8)}, "pictures of 32x32"),
    ],
)
def test_wrong_content_is_named(root, change, words):
    path = root / "cifar-100-python" / "train"
    with path.open("rb") as stream:
        found = pickle.load(stream, encoding="bytes")
    path.write_bytes(trees.python2_pickle(found | change))
    with pytest.raises(DataError, match=words):
        Cifar100(root=str(root)).records()
