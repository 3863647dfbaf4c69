"""Where ivpt's defaults leave the paper or choose among its readings: trains each alternative and compares on val.

python benchmarks/choices.py --folder runs/choices --seeds 0 1 2 [--only "soft groups" ...]
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
CHOICES = {
    "default": (),
    "prompts teach prototypes": ("concepts.detach=false",),
    "no consistency across layers": ("loss.consistency=0",),
    "tokens of the backbone frozen": ("concepts.train_backbone_tokens=false",),
    "spatial bias after the softmax": ("concepts.spatial_bias=outside",),
    "soft groups": ("concepts.grouping=soft",),
    "one head for all concepts": ("concepts.head=shared", "concepts.head_norm=joint"),
}
"""Settings by what they change of the default run."""


def main() -> None:
    """Train what is not there yet and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/choices"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=CHOICES, default=list(CHOICES), metavar="CHOICE")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| choice | accuracy (val) | NMI | ARI | IoU |\n|---|---|---|---|---|")
    for name in options.only:
        rows = []
        for seed in options.seeds:
            out = options.folder / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}.h5"
            if not out.exists():
                words = ["train", "--seed", str(seed), "--out", str(out)]
                words += [word for setting in CHOICES[name] for word in ("--set", setting)]
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
