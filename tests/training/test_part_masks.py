"""Part masks on their way into the run file: against labels looked up pixel by pixel."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ivpt.interfaces.dataset import Annotations, Dataset, DatasetInfo, Record
from ivpt.runfile.content import ImageTable
from ivpt.runfile.reader import RunFile
from ivpt.runfile.writer import write_run
from ivpt.training.images import look, shown_labels
from tests.runfile import small

GREYS = np.repeat(np.array([[15], [90], [165], [240]], np.uint8), 3, axis=1)
SIZES = ((37, 90), (64, 64), (120, 50), (12, 9))


class Blocks(Dataset):
    """Images of other proportions, painted in the greys of their parts; the third has no mask."""

    @property
    def info(self) -> DatasetInfo:
        return DatasetInfo("blocks", ("a", "ü"), parts=("dark", "bright", "white"))

    def records(self) -> Sequence[Record]:
        return [Record(str(i), i % 2) for i in range(len(SIZES))]

    def mask(self, index: int) -> NDArray[np.uint8]:
        height, width = SIZES[index]
        y, x = np.mgrid[:height, :width]
        return ((3 * y // height + 4 * x // width + index) % 4).astype(np.uint8)

    def image(self, index: int) -> NDArray[np.uint8]:
        return GREYS[self.mask(index)]

    def annotations(self, index: int) -> Annotations:
        return Annotations(part_mask=None if index == 2 else self.mask(index))


def looked_up(labels: NDArray[np.uint8], view: tuple[int, int], longest: int) -> NDArray[np.uint8]:
    """What lies under the middle of each pixel of the largest centred box of the view's proportions."""
    height, width = labels.shape
    tall = min(Fraction(height), Fraction(width * view[0], view[1]))
    wide = tall * view[1] / view[0]
    shrunk = min(Fraction(1), longest / max(tall, wide))
    rows, columns = max(round(tall * shrunk), 1), max(round(wide * shrunk), 1)
    found = np.zeros((rows, columns), np.uint8)
    for r in range(rows):
        for c in range(columns):
            y = (height - tall) / 2 + (r + Fraction(1, 2)) * tall / rows
            x = (width - wide) / 2 + (c + Fraction(1, 2)) * wide / columns
            found[r, c] = labels[int(y), int(x)]
    return found


@pytest.mark.parametrize("view", [(32, 32), (20, 31), (48, 16)])
@pytest.mark.parametrize("longest", [17, 160])
def test_labels_stay_labels(view: tuple[int, int], longest: int) -> None:
    dataset = Blocks()
    for index in range(len(SIZES)):
        mask = dataset.mask(index)
        np.testing.assert_array_equal(shown_labels(mask, view, longest), looked_up(mask, view, longest))


def looked(dataset: Dataset, longest: int) -> ImageTable:
    split = np.array([0, 1, 2, 2], np.uint8)
    return look(
        dataset,
        dataset.info,
        dataset.records(),
        split,
        view=(30, 40),
        thumbnail=longest,
        skip_unreadable=False,
    ).table


def test_the_run_file_holds_the_masks_of_images_that_have_them(tmp_path: Path) -> None:
    dataset = Blocks()
    info = {"name": "blocks", "classes": ["a", "ü"], "parts": ["dark", "bright", "white"]}
    with RunFile(write_run(tmp_path / "run.h5", small.content(images=looked(dataset, 24), info=info), [])) as run:
        assert run.has_part_masks and run.part_mask(2) is None
        for index in (0, 1, 3):
            mask, jpeg = run.part_mask(index), run.thumbnail(index)
            assert mask is not None and jpeg is not None
            np.testing.assert_array_equal(mask, looked_up(dataset.mask(index), (30, 40), 24))
            picture = np.asarray(Image.open(io.BytesIO(jpeg)), np.int64)
            assert picture.shape[:2] == mask.shape
            nearest = np.abs(picture[:, :, None] - GREYS.astype(np.int64)).sum(-1).argmin(-1)
            assert (nearest == mask).mean() > 0.8, "the mask lies over what the thumbnail shows"


def test_a_data_set_without_masks_stores_none(tmp_path: Path) -> None:
    class Plain(Blocks):
        def annotations(self, index: int) -> Annotations:
            return Annotations()

    assert looked(Plain(), 24).part_masks is None
