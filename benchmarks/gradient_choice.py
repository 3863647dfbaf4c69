"""Should prompts teach the prototypes? Trains with and without that gradient and compares on val.

python benchmarks/gradient_choice.py --folder runs/gradient --seeds 0 1 2
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from regions_vs_parts import run_regions, scores, summary

from ivpt.registry import DATASETS
from ivpt.runfile.reader import RunFile

VAL = 1
CHOICES = {"detached (default)": "true", "gradients through prompts": "false"}


def main() -> None:
    """Train what is not there yet and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/gradient"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| prompts teach prototypes | accuracy (val) | NMI | ARI | IoU |\n|---|---|---|---|---|")
    for name, detach in CHOICES.items():
        rows = []
        for seed in options.seeds:
            out = options.folder / f"detach-{detach}-{seed}.h5"
            if not out.exists():
                words = ["train", "--seed", str(seed), "--out", str(out), "--set", f"concepts.detach={detach}"]
                subprocess.run([sys.executable, "-m", "ivpt", *words], check=True)
            with RunFile(out) as run:
                dataset = DATASETS.create(run.config["data"]["dataset"], run.config["data"]["options"])
                dataset.prepare()
                size = dataset.image(0).shape[0]
                right = run.predictions[run.splits == VAL] == run.labels[run.splits == VAL]
                rows.append({"accuracy": float(np.mean(right)), **scores(*run_regions(run, dataset, size, VAL))})
        told = summary(rows)
        print(f"| {name} | {told['accuracy']} | {told['NMI']} | {told['ARI']} | {told['IoU']} |", flush=True)


if __name__ == "__main__":
    main()
