"""Two tiny trained runs: birds that can be drawn again (weights embedded), and pictures in folders (random weights)."""

import shutil
from pathlib import Path

import pytest

from ivpt.config import load_config
from ivpt.training.run import train
from tests.training.pictures import draw_pictures, tiny_config


@pytest.fixture(scope="session")
def trained_birds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("birds")
    values = {
        "data.options.size": 32,
        "data.options.train_per_class": 3,
        "data.options.test_per_class": 1,
        "data.options.cache": str(folder / "cache"),
        "data.val_fraction": 0.4,
        "data.image_size": 48,
        "concepts.prototypes": (5, 4),
        "concepts.coarse": 2,
        "training.epochs": 1,
        "training.batch_size": 8,
        "training.device": "cpu",
    }
    out = folder / "birds.h5"
    train(load_config(None, "default", values), out)
    return out


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folder")
    out = folder / "folder.h5"
    train(tiny_config(draw_pictures(folder / "pictures"), training__epochs=1), out)
    return out


@pytest.fixture
def birds(trained_birds: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copy(trained_birds, tmp_path / "birds.h5"))


@pytest.fixture
def folder(trained_folder: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copy(trained_folder, tmp_path / "folder.h5"))
