"""A tiny real problem: coloured noise in class folders, and a configuration that trains on it in seconds."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ivpt.config import Config, load_config
from ivpt.training.observer import EpochReport, Setup, Silence, StepReport

CLASSES = ("blue", "green", "red")


def draw_pictures(root: Path, per_class: int = 11, *, side: int = 32, split: dict[str, int] | None = None) -> Path:
    """Class folders of small pictures; with ``split`` (name to images per class) below split folders."""
    rng = np.random.default_rng(7)
    for part, count in (split or {"": per_class}).items():
        for label, name in enumerate(CLASSES):
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 120, (side, side, 3))
                pixels[side // 4 : side // 2, side // 4 :, 2 - label] += 100
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.png")
    return root


def tiny_config(root: Path, **overrides: Any) -> Config:
    """vit_mini with random weights at 32 pixels, two prompted blocks, two epochs; keys with ``__`` for the dot."""
    values = {
        "data.dataset": "folder",
        "data.root": str(root),
        "data.image_size": 32,
        "data.val_fraction": 0.3,
        "data.test_fraction": 0.3,
        "backbone.weights": "none",
        "concepts.prototypes": (5, 4),
        "concepts.coarse": 2,
        "training.epochs": 2,
        "training.batch_size": 4,
        "training.device": "cpu",
    }
    return load_config(None, "default", values | {k.replace("__", "."): v for k, v in overrides.items()})


class Recorder(Silence):
    """Remembers everything it is told."""

    def __init__(self) -> None:
        self.setups: list[Setup] = []
        self.steps: list[StepReport] = []
        self.epochs: list[EpochReport] = []
        self.notes: list[str] = []
        self.evaluated: list[tuple[str, int, int]] = []

    def note(self, words: str) -> None:
        self.notes.append(words)

    def ready(self, setup: Setup) -> None:
        self.setups.append(setup)

    def step(self, report: StepReport) -> None:
        self.steps.append(report)

    def evaluating(self, split: str, done: int, total: int) -> None:
        self.evaluated.append((split, done, total))

    def epoch(self, report: EpochReport) -> None:
        self.epochs.append(report)
