"""Shuffled maps, and what scores make of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import ConfigError, DataError
from ivpt.interfaces.metric import View
from ivpt.metrics.sanity import Sanity
from ivpt.metrics.shuffled import Shuffled
from tests.metrics.making import layer, one_hot, with_maps

TEST = View()


def parts_run(n: int = 30, **more):
    """Four regions that are four keypoints, wherever these are."""
    random = np.random.default_rng(0)
    places = np.stack([random.permutation(16)[:4] for _ in range(n)])
    regions = np.full((n, 16), 4)
    np.put_along_axis(regions, places, np.arange(4), 1)
    points = np.stack([places % 4 * 4 + 2, places // 4 * 4 + 2, np.ones_like(places)], 2).astype(np.float32)
    maps = one_hot(regions.reshape(n, 4, 4), 5)
    more = {"scores": np.ones((n, 2, 3)), "labels": random.integers(0, 3, n), **more}
    return with_maps(maps, size=(16, 16), points=points, keypoint_names=tuple("abcd"), **more)


def all_maps(evidence, key="L1"):
    return np.concatenate([maps for _, maps in evidence.attention(TEST, key, 7)])


@given(st.integers(0, 10**6), st.sampled_from(["prototypes", "cells"]))
def test_shuffling_moves_whole_channels_or_whole_columns_of_cells(seed, kind):
    maps = np.random.default_rng(seed).random((9, 4, 3, 2)).astype(np.float32)
    mixed = all_maps(Shuffled(with_maps(maps, size=(2, 3)), kind, seed))
    for before, after in zip(maps.reshape(9, 4, 6), mixed.reshape(9, 4, 6), strict=True):
        if kind == "cells":
            before, after = before.T, after.T
        assert sorted(map(tuple, before)) == sorted(map(tuple, after))


@pytest.mark.parametrize("kind", ["prototypes", "cells"])
def test_regions_are_shuffled_as_their_maps_are(kind):
    maps = np.random.default_rng(0).random((20, 4, 3, 2)).astype(np.float32)
    shuffled = Shuffled(with_maps(maps, size=(2, 3)), kind)
    regions = np.concatenate([owners for _, owners in shuffled.regions(TEST, "L1", 6)])
    np.testing.assert_array_equal(regions, all_maps(shuffled).argmax(1))
    assert (regions != maps.argmax(1)).any()


def test_an_image_is_shuffled_alike_whatever_the_order_and_the_seed_changes_it():
    maps = np.random.default_rng(0).random((5, 4, 3, 2)).astype(np.float32)
    plain = all_maps(Shuffled(with_maps(maps, size=(2, 3)), "cells"))
    turned = all_maps(Shuffled(with_maps(maps, size=(2, 3), order=[4, 2, 0, 1, 3]), "cells"))
    np.testing.assert_array_equal(turned, plain[[4, 2, 0, 1, 3]])
    assert (all_maps(Shuffled(with_maps(maps, size=(2, 3)), "cells", 1)) != plain).any()


def test_a_score_that_means_something_falls():
    result = Sanity(scores="nmi_ari").compute(parts_run())
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert figures["nmi_ari: NMI"] == pytest.approx(100)
    assert figures["nmi_ari: NMI, shuffled prototypes"] < 30
    assert figures["nmi_ari: NMI, shuffled cells"] < 30
    assert result.unit == "%" and result.images == 30 and result.parameters["nmi_ari"]["layer"] == "L1"


def test_a_score_that_does_not_look_at_the_maps_stays():
    figures = Sanity(scores="accuracy").compute(parts_run()).figures
    assert len({figure.value for figure in figures.values()}) == 1 and len(figures) == 3


def test_what_cannot_be_computed_says_why_and_does_not_hinder_the_others():
    result = Sanity(scores="nmi_ari, nmi_ari_pixels").compute(parts_run())
    assert result.figures["nmi_ari_pixels"].value is None and "part mask" in result.figures["nmi_ari_pixels"].why
    assert result.figures["nmi_ari: NMI"].value == pytest.approx(100)
    with pytest.raises(DataError, match="None of nmi_ari_pixels"):
        Sanity(scores="nmi_ari_pixels").compute(parts_run())


def test_views_are_those_of_the_metrics():
    run = parts_run(rectangles=np.tile(np.array([0, 0, 16, 16], np.float32), (30, 1)))
    metric = Sanity(scores="nmi_ari,keypoint_regression")
    assert metric.views(run) == [View(split="train")] and metric.view_layers(run) == ["L1"]
    assert View(crop="box") in Sanity().views(run)
    # without points consistency has no views, and is no hindrance
    bare = with_maps(np.ones((2, 2, 2, 2)), size=(4, 4), info=layer(2, (2, 2)))
    assert Sanity(scores="consistency").views(bare) == []


def test_options_are_checked():
    with pytest.raises(ValueError, match="other metrics"):
        Sanity(scores="sanity")
    with pytest.raises(ValueError, match="split"):
        Sanity(split="train")
    with pytest.raises(ConfigError, match="asks the model"):
        Sanity(scores="insertion_deletion").compute(parts_run())
