"""How long ``ivpt --help`` takes, beside ``python -c "import click"``: wall-clock of fresh interpreters.

    python benchmarks/cold_start.py [--runs 20]

The aim is at most twice the time.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

LINES = {
    "import click": ["-c", "import click"],
    "ivpt --help": ["-m", "ivpt", "--help"],
    "ivpt plugins": ["-m", "ivpt", "plugins"],
}


def seconds(words: list[str]) -> float:
    """Wall-clock time of one fresh interpreter."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Take turns, so that a busy moment of the machine hits all of them, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    rounds = [{name: seconds(words) for name, words in LINES.items()} for _ in range(runs + 1)][1:]
    medians = {name: statistics.median(times[name] for times in rounds) for name in LINES}
    ratio = medians["ivpt --help"] / medians["import click"]
    print(
        json.dumps({"seconds": {n: round(s, 4) for n, s in medians.items()}, "help / click": round(ratio, 2)}, indent=2)
    )


if __name__ == "__main__":
    main()
