"""A data set plugin that keeps every promise, and for each promise a change that breaks this one alone."""

GOOD = '''
import os
import random
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from ivpt.data.images import read_image
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.interfaces.source import Source

def make_tree(folder):
    for number in range(24):
        file = folder / "pictures" / f"{number:02d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (60, 80, 3), np.uint8)).save(file)
    return {"root": str(folder)}

class Plugin(Dataset):
    """Pictures of noise.

    Args:
        root: folder of the files.
        flip: turn them upside down.
    """

    def __init__(self, root: str | None = None, flip: bool = False) -> None:
        self.root, self.flip = root, flip

    recommended = {"training.epochs": 3}

    @property
    def info(self):
        return DatasetInfo("stranger", ("a", "b"), ("head", "tail"), ("head", "tail"), {"place": ("land", "sea")},
                           "CC0-1.0", "Anonymous, 2026.", "https://example.org")

    @property
    def source(self):
        return Source(Path(self.root) if self.root else None, page="https://example.org")

    def prepare(self, progress=None):
        self.records()
        if progress is not None:
            progress(1, 1, "reading")

    @cached_property
    def names(self):
        folder = Path(self.root or "nowhere") / "pictures"
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}.", "Get it from https://example.org.")
        return sorted(path.name for path in folder.iterdir())

    def records(self):
        return [self.record(name) for name in self.names]

    def record(self, name):
        number = int(name[:2])
        return Record(name, number % 2, "test" if number >= 16 else "train", {"place": number % 2})

    def image(self, index):
        return read_image(Path(self.root) / "pictures" / self.names[index])

    def annotations(self, index):
        mask = np.zeros((60, 80), np.uint8)
        mask[10:20, 10:30], mask[20:30, 30:50] = 1, 2
        points = np.float32([[20, 15, 1], [40, 25, 1]])
        return Annotations(points, (10.0, 10.0, 40.0, 20.0), mask)

    def class_parts(self):
        return {"head": (0, 1)}

    def removable(self, index):
        return ("head",), ()

    def redrawn(self, index, *, without=(), background=None):
        image = self.image(index)
        return 255 - image if without else image
'''


def changed(*pairs: tuple[str, str]) -> str:
    source = GOOD
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


IMAGE = 'return read_image(Path(self.root) / "pictures" / self.names[index])'
KEPT = f"image = {IMAGE.removeprefix('return ')}\n        "
RECORD = 'return Record(name, number % 2, "test" if number >= 16 else "train", {"place": number % 2})'
LIST = "return sorted(path.name for path in folder.iterdir())"
POINTS = "np.float32([[20, 15, 1], [40, 25, 1]])"
BOX = "(10.0, 10.0, 40.0, 20.0)"
SEEN = "self.seen = getattr(self, 'seen', 0) + (index == 7)\n        "
PLACE = ('"train", {"place": number % 2}', '"train", {"place": self.made >> number & 1}')
MASK = "mask[10:20, 10:30], mask[20:30, 30:50] = 1, 2"

