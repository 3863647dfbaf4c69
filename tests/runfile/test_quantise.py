import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ivpt.runfile.quantise import decode, encode

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))


@given(arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)))
def test_attention_between_0_and_1_is_off_by_at_most_half_a_step(maps: np.ndarray) -> None:
    steps, span = encode(maps)
    assert np.array_equal(span, np.tile(np.float32([0, 1]), (len(maps), 1)))
    for image in range(len(maps)):
        back = decode(steps[image], span[image])
        assert back.min() >= 0
        assert back.max() <= 1
        assert np.abs(back - maps[image]).max() <= 0.5 / 255 + 1e-7


@given(arrays(np.float32, SHAPES, elements=st.floats(-100, 100, width=32)))
def test_other_values_are_off_by_at_most_half_a_step_of_their_range(maps: np.ndarray) -> None:
    steps, span = encode(maps)
    for image in range(len(maps)):
        low, high = span[image].astype(np.float64)
        error = np.abs(decode(steps[image], span[image]).astype(np.float64) - maps[image])
        # values that only rounding took out of [0, 1] are clipped back
        assert error.max() <= (high - low) / 255 / 2 + 1e-5 + 1e-6 * max(abs(low), abs(high))


def test_equal_values_survive_exactly() -> None:
    maps = np.full((1, 2, 2, 2), -3.25, np.float32)
    steps, span = encode(maps)
    assert np.array_equal(decode(steps[0], span[0]), maps[0])


def test_the_range_of_one_image_does_not_touch_another() -> None:
    maps = np.stack([np.full((1, 2, 2), 0.3, np.float32), np.float32([[[-2, 5], [0, 1]]])])
    _, span = encode(maps)
    assert span.tolist() == [[0, 1], [-2, 5]]
