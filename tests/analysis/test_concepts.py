"""Facts of concepts, flags and warnings against runs in which they are known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.analysis.concepts import ConceptFacts, best_part, concept_facts, over_classes, warnings
from ivpt.runfile.index import RunIndex, stored_index
from ivpt.runfile.reader import RunFile
from ivpt.runfile.writer import write_run
from tests.analysis.placing import write_placed
from tests.runfile import small
from tests.synthetic import write_synthetic_run


def index_of(run: RunFile) -> RunIndex:
    found = stored_index(run)
    assert found is not None
    return found


def facts_of(path: Path) -> tuple[dict[str, tuple[ConceptFacts, ...]], tuple[str, ...]]:
    with RunFile(path) as run:
        found = concept_facts(run, index_of(run))
        return found, warnings(run.layers, len(index_of(run).mapped()), found)


def test_facts_are_those_of_counting(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=40, classes=3, thumbnails=False)
    found, _ = facts_of(path)
    with RunFile(path) as run:
        shown = [i for i in range(40) if run.has_maps(i)]
        for layer in run.layers:
            for fact in found[layer.key]:
                cells = [run.regions(layer.key, i) == fact.channel for i in shown]
                assert fact.area == pytest.approx(np.mean(cells), abs=1e-6)
                assert fact.images == sum(c.any() for c in cells) and fact.share == fact.images / len(shown)
                if layer.block is None:
                    own = [run.importance()[c, fact.channel - 1] for c in range(3)]
                    assert fact.importance == pytest.approx(np.mean(own)) and fact.feeds is None
                elif fact.images:
                    fed = [run.groups(layer.key, i)[fact.channel] for i, c in zip(shown, cells, strict=True) if c.any()]
                    most = np.bincount(fed)
                    assert fact.feeds == (most.argmax(), most.max() / len(fed)) and fact.importance is None
        spread = over_classes(run, index_of(run), "L5", 2)
        again = over_classes(run, index_of(run), "coarse", 2)
        for c in range(3):
            own = [i for i in shown if run.label(i) == c]
            areas = [(run.regions("L5", i) == 2).mean() for i in own]
            assert spread.images[c] == len(own) and spread.present[c] == sum(a > 0 for a in areas)
            assert spread.area[c] == pytest.approx(np.mean(areas)) and spread.importance is None
            assert again.importance is not None and again.importance[c] == run.importance()[c, 1]


def maps(*counts: Mapping[int, int], cells: int = 100) -> np.ndarray:
    """One image each of 10 x 10 cells: channel to number of cells, the rest is background."""
    return np.array(
        [[k for k, n in c.items() for _ in range(n)] + [0] * (cells - sum(c.values())) for c in counts]
    ).reshape(len(counts), 10, 10)


def kinds(rows: tuple[ConceptFacts, ...]) -> dict[int, list[str]]:
    return {row.channel: [flag.kind for flag in row.flags] for row in rows if row.flags}


def test_silent_rare_and_dominant_concepts_are_flagged(tmp_path: Path) -> None:
    regions = maps({1: 50, 2: 1}, *[{1: 50}] * 149)
    path = write_placed(
        tmp_path / "run.h5", {"L6": regions, "coarse": regions}, channels={"L6": 4, "coarse": 4}, coarse=3
    )
    found, words = facts_of(path)
    assert kinds(found["L6"]) == {1: ["dominant"], 2: ["rare"], 3: ["silent"]}
    assert words[:3] == (
        "L6: concept 3 never fires.",
        "L6: concept 2 fires in fewer than 1 % of images.",
        "L6: concept 1 owns 100% of the foreground.",
    )


def test_removed_prototypes_are_no_silent_concepts(tmp_path: Path) -> None:
    regions = maps({1: 5, 2: 5})
    path = write_placed(tmp_path / "run.h5", {"L6": regions}, channels={"L6": 4}, removed={"L6": (3,)})
    found, words = facts_of(path)
    assert kinds(found["L6"]) == {3: ["removed"]} and words == ()


def test_two_prototypes_with_the_same_maps_are_duplicates(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    attention = rng.random((30, 5, 4, 4)).astype(np.float32)
    attention[:, 2] = attention[:, 1] + 0.02 * (rng.random((30, 4, 4)) - 0.5)
    # nothing to see, and alike: not called duplicates
    attention[:, 3] = attention[:, 4] = 1e-3 * rng.random((30, 4, 4))
    path = write_placed(
        tmp_path / "run.h5", {"L6": attention.argmax(axis=1)}, channels={"L6": 5}, attention={"L6": attention}
    )
    found, words = facts_of(path)
    assert kinds(found["L6"]) == {1: ["duplicate"], 2: ["duplicate"], 3: ["silent"], 4: ["silent"]}
    assert [flag.other for row in found["L6"] for flag in row.flags][:2] == [2, 1]
    assert words == (
        "L6: concepts 3, 4 never fire.",
        "L6: concepts 1 and 2 are duplicates: their maps are nearly the same.",
    )


def test_a_layer_without_foreground_is_said_to_be(tmp_path: Path) -> None:
    path = write_placed(tmp_path / "run.h5", {"L6": maps({}, {})}, channels={"L6": 3})
    assert facts_of(path)[1] == ("L6: everything is background.",)


def test_concepts_outside_of_boxes_are_flagged(tmp_path: Path) -> None:
    regions = np.zeros((3, 10, 10), int)
    regions[:, 0], regions[:, 5] = 1, 2
    images = {"sizes": [[200, 100]] * 3, "boxes": [[50, 40, 100, 60]] * 2 + [[np.nan] * 4]}
    path = write_placed(tmp_path / "run.h5", {"L6": regions}, channels={"L6": 3}, images=images, image_size=(80, 80))
    found, words = facts_of(path)
    assert kinds(found["L6"]) == {1: ["outside"]}
    assert words == ("L6: concept 1: 100% of its cells lie outside the objects' boxes.",)


def test_masks_say_more_than_boxes_about_what_lies_beside_the_objects(tmp_path: Path) -> None:
    regions = np.zeros((3, 10, 10), int)
    regions[:, 0], regions[:, 5] = 1, 2
    images = {"sizes": [[200, 100]] * 3, "boxes": [[50, 40, 100, 60]] * 3}
    evaluated = entry("L6", [90.0, 30.0], metric="foreground_iou")
    evaluated["per_concept"] = {"pixels on the object": evaluated["per_concept"]["main"]}
    path = write_placed(
        tmp_path / "run.h5",
        {"L6": regions, "L7": regions},
        channels={"L6": 3, "L7": 3},
        images=images,
        image_size=(80, 80),
        metrics={"foreground_iou": evaluated},
    )
    found, words = facts_of(path)
    assert kinds(found["L6"]) == {2: ["outside"]} and kinds(found["L7"]) == {1: ["outside"]}
    assert words == (
        "L6: concept 2: 70% of its pixels lie beside the objects.",
        "L7: concept 1: 100% of its cells lie outside the objects' boxes.",
    )


def test_keypoints_without_names_name_no_part(tmp_path: Path) -> None:
    points = np.full((1, 2, 3), 5.0)
    path = write_placed(
        tmp_path / "run.h5",
        {"L6": np.ones((1, 3, 3), int)},
        channels={"L6": 2},
        images={"sizes": [[9, 9]], "keypoints": points},
        image_size=(9, 9),
    )
    assert facts_of(path)[0]["L6"][0].part is None


def test_the_best_part_puts_left_and_right_together() -> None:
    names = ["left eye", "right eye", "beak", "Right-Wing"]
    assert best_part(np.array([3, 4, 5, 0]), names) == ("eye", 7 / 12)
    assert best_part(np.array([0, 0, 1, 9]), names) == ("Wing", 0.9)
    assert best_part(np.zeros(4, int), names) is None


def test_the_best_part_is_that_of_the_keypoints_in_the_regions(tmp_path: Path) -> None:
    regions = np.zeros((2, 10, 10), int)
    regions[:, :5] = 1
    points = np.array([[[10, 10, 1], [10, 90, 1]], [[90, 20, 1], [10, 30, 0]]], float)
    path = write_placed(
        tmp_path / "run.h5",
        {"L6": regions},
        channels={"L6": 3},
        images={"sizes": [[100, 100]] * 2, "keypoints": points},
        image_size=(80, 80),
        info={"keypoints": ["beak", "tail"]},
    )
    found, _ = facts_of(path)
    assert [row.part for row in found["L6"]] == [("beak", 1.0), None]


def entry(layer: str | None, values: list[float | None], **more: Any) -> dict[str, Any]:
    stored = {"metric": "consistency", "split": "test", "layer": layer, "unit": "%", "value": 1.0}
    return {**stored, "per_concept": {"main": values}, **more}


def test_stored_breakdowns_belong_to_their_concepts(tmp_path: Path) -> None:
    regions = maps({1: 5, 2: 5})
    metrics = {
        "consistency": entry("L6", [50.0, None]),
        "val_consistency": entry("L6", [1.0, 2.0], split="val"),
        "alignment": entry(None, [7.0, 8.0], metric="alignment"),
        "broken": entry("L6", [1.0], metric="broken"),
        "test_accuracy": {"value": 0.5},
    }
    path = write_placed(
        tmp_path / "run.h5", {"L6": regions, "coarse": regions}, channels={"L6": 3, "coarse": 3}, metrics=metrics
    )
    found, _ = facts_of(path)
    assert [dict(row.metrics) for row in found["L6"]] == [{"consistency: main": 50.0}, {}]
    assert [dict(row.metrics) for row in found["coarse"]] == [{"alignment: main": 7.0}, {"alignment: main": 8.0}]
    assert found["L6"][0].units == {"consistency: main": "%"} and found["L6"][1].name == "L6:2"


def test_a_run_without_maps(tmp_path: Path) -> None:
    found, words = facts_of(write_run(tmp_path / "run.h5", small.content(), []))
    assert words == ("No maps are stored in this run: regions and contributions cannot be shown.",)
    assert [(row.images, row.importance, row.flags) for row in found["coarse"]] == [(0, None, ())] * 2
    assert all(np.isnan(row.area) and np.isnan(row.share) for rows in found.values() for row in rows)
