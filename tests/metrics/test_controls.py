import numpy as np

from ivpt.metrics.controls import CENTRE, PER_CLASS, PER_IMAGE, cell_peaks, places


def test_a_cell_peaks_within_itself():
    found = cell_peaks((7, 5), 224)
    cells = np.indices((7, 5)).reshape(2, -1).T
    assert ((found // [32, 44.8]).astype(int) == cells).all()


def test_what_each_control_holds_fixed():
    labels = np.repeat(np.arange(5), 20)
    drawn = list(places(labels, 3, (8, 8), 224, draws=2, seed=0, passes=2))
    assert [name for name, _ in drawn] == [CENTRE, PER_IMAGE, PER_CLASS, PER_IMAGE, PER_CLASS]
    (centre, _), *others = [passes for _, passes in drawn]
    assert (centre == 112).all() and centre.shape == (100, 3, 2)
    for per_image, per_class in (others[:2], others[2:]):
        assert (per_image[0] != per_image[1]).any()
        np.testing.assert_array_equal(per_class[0], per_class[1])
        by_class = per_class[0].reshape(5, 20, 3, 2)
        assert (by_class == by_class[:, :1]).all()
        assert len(np.unique(by_class[:, 0].reshape(-1, 2), axis=0)) > 8
    assert (others[0][0] != others[2][0]).any()


def test_random_cells_are_uniform():
    ((_, _), (_, (found,)), _) = places(np.zeros(4000, int), 4, (4, 4), 224, draws=1, seed=1)
    _, counts = np.unique(found.reshape(-1, 2), axis=0, return_counts=True)
    assert len(counts) == 16
    # 1000 expected in each cell; chi-square with 15 degrees of freedom exceeds 37.7 once in a thousand seeds
    assert ((counts - 1000) ** 2 / 1000).sum() < 37.7
