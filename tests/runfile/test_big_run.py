"""The repeated run of the benchmarks is a run like any other."""

from pathlib import Path

import numpy as np

from benchmarks.big_run import repeat_run
from ivpt.runfile.index import compute_index, stored_index
from ivpt.runfile.reader import RunFile
from tests.synthetic import write_synthetic_run

COUNT = 1100
"""Enough for several chunks."""


def test_a_repeated_run_says_of_every_image_what_the_first_says(tmp_path: Path) -> None:
    base = write_synthetic_run(tmp_path / "base.h5", images=COUNT, grid=(3, 3))
    path = repeat_run(base, tmp_path / "big.h5", 3)
    with RunFile(base) as one, RunFile(path) as run:
        assert run.num_images == 3 * COUNT == len(set(run.ids())) and run.config == one.config
        for i in range(0, 3 * COUNT, 37):
            k = i % COUNT
            assert (run.label(i), run.split(i), run.prediction(i)) == (one.label(k), one.split(k), one.prediction(k))
            assert run.thumbnail(i) == one.thumbnail(k) and run.has_maps(i) == one.has_maps(k)
            assert (run.keypoints(i) == one.keypoints(k)).all() and (run.box(i) == one.box(k)).all()
            if run.has_maps(i):
                assert (run.scores(i) == one.scores(k)).all()
                for layer in run.layers:
                    assert (run.attention(layer.key, i) == one.attention(layer.key, k)).all()
                    assert (run.regions(layer.key, i) == one.regions(layer.key, k)).all()
                    assert (run.area(layer.key, i) == one.area(layer.key, k)).all()
        index, again, first = stored_index(run), compute_index(run), stored_index(one)
        assert index is not None and first is not None
        assert index.mistakes().all().tolist() == [i + k * COUNT for k in range(3) for i in first.mistakes().all()]
        for key in ("L4", "coarse"):
            assert (index.layer(key).images == 3 * first.layer(key).images).all()
            assert np.array_equal(index.layer(key).likeness, again.layer(key).likeness)
