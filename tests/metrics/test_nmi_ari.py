"""Agreement of regions with keypoints and with part masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from ivpt.errors import DataError
from ivpt.metrics.nmi_ari import NmiAri
from ivpt.metrics.nmi_ari_pixels import NmiAriPixels
from tests.metrics.making import layer, one_hot, with_maps

QUARTERS = np.array([[0, 1], [2, 3]])


def points(*rows: tuple[float, float, int]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_regions_that_are_the_keypoints_reach_one_hundred_whatever_their_order():
    # two images of 8 x 8; each keypoint is in a quarter of its own, and channels follow the keypoints
    quarters = np.stack([QUARTERS, QUARTERS[::-1]])
    seen = np.stack([points((1, 1, 1), (7, 1, 1), (1, 7, 1)), points((1, 7, 1), (7, 7, 1), (1, 1, 1))])
    run = with_maps(one_hot(quarters, 4), size=(8, 8), points=seen, keypoint_names=("a", "b", "c"))
    result = NmiAri(grid=2).compute(run)
    assert result.figures["NMI"].value == pytest.approx(100)
    assert result.figures["ARI"].value == pytest.approx(100)
    # the fixed grid sees a in cells 0, 2, b in 1, 3 and c in 2, 0
    names, cells = [0, 1, 2, 0, 1, 2], [0, 1, 2, 2, 3, 0]
    control = result.figures["control 2 x 2 grid: NMI"].value
    assert control == pytest.approx(100 * normalized_mutual_info_score(names, cells))
    assert result.images == 2 and result.layer == "L1" and result.parameters["keypoints"] == 6


def test_what_is_invisible_or_outside_the_frame_is_not_counted():
    seen = np.stack(
        [
            points((1, 1, 1), (7, 1, 0), (1, 7, 1)),
            points((1, 1, 1), (99, 1, 1), (7, 7, 1)),
            points((1, 1, 0), (np.nan, 1, 1), (-1, 7, 1)),
        ]
    )
    maps = one_hot(np.stack([QUARTERS] * 3), 4)
    result = NmiAri().compute(with_maps(maps, size=(8, 8), points=seen, keypoint_names=("a", "b", "c")))
    assert result.parameters["keypoints"] == 4 and result.images == 2
    assert result.parameters["images without a visible keypoint"] == 1
    assert result.figures["NMI"].value == pytest.approx(100 * normalized_mutual_info_score([0, 2, 0, 2], [0, 2, 0, 3]))
    with pytest.raises(DataError, match="No keypoint"):
        NmiAri().compute(with_maps(maps, size=(8, 8), points=seen * 0, keypoint_names=("a", "b", "c")))


def test_maps_over_a_part_of_the_image():
    # the frame is the right half of a 16 x 8 image
    seen = np.stack([points((9, 1, 1), (15, 1, 1), (3, 3, 1))])
    run = with_maps(one_hot(QUARTERS[None], 4), size=(16, 8), points=seen, frame=(8, 0, 8, 8))
    result = NmiAri().compute(run)
    assert result.parameters["keypoints"] == 2
    assert result.figures["ARI"].value == pytest.approx(100)


@given(st.integers(0, 10**6), st.permutations(range(6)), st.permutations(range(4)))
def test_keypoint_labels_are_those_of_a_slow_reference(seed, order, channels):
    random = np.random.default_rng(seed)
    maps = random.random((6, 4, 3, 5)).astype(np.float32)
    seen = np.concatenate([random.random((6, 5, 2)) * (20, 12), random.integers(0, 2, (6, 5, 1))], 2)
    seen[0, 0, 2] = 1
    true, predicted = [], []
    for image in range(6):
        for j, (x, y, visible) in enumerate(seen[image]):
            if not visible:
                continue
            # middle of the pixel, in cells, clamped, between its four neighbours
            u = np.clip((int(x) + 0.5) / 20 * 5 - 0.5, 0, 4)
            v = np.clip((int(y) + 0.5) / 12 * 3 - 0.5, 0, 2)
            left, top = min(int(u), 3), min(int(v), 1)
            a, b = u - left, v - top
            value = (
                maps[image, :, top, left] * (1 - a) * (1 - b)
                + maps[image, :, top, left + 1] * a * (1 - b)
                + maps[image, :, top + 1, left] * (1 - a) * b
                + maps[image, :, top + 1, left + 1] * a * b
            )
            true.append(j)
            predicted.append(int(value.argmax()))
    more = {"size": (20, 12), "points": seen.astype(np.float32)}
    one = NmiAri().compute(with_maps(maps, **more)).figures
    assert one["NMI"].value == pytest.approx(100 * normalized_mutual_info_score(true, predicted), abs=1e-6)
    assert one["ARI"].value == pytest.approx(100 * adjusted_rand_score(true, predicted), abs=1e-6)
    other = with_maps(maps[:, channels], info=layer(4, (3, 5), background=channels.index(3)), order=order, **more)
    two = NmiAri().compute(other).figures
    assert {k: v.value for k, v in two.items()} == pytest.approx({k: v.value for k, v in one.items()}, abs=1e-6)


def test_all_pixels_and_pixels_of_parts_by_hand():
    # 4 x 4 image of 2 x 2 cells; bilinear enlargement of one-hot quarters keeps the quarters
    regions = one_hot(QUARTERS[None], 4)  # channel 3 is background
    mask = np.zeros((4, 4), np.uint8)
    mask[:2, :2] = 1  # "a" is region 0
    mask[:2, 2] = 2  # "b" is half of region 1
    run = with_maps(regions, size=(4, 4), masks={0: mask}, parts=("a", "b", "c"))
    result = NmiAriPixels(grid=2).compute(run)
    truth, found = mask.ravel(), QUARTERS.repeat(2, 0).repeat(2, 1).ravel()
    inside = truth > 0
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert figures["NMI"] == pytest.approx(100 * normalized_mutual_info_score(truth, found))
    assert figures["ARI"] == pytest.approx(100 * adjusted_rand_score(truth, found))
    assert figures["part pixels: NMI"] == pytest.approx(100)
    assert figures["part pixels: ARI"] == pytest.approx(100)
    assert figures["part pixels: best IoU"] == pytest.approx(100)
    assert inside.sum() == 6
    # over the whole image region 1 has two pixels of b and two of nothing, region 2 none of any part
    np.testing.assert_allclose(result.per_concept["IoU with the best part"], [100, 50, 0])
    assert result.parameters["part with most pixels, by concept"] == ["a", "b", ""]
    # the 2 x 2 grid is the same four quarters here
    assert figures["control 2 x 2 grid, part pixels: best IoU"] == pytest.approx(100)
    assert figures["control 2 x 2 grid: ARI"] == pytest.approx(figures["ARI"])


@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_pixels_agree_with_scikit_learn_and_order_means_nothing(seed, order):
    random = np.random.default_rng(seed)
    maps = random.random((5, 3, 4, 4)).astype(np.float32)
    masks = {i: random.integers(0, 3, (4, 4)).astype(np.uint8) for i in range(4)}  # the last image has none
    more = {"size": (4, 4), "masks": masks, "parts": ("a", "b")}
    result = NmiAriPixels().compute(with_maps(maps, **more))
    true = np.concatenate([masks[i].ravel() for i in range(4)])
    found = maps.argmax(1)[:4].ravel()  # as many cells as pixels
    inside = true > 0
    assert result.figures["NMI"].value == pytest.approx(100 * normalized_mutual_info_score(true, found), abs=1e-6)
    assert result.figures["ARI"].value == pytest.approx(100 * adjusted_rand_score(true, found), abs=1e-6)
    expected = 100 * normalized_mutual_info_score(true[inside], found[inside])
    assert result.figures["part pixels: NMI"].value == pytest.approx(expected, abs=1e-6)
    assert result.images == 4 and result.parameters["images without a part mask"] == 1
    again = NmiAriPixels().compute(with_maps(maps, order=order, **more))
    for name, figure in result.figures.items():
        assert again.figures[name].value == pytest.approx(figure.value, abs=1e-6)
        assert 0 <= figure.value <= 100 or "ARI" in name


def test_images_without_parts_have_no_part_figures():
    run = with_maps(one_hot(QUARTERS[None], 4), size=(4, 4), masks={0: np.zeros((4, 4), np.uint8)}, parts=("a",))
    result = NmiAriPixels().compute(run)
    assert result.figures["part pixels: NMI"].value is None and result.figures["part pixels: NMI"].why
    assert result.figures["part pixels: best IoU"].value is None
    assert result.figures["NMI"].value == 0
    with pytest.raises(DataError, match="part mask"):
        NmiAriPixels().compute(with_maps(one_hot(QUARTERS[None], 4), size=(4, 4), parts=("a",)))


def test_intervals_hold_the_value_also_where_there_is_no_agreement():
    random = np.random.default_rng(0)
    seen = np.concatenate([random.random((40, 8, 2)) * 8, np.ones((40, 8, 1))], 2).astype(np.float32)
    run = with_maps(random.random((40, 6, 4, 4)), size=(8, 8), points=seen, keypoint_names=tuple("abcdefgh"))
    for name, figure in NmiAri().compute(run).figures.items():
        low, high = figure.interval
        assert low < figure.value < high, name


def test_options_are_checked():
    for kind in (NmiAri, NmiAriPixels):
        with pytest.raises(ValueError, match="split"):
            kind(split="train")
        with pytest.raises(ValueError, match="grid"):
            kind(grid=0)
