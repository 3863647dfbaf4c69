"""Every data set of ivpt passes the test kit that authors of plugins use."""

from pathlib import Path

import numpy as np
from PIL import Image

from ivpt.data.cifar100 import Cifar100
from ivpt.data.cub import Cub
from ivpt.data.folder import Folder
from ivpt.data.funnybirds import FunnyBirds
from ivpt.data.imagenet import ImageNet
from ivpt.data.nabirds import NaBirds
from ivpt.data.paperbirds.dataset import PaperBirds
from ivpt.data.waterbirds import Waterbirds
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests
from tests import trees


class TestPaperBirds(DatasetTests):
    plugin = PaperBirds
    waived = {
        "test_it_says_where_it_comes_from": "drawn by ivpt itself",
        "test_missing_files_are_said": "it draws what is missing",
    }
    looked_at = 12

    def options(self, folder):
        return {"size": 32, "train_per_class": 4, "test_per_class": 1, "cache": str(folder)}


class TestFolder(DatasetTests):
    plugin = Folder
    waived = dict.fromkeys(
        ("test_it_says_where_it_comes_from", "test_it_says_the_licence", "test_it_says_how_to_cite_it"),
        "the pictures are the user's",
    )

    def options(self, folder):
        for number in range(12):
            file = folder / ("owl", "wren")[number % 2] / f"{number:02d}.png"
            file.parent.mkdir(exist_ok=True)
            Image.fromarray(np.random.default_rng(number).integers(0, 256, (9, 8, 3), np.uint8)).save(file)
        return {"root": str(folder)}


class FromATree(DatasetTests):
    def options(self, folder: Path):
        trees.__dict__[self.plugin.__name__.lower()](folder)
        return {"root": str(folder)}


class TestCub(FromATree):
    plugin = Cub


class TestNaBirds(FromATree):
    plugin = NaBirds
    waived = {"test_a_split_can_be_drawn": "the hand-made tree has one image of some classes"}


class TestCifar100(FromATree):
    plugin = Cifar100
    waived = {"test_a_split_can_be_drawn": "the hand-made files have one image of most classes"}


class TestImageNet(FromATree):
    plugin = ImageNet


class TestWaterbirds(FromATree):
    plugin = Waterbirds


class TestFunnyBirds(FromATree):
    plugin = FunnyBirds
    waived = {"test_no_picture_is_in_two_splits": "the hand-made tree draws train and test alike"}


def test_all_of_ivpts_own_are_here():
    tested = {kit.plugin for kit in (*FromATree.__subclasses__(), TestPaperBirds, TestFolder)}
    own = {s.name for s in DATASETS.listing() if s.distribution == "ivpt"}
    assert own == {name for plugin in tested for name in DATASETS.names_of(plugin)}
