"""How precisely to store attention maps, and how fast one image comes back.

``python benchmarks/run_file.py`` prints the tables of docs/run-file.md; ``--docs`` writes them there. Maps are
synthetic, 37 x 37 with 17, 14, 11, 8 and 5 channels: soft blobs, once smooth and once with noise in every cell.
``--run RUN.h5`` adds the maps of a run written with ``--set output.map_bits=16``.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from ivpt.runfile import quantise
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import CHUNK_BYTES, GZIP_LEVEL
from tests.synthetic import write_synthetic_run

GRID = 37
CHANNELS = (17, 14, 11, 8, 5)
IMAGES = 64
DOCS = Path(__file__).parents[1] / "docs" / "run-file.md"
BEGIN, END = "<!-- begin: python benchmarks/run_file.py -->", "<!-- end -->"

Maps = list[NDArray[np.float32]]


def blobs(noise: float, rng: np.random.Generator) -> Maps:
    """Per layer (IMAGES, m, GRID, GRID): softmax over channels of blobs, with Gaussian noise on every logit."""
    y, x = np.mgrid[0:GRID, 0:GRID] / GRID
    layers = []
    for m in CHANNELS:
        centre = rng.uniform(0.2, 0.8, (2, IMAGES, m, 1, 1))
        distance = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
        logits = 6 - 60 * distance + rng.normal(scale=noise, size=distance.shape)
        logits[:, 0] = rng.normal(scale=noise, size=logits[:, 0].shape)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        layers.append((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
    return layers


def stored_maps(path: Path) -> Maps:
    """The maps of the first images of a run file."""
    with RunFile(path) as run:
        if "attention_range" in run._file[f"layers/{run.layers[0].block}"]:
            raise SystemExit(f"{path} holds 8-bit maps; write it with --set output.map_bits=16")
        images = [int(i) for i in run.map_images[:IMAGES]]
        return [np.stack([run.attention(layer.key, i) for i in images]) for layer in run.layers]


def measure(maps: Maps, bits: int, level: int, chunk_bytes: int, folder: Path) -> tuple[float, float, float, float]:
    """Bytes per image, ms per image to write and to read (all layers), share of arg-max cells that change."""
    path = folder / "maps.h5"
    start = time.perf_counter()
    with h5py.File(path, "w") as file:
        for number, layer in enumerate(maps):
            values = quantise.encode(layer)[0] if bits == 8 else layer.astype(np.float16)
            rows = max(1, chunk_bytes // values[0].nbytes)
            file.create_dataset(
                str(number),
                data=values,
                chunks=(min(rows, len(values)), *values.shape[1:]),
                compression="gzip",
                compression_opts=level,
                shuffle=True,
            )
    written = (time.perf_counter() - start) / len(maps[0])
    times = []
    changed = cells = 0
    with h5py.File(path, "r", rdcc_nbytes=0) as file:
        size = sum(file[str(number)].id.get_storage_size() for number in range(len(maps)))
        for image in np.random.default_rng(0).permutation(len(maps[0])):
            start = time.perf_counter()
            found = [file[str(number)][image] for number in range(len(maps))]
            times.append(time.perf_counter() - start)
            for layer, back in zip(maps, found, strict=True):
                changed += int((layer[image].argmax(axis=0) != back.argmax(axis=0)).sum())
                cells += back[0].size
    return size / len(maps[0]), written * 1e3, statistics.median(times) * 1e3, changed / cells


def precision_table(kinds: dict[str, Maps], folder: Path) -> Iterator[str]:
    """One row per way of storing."""
    yield "| maps | stored as | gzip | chunk, kB | bytes per image | write, ms | read, ms | region cells changed |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    ways = [(8, 1, 32), (8, 4, 32), (8, 9, 32), (8, 4, 1), (8, 4, 128), (16, 4, 32)]
    for name, maps in kinds.items():
        for bits, level, chunk in ways:
            size, write, read, changed = measure(maps, bits, level, chunk * 1024, folder)
            words = "8-bit integer" if bits == 8 else "16-bit float"
            chosen = " **(used)**" if (bits, level, chunk * 1024) == (8, GZIP_LEVEL, CHUNK_BYTES) else ""
            yield (
                f"| {name} | {words}{chosen} | {level} | {chunk} | {size:,.0f} | {write:.2f} | {read:.2f} "
                f"| {changed:.4%} |"
            )


def reader_table(folder: Path) -> Iterator[str]:
    """What the reader costs on run files of two sizes."""
    yield "| run file | size, MB | open and run card, ms | one image, all layers, ms: first | median | 99 % |"
    yield "|---|---:|---:|---:|---:|---:|"
    for images in (600, 6000):
        path = write_synthetic_run(folder / "run.h5", images=images, classes=20, grid=(GRID, GRID), part_masks=False)
        opening = []
        for _ in range(9):
            start = time.perf_counter()
            with RunFile(path) as run:
                _ = run.layers, run.classes, run.config, run.info, run.backbone, run.metrics(), run.labels
                _ = run.predictions
            opening.append(time.perf_counter() - start)
        with RunFile(path) as run:
            chosen = np.random.default_rng(0).choice(run.map_images, 200)
            times = []
            for image in map(int, chosen):
                start = time.perf_counter()
                for layer in run.layers:
                    run.attention(layer.key, image)
                    run.regions(layer.key, image)
                    run.groups(layer.key, image)
                run.scores(image)
                times.append(time.perf_counter() - start)
            name = f"{images:,} images, {len(run.map_images):,} with maps"
        card, late = statistics.median(opening), float(np.quantile(times[1:], 0.99))
        figures = [f"{1e3 * t:.2f}" for t in (card, times[0], statistics.median(times), late)]
        yield f"| {name} | {path.stat().st_size / 1e6:.1f} | {' | '.join(figures)} |"


def main() -> None:
    """Print the tables; with ``--docs`` put them into the documentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a run file with 16-bit maps")
    parser.add_argument("--docs", action="store_true", help=f"write the tables to {DOCS.name}")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    kinds = {"smooth": blobs(0.05, rng), "noisy": blobs(0.7, rng)}
    if given.run:
        kinds[given.run.name] = stored_maps(given.run)
    with tempfile.TemporaryDirectory() as name:
        lines = [*precision_table(kinds, Path(name)), "", *reader_table(Path(name))]
    lines += ["", f"Python {platform.python_version()}, h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}."]
    text = "\n".join(lines)
    print(text)
    if given.docs:
        page = DOCS.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
