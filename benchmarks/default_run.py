"""How long the default ``ivpt train`` takes: render, look, train, evaluate, write; on an empty cache.

    python benchmarks/default_run.py [--cores 2] [--weights none] [--set training.epochs=1 ...]

The aim is five minutes in all on two cores. Prints one JSON object; phases are wall-clock seconds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_SECONDS = 300.0


def measure(settings: list[str], weights: str | None) -> dict[str, object]:
    """Run in this process and time the phases."""
    started = time.monotonic()
    from ivpt.cli.train import be_a_good_neighbour

    be_a_good_neighbour()
    import torch

    from ivpt.cli.train_config import shortcuts, with_recommendations
    from ivpt.training.observer import EpochReport, Setup, Silence
    from ivpt.training.run import train

    moments: dict[str, float] = {}

    class Clock(Silence):
        def preparing(self, done: int, total: int, words: str) -> None:
            moments.setdefault(f"{words} begins", time.monotonic())
            moments[f"{words} ends"] = time.monotonic()

        def ready(self, setup: Setup) -> None:
            moments["training begins"] = time.monotonic()

        def epoch(self, report: EpochReport) -> None:
            moments["training ends"] = time.monotonic()

    imported = time.monotonic()
    config = with_recommendations("default", None, shortcuts({"weights": weights}, settings))
    with tempfile.TemporaryDirectory() as folder:
        result = train(config, Path(folder) / "run.h5", observer=Clock())
        size = result.out.stat().st_size
    ended = time.monotonic()
    phases = {"imports": imported - started}
    for name in [key.removesuffix(" begins") for key in moments if key.endswith(" begins")]:
        phases[name] = moments[f"{name} ends"] - moments[f"{name} begins"]
    phases["final evaluation and writing"] = ended - moments["training ends"]
    phases["all"] = ended - started
    return {
        "phases": {name: round(seconds, 1) for name, seconds in phases.items()},
        "limit": LIMIT_SECONDS,
        "within": phases["all"] <= LIMIT_SECONDS,
        "epochs": config.training.epochs,
        "test_accuracy": result.metrics["test_accuracy"]["value"],
        "weights": result.weights,
        "run_file_bytes": size,
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
    }


def main() -> None:
    """Pin the cores and empty the cache in a child, as torch counts cores when it is imported."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--weights", help="'none' for random weights")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.settings, arguments.weights), indent=2))
        return
    with tempfile.TemporaryDirectory() as cache:
        cores = sorted(os.sched_getaffinity(0))[: arguments.cores] if hasattr(os, "sched_setaffinity") else []
        done = subprocess.run(
            [sys.executable, __file__, "--child", *sys.argv[1:]],
            env={**os.environ, "IVPT_CACHE": cache},
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
            check=False,
        )
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
