"""How fast images come: decode, resize, augment, beside a plain torchvision pipeline that does the same.

    python benchmarks/loading.py [--images 400] [--side 224] [--workers 0 2]

Draws photographs of 500x375 pixels (the size of CUB's) as JPEG into a temporary folder and goes through them in batches
of 32, with one thread in every process; prints images per second, the best of three passes: without workers per second
of the processor, which a busy machine does not change, with workers per second of the clock, which it does.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T
from torchvision.datasets import ImageFolder

from ivpt.data.folder import Folder
from ivpt.data.loading import ImageSet

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def draw(folder: Path, images: int) -> None:
    """Smooth random photographs in two classes."""
    random = np.random.default_rng(0)
    for number in range(images):
        coarse = random.integers(0, 256, (25, 33, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC)
        noisy = np.asarray(picture, np.int16) + random.integers(-12, 13, (375, 500, 3))
        path = folder / "ab"[number % 2] / f"{number:05d}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, quality=90)


def theirs(folder: Path, side: int, augment: str) -> Dataset:
    """The same views as :func:`ivpt.data.transforms.training_view` draws, by torchvision's transforms."""
    bicubic = T.InterpolationMode.BICUBIC
    views = {
        "none": [T.Resize(side, bicubic), T.CenterCrop(side)],
        "flip": [T.Resize(side, bicubic), T.CenterCrop(side), T.RandomHorizontalFlip()],
        "paper": [
            T.Resize(side, bicubic),
            T.RandomHorizontalFlip(),
            T.RandomAffine(90, (0.2, 0.2), (0.8, 1.2), interpolation=T.InterpolationMode.BILINEAR),
            T.RandomCrop(side),
        ],
    }
    return ImageFolder(str(folder), T.Compose([*views[augment], T.ToTensor(), T.Normalize(MEAN, STD)]))


def speed(images: Dataset, workers: int) -> float:
    """Images per second, the start of the workers not counted."""
    clock = time.perf_counter if workers else time.process_time
    loader = DataLoader(images, 32, num_workers=workers, persistent_workers=workers > 0)
    best = 0.0
    for _ in range(3 + (workers > 0)):  # the first pass with workers starts them
        began, count = clock(), 0
        for batch in loader:
            count += len(batch["image"] if isinstance(batch, dict) else batch[0])
        best = max(best, count / (clock() - began))
    return best


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder, asked.images)
        dataset = Folder(str(folder))
        print(f"{asked.images} JPEG files of 500x375, to {asked.side}x{asked.side}; images per second")
        print(f"{'augment':>8} {'workers':>8} {'ivpt':>8} {'torchvision':>12}")
        for augment in ("none", "flip", "paper"):
            ours = ImageSet(
                dataset, range(asked.images), image_size=asked.side, mean=MEAN, std=STD, augment=augment, seed=0
            )
            for workers in asked.workers:
                mine, other = speed(ours, workers), speed(theirs(folder, asked.side, augment), workers)
                print(f"{augment:>8} {workers:>8} {mine:>8.0f} {other:>12.0f}", flush=True)


if __name__ == "__main__":
    main()
