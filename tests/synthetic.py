"""Plausible run files without a model: blob-like regions that follow a drawn shape.

Also a program: ``python -m tests.synthetic OUT.h5 [--images 6000] [--grid 37] [--classes 20]``.
"""

import argparse
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ivpt.runfile import label_png
from ivpt.runfile.content import ImageTable, LayerContent, MapBatch, RunContent
from ivpt.runfile.writer import MapBits, write_run

SIDE = 160
BODY = np.array([[0.0, -0.22], [0.0, 0.02], [0.28, 0.1], [-0.26, 0.12], [0.1, 0.27], [-0.12, 0.28]])
"""Offsets of the drawn creature's parts from its centre, as (x, y) shares of the image's side."""
PARTS = ("head", "body", "tail", "wing", "leg", "foot")


def write_synthetic_run(
    path: str | Path,
    *,
    images: int = 24,
    classes: int = 3,
    grid: tuple[int, int] = (12, 12),
    layers: tuple[int, ...] = (17, 14, 11, 8),
    blocks: tuple[int, ...] | None = None,
    coarse: int = 4,
    dim: int = 16,
    epochs: int = 5,
    seed: int = 0,
    thumbnails: bool = True,
    keypoints: bool = True,
    part_masks: bool = True,
    attributes: bool = True,
    groups: bool = True,
    train_maps: bool = False,
    weights: str = "embedded",
    bits: MapBits = 8,
    class_names: tuple[str, ...] | None = None,
    ids: list[str] | None = None,
) -> Path:
    """Write a run file in which the same creature, a little different per class and image, has concepts on its parts.

    Every fifth image is val, every fourth of the others test. About one prediction in six is wrong. The last foreground
    prototype of the first layer never fires.

    Args:
        path: where to write.
        images, classes, grid, layers, coarse: sizes; ``layers`` are prototypes per prompted block with background.
        blocks: 0-based block indices of ``layers``; default: the last ones of 8 (or more) blocks.
        dim, epochs: width of prototypes, length of the history.
        seed: of everything random.
        thumbnails, keypoints, part_masks, attributes, groups: leave a thing out by False.
        train_maps: maps for training images too.
        weights: ``source`` of the backbone's weights.
        bits: precision of the attention maps.
        class_names, ids: instead of the made-up ones.

    Returns:
        ``path``.
    """
    rng = np.random.default_rng(seed)
    blocks = blocks or tuple(range(max(8, len(layers)) - len(layers), max(8, len(layers))))
    labels = np.arange(images) % classes
    splits = np.where(np.arange(images) % 5 == 4, 1, np.where(np.arange(images) % 4 == 3, 2, 0))
    scene = _Scenes(images, labels, seed)
    table = ImageTable(
        ids=ids or [f"creature_{label:02d}/{i:05d}.png" for i, label in enumerate(labels)],
        labels=labels,
        splits=splits,
        sizes=np.full((images, 2), SIDE * 2),
        attributes={"background": (np.arange(images) // 2) % 2} if attributes else {},
        keypoints=scene.keypoints() if keypoints else None,
        boxes=scene.boxes() if keypoints else None,
        thumbnails=_Thumbnails(scene) if thumbnails else None,
        part_masks=_PartMasks(scene) if part_masks else None,
    )
    sets = [*zip(blocks, layers, strict=True), (None, coarse + 1)]
    contents = [
        LayerContent(
            block,
            rng.normal(size=(m, dim)).astype(np.float32),
            rng.normal(scale=0.01, size=(m, *grid)).astype(np.float32),
        )
        for block, m in sets
    ]
    content = RunContent(
        config={
            "data": {"dataset": "synthetic", "root": None, "image_size": None},
            "backbone": {"name": "vit_mini", "weights": None},
            "concepts": {"prototypes": list(layers), "blocks": list(blocks), "coarse": coarse},
            "training": {"epochs": epochs, "seed": seed, "batch_size": 16},
        },
        versions={"ivpt": "0.1.0", "python": "3.11.0", "torch": "2.4.0", "timm": "1.0.15", "numpy": "2.0.0"},
        seed=seed,
        split_sha256=hashlib.sha256(splits.astype(np.uint8).tobytes()).hexdigest(),
        info={
            "name": "synthetic",
            "classes": list(class_names or (f"creature {c}" for c in range(classes))),
            "parts": list(PARTS),
            "keypoints": list(PARTS),
            "attributes": {"background": ["meadow", "lake"]} if attributes else {},
            "licence": "CC0-1.0",
            "citation": "",
            "homepage": "",
        },
        backbone={
            "name": "vit_mini",
            "weights": {
                "source": weights,
                "name": "vit_mini.safetensors" if weights != "none" else "",
                "sha256": hashlib.sha256(b"synthetic").hexdigest(),
            },
            "dim": dim,
            "depth": max(blocks) + 1,
            "num_prefix": 1,
            "patch_size": [8, 8],
            "image_size": [grid[0] * 8, grid[1] * 8],
            "grid": list(grid),
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
        },
        coarse=coarse,
        layers=contents,
        images=table,
        parameters={f"prototypes.{c.key}": c.prototypes for c in contents},
        history=_history(epochs, rng),
        metrics={
            "region_nmi": {
                "value": 0.41,
                "parameters": {"layer": f"L{blocks[-2] if len(blocks) > 1 else blocks[-1]}", "split": "test"},
            }
        },
    )
    chosen = np.flatnonzero((splits > 0) | train_maps)
    maps = _maps(chosen, labels, scene, contents, grid, coarse, classes, groups, rng)
    return write_run(Path(path), content, maps, map_bits=bits)


class _Scenes:
    """Where the creature of each image stands and how it is drawn; everything from (seed, image)."""

    def __init__(self, images: int, labels: NDArray[Any], seed: int) -> None:
        rng = np.random.default_rng(seed + 1)
        self.labels = labels
        self.centre = rng.uniform(0.38, 0.62, (images, 2))
        self.size = rng.uniform(0.75, 1.15, images)
        self.flip = np.where(rng.random(images) < 0.5, -1.0, 1.0)

    def part_points(self, i: int) -> NDArray[np.float64]:
        """(6, 2) x, y of the parts as shares of the side."""
        return np.clip(self.centre[i] + BODY * self.size[i] * [self.flip[i], 1.0], 0.02, 0.98)

    def keypoints(self) -> NDArray[np.float32]:
        points = np.array([self.part_points(i) for i in range(len(self.labels))]).reshape(-1, len(BODY), 2) * 2 * SIDE
        return np.concatenate([points, np.ones((*points.shape[:2], 1))], axis=2).astype(np.float32)

    def boxes(self) -> NDArray[np.float32]:
        points = self.keypoints()[:, :, :2]
        low = points.min(axis=1) if len(points) else np.zeros((0, 2))
        high = points.max(axis=1) if len(points) else np.zeros((0, 2))
        return np.concatenate([low, high - low], axis=1).astype(np.float32)

    def draw(self, i: int) -> Image.Image:
        """The picture, SIDE x SIDE."""
        picture = Image.new("RGB", (SIDE, SIDE), ((96, 140, 72), (70, 110, 160))[(i // 2) % 2])
        pen = ImageDraw.Draw(picture)
        hue = int(self.labels[i]) * 67 % 255
        colours = Image.new("HSV", (len(BODY), 1))
        for k in range(len(BODY)):
            colours.putpixel((k, 0), ((hue + 23 * k) % 255, 170, 210 - 15 * k))
        rgb = colours.convert("RGB")
        self._draw_parts(pen, i, [rgb.getpixel((k, 0)) for k in range(len(BODY))])
        x, y = self.part_points(i)[0] * SIDE
        pen.ellipse((x - 3, y - 5, x + 3, y + 1), fill=(15, 15, 15))
        return picture

    def part_mask(self, i: int) -> NDArray[np.uint8]:
        """(SIDE, SIDE) 0 no part, ``k + 1`` part k."""
        labels = Image.new("L", (SIDE, SIDE))
        self._draw_parts(ImageDraw.Draw(labels), i, [k + 1 for k in range(len(BODY))])
        return np.asarray(labels)

    def _draw_parts(self, pen: ImageDraw.ImageDraw, i: int, fills: list[Any]) -> None:
        points = self.part_points(i) * SIDE
        for k in (2, 4, 5, 1, 3, 0):
            x, y = points[k]
            rx, ry = np.array([(14, 13), (32, 22), (22, 9), (18, 11), (5, 15), (5, 13)][k]) * self.size[i]
            box = (x - rx, y - ry, x + rx, y + ry)
            if (k + int(self.labels[i])) % 3 == 0:
                pen.rectangle(box, fill=fills[k])
            else:
                pen.ellipse(box, fill=fills[k])


class _Thumbnails:
    """Sequence of JPEGs, drawn when asked for."""

    def __init__(self, scenes: _Scenes) -> None:
        self._scenes = scenes

    def __len__(self) -> int:
        return len(self._scenes.labels)

    def __getitem__(self, i: int) -> bytes:
        stream = io.BytesIO()
        self._scenes.draw(i).save(stream, "JPEG", quality=85)
        return stream.getvalue()


class _PartMasks(_Thumbnails):
    """Sequence of PNGs, drawn when asked for."""

    def __getitem__(self, i: int) -> bytes:
        return label_png.encode(self._scenes.part_mask(i))


def _maps(
    chosen: NDArray[np.intp],
    labels: NDArray[Any],
    scene: _Scenes,
    layers: list[LayerContent],
    grid: tuple[int, int],
    coarse: int,
    classes: int,
    groups: bool,
    rng: np.random.Generator,
) -> Iterator[MapBatch]:
    evidence = rng.normal(scale=0.6, size=(coarse, classes)).astype(np.float32)
    for start in range(0, len(chosen), 16):
        indices = chosen[start : start + 16]
        b = len(indices)
        points = np.array([scene.part_points(i) for i in indices])
        attention = {layer.key: _attention(layer, points, scene.size[indices], grid, rng) for layer in layers}
        assigned = {
            layer.key: np.broadcast_to(_assignment(len(layer.prototypes), coarse), (b, len(layer.prototypes)))
            for layer in layers
            if layer.block is not None
        }
        scores = rng.normal(scale=0.8, size=(b, coarse, classes)).astype(np.float32) + evidence
        scores[np.arange(b), :, labels[indices]] += 1.2
        predictions = scores.mean(axis=1).argmax(axis=1)
        yield MapBatch(indices, attention, scores, predictions, assigned if groups else {})


def _attention(
    layer: LayerContent,
    points: NDArray[np.float64],
    sizes: NDArray[np.float64],
    grid: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    m, (h, w) = len(layer.prototypes), grid
    y, x = np.meshgrid((np.arange(h) + 0.5) / h, (np.arange(w) + 0.5) / w, indexing="ij")
    around = np.arange(m - 1) // len(BODY) * 1.1 + np.arange(m - 1)
    offset = 0.06 * np.stack([np.cos(around), np.sin(around)], axis=1) * (m - 1 > len(BODY))
    centres = points[:, np.arange(m - 1) % len(BODY)] + offset
    reach = 0.075 * sizes[:, None, None, None]
    distance = ((x - centres[..., 0, None, None]) ** 2 + (y - centres[..., 1, None, None]) ** 2) / reach**2
    logits = np.empty((len(points), m, h, w))
    logits[:, 0] = 0.0
    logits[:, 1:] = 4.0 - 1.4 * distance
    if layer.block is not None and m > 9:
        logits[:, m - 1] -= 8.0 * (m == 17)
    rough = rng.normal(scale=1.0, size=(len(points), m, (h + 2) // 3, (w + 2) // 3)).repeat(3, 2).repeat(3, 3)
    logits += 0.5 * rough[:, :, :h, :w] + rng.normal(scale=0.15, size=logits.shape) + layer.spatial_bias
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _assignment(m: int, coarse: int) -> NDArray[np.int64]:
    """Fine prototype to the coarse concept on the same part; background to group 0."""
    return np.concatenate([[0], 1 + (np.arange(m - 1) % len(BODY)) % coarse])


def _history(epochs: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    t = np.arange(1, epochs + 1)
    noise = rng.normal(scale=0.02, size=(4, epochs))
    return {
        "epoch": t.astype(np.float64),
        "total": 2.2 * np.exp(-t / 3) + 0.5 + noise[0],
        "classification": 1.4 * np.exp(-t / 2.5) + 0.1 + noise[1],
        "train_accuracy": np.clip(0.97 - 0.7 * np.exp(-t / 2) + noise[2], 0, 1),
        "val_accuracy": np.clip(0.9 - 0.6 * np.exp(-t / 2) + noise[3], 0, 1),
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write a synthetic run file.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--classes", type=int, default=3)
    parser.add_argument("--grid", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write_synthetic_run(
        given.out, images=given.images, classes=given.classes, grid=(given.grid, given.grid), seed=given.seed
    )


if __name__ == "__main__":
    _main()
