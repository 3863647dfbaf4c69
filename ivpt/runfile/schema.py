"""Names and rules of the run file format, version 1. docs/run-file.md says the same for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "ivpt-run"
"""Value of the root attribute ``format``."""

VERSION = 1
"""Value of the root attribute ``format_version``; raised when an older reader would misread the file."""

SPLITS = ("train", "val", "test")
"""Names of the values 0, 1, 2 of ``images/split``."""

COARSE = "coarse"
"""Key of the set of concepts found after the last block."""

GZIP_LEVEL = 4
"""Of every compressed data set; chosen by ``benchmarks/run_file.py``."""

CHUNK_BYTES = 32 * 1024
"""Size towards which rows of one image each are put together in one chunk; chosen by ``benchmarks/run_file.py``."""

JsonObject = Mapping[str, Any]


def layer_key(block: int | None) -> str:
    """``L6`` for the concepts that enter 0-based block 6, ``coarse`` for the set after the last block (``None``)."""
    return COARSE if block is None else f"L{block}"


def layer_group(block: int | None) -> str:
    """Path of a layer's group: ``layers/6`` or ``layers/coarse``."""
    return f"layers/{COARSE if block is None else block}"


def replicates_path(metric: str) -> str:
    """Where the replicates of a stored metric lie."""
    return f"replicates/{metric.replace('/', '-')}"


@dataclass(frozen=True)
class LayerInfo:
    """One set of concept prototypes.

    Attributes:
        key: ``L6`` or ``coarse``, the name for people.
        block: 0-based index of the block its prompts enter; ``None`` after the last block.
        prototypes: number of channels m, background included.
        background: the channel that is background.
        grid: (rows, columns) of the maps.
        removed: channels whose prototypes were removed from the model; they keep their numbers, own no cell of any map,
            and the scores of coarse ones are 0.
    """

    key: str
    block: int | None
    prototypes: int
    background: int
    grid: tuple[int, int]
    removed: tuple[int, ...] = ()

    @property
    def foreground(self) -> tuple[int, ...]:
        """The channels that are concepts; removed ones too, so that position and number keep belonging together."""
        return tuple(k for k in range(self.prototypes) if k != self.background)

    @property
    def present(self) -> tuple[int, ...]:
        """The channels that are concepts and have not been removed."""
        return tuple(k for k in self.foreground if k not in self.removed)


def smallest_unsigned(count: int) -> "np.dtype[Any]":
    """The smallest unsigned integer type that tells ``count`` things apart."""
    return np.min_scalar_type(max(count - 1, 0))


def smallest_signed(largest: int) -> "np.dtype[Any]":
    """The smallest signed integer type that holds -1 and ``largest``."""
    return np.result_type(np.min_scalar_type(-1), np.min_scalar_type(-1 - largest))


def rows_per_chunk(row_bytes: int) -> int:
    """How many rows of ``row_bytes`` go into one chunk; at least one, so that one image never needs two chunks."""
    return max(1, CHUNK_BYTES // max(row_bytes, 1))


Floats = NDArray[np.float32]
Ints = NDArray[np.signedinteger[Any]]
