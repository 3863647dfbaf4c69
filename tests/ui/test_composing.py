"""What a picture shows: parts of it, heat, annotations."""

import numpy as np
import pytest

from ivpt.runfile.reader import RunFile
from ivpt.ui.composing import WHOLE, annotations, heat_levels, heated, seen
from ivpt.ui.pictures.scene import Scene, compose
from ivpt.ui.raster import over, resize
from ivpt.ui.reading import read_page


def test_the_part_that_is_seen() -> None:
    values = np.arange(48).reshape(6, 8)
    assert seen(values, WHOLE) is values
    np.testing.assert_array_equal(seen(values, (0.5, 0.5, 1.0, 1.0)), values[3:, 4:])
    assert seen(values, (0.99, 0.99, 1.0, 1.0)).shape == (1, 1)


def test_heat_gets_lighter_with_attention() -> None:
    attention = np.linspace(0, 1, 12, dtype=np.float32).reshape(1, 12)
    heat = heated(None, attention, 1.0)
    light = (heat[0, ::10].astype(float) @ [0.2126, 0.7152, 0.0722]).tolist()
    assert light == sorted(light) and light[0] < 40 and light[-1] > 200
    picture = np.full((20, 24, 3), 90, np.uint8)
    assert (heated(picture, attention, 0.0) == picture).all()
    np.testing.assert_array_equal(heat_levels(attention)[0, [0, 5, 11]], [0, 4, 9])


def test_keypoints_and_box_are_where_they_are_annotated(run: RunFile) -> None:
    page = read_page(run, int(run.map_images[0]))
    assert page.picture is not None and page.keypoints is not None and page.box is not None and page.frame is not None
    layer = annotations(page)
    assert layer is not None and layer.shape == (*page.picture.shape[:2], 4)
    drawn = over(page.picture, layer)
    scale = page.picture.shape[1] / page.frame[2]
    for x, y, visible in page.keypoints:
        assert visible and (drawn[int(y * scale), int(x * scale)] == (240, 228, 66)).all()
    left, top, _, height = page.box * scale
    assert (drawn[int(top + height / 2), max(int(left) - 1, 0)] == (240, 228, 66)).all()
    changed = (drawn != page.picture).any(axis=2).mean()
    assert 0 < changed < 0.2, "marks, and the picture between them"


@pytest.mark.parametrize("lacking", ["keypoints", "frame"])
def test_what_is_not_annotated_is_not_drawn(run: RunFile, lacking: str) -> None:
    from dataclasses import replace

    page = read_page(run, int(run.map_images[0]))
    assert page.picture is not None
    bare = replace(page, box=None, **{lacking: None})
    if lacking == "keypoints":
        assert annotations(bare) is None
    else:
        assert annotations(replace(page, frame=None)) is None
    assert annotations(replace(page, picture=None)) is None


@pytest.mark.parametrize("size", [(160, 160), (40, 40)])
def test_annotations_lie_over_the_regions(run: RunFile, size: tuple[int, int]) -> None:
    page = read_page(run, int(run.map_images[0]))
    regions, layer = next(iter(page.regions.values())), annotations(page)
    hidden, _ = compose(Scene(page.picture, regions, opacity=1.0), size)
    drawn, _ = compose(Scene(page.picture, regions, opacity=1.0, annotations=layer), size)
    assert hidden is not None and drawn is not None and layer is not None
    opacity = resize(layer, size)[..., 3]
    np.testing.assert_array_equal(drawn[opacity == 0], hidden[opacity == 0])
    np.testing.assert_array_equal(drawn[opacity == 255], resize(layer, size)[opacity == 255][:, :3])
    assert (opacity == 255).sum() > 5 and (opacity == 0).mean() > 0.7
