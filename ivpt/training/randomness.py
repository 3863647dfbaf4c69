"""Random numbers that depend on where training stands, never on how it got there.

Every draw of a step comes from a fresh generator seeded by (seed, purpose, epoch, step). No generator state has to be
saved, a resumed run draws what the uninterrupted one draws, and every process draws the same global numbers.
"""

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What random numbers are for; one independent stream each."""

    MODEL = 0
    ORDER = 1
    NOISE = 2
    AFFINE = 3


def seed_of(seed: int, purpose: Purpose, *place: int) -> int:
    """A 63-bit seed from the run's seed, a purpose and a place such as (epoch, step)."""
    state = np.random.SeedSequence([seed, int(purpose), *place]).generate_state(1, np.uint64)
    return int(state[0]) >> 1


def generator(seed: int, purpose: Purpose, *place: int) -> torch.Generator:
    """A CPU generator for one purpose at one place."""
    return torch.Generator().manual_seed(seed_of(seed, purpose, *place))
