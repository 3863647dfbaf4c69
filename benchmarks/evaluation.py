"""How long a full evaluation takes once the maps exist, in how much memory, and what rounding the maps changes.

A run file of the size of CUB's test set is made up: 5,794 images of 200 classes, 15 keypoints, boxes, maps of 37 x 37
with 17, 14, 11, 8 prototypes and 5 coarse ones, and the views of box crops with and without noise, whole and cropped.
Each metric is measured in a process of its own, then all in one. Wall seconds on a loaded machine say more about the
load; processor seconds are printed beside them.

    python benchmarks/evaluation.py               # seconds and memory (0.3 GB of disk)
    python benchmarks/evaluation.py --precision   # how far 16 and 8 bits move Con. and Sta.; takes some minutes
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from ivpt.interfaces.metric import View
from ivpt.metrics.consistency import Consistency
from ivpt.metrics.stability import Stability
from ivpt.runfile import quantise
from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent
from ivpt.runfile.views import ViewWriter
from ivpt.runfile.writer import write_run
from tests.metrics.arrays import ArrayEvidence, one_layer

METRICS = ("consistency", "stability", "alignment", "nmi_ari")
IMAGES, CLASSES, PARTS, GRID, SIDE = 5794, 200, 15, 37, 448
LAYERS, BLOCKS, COARSE = (17, 14, 11, 8), (8, 9, 10, 11), 4
WHOLE, BOX = View(), View(crop="box")
SEEDS = (0, 1, 2)
NOISE = [replace(view, noise_seed=seed) for view in (BOX, WHOLE) for seed in SEEDS]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """Birds that differ a little: keypoints and boxes in pixels of SIDE x SIDE images."""

    labels: NDArray[np.intp]
    boxes: Floats
    keypoints: Floats
    drift: Floats
    """(classes, parts, 2): how far a concept that follows a part lies from it, per class, in shares of the box."""

    def centres(self, indices: NDArray[np.intp], concepts: int, crop: str, rng: np.random.Generator) -> Floats:
        """(b, concepts, 2) x and y of the middle of each concept's region, in shares of what is looked at."""
        parts = np.arange(concepts) % PARTS
        box = self.boxes[indices][:, None]
        inside = (self.keypoints[indices][:, parts, :2] - box[..., :2]) / box[..., 2:]
        inside = inside + self.drift[self.labels[indices]][:, parts] + rng.normal(scale=0.04, size=inside.shape)
        return np.asarray(inside if crop == "box" else (inside * box[..., 2:] + box[..., :2]) / SIDE, np.float32)


def scene(rng: np.random.Generator) -> Scene:
    """Everything but the maps."""
    labels = np.arange(IMAGES) % CLASSES
    low, extent = rng.uniform(20, 150, (IMAGES, 2)), rng.uniform(160, 260, (IMAGES, 2))
    pose = rng.uniform(0.1, 0.9, (PARTS, 2)) + rng.normal(scale=0.06, size=(IMAGES, PARTS, 2))
    points = low[:, None] + np.clip(pose, 0, 1) * extent[:, None]
    visible = rng.random((IMAGES, PARTS, 1)) < 0.8
    return Scene(
        labels,
        np.concatenate([low, extent], axis=1).astype(np.float32),
        np.concatenate([np.where(visible, points, 0), visible], axis=2).astype(np.float32),
        rng.normal(scale=0.08, size=(CLASSES, PARTS, 2)).astype(np.float32),
    )


def softmax_maps(centres: Floats, sharpness: float, roughness: float, rng: np.random.Generator) -> Floats:
    """(b, K + 1, GRID, GRID): background, then blobs; larger sharpness makes them nearly binary."""
    axis = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
    distance = (axis - centres[..., 0, None]) ** 2
    distance = distance[..., None, :] + ((axis - centres[..., 1, None]) ** 2)[..., :, None]
    logits = sharpness * np.insert(1 - 60 * distance, 0, 0, axis=1)
    logits += rng.normal(scale=roughness, size=logits.shape).astype(np.float32)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def group(m: int) -> NDArray[np.int8]:
    """Group of each prototype of a layer: background, then round and round."""
    return np.insert(np.arange(m - 1) % COARSE + 1, 0, 0).astype(np.int8)


