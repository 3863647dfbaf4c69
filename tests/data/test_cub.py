"""CUB-200-2011 on a tiny tree in its exact format; each trap of the format by name."""

import pickle

import numpy as np
import pytest
from PIL import Image

from ivpt.data.cub import Cub, plain_name
from ivpt.errors import DataError
from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.cub(tmp_path)


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_records_are_the_tables(root):
    data = pickle.loads(pickle.dumps(Cub(root=str(root))))
    records = data.records()
    assert [r.id for r in records][:2] == [
        "001.Black_footed_Albatross/Black_footed_Albatross_0001_1.jpg",
        "001.Black_footed_Albatross/Black_footed_Albatross_0002_2.jpg",
    ]
    assert data.info.classes == ("Black footed Albatross", "Laysan Albatross")
    assert data.image(0).shape == (10, 12, 3)


def test_trap_class_ids_begin_at_1(root):
    assert [r.label for r in Cub(root=str(root)).records()] == [0, 0, 0, 1, 1, 1]


def test_trap_1_means_train_and_0_means_test(root):
    assert [r.split for r in Cub(root=str(root)).records()] == ["train", "train", "test"] * 2


def test_trap_image_ids_are_matched_and_not_counted(root):
    for name in ("image_class_labels.txt", "train_test_split.txt", "bounding_boxes.txt"):
        path = root / "CUB_200_2011" / name
        path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    data = Cub(root=str(root))
    assert [r.label for r in data.records()] == [0, 0, 0, 1, 1, 1]
    assert data.annotations(4).box == (5.0, 2.0, 7.0, 6.0)


def test_trap_part_names_hold_blanks_and_part_ids_begin_at_1(root):
    data = Cub(root=str(root))
    assert data.info.keypoints == trees.CUB_PARTS
    points = data.annotations(2).keypoints
    assert points.dtype == np.float32
    assert points[0].tolist() == [4.0, 2.25, 1.0]  # part 1 of image 3
    assert points[14].tolist() == [4.0, 5.75, 1.0]


def test_trap_invisible_parts_are_rows_of_zeros(root):
    assert Cub(root=str(root)).annotations(0).keypoints[6].tolist() == [0, 0, 0]


def test_trap_x_is_the_column_y_the_row_and_nothing_is_subtracted(root):
    path = root / "CUB_200_2011" / "parts" / "part_locs.txt"
    replace(path, "1 1 2.0 2.25 1", "1 1 11.0 3.0 1")
    data = Cub(root=str(root))
    x, y, _ = data.annotations(0).keypoints[0]
    assert (x, y) == (11, 3)
    height, width = data.image(0).shape[:2]
    assert x < width  # the last column of an image of 12 columns; as a row it would be outside
    assert x >= height


def test_trap_boxes_are_floats_and_may_end_beyond_the_border(root):
    replace(root / "CUB_200_2011" / "bounding_boxes.txt", "1 1.0 2.0 11.0 6.0", "1 1.5 2.0 11.5 9.0")
    whole, cut = Cub(root=str(root)), Cub(root=str(root), crop="box")
    assert whole.annotations(0).box == (1.5, 2.0, 11.5, 9.0)  # as published; the cut ends at the border
    assert cut.image(0).shape == (8, 11, 3)
    assert (cut.image(0) == whole.image(0)[2:10, 1:12]).all()


def test_crop_to_the_box_moves_what_is_annotated(root):
    trees.cub_extras(root)
    data = Cub(root=str(root), crop="box", segmentations=True)
    found, image = data.annotations(1), data.image(1)
    assert image.shape == (6, 10, 3)  # box 2 2 10 6 of a 12x10 image
    assert found.part_mask.shape == (6, 10)
    assert found.box == (0.0, 0.0, 10.0, 6.0)
    assert found.keypoints[0].tolist() == [1.0, 0.25, 1.0]  # 3.0 2.25 in the whole image
    assert found.part_mask.sum() == Cub(root=str(root), segmentations=True).annotations(1).part_mask[2:8, 2:].sum()


def test_crop_makes_keypoints_outside_the_box_invisible(root):
    replace(root / "CUB_200_2011" / "parts" / "part_locs.txt", "1 1 2.0 2.25 1", "1 1 0.5 2.25 1")
    assert Cub(root=str(root), crop="box").annotations(0).keypoints[0].tolist() == [0, 0, 0]


def test_trap_coordinates_are_of_the_stored_pixels_whatever_exif_says(root):
    trees.cub_extras(root)
    file = root / "CUB_200_2011" / "images" / "001.Black_footed_Albatross" / "Black_footed_Albatross_0001_1.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.open(file).save(file, exif=exif)
    for crop, shape in (("none", (10, 12, 3)), ("box", (6, 11, 3))):
        data = Cub(root=str(root), crop=crop, segmentations=True)
        assert data.image(0).shape == shape
        assert data.annotations(0).part_mask.shape == shape[:2]


