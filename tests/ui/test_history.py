"""Going back and forward."""

from ivpt.ui.history import KEPT, History


def test_back_and_forward() -> None:
    history = History(0)
    assert not history.back() and not history.go(0)
    for value in (1, 2, 3):
        assert history.go(value)
    assert history.back() and history.back() and history.present == 1
    assert history.forward() and history.present == 2
    assert history.go(9) and not history.forward()
    assert history.back() and history.present == 2


def test_steps_of_one_name_are_one_step() -> None:
    history = History(0)
    for value in (1, 2, 3):
        history.go(value, "walk")
    history.go(10)
    history.go(11, "walk")
    assert history.back() and history.present == 10
    assert history.back() and history.present == 3
    assert history.back() and history.present == 0
    assert not history.back()


def test_mended_neighbours_that_became_equal_are_no_step() -> None:
    history = History(5)
    history.go(7)
    history.go(8)
    history.mend(lambda value: min(value, 6))
    assert history.present == 6
    assert history.back() and history.present == 5
    assert not history.back()


def test_no_more_is_remembered_than_said() -> None:
    history = History(-1)
    for value in range(3 * KEPT):
        history.go(value)
    steps = 0
    while history.back():
        steps += 1
    assert steps == KEPT
