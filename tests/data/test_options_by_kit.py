"""Readers with their options switched on, by the kit; with their defaults they are in tests/contract."""

from ivpt.data.cub import Cub
from ivpt.data.imagenet import ImageNet
from ivpt.data.nabirds import NaBirds
from ivpt.testing import DatasetTests
from tests import trees


class TestCubWithEverything(DatasetTests):
    plugin = Cub

    def options(self, folder):
        trees.cub_extras(trees.cub(folder))
        return {"root": str(folder), "crop": "box", "segmentations": True, "attributes": True}


class TestNaBirdsCropped(DatasetTests):
    plugin = NaBirds
    waived = {"test_a_split_can_be_drawn": "the hand-made tree has one training image of each class"}

    def options(self, folder):
        return {"root": str(trees.nabirds(folder)), "crop": "box"}


class TestImageNetByDevkit(DatasetTests):
    plugin = ImageNet

    def options(self, folder):
        return {"root": str(trees.imagenet(folder, folders=False))}
