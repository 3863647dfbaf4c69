"""Box crops, noise, and the part of the original image that maps lie over."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ivpt.data.transforms import visible_box
from ivpt.evaluation.changed import noise, squashed
from ivpt.metrics.part_points import into_frame
from ivpt.runfile.frames import box_frames, whole_frames

SIDES = st.integers(1, 400)


@given(SIDES, SIDES, SIDES, SIDES)
def test_whole_images_are_framed_as_the_evaluation_view_shows_them(w: int, h: int, height: int, width: int) -> None:
    (frame,) = whole_frames(np.array([[w, h]]), (height, width))
    assert frame == pytest.approx(visible_box(w, h, (height, width)), rel=1e-12, abs=1e-9)


@given(st.floats(-50, 150), st.floats(-50, 150), st.floats(0, 200), st.floats(0, 200), SIDES, SIDES)
def test_boxes_are_truncated_and_crops_end_at_the_border(
    x: float, y: float, w: float, h: float, wide: int, high: int
) -> None:
    (frame,) = box_frames(np.array([[x, y, w, h]]), np.array([[wide, high]])).astype(int)
    x1, y1 = int(x), int(y)
    columns = [c for c in range(x1, x1 + int(w)) if 0 <= c < wide]
    rows = [r for r in range(y1, y1 + int(h)) if 0 <= r < high]
    if not columns or not rows:
        assert frame.tolist() == [0, 0, 0, 0]
        return
    assert frame.tolist() == [columns[0], rows[0], x1 + int(w) - columns[0], y1 + int(h) - rows[0]]
    image = np.zeros((high, wide, 3), np.uint8)
    image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 255
    assert (squashed(image, frame, (3, 3)) == 255).all()  # nothing but what both the box and the image hold
    assert (squashed(image, frame, (len(rows), len(columns))).shape) == (len(rows), len(columns), 3)


def test_keypoints_are_placed_in_the_whole_box_as_published() -> None:
    # a box that ends one pixel beyond an image 100 wide: int(224 (99 - 60) / 41), not int(224 (99 - 60) / 40) = 218
    (frame,) = box_frames(np.array([[60.9, 0, 41.9, 50]]), np.array([[100, 100]]))
    assert frame.tolist() == [60, 0, 41, 50]
    assert into_frame(np.array([[[99.7, 10.0]]]), frame[None], 224).tolist() == [[[44, 213]]]


def test_there_is_no_frame_without_a_box() -> None:
    frames = box_frames(np.array([[np.nan] * 4, [0, 0, 0, 0], [2, 3, 4.9, 5]]), np.array([[10, 10]] * 3))
    assert frames.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [2, 3, 4, 5]]


def test_a_crop_is_cut_out_before_it_is_squashed() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (40, 60, 3)).astype(np.uint8)
    cut = squashed(image, np.array([7, 5, 20, 10]), (16, 16))
    other = image.copy()
    other[:5], other[15:], other[:, :7], other[:, 27:] = 0, 0, 0, 0
    assert (squashed(other, np.array([7, 5, 20, 10]), (16, 16)) == cut).all()  # nothing outside the box is seen
    byhand = Image.fromarray(image[5:15, 7:27]).resize((16, 16), Image.Resampling.BICUBIC)
    assert (cut == np.asarray(byhand)).all()
    assert (squashed(image, np.array([7, 5, 20, 10]), (10, 20)) == image[5:15, 7:27]).all()


def test_noise_is_the_published_one() -> None:
    drawn = noise(0, "a.png", (3, 200, 200), 0.2, 0.25)
    assert drawn.dtype == torch.float32 and drawn.abs().max() == 0.25
    at_the_clip = (drawn.abs() == 0.25).float().mean()
    assert at_the_clip == pytest.approx(0.2113, abs=0.004)  # P(|N| > 1.25), metrics.md 1.4
    assert drawn.mean().abs() < 0.003
    inner = drawn[drawn.abs() < 0.1].std()
    assert inner == pytest.approx(0.0566, abs=0.002)  # of a normal with deviation 0.2 inside +-0.1


def test_noise_belongs_to_seed_and_image() -> None:
    def draw(seed: int, name: str) -> torch.Tensor:
        return noise(seed, name, (3, 4, 4), 0.2, 0.25)

    assert torch.equal(draw(1, "a"), draw(1, "a"))
    assert not torch.equal(draw(1, "a"), draw(2, "a"))
    assert not torch.equal(draw(1, "a"), draw(1, "b"))
