"""The reader on hand-made trees in the format of release 2013b."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ivpt_fgvc_aircraft import FgvcAircraft
from PIL import Image

from ivpt.errors import ConfigError, DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

WIDTH, HEIGHT = 40, 50

# id, split, variant, family, manufacturer, box (1-based)
PLANES = [
    ("0034309", "train", "Boeing 707-320", "Boeing 707", "Boeing", (1, 1, 40, 30)),
    ("1236289", "train", "F/A-18", "F/A-18", "McDonnell Douglas", (11, 6, 20, 25)),
    ("0000007", "val", "F/A-18", "F/A-18", "McDonnell Douglas", (5, 11, 44, 50)),
    ("0900914", "test", "Boeing 707-320", "Boeing 707", "Boeing", (2, 3, 9, 8)),
]


LEVELS = (("variant", "variants"), ("family", "families"), ("manufacturer", "manufacturers"))


def write_tree(root: Path, planes: Sequence[tuple]) -> None:
    home = root / "fgvc-aircraft-2013b" / "data"
    (home / "images").mkdir(parents=True)
    for column, (level, plural) in enumerate(LEVELS, 2):
        (home / f"{plural}.txt").write_text("\n".join(sorted({plane[column] for plane in planes})) + "\n")
        for split in ("train", "val", "test"):
            lines = [f"{plane[0]} {plane[column]}\n" for plane in planes if plane[1] == split]
            (home / f"images_{level}_{split}.txt").write_text("".join(lines))
    (home / "images_box.txt").write_text("".join(f"{p[0]} {' '.join(map(str, p[5]))}\n" for p in planes))
    for number, plane in enumerate(planes):
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        pixels[..., 1] = np.arange(HEIGHT)[:, None] * 2  # green says the row
        pixels[..., 2] = number * 8
        pixels[-20:] = 255  # the banner
        Image.fromarray(pixels).save(home / "images" / f"{plane[0]}.jpg", quality=95)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_tree(tmp_path, PLANES)
    return tmp_path


class TestAircraft(DatasetTests):
    plugin = FgvcAircraft

    def options(self, folder: Path) -> Mapping[str, Any]:
        planes = [(f"{i:07}", ("train", "val", "test")[i % 3], *PLANES[i % 2][2:5], (2, 3, 30, 20)) for i in range(12)]
        write_tree(folder, planes)
        return {"root": str(folder), "level": "family"}


def test_registered() -> None:
    assert isinstance(DATASETS.create("aircraft", {"level": "family"}), FgvcAircraft)
    with pytest.raises(ConfigError, match="variant"):
        DATASETS.create("aircraft", {"level": "model"})


def test_ids_keep_their_leading_zeros(tree: Path) -> None:
    data = FgvcAircraft(str(tree))
    assert [(r.id, r.split) for r in data.records()] == [
        ("0034309", "train"),
        ("1236289", "train"),
        ("0000007", "val"),
        ("0900914", "test"),
    ]
    assert data.image(2).shape == (HEIGHT - 20, WIDTH, 3)


def test_names_hold_blanks_and_slashes(tree: Path) -> None:
    data = FgvcAircraft(str(tree))
    assert data.info.classes == ("Boeing 707-320", "F/A-18")
    assert [r.label for r in data.records()] == [0, 1, 1, 0]


def test_the_other_levels_are_attributes(tree: Path) -> None:
    data = FgvcAircraft(str(tree), level="manufacturer")
    assert data.info.classes == ("Boeing", "McDonnell Douglas")
    assert data.info.attributes == {"variant": ("Boeing 707-320", "F/A-18"), "family": ("Boeing 707", "F/A-18")}
    assert [(r.label, dict(r.attributes)) for r in data.records()][1] == (1, {"variant": 1, "family": 1})


def test_boxes_are_one_based_with_inclusive_ends(tree: Path) -> None:
    data = FgvcAircraft(str(tree))
    assert data.annotations(0).box == (0, 0, 40, 30)
    assert data.annotations(1).box == (10, 5, 10, 20)
    assert data.annotations(3).box == (1, 2, 8, 6)


def test_the_banner_is_cut_off(tree: Path) -> None:
    image = FgvcAircraft(str(tree)).image(0)
    assert image.shape == (30, 40, 3)
    assert image[:22].max() < 100  # but for what JPEG smears over the edge


def test_a_box_reaches_neither_beyond_the_border_nor_into_the_banner(tree: Path) -> None:
    assert FgvcAircraft(str(tree)).annotations(2).box == (4, 10, 36, 20)


def test_crop_shows_the_pixels_of_the_box(tree: Path) -> None:
    data = FgvcAircraft(str(tree), crop="box")
    image = data.image(1)
    assert image.shape == (20, 10, 3)
    assert np.abs(image[:, :, 1].mean(axis=1) - np.arange(5, 25) * 2).max() < 3
    assert data.annotations(1).box == (0, 0, 10, 20)
    assert data.image(2).shape == (20, 36, 3)
    assert data.annotations(2).box == (0, 0, 36, 20)


def test_the_folder_data_itself_will_do(tree: Path) -> None:
    inside = FgvcAircraft(str(tree / "fgvc-aircraft-2013b" / "data"))
    assert inside.records() == FgvcAircraft(str(tree)).records()


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fgvc-aircraft-2013b/data/.*--data DIR"):
        FgvcAircraft(str(tmp_path)).records()


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("images_variant_train.txt", "0034309\n", r"Line 1 of .*images_variant_train\.txt has no name"),
        ("images_variant_val.txt", "0000007 Concorde\n", r"'Concorde'.* in .*images_variant_val\.txt"),
        ("images_family_val.txt", "", r"0000007 is missing in .*images_family_val\.txt"),
        ("images_box.txt", "0034309 1 1 2\n", r"box of 0034309 in .*images_box\.txt"),
        ("images_box.txt", "0034309 1 1 2 2\n", r"1236289 has no line in .*images_box\.txt"),
        ("variants.txt", "Boeing 707-320\n", r"'F/A-18'"),
        ("families.txt", "\xff", r"families\.txt cannot be read"),
    ],
)
def test_a_damaged_table_is_named(tree: Path, file: str, text: str, words: str) -> None:
    (tree / "fgvc-aircraft-2013b" / "data" / file).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=words):
        FgvcAircraft(str(tree)).records()


def test_reading_the_tables_opens_no_image(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert len(FgvcAircraft(str(tree)).records()) == 4


def test_pickles(tree: Path) -> None:
    data = FgvcAircraft(str(tree))
    assert pickle.loads(pickle.dumps(data)).records() == data.records()