WRONG = {
    "test_it_is_described": (changed(('"""Pictures of noise.\n', '"""\n')), "has no description"),
    "test_options_have_types_and_defaults": (changed(("flip: bool = False", "flip=False")), "'flip' has no type hint"),
    "test_options_are_described": (
        changed(("        flip: turn them upside down.\n", "")),
        "['flip'] is not described",
    ),
    "test_defaults_are_of_their_types": (changed(("flip: bool = False", "flip: bool = None")), "The default of 'flip'"),
    "test_options_leave_the_configuration_alone": (
        changed(
            ("flip: bool", "image_size: bool"),
            ("flip: turn", "image_size: turn"),
            ("= root, flip", "= root, image_size"),
        ),
        "['image_size'] is a key of the configuration",
    ),
    "test_what_it_recommends_is_a_configuration": (changed(("training.epochs", "training.epoks")), "is refused"),
    "test_constructor_needs_no_files": (
        changed(("= root, flip", "= root, flip\n        if root is None: raise DataError('No root.', 'Name it.')")),
        "raises DataError",
    ),
    "test_it_says_where_it_comes_from": (
        changed(('2026.", "https://example.org"', '2026.", "example"')),
        "The homepage is",
    ),
    "test_it_says_the_licence": (changed(('"CC0-1.0"', '" "')), "No licence"),
    "test_it_says_how_to_cite_it": (changed(('"Anonymous, 2026."', '""')), "No citation"),
    "test_info_is_its_own_kind": (
        changed(
            (
                "def info(self):\n        return",
                "def info(self):\n        self.time = os.urandom(4).hex()\n        return",
            ),
            ('"Anonymous, 2026."', "self.time"),
        ),
        "A second instance has another info",
    ),
    "test_name_is_the_registered_one": (
        changed(('DatasetInfo("stranger"', 'DatasetInfo("other"')),
        "the entry point is 'stranger'",
    ),
    "test_class_names": (changed(('("a", "b")', '("a", "a")')), "The class name occurs twice"),
    "test_part_and_keypoint_names": (
        changed(('("head", "tail"), ("head", "tail")', '("head", "tail"), ("\\x1b[1m", "tail")')),
        "not printable text",
    ),
    "test_attribute_names": (
        changed(('("land", "sea")', '("land", "land", "sea")')),
        "A value of the attribute 'place' occurs twice",
    ),
    "test_info_is_small": (changed(('"Anonymous, 2026."', '"Anonymous, 2026." * 200_000')), "info takes 3.2 MB"),
    "test_classes_by_part": (changed(("(0, 1)}", "(0, 1, 2)}")), "class_parts['head'] has 3 numbers"),
    "test_there_are_images": (
        changed(("return [self.record(name) for name in self.names]", "return [Odd(name, 0) for name in self.names]"))
        + "\nclass Odd:\n    split = None\n    attributes = {}\n"
        + "    def __init__(self, id, label):\n        self.id, self.label = id, int(id[:2]) % 2\n"
        + "    def __eq__(self, other):\n        return self.id == other.id\n",
        "records() holds ['Odd']",
    ),
    "test_ids_are_plain_text": (changed(("return Record(name", "return Record(name + '\\t'")), "is not printable text"),
    "test_ids_know_nothing_of_the_machine": (
        changed(("return Record(name", "return Record('/data/' + name")),
        "is a path of this machine",
    ),
    "test_labels_are_in_range": (
        changed(("number % 2, ", "number % 2 + 2 * (number == 5), ")),
        "The label of image 5 ('05.png') is 3",
    ),
    "test_attributes_are_in_range": (
        changed(('{"place": number % 2}', '{"place": number % 3}')),
        "The attribute 'place' of image 2",
    ),
    "test_splits_are_known_words": (
        changed(('else "train"', 'else "train" if number < 15 else "dev"')),
        "The splits are",
    ),
    "test_a_split_can_be_drawn": (
        changed(("number % 2, ", "(number == 3) * 1, ")),
        "No split can be drawn: The class 'b'",
    ),
    "test_ids_are_unique": (
        changed(("return Record(name, ", "return Record('04.png' if number == 5 else name, ")),
        "['04.png']",
    ),
    "test_records_stay_the_same": (
        changed(("= root, flip", "= root, flip\n        self.made = int.from_bytes(os.urandom(3), 'big')"), PLACE),
        "records() has changed",
    ),
    "test_records_do_not_depend_on_the_order_of_the_folder": (
        changed((LIST, "return [path.name for path in folder.iterdir()]")),
        "the order of records() is that in which the file system".capitalize(),
    ),
    "test_records_are_the_same_in_another_process": (
        changed((LIST, "return sorted((path.name for path in folder.iterdir()), key=hash)")),
        "Another process lists other",
    ),
    "test_no_picture_is_in_two_splits": (
        changed(("self.names[index]", "self.names[index % 20]")),
        "are the same picture",
    ),
    "test_images_are_colour_pictures": (
        changed((IMAGE, KEPT + "return np.dstack([image, image[..., :1]])")),
        "(60, 80, 4)",
    ),
    "test_images_have_8_bits": (changed((IMAGE, KEPT + "return image.astype(np.float32)")), "has the type float32"),
    "test_images_show_something": (
        changed((IMAGE, "return np.full((60, 80, 3), index, np.uint8)")),
        "All images are one flat colour",
    ),
    "test_an_image_stays_the_same": (
        changed(
            (IMAGE, KEPT + SEEN + "return 255 - image if index == 7 and self.seen > 1 else image"),
        ),
        "image 7 ('07.png') is another picture the second time",
    ),
    "test_images_do_not_depend_on_the_order_of_reading": (
        changed(
            (
                IMAGE,
                KEPT + "last, self.last = getattr(self, 'last', -1), index\n        "
                "return 255 - image if (last, index) == (8, 7) else image",
            ),
        ),
        "image 7 ('07.png') is another picture when the images are read backwards",
    ),
    "test_images_can_be_written_on": (
        changed(
            (
                IMAGE,
                KEPT
                + "if index:\n            return image\n        "
                + "self.first = getattr(self, 'first', image)\n        return self.first",
            )
        ),
        "changes the data set",
    ),
    "test_global_random_numbers_are_left_alone": (
        changed((IMAGE, "random.random()\n        " + IMAGE)),
        "global random numbers",
    ),
    "test_it_prints_nothing": (changed((IMAGE, "print('reading', index)\n        " + IMAGE)), "It prints 'reading 0"),
    "test_images_drawn_again": (
        changed(("return 255 - image if without else image", "return image")),
        "is the same picture",
    ),
    "test_annotations_are_their_own_kind": (
        changed(
            ("        points =", "        self.n = getattr(self, 'n', 0) + (index == 7)\n        points ="),
            (BOX, "(10.0, 10.0, 40.0 + (self.n > 1), 20.0)"),
        ),
        "differ the second time",
    ),
    "test_keypoints_have_their_shape": (
        changed((POINTS, POINTS.replace("float32", "float64"))),
        "are float64 of shape (2, 3)",
    ),
    "test_keypoints_are_visible_or_not": (changed(("[40, 25, 1]]", "[40, 25, 2]]")), "neither visible (1) nor not (0)"),
    "test_keypoints_are_inside_the_image": (
        changed((POINTS, "np.float32([[-3 if index == 5 else 20, 15, 1], [40, 25, 1]])")),
        "is at (-3, 15), the image has 80x60 pixels",
    ),
    "test_some_keypoint_is_visible": (
        changed(
            ('("head", "tail"), ("head", "tail")', '("head", "tail"), ("eye", "foot")'),
            (POINTS, "np.zeros((2, 3), np.float32)"),
        ),
        "none is visible",
    ),
    "test_boxes_are_boxes": (changed((BOX, "(10.0, 10.0, 40.0 * (index != 5), 20.0)")), "The box of image 5"),
    "test_boxes_are_in_the_image": (changed((BOX, "(10.0, 10.0, 90.0, 20.0)")), "leaves the image of 80x60 pixels"),
    "test_masks_have_the_size_of_the_image": (
        changed(("points, " + BOX + ", mask", "points, " + BOX + ", mask[:50]")),
        "(50, 80)",
    ),
    "test_masks_hold_known_parts": (
        changed((MASK, MASK + "\n        mask[12, 12] = 255")),
        "holds 255, and info names 2 parts",
    ),
    "test_masks_and_boxes_agree": (changed((MASK, MASK + "\n        mask[40:] = 1")), "of the parts of image 0"),
    "test_keypoints_and_boxes_agree": (
        changed((POINTS, "np.float32([[70, 50, 1], [75, 55, 1]])")),
        "0% of the visible keypoints lie in their box",
    ),
    "test_keypoints_of_parts_are_seen_where_the_part_is": (
        changed((POINTS, "np.float32([[20, 15, 1], [40, 25, index != 5]])")),
        "The keypoint 'tail' of image 5",
    ),
    "test_missing_files_are_said": (changed(('"Get it from https://example.org."', '""')), "has no hint"),
    "test_source_is_its_own_kind": (
        changed(
            (
                'return Source(Path(self.root) if self.root else None, page="https://example.org")',
                'return "example.org"',
            )
        ),
        "source is 'example.org'",
    ),
    "test_damaged_files_are_said": (
        changed(
            (
                IMAGE,
                f"try:\n            {IMAGE}\n        "
                "except DataError:\n            return np.zeros((60, 80, 3), np.uint8)",
            )
        ),
        "gives another picture in silence",
    ),
    "test_prepared_once": (
        changed(
            (
                "        self.records()\n",
                "        self.records()\n        (Path(self.root) / 'index').write_text('1')\n",
            )
        ),
        "writes files again",
    ),
    "test_progress_counts_up": (
        changed(("progress(1, 1,", "progress(2, 1,")),
        "progress is called with (2, 1, 'reading')",
    ),
    "test_it_pickles": (
        changed(("= root, flip", "= root, flip\n        self.key = lambda: 1")),
        "It cannot be pickled",
    ),
    "test_it_pickles_small": (
        changed(("= root, flip", "= root, flip\n        self.all = np.zeros(3_000_000, np.uint8)")),
        "A pickled instance takes 3.0 MB",
    ),
    "test_memory_is_bounded": (
        changed((IMAGE, KEPT + "KEPT[id(self), index] = image\n        return image.copy()")).replace(
            "\nclass Plugin", "\nKEPT = {}\n\nclass Plugin"
        ),
        "it keeps 0.",
    ),
    "test_it_reads_the_same_in_workers": (
        changed((IMAGE, KEPT + "return image if os.getpid() == HOME else 255 - image")).replace(
            "\nclass Plugin", "\nHOME = os.getpid()\n\nclass Plugin"
        ),
        "Images differ between 0 and 2 loader processes",
    ),
}
"""Name of each check to the source of a plugin that fails it alone, and words of the message."""
