"""What training tells whoever watches. Nothing here draws; the command line does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Setup:
    """What is about to be trained, told once.

    Attributes:
        dataset: its registered name.
        classes: number of classes.
        images: number of images of train, val and test.
        backbone: its full name.
        weights: where its weights come from; ``none`` means random.
        blocks: 0-based indices of the prompted blocks.
        image_size: (height, width) in pixels.
        parameters: number of trained parameters per optimiser group, and ``frozen``.
        device: what it runs on.
        processes: how many processes share a batch.
        epochs: how many in all.
        steps: per epoch.
        resumed: (epoch, step) already done, when continuing.
    """

    dataset: str
    classes: int
    images: Mapping[str, int]
    backbone: str
    weights: str
    blocks: tuple[int, ...]
    image_size: tuple[int, int]
    parameters: Mapping[str, int]
    device: str
    processes: int
    epochs: int
    steps: int
    resumed: tuple[int, int] | None


@dataclass(frozen=True)
class StepReport:
    """One step: 0-based ``epoch``, ``step`` steps of it done, the terms of this step, accuracy of the epoch so far."""

    epoch: int
    step: int
    terms: Mapping[str, float]
    accuracy: float


@dataclass(frozen=True)
class EpochReport:
    """One epoch: its row of the history, and whether its parameters are the ones kept."""

    epoch: int
    row: Mapping[str, float]
    kept: bool


class Observer(Protocol):
    """Called by the main process only."""

    def preparing(self, done: int, total: int, words: str) -> None:
        """A long preparation goes on (the data set renders, thumbnails are made)."""

    def note(self, words: str) -> None:
        """Something the user should know."""

    def ready(self, setup: Setup) -> None:
        """Training is about to begin."""

    def step(self, report: StepReport) -> None:
        """A step was taken."""

    def evaluating(self, split: str, done: int, total: int) -> None:
        """``done`` of ``total`` images of a split have been evaluated."""

    def epoch(self, report: EpochReport) -> None:
        """An epoch was finished, evaluated and, when kept, published."""


class Silence:
    """An observer that says nothing."""

    def preparing(self, done: int, total: int, words: str) -> None:
        """Nothing."""

    def note(self, words: str) -> None:
        """Nothing."""

    def ready(self, setup: Setup) -> None:
        """Nothing."""

    def step(self, report: StepReport) -> None:
        """Nothing."""

    def evaluating(self, split: str, done: int, total: int) -> None:
        """Nothing."""

    def epoch(self, report: EpochReport) -> None:
        """Nothing."""