def test_trap_grey_photographs_become_rgb(root):
    image = Cub(root=str(root)).image(1)
    assert image.shape == (10, 12, 3)
    assert (image == image[..., :1]).all()


def test_trap_segmentations_are_grey_levels_of_agreement(root):
    trees.cub_extras(root)
    data = Cub(root=str(root), segmentations=True)
    assert data.info.parts == ("bird",)
    mask = data.annotations(3).part_mask
    assert mask.dtype == np.uint8
    assert mask[2, 3:6].tolist() == [0, 1, 0]  # 127, 128, 51
    assert mask.sum() == 4 * 5 - 2


def test_segmentations_inside_cub_200_2011_serve_as_well(root):
    trees.cub_extras(root)
    (root / "segmentations").rename(root / "CUB_200_2011" / "segmentations")
    assert Cub(root=str(root), segmentations=True).annotations(0).part_mask.any()


def test_a_segmentation_of_another_size_is_refused(root):
    trees.cub_extras(root)
    file = root / "segmentations" / "001.Black_footed_Albatross" / "Black_footed_Albatross_0001_1.png"
    Image.new("L", (11, 10)).save(file)
    with pytest.raises(DataError, match="not as large as its image"):
        Cub(root=str(root), segmentations=True).annotations(0)


def test_trap_attributes_txt_lies_above_and_some_lines_have_more_columns(root):
    trees.cub_extras(root)
    data = Cub(root=str(root), attributes=True)
    records = data.records()
    assert list(data.info.attributes) == [
        "has_bill_shape::curved_(up_or_down)",
        "has_wing_color::blue",
        "has_size::large",
    ]
    # rows: image 1: 1+1 even 0, (2 not visible), 1+3 even 0; image 2: 1, 0 (six columns), 1
    assert dict(records[0].attributes) == {"has_bill_shape::curved_(up_or_down)": 0, "has_size::large": 0}
    assert list(records[1].attributes.values()) == [1, 0, 1]


def test_attributes_txt_inside_the_folder_serves_as_well(root):
    trees.cub_extras(root)
    (root / "attributes.txt").rename(root / "CUB_200_2011" / "attributes" / "attributes.txt")
    assert Cub(root=str(root / "CUB_200_2011"), attributes=True).records()[1].attributes


def test_the_folder_itself_may_be_named(root):
    assert len(Cub(root=str(root / "CUB_200_2011")).records()) == 6


@pytest.mark.parametrize("option", ["segmentations", "attributes"])
def test_what_an_option_needs_is_asked_for(root, option):
    Cub(root=str(root)).records()
    with pytest.raises(DataError, match=f"for the option {option}"):
        Cub(root=str(root), **{option: True}).records()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("image_class_labels.txt", "2 1\n", "", "0 lines for the image 2"),
        ("train_test_split.txt", "2 1\n", "1 1\n", "2 lines for the image 1"),
        ("bounding_boxes.txt", "3 3.0", "77 3.0", "image 77 that is not"),
        ("bounding_boxes.txt", "3 3.0", "3 wide", "bounding_boxes.txt cannot be read"),
        ("image_class_labels.txt", "6 2", "6 9", "a class 9 that is not"),
        ("train_test_split.txt", "2 1", "2 7", "other values than 0 and 1"),
        ("parts/part_locs.txt", "1 15 ", "1 16 ", "a part 16 that is not"),
        ("images.txt", "2 001.B", "1 001.B", "repeats the id 1"),
        (
            "images.txt",
            "2 001.Black_footed_Albatross/Black_footed_Albatross_0002_2.jpg",
            "2",
            "Line 2 of .* has no name",
        ),
        ("parts/part_locs.txt", "1 1 2.0 2.25 1\n", "1 1 2.0\n", "part_locs.txt cannot be read"),
    ],
)
def test_damaged_tables_are_named(root, file, old, new, words):
    replace(root / "CUB_200_2011" / file, old, new)
    with pytest.raises(DataError, match=words):
        Cub(root=str(root)).records()


def test_a_missing_file_is_named_with_the_way_to_it(root):
    (root / "CUB_200_2011" / "train_test_split.txt").unlink()
    with pytest.raises(DataError, match=r"CUB_200_2011/train_test_split.txt") as caught:
        Cub(root=str(root)).records()
    assert "ivpt data cub" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "plain"), [("200.Common_Yellowthroat", "Common Yellowthroat"), ("St._Bird", "St. Bird"), ("a", "a")]
)
def test_names_of_species(name, plain):
    assert plain_name(name) == plain


def test_published_counts():
    counts = Cub().source.counts
    assert counts == {"train": 5994, "test": 5794}
    assert sum(counts.values()) == 11788
