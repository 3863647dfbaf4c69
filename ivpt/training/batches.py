"""Which images make up which batch, for any number of processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ivpt.errors import ConfigError
from ivpt.training.randomness import Purpose, generator


@dataclass(frozen=True)
class Plan:
    """How one epoch is cut into steps.

    Every step takes ``size`` images over all processes, an equal share each, so that means over a process's share
    average to means over the batch. What does not fill a last batch waits for another epoch's order.

    Attributes:
        images: number of training images.
        size: images per step over all processes.
        processes: number of processes.
    """

    images: int
    size: int
    processes: int

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return self.images // self.size

    @property
    def share(self) -> int:
        """Images per step and process."""
        return self.size // self.processes

    def epoch(self, seed: int, epoch: int, rank: int, start: int = 0) -> list[list[int]]:
        """Positions among the training images of this process's share of each step from ``start`` on."""
        order = torch.randperm(self.images, generator=generator(seed, Purpose.ORDER, epoch)).tolist()
        first = rank * self.share
        return [
            order[step * self.size + first : step * self.size + first + self.share] for step in range(start, self.steps)
        ]


def make_plan(images: int, batch_size: int, processes: int) -> Plan:
    """Cut an epoch into steps.

    Raises:
        ConfigError: the batch cannot be shared equally by the processes, or there are fewer images than processes.
    """
    if batch_size % processes:
        near = max(batch_size // processes, 1) * processes
        raise ConfigError(
            f"A batch of {batch_size} images cannot be shared equally by {processes} processes.",
            f"Try --batch-size {near}.",
        )
    if images < processes:
        raise ConfigError(f"{images} training images are too few for {processes} processes.", "Use fewer processes.")
    return Plan(images, min(batch_size, images // processes * processes), processes)


@dataclass(frozen=True)
class Share:
    """One process's part of an evaluation batch.

    Attributes:
        positions: what this process computes; as many on every process.
        kept: how many rows of the gathered batch count; the rest were added to make the shares equal.
    """

    positions: list[int]
    kept: int


def evaluation_shares(positions: Sequence[int], per_process: int, processes: int, rank: int) -> list[Share]:
    """Cut images into batches that, gathered by rank, name every image once and in the given order.

    The last batch is filled up with copies of its last image, and ``kept`` says how many rows are real.
    """
    shares = []
    size = per_process * processes
    for start in range(0, len(positions), size):
        batch = list(positions[start : start + size])
        share = -(-len(batch) // processes)
        filled = batch + [batch[-1]] * (share * processes - len(batch))
        shares.append(Share(filled[rank * share : (rank + 1) * share], len(batch)))
    return shares
