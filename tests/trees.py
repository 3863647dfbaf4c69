"""Tiny trees of files in the exact formats of the published data sets, made by hand."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CUB_PARTS = (
    *("back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg"),
    *("left wing", "nape", "right eye", "right leg", "right wing", "tail", "throat"),
)


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def photograph(path: Path, size: tuple[int, int] = (12, 10), mode: str = "RGB", seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels, mode).save(path)


def cub(root: Path) -> Path:
    """Six photographs of two species, three each; 12x10 pixels, the second is grey."""
    home = root / "CUB_200_2011"
    files = [
        f"{c}/{c[4:]}_000{n}_{n}.jpg" for c in ("001.Black_footed_Albatross", "002.Laysan_Albatross") for n in (1, 2, 3)
    ]
    write(home / "images.txt", *(f"{i} {file}" for i, file in enumerate(files, 1)))
    write(home / "image_class_labels.txt", *(f"{i} {1 + (i > 3)}" for i in range(1, 7)))
    write(home / "classes.txt", "1 001.Black_footed_Albatross", "2 002.Laysan_Albatross")
    write(home / "train_test_split.txt", *(f"{i} {int(i % 3 != 0)}" for i in range(1, 7)))
    write(home / "bounding_boxes.txt", *(f"{i} {i}.0 2.0 {12 - i}.0 6.0" for i in range(1, 7)))
    write(home / "parts" / "parts.txt", *(f"{j} {name}" for j, name in enumerate(CUB_PARTS, 1)))
    rows = []
    for i in range(1, 7):
        for j in range(1, 16):
            rows.append(f"{i} {j} {i + 1}.0 {2 + j / 4} 1" if j != 7 else f"{i} {j} 0.0 0.0 0")
    write(home / "parts" / "part_locs.txt", *rows)
    for number, file in enumerate(files):
        photograph(home / "images" / file, mode="L" if number == 1 else "RGB", seed=number)
    return root


def cub_extras(root: Path) -> Path:
    """Segmentations and three attributes for the tree of :func:`cub`; attributes.txt lies above CUB_200_2011."""
    home = root / "CUB_200_2011"
    grey = np.zeros((10, 12), np.uint8)
    grey[2:6, 3:8] = 255
    grey[2, 3], grey[2, 4], grey[2, 5] = 127, 128, 51
    for line in (home / "images.txt").read_text().splitlines():
        path = (root / "segmentations" / line.split(" ")[1]).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grey).save(path)
    write(
        root / "attributes.txt", "1 has_bill_shape::curved_(up_or_down)", "2 has_wing_color::blue", "3 has_size::large"
    )
    rows = [f"{i} {a} {(i + a) % 2} 3 27.7" for i in range(1, 7) for a in (1, 2, 3)]
    rows[1] = "1 2 1 1 5.0"  # not visible, whatever it says
    rows[4] = "2 2 0 3 0 1.509"  # six columns, as some published lines have
    write(home / "attributes" / "image_attribute_labels.txt", *rows)
    return root


def nabirds(root: Path) -> Path:
    """Four photographs of two kinds in a hierarchy of six classes; ids with dashes, parts from 0."""
    ids = [f"0000139e-21dc-4d0c-bfe1-4cae3c85c82{n}" for n in range(4)]
    kinds = ["817", "817", "295", "295"]
    write(root / "images.txt", *(f"{i} 0{k}/{i.replace('-', '')}.jpg" for i, k in zip(ids, kinds, strict=True)))
    write(root / "image_class_labels.txt", *(f"{i} {k}" for i, k in zip(ids, kinds, strict=True)))
    write(
        root / "classes.txt",
        *("0 Birds", "1 Ducks, Geese, and Swans", "2 Perching Birds", "22 Common Eider"),
        *("295 Common Eider (Adult male)", "817 Oak Titmouse"),
    )
    write(root / "hierarchy.txt", "1 0", "2 0", "22 1", "295 22", "817 2")
    write(root / "train_test_split.txt", *(f"{i} {int(n % 2 == 0)}" for n, i in enumerate(ids)))
    write(root / "bounding_boxes.txt", *(f"{i} 1 2 8 6" for i in ids))
    parts = (
        "bill",
        "crown",
        "nape",
        "left eye",
        "right eye",
        "belly",
        "breast",
        "back",
        "tail",
        "left wing",
        "right wing",
    )
    write(root / "parts" / "parts.txt", *(f"{j} {name}" for j, name in enumerate(parts)))
    locs = [f"{i} {j} {j} {n + 1} {int(j != 10)}" for n, i in enumerate(ids) for j in range(11)]
    write(root / "parts" / "part_locs.txt", *locs)
    for n, (i, k) in enumerate(zip(ids, kinds, strict=True)):
        photograph(root / "images" / f"0{k}" / f"{i.replace('-', '')}.jpg", seed=n)
    return root


def cifar100(root: Path) -> Path:
    """Four training and two test pictures of three classes in two superclasses, pickled as Python 2 has it."""
    home = root / "cifar-100-python"
    home.mkdir(parents=True)
    for name, fine in (("train", [2, 0, 1, 0]), ("test", [1, 2])):
        data = np.random.default_rng(len(fine)).integers(0, 256, (len(fine), 3072), np.uint8)
        table = {
            b"data": data,
            b"fine_labels": fine,
            b"coarse_labels": [int(f == 2) for f in fine],
            b"filenames": [b"x.png"] * len(fine),
            b"batch_label": b"one batch",
        }
        (home / name).write_bytes(python2_pickle(table))
    meta = {b"fine_label_names": [b"apple", b"aquarium_fish", b"baby"], b"coarse_label_names": [b"things", b"people"]}
    (home / "meta").write_bytes(python2_pickle(meta))
    return root


def python2_pickle(value: dict) -> bytes:
    """Bytes as cPickle of Python 2 wrote them with protocol 2: its strings (here: bytes) by their own opcodes.

    The published files were made so; arrays are named numpy.core.multiarray._reconstruct there.
    """

    def put(item: object) -> bytes:
        if isinstance(item, bytes):
            return b"T" + len(item).to_bytes(4, "little") + item  # BINSTRING
        if isinstance(item, bool):
            return b"\x88" if item else b"\x89"
        if isinstance(item, int):
            return b"J" + item.to_bytes(4, "little", signed=True)  # BININT
        if isinstance(item, list):
            return b"](" + b"".join(map(put, item)) + b"e"
        if isinstance(item, dict):
            return b"}(" + b"".join(put(k) + put(v) for k, v in item.items()) + b"u"
        if isinstance(item, tuple):
            return b"(" + b"".join(map(put, item)) + b"t"
        if isinstance(item, np.ndarray):
            made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + put((0,)) + put(b"b") + b"tR"
            kind = b"cnumpy\ndtype\n(" + put(b"u1") + put(0) + put(1) + b"tR"
            kind += b"(" + put(3) + put(b"|") + b"NNN" + put(-1) + put(-1) + put(0) + b"tb"
            return made + b"(" + put(1) + put(item.shape) + kind + put(False) + put(item.tobytes()) + b"tb"
        raise TypeError(type(item))

    return b"\x80\x02" + put(value) + b"."


def imagenet(root: Path, *, folders: bool = True) -> Path:
    """Three classes, two training images each, four validation images; the devkit numbers them in another order."""
    synsets = ("n01440764", "n02012849", "n03126707")
    for n, synset in enumerate(synsets):
        for i in (1, 2):
            photograph(root / "train" / synset / f"{synset}_{i}.JPEG", seed=10 * n + i)
    truth = [3, 1, 1, 2]  # ILSVRC2012_ID of each validation image
    numbered = {1: "n03126707", 2: "n01440764", 3: "n02012849"}
    for number, key in enumerate(truth, 1):
        name = f"ILSVRC2012_val_{number:08d}.JPEG"
        photograph(root / "val" / (f"{numbered[key]}/{name}" if folders else name), seed=50 + number)
    if not folders:
        from scipy.io import savemat

        kit = root / "ILSVRC2012_devkit_t12" / "data"
        kit.mkdir(parents=True)
        fields = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]
        rows = [(float(k), w, "words, more words", 0.0) for k, w in numbered.items()] + [
            (1001.0, "n00001740", "x", 3.0)
        ]
        savemat(kit / "meta.mat", {"synsets": np.array(rows, dtype=fields).reshape(-1, 1)})
        write(kit / "ILSVRC2012_validation_ground_truth.txt", *map(str, truth))
    return root


def waterbirds(root: Path) -> Path:
    """Six composites, all splits and groups."""
    home = root / "waterbird_complete95_forest2water2"
    rows = ["img_id,img_filename,y,split,place,place_filename"]
    table = [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 1, 0), (0, 2, 1), (1, 2, 0)]
    for number, (y, split, place) in enumerate(table):
        file = f"{number + 1:03d}.Bird/Bird, {number}.jpg"
        rows.append(f'{number + 5},"{file}",{y},{split},{place},/b/bamboo_forest/00000081.jpg')
        photograph(home / file, seed=number)
    write(home / "metadata.csv", *rows)
    return root


FUNNY_PARTS = ("beak", "eye", "foot", "tail", "wing")


def funnybirds(root: Path, *, train: int = 4, test: int = 3, side: int = 16) -> Path:
    """Two classes; each part is a square of its own colour in the part map; test images have two objects."""
    home = root / "FunnyBirds"
    home.mkdir(parents=True)
    classes = [{"class_idx": c, "parts": {"beak": c, "eye": 0, "foot": 1, "tail": 2 * c, "wing": 0}} for c in range(2)]
    (home / "classes.json").write_text(json.dumps(classes))
    variants = [{"model": f"m{v}.glb", "color": "red"} for v in range(4)]
    (home / "parts.json").write_text(json.dumps(dict.fromkeys(FUNNY_PARTS, variants)))
    for mode, count in (("train", train), ("test", test)):
        entries = []
        for i in range(count):
            label, objects = i % 2, 2 if mode == "test" else 0
            lost = mode == "train" and i == 1  # this one has lost its beak
            entry = {"class_idx": label, "camera_distance": 500, "light_distance": 300}
            entry |= {f"{part}_model": "placeholder" if lost and part == "beak" else "m.glb" for part in FUNNY_PARTS}
            entry |= {"bg_objects": "cube.glb," * objects, "bg_radius": "10," * objects, "bg_color": "red," * objects}
            entries.append(entry)
            file = f"{label}/{i:06d}.png"
            _rgba(home / mode / file, side, i)
            _part_map(home / f"{mode}_part_map" / file, side, without=("beak",) if lost else (), objects=objects)
            if mode == "test":
                folder = home / "test_interventions" / f"{label}/{i:06d}"
                for bits in range(32):
                    kept = [part for k, part in enumerate(FUNNY_PARTS) if bits >> k & 1]
                    _rgba(folder / f"body_{'_'.join(kept)}.png", side, 1000 + 100 * i + bits)
                for j in range(objects):
                    _rgba(folder / "background_interventions" / f"{j}.png", side, 5000 + 10 * i + j)
        (home / f"dataset_{mode}.json").write_text(json.dumps(entries))
    return root


PART_MAP = {
    "eye": [((2, 2), (255, 255, 253)), ((2, 4), (255, 255, 254))],
    "beak": [((2, 6), (255, 255, 0))],
    "foot": [((10, 2), (255, 0, 1)), ((10, 6), (255, 0, 2))],
    "wing": [((6, 2), (0, 255, 1)), ((6, 6), (0, 255, 2))],
    "tail": [((6, 10), (0, 0, 255))],
}
"""Row and column of each 2x2 square, and its colour."""


def _part_map(path: Path, side: int, without: tuple[str, ...], objects: int) -> None:
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[..., 3] = 255
    for j in range(objects):
        pixels[14, 2 * j, :3] = 204, 204, 204 + j
    for part, squares in PART_MAP.items():
        if part not in without:
            for (row, column), colour in squares:
                pixels[row : row + 2, column : column + 2, :3] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _rgba(path: Path, side: int, seed: int) -> None:
    photograph(path, (side, side), "RGBA", seed)
