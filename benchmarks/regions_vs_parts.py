"""How well do a run's regions agree with the true parts of the drawn birds, and what do simple controls reach?

The figure: pixels of the test images inside the union of part masks, pooled; truth is the visible part, prediction the
arg max over all prototypes (background included) of the layer with 11 prototypes, maps enlarged bilinearly. NMI uses
the arithmetic mean. "IoU" is the mean over concepts of the IoU with the best-matching part. Controls have 11 regions
too.

    for s in 0 1 2; do ivpt train --seed $s --out runs/seed$s.h5; done
    for s in 0 1 2; do ivpt train --seed $s --weights none --out runs/random$s.h5; done
    python benchmarks/regions_vs_parts.py --runs runs/seed?.h5 --random runs/random?.h5
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.filters import gabor_kernel
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score

from ivpt.interfaces.dataset import Dataset
from ivpt.registry import DATASETS
from ivpt.runfile.reader import RunFile

REGIONS = 11


def enlarge(maps: torch.Tensor, size: int) -> torch.Tensor:
    """(b, m, h, w) maps to (b, m, size, size), bilinear with half-pixel centres."""
    return F.interpolate(maps.float(), size=(size, size), mode="bilinear", align_corners=False)


def scores(truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> dict[str, float]:
    """NMI, ARI and mean best IoU on pixels where ``truth`` is a part (> 0). Both (n, H, W)."""
    keep = truth > 0
    t, p = truth[keep], predicted[keep]
    table = confusion_matrix(p, t, labels=range(max(int(p.max()), int(t.max())) + 1)).astype(float)
    union = table.sum(1, keepdims=True) + table.sum(0, keepdims=True) - table
    fired = table.sum(1) > 0
    iou = (table / np.maximum(union, 1)).max(1)[fired].mean()
    return {"NMI": normalized_mutual_info_score(t, p), "ARI": adjusted_rand_score(t, p), "IoU": float(iou)}


def run_regions(run: RunFile, dataset: Dataset, size: int, split: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """True parts and predicted regions of a run's images of one split, (n, size, size) each."""
    where = {record.id: i for i, record in enumerate(dataset.records())}
    layer = next(info for info in run.layers if info.prototypes == REGIONS)
    truth, predicted = [], []
    for i in np.flatnonzero(run.splits == split):
        (name,) = run.ids(int(i), int(i) + 1)
        mask = dataset.annotations(where[name]).part_mask
        assert mask is not None
        truth.append(mask)
        maps = torch.from_numpy(run.attention(layer.key, int(i)))[None]
        predicted.append(enlarge(maps, size).argmax(1)[0].numpy().astype(np.uint8))
    return np.stack(truth), np.stack(predicted)


def fit_and_label(
    features: Callable[[NDArray[np.uint8]], torch.Tensor], train: NDArray[np.uint8], test: NDArray[np.uint8], seed: int
) -> NDArray[np.uint8]:
    """k-means fitted on train cells; labels of test pixels by the soft assignment enlarged as a run's maps are."""
    cells = features(train)
    flat = cells.permute(0, 2, 3, 1).reshape(-1, cells.shape[1])
    scale = flat.std(0).clamp(min=1e-6)
    means = MiniBatchKMeans(REGIONS, n_init=5, random_state=seed, batch_size=8192).fit((flat / scale).numpy())
    centres = torch.from_numpy(means.cluster_centers_).float()
    found = features(test) / scale[None, :, None, None]
    distance = (centres**2).sum(1)[None, :, None, None] - 2 * torch.einsum("bdhw,kd->bkhw", found, centres)
    return enlarge((-distance).softmax(1), test.shape[1]).argmax(1).numpy().astype(np.uint8)


def colour_and_position(images: NDArray[np.uint8]) -> torch.Tensor:
    """Lab colour and pixel position at a quarter of the resolution."""
    lab = torch.from_numpy(np.stack([rgb2lab(i) for i in images])).float().permute(0, 3, 1, 2) / 100
    lab = F.avg_pool2d(lab, 4)
    side = lab.shape[-1]
    axis = torch.linspace(-0.5, 0.5, side)
    position = torch.stack(torch.meshgrid(axis, axis, indexing="ij"))[None].expand(len(lab), -1, -1, -1)
    return torch.cat([lab, position], 1)


