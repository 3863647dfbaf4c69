"""A large run file in a minute: a small synthetic one, repeated.

    python benchmarks/big_run.py OUT.h5 [--images 100000] [--grid 37] [--classes 20]

Compressed chunks of the attention maps are copied as they are, as drawing and compressing 100,000 images takes half an
hour. Every image has a name of its own; otherwise image i is image i modulo :data:`BASE`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ivpt.runfile.indexing import write_index
from ivpt.runfile.writer import strings
from tests.synthetic import write_synthetic_run

BASE = 5000
"""Images that are drawn."""


def write_big_run(path: Path, images: int, *, grid: int = 37, classes: int = 20) -> Path:
    """Write a synthetic run; of more than twice :data:`BASE` images it has to be a multiple."""
    if images <= 2 * BASE:
        return write_synthetic_run(path, images=images, classes=classes, grid=(grid, grid))
    if images % BASE:
        raise SystemExit(f"{images:,} is not a multiple of {BASE:,}")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        base = write_synthetic_run(Path(folder) / "base.h5", images=BASE, classes=classes, grid=(grid, grid))
        return repeat_run(base, path, images // BASE)


def repeat_run(source: Path, target: Path, times: int) -> Path:
    """Write a run whose images are those of another, ``times`` times."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value
        count = int(old.attrs["num_images"])
        new.attrs["num_images"] = count * times
        for name in old:
            if name not in ("images", "map_image", "scores", "layers", "index"):
                old.copy(name, new)
        rows = old["map_image"][()]
        new["map_image"] = np.concatenate([rows + k * count for k in range(times)]).astype(np.int32)
        _repeat(old["scores"], new, times)
        for block in old["layers"]:
            layer = new.create_group(f"layers/{block}")
            layer.attrs.update(old[f"layers/{block}"].attrs)
            for name, stored in old[f"layers/{block}"].items():
                if name in ("prototypes", "spatial_bias"):
                    old.copy(stored, layer)
                else:
                    _repeat(stored, layer, times)
        _repeat_images(old["images"], new.create_group("images"), times, len(rows))
        write_index(new, new, target)
    return target


def _repeat_images(old: h5py.Group, new: h5py.Group, times: int, rows: int) -> None:
    names = old["id"].asstr()[()]
    strings(new, "id", [f"{k:03d}/{name}" for k in range(times) for name in names])
    row = old["map_row"][()]
    new["map_row"] = np.concatenate([np.where(row < 0, -1, row + k * rows) for k in range(times)]).astype(np.int32)
    for name in ("label", "split", "prediction", "size", "keypoints", "box"):
        _repeat(old[name], new, times)
    new.create_group("attributes")
    for name, stored in old["attributes"].items():
        _repeat(stored, new["attributes"], times)
        new["attributes"][name].attrs.update(stored.attrs)
    for name in ("thumbnails", "part_masks"):
        files, group = old[name], new.create_group(name)
        _repeat(files["data"], group, times)
        offset = files["offset"][()]
        group["offset"] = np.concatenate([[0], *(offset[1:] + k * offset[-1] for k in range(times))])


def _repeat(stored: h5py.Dataset, group: h5py.Group, times: int) -> None:
    """The rows of a data set, repeated; whole chunks are copied without decompressing them."""
    name, count = stored.name.rpartition("/")[2], stored.shape[0]
    shape = (count * times, *stored.shape[1:])
    if stored.chunks is None:
        group.create_dataset(name, data=np.tile(stored[()], (times, *[1] * (stored.ndim - 1))))
        return
    made = group.create_dataset(
        name,
        shape=shape,
        maxshape=(None, *shape[1:]),
        dtype=stored.dtype,
        chunks=stored.chunks,
        compression=stored.compression,
        compression_opts=stored.compression_opts,
        shuffle=stored.shuffle,
    )
    step = stored.chunks[0]
    if count % step == 0 and stored.chunks[1:] == stored.shape[1:]:
        rest = (0,) * (stored.ndim - 1)
        for at in range(0, count, step):
            mask, content = stored.id.read_direct_chunk((at, *rest))
            for k in range(times):
                made.id.write_direct_chunk((at + k * count, *rest), content, mask)
        return
    values = stored[()]
    for k in range(times):
        made[k * count : (k + 1) * count] = values


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--grid", type=int, default=37)
    parser.add_argument("--classes", type=int, default=20)
    given = parser.parse_args()
    write_big_run(given.out, given.images, grid=given.grid, classes=given.classes)


if __name__ == "__main__":
    main()
