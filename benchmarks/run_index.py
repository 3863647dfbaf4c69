"""What the index of a run file costs, and whether it makes reading independent of the number of images.

    python benchmarks/run_index.py SMALL.h5 LARGE.h5 ... [--rounds 31]

The files come from ``python -m tests.synthetic`` and ``benchmarks/big_run.py``. Each question is asked of a run file
that was opened for it, with its pages in the system's memory. Prints the table of docs/run-file.md.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ivpt.analysis import classes, concepts, lineage
from ivpt.runfile.index import RunIndex, compute_index, stored_index
from ivpt.runfile.reader import RunFile
from ivpt.ui.reading import read_page

KEY = "L6"


def opened(run: RunFile, index: RunIndex) -> None:
    """Nothing more than opening."""


def overview(run: RunFile, index: RunIndex) -> None:
    """Counts, facts of all concepts, warnings."""
    index.counts()
    concepts.warnings(run, index, concepts.concept_facts(run, index))


def gallery(run: RunFile, index: RunIndex) -> None:
    """Nine images per rank of one concept, within the test images, with their maps."""
    for images in index.ranked(KEY, 3, split="test").pick(9).values():
        for image in images.tolist():
            run.regions(KEY, image)
            run.thumbnail(image)


def tree(run: RunFile, index: RunIndex) -> None:
    """Parents, children and the way to the coarse set of one concept, and its classes."""
    lineage.parents(run, index, KEY, 3)
    lineage.children(run, index, KEY, 3)
    lineage.path_to_coarse(run, index, KEY, 3)
    concepts.over_classes(run, index, KEY, 3)


def page(run: RunFile, index: RunIndex) -> None:
    """Everything about one image in the middle."""
    read_page(run, index.mapped()[len(index.mapped()) // 2])


def mistake(run: RunFile, index: RunIndex) -> None:
    """The next mistake after an image in the middle."""
    index.mistakes().step(run.num_images // 2, 1)


def table_of_classes(run: RunFile, index: RunIndex) -> None:
    """The list of classes and the confusion matrix."""
    classes.class_rows(run, index)
    classes.confusion_matrix(index, "test")


QUESTIONS: dict[str, Callable[[RunFile, RunIndex], None]] = {
    "open": opened,
    "overview": overview,
    "classes": table_of_classes,
    "gallery": gallery,
    "fine to coarse": tree,
    "one image": page,
    "next mistake": mistake,
}


def ask(path: Path, question: Callable[[RunFile, RunIndex], None]) -> float:
    """Time in ms of opening the file and asking."""
    # what earlier questions left is not to be cleared away on this one's time
    gc.collect()
    started = time.perf_counter()
    with RunFile(path) as run:
        index = stored_index(run)
        if index is None:
            raise SystemExit(f"{path} has no index")
        question(run, index)
    return 1000 * (time.perf_counter() - started)


def index_bytes(path: Path) -> int:
    """Stored bytes of the group."""
    total = 0

    def add(name: str, found: h5py.Group | h5py.Dataset) -> None:
        nonlocal total
        total += found.id.get_storage_size() if isinstance(found, h5py.Dataset) else 0

    with h5py.File(path) as file:
        file["index"].visititems(add)
    return total


def main() -> None:
    """One row per file; files take turns, so that a busy moment of the machine hits all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=31)
    given = parser.parse_args()
    times: dict[tuple[Path, str], list[float]] = {(path, name): [] for path in given.runs for name in QUESTIONS}
    for turn in range(given.rounds + 1):
        for name, question in QUESTIONS.items():
            for path in given.runs:
                took = ask(path, question)
                # the first turn fetches the files into memory
                times[path, name] += [took] if turn else []
    heads = ["run file", "MB", "index, kB", "bytes per image", "made in, s", *(f"{name}, ms" for name in QUESTIONS)]
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * (len(heads) - 1))
    for path in given.runs:
        with RunFile(path) as run:
            started = time.perf_counter()
            compute_index(run)
            made, images, maps = time.perf_counter() - started, run.num_images, len(run.map_images)
        size = index_bytes(path)
        cells = [f"{path.stat().st_size / 1e6:,.0f}", f"{size / 1e3:,.0f}", f"{size / images:.1f}", f"{made:.1f}"]
        cells += [f"{statistics.median(times[path, name]):.1f}" for name in QUESTIONS]
        print(f"| {images:,} images, {maps:,} with maps | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