def batches(
    made: Scene, view: View, layers: dict[str, int], seed: int, sharpness: float = 6.0, roughness: float = 0.4
) -> Iterator[MapBatch]:
    """Maps of a view."""
    rng = np.random.default_rng(seed)
    for start in range(0, IMAGES, 64):
        indices = np.arange(start, min(start + 64, IMAGES))
        maps = {}
        for key, m in layers.items():
            steady = np.random.default_rng([m, start])  # noise moves a region a little; it is not another region
            centres = made.centres(indices, m - 1, view.crop, steady)
            moved = centres + rng.normal(scale=0.01, size=centres.shape).astype(np.float32)
            maps[key] = softmax_maps(moved, sharpness, roughness, rng)
        scores = rng.normal(size=(len(indices), COARSE, CLASSES)).astype(np.float32)
        groups = {key: np.tile(group(m), (len(indices), 1)) for key, m in layers.items() if key != "coarse"}
        yield MapBatch(indices, maps, scores, scores.mean(1).argmax(1), groups)


def make_run(path: Path) -> None:
    """The run file, with all its views."""
    made = scene(np.random.default_rng(0))
    contents = [
        LayerContent(block, np.zeros((m, 8), np.float32), np.zeros((m, GRID, GRID), np.float32))
        for block, m in zip((*BLOCKS, None), (*LAYERS, COARSE + 1), strict=True)
    ]
    names = [f"part {j}" for j in range(PARTS)]
    content = RunContent(
        config={},
        versions={},
        seed=0,
        split_sha256=hashlib.sha256(b"").hexdigest(),
        info={"name": "made up", "classes": [f"class {c}" for c in range(CLASSES)], "parts": [], "keypoints": names},
        backbone={"name": "none", "image_size": [518, 518], "grid": [GRID, GRID], "weights": {}},
        coarse=COARSE,
        layers=contents,
        images=ImageTable(
            ids=[f"{i}" for i in range(IMAGES)],
            labels=made.labels,
            splits=np.full(IMAGES, 2),
            sizes=np.full((IMAGES, 2), SIDE),
            keypoints=made.keypoints,
            boxes=made.boxes,
        ),
    )
    layers = {one.key: len(one.prototypes) for one in contents}
    write_run(path, content, batches(made, WHOLE, layers, 0))
    for number, view in enumerate([BOX, *NOISE], start=1):
        with ViewWriter(path, view.name, ["L10"], {}, map_bits=16 if view.crop == "box" else 8) as writer:
            for batch in batches(made, view, layers={"L10": layers["L10"]}, seed=number):
                writer.append(batch)


def measure(path: Path, names: list[str]) -> dict[str, object]:
    """Compute metrics in this process: seconds of each, and the largest memory the process has had."""
    from ivpt.metrics.evidence import RunEvidence
    from ivpt.registry import METRICS as REGISTRY
    from ivpt.runfile.reader import RunFile

    before = peak_megabytes()
    seconds, values = {}, {}
    with RunFile(path) as run:
        evidence = RunEvidence(run)
        for name in names:
            wall, processor = time.perf_counter(), time.process_time()
            result = REGISTRY.create(name, {}).compute(evidence)
            seconds[name] = (time.perf_counter() - wall, time.process_time() - processor)
            headline, figure = next(iter(result.figures.items()))
            values[headline] = figure.value
    return {"seconds": seconds, "values": values, "before": before, "peak": peak_megabytes()}