def textures(images: NDArray[np.uint8]) -> torch.Tensor:
    """Energy of a bank of Gabor filters (4 orientations, 3 frequencies) on grey values, per quarter-resolution cell."""
    grey = torch.from_numpy(images).float().mean(-1)[:, None] / 255
    responses = []
    for frequency in (0.1, 0.2, 0.35):
        for angle in np.arange(4) * np.pi / 4:
            kernel = gabor_kernel(frequency, theta=angle)
            kernel = kernel - kernel.mean()
            parts = [
                F.conv2d(grey, torch.from_numpy(part.copy()).float()[None, None], padding="same")
                for part in (kernel.real, kernel.imag)
            ]
            responses.append(F.avg_pool2d((parts[0] ** 2 + parts[1] ** 2).sqrt(), 8, stride=4, padding=2))
    return torch.cat(responses, 1)


def grid_regions(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A fixed grid of 4 x 4 cells."""
    axis = np.arange(images.shape[1]) * 4 // images.shape[1]
    cell = (axis[:, None] * 4 + axis[None]).astype(np.uint8)
    return np.broadcast_to(cell, images.shape[:3]).copy()


def backbone_features(run: RunFile) -> Callable[[NDArray[np.uint8]], torch.Tensor]:
    """Final-norm patch tokens of the untuned backbone at the input of the run's 11-prototype block."""
    from ivpt.backbones.resolve import create_backbone
    from ivpt.config import validate_config

    config = validate_config(run.config)
    model = create_backbone(config.backbone).build(config.backbone.weights, tuple(run.backbone["image_size"]))
    layer = next(info for info in run.layers if info.prototypes == REGIONS)
    assert layer.block is not None
    block = layer.block

    def features(images: NDArray[np.uint8]) -> torch.Tensor:
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (model.mean, model.std))
        result = []
        with torch.inference_mode():
            for chunk in np.array_split(images, max(1, len(images) // 50)):
                x = torch.from_numpy(chunk).permute(0, 3, 1, 2).float() / 255
                x = F.interpolate(x, size=model.image_size, mode="bicubic", antialias=True)
                tokens = model.embed((x - mean) / std)
                for i in range(block):
                    tokens = model.block(i, tokens)
                tokens = model.normalise(tokens)[:, model.num_prefix :]
                result.append(tokens.transpose(1, 2).unflatten(2, model.grid))
        return torch.cat(result).clone()

    return features


def summary(rows: Iterable[dict[str, float]]) -> dict[str, str]:
    """Mean and standard deviation (n - 1) over runs, as text; the value alone of a single run."""
    table = list(rows)
    told = {k: f"{np.mean([r[k] for r in table]):.3f}" for k in table[0]}
    if len(table) == 1:
        return told
    return {k: f"{mean} ± {np.std([r[k] for r in table], ddof=1):.3f}" for k, mean in told.items()}


def main() -> None:
    """Print the table as Markdown (and JSON with ``--json``)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--random", type=Path, nargs="*", default=[])
    parser.add_argument("--split", choices=["val", "test"], default="test")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    split = {"val": 1, "test": 2}[options.split]

    with RunFile(options.runs[0]) as run:
        dataset = DATASETS.create(run.config["data"]["dataset"], run.config["data"]["options"])
        dataset.prepare()
        records = dataset.records()
        where = {record.id: i for i, record in enumerate(records)}
        ids = run.ids(0, run.num_images)
        pick = {s: [where[ids[i]] for i in np.flatnonzero(run.splits == s)] for s in (0, split)}
        train = np.stack([dataset.image(i) for i in pick[0]])
        test = np.stack([dataset.image(i) for i in pick[split]])
        truth = np.stack([dataset.annotations(i).part_mask for i in pick[split]])
        features = backbone_features(run)

    rows: dict[str, dict[str, str]] = {}
    for name, paths in (("IVPT, default run", options.runs), ("IVPT, random-weight backbone", options.random)):
        found = []
        for path in paths:
            with RunFile(path) as run:
                masks, predicted = run_regions(run, dataset, test.shape[1], split)
                right = run.predictions[run.splits == split] == run.labels[run.splits == split]
                found.append({"accuracy": float(right.mean()), **scores(masks, predicted)})
        if found:
            rows[name] = summary(found)
    controls = {
        "k-means, bare backbone tokens": features,
        "k-means, colour and position": colour_and_position,
        "k-means, texture filters": textures,
    }
    for name, control in controls.items():
        rows[name] = {
            "accuracy": "",
            **summary(scores(truth, fit_and_label(control, train, test, s)) for s in range(3)),
        }
    rows["fixed 4 x 4 grid"] = {"accuracy": "", **{k: f"{v:.3f}" for k, v in scores(truth, grid_regions(test)).items()}}
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| regions from | accuracy | NMI | ARI | IoU |\n|---|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['accuracy']} | {row['NMI']} | {row['ARI']} | {row['IoU']} |")


if __name__ == "__main__":
    main()
