"""Rendered pictures on disk: drawn once on all cores, then mapped into memory."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.cores import usable_cores
from ivpt.data.paperbirds.pose import KEYPOINTS
from ivpt.data.paperbirds.scene import render, sample_scene
from ivpt.data.paperbirds.species import SPECIES
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Progress

DRAWING_VERSION = 1
"""Counts changes to what is drawn; part of the cache file's name."""

_CHUNK = 20


@dataclass(frozen=True)
class Plan:
    """What is to be drawn.

    Attributes:
        size: Side in pixels.
        scenes: Key, label and habitat of each picture.
    """

    size: int
    scenes: tuple[tuple[str, int, str], ...]

    @property
    def name(self) -> str:
        """A file name that is another one whenever any pixel may be another one."""
        words = repr((DRAWING_VERSION, self.size, self.scenes))
        return f"paperbirds-{hashlib.sha256(words.encode()).hexdigest()[:16]}.npy"

    @property
    def layout(self) -> np.dtype[Any]:
        """One record per picture."""
        side = self.size
        return np.dtype(
            [
                ("image", np.uint8, (side, side, 3)),
                ("parts", np.uint8, (side, side)),
                ("keypoints", "<f4", (len(KEYPOINTS), 3)),
                ("box", "<f4", (4,)),
                # Of the bytes before it: a damaged file is found out without reading it twice.
                ("check", np.uint8, (8,)),
            ]
        )


def _check(picture: bytes) -> NDArray[np.uint8]:
    digest = hashlib.blake2b(picture, digest_size=8).digest()
    return np.frombuffer(digest, dtype=np.uint8)


def draw_chunk(plan_size: int, scenes: tuple[tuple[str, int, str], ...]) -> bytes:
    """Draw some pictures; runs in worker processes.

    Returns:
        The records, as bytes in the plan's layout.
    """
    plan = Plan(plan_size, scenes)
    records = np.zeros(len(scenes), dtype=plan.layout)
    for record, (key, label, habitat) in zip(records, scenes, strict=True):
        drawn = render(sample_scene(key, SPECIES[label], habitat), plan_size)
        record["image"], record["parts"] = drawn.image, drawn.parts
        record["keypoints"], record["box"] = drawn.keypoints, drawn.box
        record["check"] = _check(record.tobytes()[:-8])
    return records.tobytes()


def _blocks(plan: Plan, chunks: list[tuple[tuple[str, int, str], ...]], workers: int) -> Iterator[bytes]:
    """The drawn chunks in order, on several cores where that is possible."""
    done = 0
    if workers > 1:
        # Spawned, not forked: the caller may have threads (torch, a progress bar).
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            try:
                for block in pool.map(draw_chunk, [plan.size] * len(chunks), chunks):
                    done += 1
                    yield block
            except BrokenProcessPool:
                pass  # No workers from a program read from standard input, or too little memory.
    for chunk in chunks[done:]:
        yield draw_chunk(plan.size, chunk)


class Store:
    """The pictures of one plan.

    Args:
        plan: What is drawn.
        folder: Where the file lies; None for the program's cache folder.
    """

    def __init__(self, plan: Plan, folder: Path | None) -> None:
        self.plan, self.folder = plan, folder
        self._mapped: NDArray[Any] | None = None

    def __getstate__(self) -> dict[str, object]:
        """Loader processes map the file anew instead of receiving its content."""
        return {"plan": self.plan, "folder": self.folder, "_mapped": None}

    @property
    def path(self) -> Path:
        """The cache file."""
        if self.folder is not None:
            return Path(self.folder) / self.plan.name
        from ivpt.paths import cache_dir

        return cache_dir() / "paperbirds" / self.plan.name

    def prepare(self, progress: Progress | None = None) -> None:
        """Make sure that the file is there and whole.

        Raises:
            DataError: The file cannot be written.
        """
        if self._mapped is None and not self._open():
            try:
                self._draw(progress)
            except OSError as error:
                raise DataError(f"paperbirds: cannot write {self.path}: {error}") from error
            if not self._open():
                raise DataError(f"paperbirds: {self.path} is damaged although just written")

    def _open(self) -> bool:
        """Map the file; False when it is missing or damaged."""
        try:
            mapped = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        if mapped.dtype != self.plan.layout or mapped.shape != (len(self.plan.scenes),):
            return False
        if any((record["check"] != _check(record.tobytes()[:-8])).any() for record in mapped):
            return False
        self._mapped = mapped
        return True

    def _draw(self, progress: Progress | None) -> None:
        plan, total = self.plan, len(self.plan.scenes)
        chunks = [plan.scenes[i : i + _CHUNK] for i in range(0, total, _CHUNK)]
        workers = min(usable_cores(), len(chunks))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".drawing-", suffix=".npy")
        os.close(handle)
        try:
            records = np.lib.format.open_memmap(name, "w+", plan.layout, (total,))
            done = 0
            if progress is not None:
                progress(done, total, "drawing birds")
            for block in _blocks(plan, chunks, workers):
                part = np.frombuffer(block, dtype=plan.layout)
                records[done : done + len(part)] = part
                done += len(part)
                if progress is not None:
                    progress(done, total, "drawing birds")
            records.flush()
            del records
            os.replace(name, self.path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _read(self, index: int) -> Any:
        if self._mapped is None:
            self.prepare()
        assert self._mapped is not None
        return self._mapped[index]

    def image(self, index: int) -> NDArray[np.uint8]:
        """The picture (size, size, 3), a copy."""
        return np.array(self._read(index)["image"])

    def truth(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], tuple[float, float, float, float]]:
        """Part map (size, size), keypoints (15, 3) and box of a picture, copies."""
        record = self._read(index)
        x, y, width, height = (float(value) for value in record["box"])
        keypoints = np.array(record["keypoints"], dtype=np.float32)
        return np.array(record["parts"]), keypoints, (x, y, width, height)
