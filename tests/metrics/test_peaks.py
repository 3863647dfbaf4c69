import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ivpt.metrics.peaks import centroids, peaks, taps
from tests.metrics.slow import exact_enlargement, exact_peak, exact_taps


def decoded(steps):
    """Bytes as a run file gives them back."""
    return (np.asarray(steps) * (1 / 255)).astype(np.float32)


def plateau(h, w, rows, columns, base=0, top=255):
    steps = np.full((h, w), base, np.uint8)
    steps[slice(*rows), slice(*columns)] = top
    return steps


@pytest.mark.parametrize(("cells", "size"), [(37, 224), (8, 224), (16, 16), (5, 3), (1, 9), (2, 7)])
def test_taps_are_the_textbook_kernel(cells, size):
    left, weights = taps(cells, size)
    exact = exact_taps(cells, size)
    assert [base for base, _ in exact] == left.tolist()
    np.testing.assert_allclose(weights, [[w / (4 * (2 * size) ** 3) for w in four] for _, four in exact], atol=1e-15)


@pytest.mark.parametrize(("h", "w", "size"), [(37, 37, 224), (8, 8, 224), (7, 11, 40), (6, 6, 4), (1, 5, 30)])
@pytest.mark.parametrize("levels", [2, 3, 256])
def test_peaks_of_bytes_are_the_exact_ones(h, w, size, levels):
    rng = np.random.default_rng(h * levels)
    steps = rng.integers(0, levels, (6, h, w))
    assert peaks(decoded(steps), size).tolist() == [list(exact_peak(one, size)) for one in steps]


@pytest.mark.parametrize(
    "steps",
    [
        plateau(37, 37, (10, 20), (14, 26)),  # four corners tie
        plateau(37, 37, (0, 37), (0, 36)),  # a whole column of the frame ties
        plateau(37, 37, (5, 6), (0, 37), base=3, top=4),  # one bright row of a dim map
        255 - plateau(37, 37, (15, 22), (15, 22)),  # a hole: the overshoot runs around it
        np.maximum(plateau(37, 37, (3, 6), (20, 23)), plateau(37, 37, (30, 33), (4, 7))),  # two equal regions
        plateau(37, 37, (36, 37), (0, 1)),  # in the corner the border is replicated
        np.indices((37, 37)).sum(0) % 2,  # a chessboard of single steps: hundreds of ties
    ],
    ids=["plateau", "border", "row", "hole", "two", "corner", "chessboard"],
)
def test_ties_are_decided_exactly_and_for_the_first(steps):
    (found,) = peaks(decoded(steps[None]))
    assert tuple(found) == exact_peak(steps, 224)
    assert tuple(peaks(steps[None].astype(np.float64))[0]) == tuple(found)


def test_a_saturated_plateau_peaks_inside_its_first_corner():
    # nine cells in the middle of 37 begin at 84.8: the peak is 0.8 cells, 5 pixels, further in, and 1.23 high;
    # the four corners mirror each other and tie
    steps = plateau(37, 37, (14, 23), (14, 23), top=1)
    enlarged = exact_enlargement(steps, 224)
    r, q = peaks(steps[None].astype(np.float32))[0]
    assert (r + 0.5 - 14 * 224 / 37, q + 0.5 - 14 * 224 / 37) == pytest.approx((5, 5), abs=0.5)
    assert enlarged[r, q] == enlarged[223 - r, q] == enlarged[r, 223 - q] == enlarged.max()
    assert enlarged.max() / (4 * 448**3) ** 2 == pytest.approx(1.23, abs=1e-3)


def test_a_single_hot_cell_peaks_at_its_centre():
    hot = np.eye(37 * 37, dtype=np.float32).reshape(-1, 37, 37)
    cell = np.indices((37, 37)).reshape(2, -1).T
    inner = ((cell > 0) & (cell < 36)).all(axis=1)
    off = peaks(hot)[inner] + 0.5 - (cell[inner] + 0.5) * 224 / 37
    assert np.abs(off).max() <= 0.5 + 1e-9


def test_a_constant_map_peaks_at_the_first_pixel():
    maps = np.stack([np.zeros((9, 9)), np.full((9, 9), 0.7), -np.ones((9, 9))]).astype(np.float32)
    assert peaks(maps).tolist() == [[0, 0]] * 3


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3)), st.integers(1, 29)
)
def test_small_maps_in_any_frame(steps, size):
    assert tuple(peaks(decoded(steps)[None], size)[0]) == exact_peak(steps, size)


@given(arrays(np.float32, (2, 5, 7), elements=st.floats(-100, 100, width=32)), st.integers(5, 40))
def test_any_values_against_the_whole_enlargement(maps, size):
    (left, down), (right, across) = taps(5, size), taps(7, size)
    for one, found in zip(maps.astype(np.float64), peaks(maps, size), strict=True):
        rows = sum(down[:, k, None] * one[np.clip(left - 1 + k, 0, 4)] for k in range(4))
        whole = sum(across[:, k] * rows[:, np.clip(right - 1 + k, 0, 6)] for k in range(4))
        first = np.argmax((whole >= whole.max() - 1e-12 * np.abs(one).max()).ravel())
        assert tuple(found) == divmod(int(first), size)


@pytest.mark.parametrize("cells", [8, 16, 37])
def test_untied_maxima_are_where_torch_finds_them(cells):
    rng = np.random.default_rng(cells)
    maps = rng.random((40, cells, cells), np.float32) ** 4
    enlarged = torch.nn.functional.interpolate(
        torch.from_numpy(maps).double()[None], size=(224, 224), mode="bicubic", align_corners=False
    )[0].flatten(1)
    highest = enlarged.topk(2).values
    clear = (highest[:, 0] - highest[:, 1] > 1e-6).numpy()
    assert clear.sum() >= 30
    expected = np.stack(np.divmod(enlarged.argmax(1).numpy(), 224), 1)
    np.testing.assert_array_equal(peaks(maps)[clear], expected[clear])


def test_leading_axes_and_many_maps():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 70, 6, 6), np.float32)
    found = peaks(maps, 30)
    assert found.shape == (3, 70, 2)
    for i, j in ((0, 0), (1, 58), (2, 69)):
        assert found[i, j].tolist() == peaks(maps[i, j], 30).tolist()


@pytest.mark.parametrize("unit", [2.0**-149, 2.0**-130, 2.0**100])
def test_maps_at_the_ends_of_32_bits(unit):
    # the softmax of a concept that is nowhere leaves numbers like these, where a quarter of a step rounds to nothing
    steps = np.eye(25, dtype=int).reshape(-1, 5, 5)[:8]
    maps = (steps * unit).astype(np.float32)
    assert peaks(maps).tolist() == [list(exact_peak(one, 224)) for one in steps]


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        peaks(np.full((1, 3, 3), np.nan, np.float32))


def test_centroids_are_mean_positions():
    maps = np.zeros((3, 4, 4), np.float32)
    maps[0, 1, 3] = 2.0
    maps[1, 0, 0] = maps[1, 0, 1] = 1.0
    maps[1, 3, 3] = -9.0  # a negative value pulls nothing
    # cell 1 of 4 is centred at 3/8 of the frame, cell 3 at 7/8; two cells side by side meet at 1/4
    assert centroids(maps, 80).tolist() == [[30, 70], [10, 20], [40, 40]]
