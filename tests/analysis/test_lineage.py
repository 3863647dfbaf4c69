"""From fine to coarse, against counting cells and assignments image by image."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.analysis.lineage import children, fed, parents, path_to_coarse
from ivpt.runfile.index import compute_index, stored_index
from ivpt.runfile.reader import RunFile
from tests.analysis.placing import write_placed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    # blocks of 2 x 2 cells, so that something belongs together
    regions = {
        key: rng.integers(0, m, (20, 4, 4)).repeat(2, axis=1).repeat(2, axis=2)
        for key, m in (("L6", 4), ("L7", 3), ("coarse", 3))
    }
    regions["L6"][regions["L6"] == 3] = 0
    regions["L7"] = np.where(regions["L6"] == 1, 2, regions["L7"])
    groups = {"L6": rng.integers(0, 3, (20, 4)), "L7": rng.integers(0, 3, (20, 3))}
    return write_placed(tmp_path / "run.h5", regions, channels={"L6": 4, "L7": 3, "coarse": 3}, groups=groups)


def test_parents_by_overlap(path: Path) -> None:
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        for fine, coarse in (("L6", "L7"), ("L7", "coarse")):
            for k in (1, 2):
                cells: Counter[int] = Counter()
                best: Counter[int] = Counter()
                firing = 0
                for i in range(20):
                    own = run.regions(coarse, i)[run.regions(fine, i) == k]
                    cells.update(own.tolist())
                    firing += len(own) > 0
                    if len(own):
                        best[int(np.bincount(own).argmax())] += 1
                links = parents(run, index, fine, k)
                assert [link.share for link in links] == sorted((link.share for link in links), reverse=True)
                assert {link.coarse: link.share for link in links} == {
                    (coarse, j): n / sum(cells.values()) for j, n in cells.items()
                }
                assert {link.coarse[1]: link.images for link in links if link.images} == dict(best)
                assert {link.of for link in links} == {firing} and sum(link.share for link in links) == pytest.approx(1)
        assert parents(run, index, "L6", 3) == () == parents(run, index, "coarse", 1)
        assert parents(run, index, "L6", 1)[0].coarse == ("L7", 2)


def test_parents_by_assignment(path: Path) -> None:
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        for key, k in (("L6", 1), ("L6", 2), ("L7", 1), ("L7", 2)):
            firing = [i for i in range(20) if (run.regions(key, i) == k).any()]
            fed = Counter(int(run.groups(key, i)[k]) for i in firing)
            links = parents(run, index, key, k, "assigned")
            assert {link.coarse: (link.images, link.share) for link in links} == {
                ("coarse", g): (n, n / len(firing)) for g, n in fed.items()
            }
        assert parents(run, index, "coarse", 1, "assigned") == ()


def test_what_a_prototype_feeds_is_never_background(path: Path) -> None:
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        for key, k in (("L6", 1), ("L6", 2), ("L7", 1), ("L7", 2)):
            firing = [i for i in range(20) if (run.regions(key, i) == k).any()]
            counts = np.bincount([run.groups(key, i)[k] for i in firing], minlength=3)
            link = fed(run, index, key, k)
            assert link is not None and link.coarse == ("coarse", 1 + int(counts[1:].argmax()))
            assert (link.share, link.of) == (counts[1:].max() / len(firing), len(firing))
        assert fed(run, index, "L6", 3) is None, "it never fires"


@pytest.mark.parametrize("groups", [None, {"L6": np.zeros((2, 3), int)}])
def test_without_groups_or_in_background_alone_nothing_is_fed(tmp_path: Path, groups: dict[str, Any] | None) -> None:
    regions = {"L6": np.ones((2, 2, 2), int), "coarse": np.ones((2, 2, 2), int)}
    path = write_placed(tmp_path / "run.h5", regions, channels={"L6": 3, "coarse": 3}, groups=groups)
    with RunFile(path) as run:
        assert fed(run, compute_index(run), "L6", 1) is None


@pytest.mark.parametrize("by", ["overlap", "assigned"])
def test_children_are_those_whose_strongest_parent_it_is(path: Path, by: str) -> None:
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        everything = []
        for layer in run.layers:
            for k in range(layer.prototypes):
                links = children(run, index, layer.key, k, by)
                for link in links:
                    assert parents(run, index, *link.fine, by)[0] == link and link.coarse == (layer.key, k)
                everything += [link.fine for link in links]
        firing = [("L6", 1), ("L6", 2), ("L7", 1), ("L7", 2)]
        assert sorted(everything) == firing


def test_the_way_to_the_coarse_set(path: Path) -> None:
    with RunFile(path) as run:
        index = stored_index(run)
        assert index is not None
        first, second = path_to_coarse(run, index, "L6", 1)
        assert first == parents(run, index, "L6", 1)[0] and second == parents(run, index, "L7", 2)[0]
        assert path_to_coarse(run, index, "L6", 3) == ()
        for k in (1, 2):
            steps = path_to_coarse(run, index, "L6", k)
            assert steps[-1].coarse[0] == "coarse" or steps[-1].coarse[1] == 0