def peak_megabytes() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def timing(folder: Path) -> None:
    """Print the table of seconds and memory."""
    path = folder / "run.h5"
    if not path.exists():
        make_run(path)
    print(f"run file: {path.stat().st_size / 1e6:,.0f} MB\n")
    print("| metric | wall, s | processor, s | peak memory, MB | value |\n|---|---:|---:|---:|---|")
    for names in [*([name] for name in METRICS), list(METRICS)]:
        words = [sys.executable, __file__, "--measure", str(path), *names]
        found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        wall, processor = (sum(pair[i] for pair in found["seconds"].values()) for i in (0, 1))
        values = ", ".join(f"{name} {value:.2f}" for name, value in found["values"].items())
        label = names[0] if len(names) == 1 else "**all four**"
        print(f"| {label} | {wall:.1f} | {processor:.1f} | {found['peak']:,.0f} | {values} |", flush=True)
    print(f"\nA process that has only imported takes {found['before']:,.0f} MB of it.")
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores", end="")
    print(f", load {os.getloadavg()[0]:.1f}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '-')}")


def precision() -> None:
    """Print Con. and Sta. of maps in 32 bits, and by how much 16 and 8 bits move them."""
    print("| maps | foreground cells at 255 | Con., 32 bits | 16 bits | 8 bits | Sta., 32 bits | 16 bits | 8 bits |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, sharpness, roughness in (
        ("soft, smooth", 3.0, 0.05),
        ("soft, rough", 3.0, 0.4),
        ("nearly binary, smooth", 8.0, 0.05),
        ("nearly binary, rough", 8.0, 0.4),
        ("saturated, smooth", 30.0, 0.05),
        ("saturated, rough", 30.0, 0.4),
    ):
        scores, share = _precisions(sharpness, roughness)
        cells = " | ".join(f"{a:.2f} | {b - a:+.2f} | {c - a:+.2f}" for a, b, c in zip(*scores, strict=True))
        print(f"| {name} | {share:.1%} | {cells} |", flush=True)


class Drawn(ArrayEvidence):
    """Maps made up while they are read, as 32-bit numbers or as a file of 16 or 8 bits would give them back."""

    def __init__(self, made: Scene, sharpness: float, roughness: float, bits: int) -> None:
        one = one_layer(
            {BOX: np.zeros((1, 10, GRID, GRID), np.float32)},
            made.labels,
            sizes=np.full((IMAGES, 2), SIDE),
            points=made.keypoints,
            rectangles=made.boxes,
            keypoint_names=tuple(f"part {j}" for j in range(PARTS)),
        )
        self.__dict__.update(one.__dict__)
        self.rows = {view.name: np.arange(IMAGES) for view in (WHOLE, BOX, NOISE[0])}
        self._scene, self._kind, self._bits = made, (sharpness, roughness), bits
        self.full = 0.0

    def attention(self, view: View, layer: str, window: int = 64) -> Iterator[tuple[slice, Floats]]:
        """Windows of 64 images, whatever is asked for."""
        seed = 1 if view == BOX else 2
        for batch in batches(self._scene, view, {layer: 11}, seed, *self._kind):
            steps, span = quantise.encode(batch.attention[layer])
            self.full += float((steps[:, 1:] == quantise.LEVELS).mean()) * len(steps) / IMAGES
            rows = slice(int(batch.indices[0]), int(batch.indices[-1]) + 1)
            own = batch.attention[layer]
            read = {32: own, 16: own.astype(np.float16).astype(np.float32), 8: quantise.decode(steps, span)}
            yield rows, read[self._bits]


def _precisions(sharpness: float, roughness: float) -> tuple[list[list[float]], float]:
    made = scene(np.random.default_rng(0))
    every = []
    for bits in (32, 16, 8):
        evidence = Drawn(made, sharpness, roughness, bits)
        found = [
            Consistency(uncropped=False, resamples=0, control_draws=1).compute(evidence),
            Stability(uncropped=False, resamples=0, control_draws=1, noise_seeds=SEEDS[:1]).compute(evidence),
        ]
        every.append([float(next(iter(one.figures.values())).value or 0) for one in found])
    return every, evidence.full / 3  # three passes were read


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder of the run file; made if it is not there, and kept")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(Path(given.measure[0]), given.measure[1:])))
    elif given.precision:
        precision()
    elif given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        timing(given.keep)
    else:
        with tempfile.TemporaryDirectory() as name:
            timing(Path(name))


if __name__ == "__main__":
    main()
