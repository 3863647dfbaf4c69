"""The reader on hand-made cores and maps, a few patches large."""

import json
import pickle
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ivpt_gleason2019.dataset as dataset
import numpy as np
import pytest
from ivpt_gleason2019 import Gleason2019
from ivpt_gleason2019.consensus import WEIGHTS, read_map, vote
from PIL import Image

from ivpt.errors import ConfigError, DataError
from ivpt.registry import DATASETS
from ivpt.testing import DatasetTests

SIDE = 16
WIDTH, HEIGHT = 5 * SIDE + 3, 2 * SIDE + 5
"""Five by two patches, and a rest that no patch covers."""

TISSUE, GLASS = (200, 120, 180), (243, 242, 245)


def plan(rows: list[str]) -> np.ndarray:
    """A map of one digit per patch."""
    grades = np.array([[int(c) for c in row] for row in rows], np.uint8)
    return np.pad(np.kron(grades, np.ones((SIDE, SIDE), np.uint8)), ((0, 5), (0, 3)))


def write_map(root: Path, expert: int, core: str, values: np.ndarray) -> Path:
    folder = root / f"Maps{expert}_T"
    folder.mkdir(exist_ok=True)
    path = folder / f"{core}_classimg_nonconvex.png"
    Image.fromarray(values).save(path)
    return path


def write_core(root: Path, core: str, glass: tuple[int, ...] = ()) -> None:
    """All tissue, but for some columns of patches."""
    pixels = np.full((HEIGHT, WIDTH, 3), TISSUE, np.uint8)
    pixels[::3, :, 1] = 20 * int(core[7])  # other stripes on every slide
    pixels[..., 0] -= np.arange(WIDTH, dtype=np.uint8)
    pixels[..., 2] -= np.arange(HEIGHT, dtype=np.uint8)[:, None]
    for column in glass:
        pixels[:, column * SIDE : (column + 1) * SIDE] = GLASS
    (root / "Train Imgs").mkdir(exist_ok=True)
    Image.fromarray(pixels).save(root / "Train Imgs" / f"{core}.jpg", quality=95)


def write_tree(root: Path) -> None:
    """Six slides of one core, which expert 1 has mapped."""
    for expert in range(1, 7):
        (root / f"Maps{expert}_T").mkdir()
    for slide in range(1, 7):
        write_core(root, f"slide00{slide}_core001")
        write_map(root, 1, f"slide00{slide}_core001", plan(["31450", "55113"]))


class TestGleason2019(DatasetTests):
    plugin = Gleason2019

    def options(self, folder: Path) -> Mapping[str, Any]:
        write_tree(folder)
        return {"root": str(folder), "patch": SIDE}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("IVPT_CACHE", str(folder))
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_tree(tmp_path)
    return tmp_path


def made(root: Path, **options: object) -> Gleason2019:
    return Gleason2019(str(root), patch=SIDE, **options)


def grades(data: Gleason2019, core: str = "slide001_core001") -> dict[tuple[int, int], int]:
    """Column and row of each patch of a core, and its grade."""
    found = {}
    for record in data.records():
        name, _, corner = record.id.partition("/")
        if name == core:
            x, y = (int(value) // SIDE for value in corner.split("_"))
            found[x, y] = int(data.info.classes[record.label].split()[1])
    return found


ALONE = {(0, 0): 3, (2, 0): 4, (3, 0): 5, (0, 1): 5, (1, 1): 5, (4, 1): 3}
"""What expert 1 alone says."""


def test_registered() -> None:
    made = DATASETS.create("gleason2019", {"purity": "0.6", "consensus": "weighted"})
    assert isinstance(made, Gleason2019)
    assert made.rule.side == 256


def test_patches_of_grades_three_to_five(tree: Path) -> None:
    data = made(tree)
    assert data.info.classes == ("Gleason 3", "Gleason 4", "Gleason 5")
    assert grades(data) == ALONE
    assert len(data.records()) == 6 * len(ALONE)


def test_the_patch_is_cut_where_its_name_says(tree: Path) -> None:
    # Lossless from here on: the same pixels as in the decoded core.
    with Image.open(tree / "Train Imgs" / "slide001_core001.jpg") as opened:
        core = np.array(opened)
    core[:, :, 0] = np.arange(WIDTH)
    Image.fromarray(core).save(tree / "Train Imgs" / "slide001_core001.jpg", quality=95)
    with Image.open(tree / "Train Imgs" / "slide001_core001.jpg") as opened:
        core = np.array(opened)
    data = made(tree)
    for i, record in enumerate(data.records()):
        if record.id.startswith("slide001"):
            x, y = map(int, record.id.split("/")[1].split("_"))
            assert (data.image(i) == core[y : y + SIDE, x : x + SIDE]).all()


def test_all_six_experts_are_asked(tree: Path) -> None:
    # Who begins with Maps0 and ends with Maps5 would miss the sixth.
    for expert in (4, 5, 6):
        write_map(tree, expert, "slide001_core001", plan(["44444", "00000"]))
    assert grades(made(tree)) == {(x, 0): 4 for x in range(5)}


def test_not_every_expert_has_mapped_every_core(tree: Path) -> None:
    write_map(tree, 3, "slide002_core001", plan(["33333", "00000"]))
    data = made(tree)
    assert grades(data) == ALONE
    assert grades(data, "slide002_core001") == {(0, 0): 3}  # where both agree


def test_the_value_six_is_benign(tree: Path) -> None:
    write_map(tree, 1, "slide001_core001", plan(["66333", "00000"]))
    assert grades(made(tree)) == {(2, 0): 3, (3, 0): 3, (4, 0): 3}
    path = write_map(tree, 2, "slide001_core001", plan(["66333", "00000"]))
    assert set(np.unique(read_map(path, (WIDTH, HEIGHT)))) == {0, 1, 3}


@pytest.mark.parametrize("value", [2, 7, 255])
def test_values_without_a_meaning_are_named(tree: Path, value: int) -> None:
    values = plan(["31450", "55113"])
    values[3, 3] = value
    write_map(tree, 1, "slide001_core001", values)
    with pytest.raises(DataError, match=rf"slide001_core001_classimg_nonconvex\.png has the value {value}"):
        made(tree).prepare()


def test_vote_against_counting() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.choice(np.array([0, 1, 3, 4, 5], np.uint8), (9, 11)) for _ in range(5)]
    for weights in (WEIGHTS["majority"][:5], WEIGHTS["weighted"][:5]):
        got = vote(maps, weights)
        for y in range(9):
            for x in range(11):
                votes: Counter[int] = Counter()
                for m, w in zip(maps, weights, strict=True):
                    votes[int(m[y, x])] += w
                (best, most), *others = votes.most_common()
                tied = any(abs(other - most) < 1e-9 for _, other in others)
                assert got[y, x] == (0 if tied else best)


def test_undecided_pixels_are_of_no_grade(tree: Path) -> None:
    write_map(tree, 2, "slide001_core001", plan(["43450", "55113"]))
    assert grades(made(tree)) == {key: grade for key, grade in ALONE.items() if key != (0, 0)}


def test_weights_decide_where_heads_are_equal(tree: Path) -> None:
    write_map(tree, 3, "slide001_core001", plan(["44444", "44444"]))  # weighs 0.612 against 0.401
    assert grades(made(tree)) == {(2, 0): 4}
    assert set(grades(made(tree, consensus="weighted")).values()) == {4}
    assert len(grades(made(tree, consensus="weighted"))) == 10


def test_purity_is_of_one_grade(tree: Path) -> None:
    values = plan(["33333", "00000"])
    values[: SIDE // 2, :SIDE] = 4  # half and half
    values[: SIDE // 2 - 1, SIDE : 2 * SIDE] = 0  # more than half
    values[: SIDE // 2 + 1, 2 * SIDE : 3 * SIDE] = 1  # less than half
    write_map(tree, 1, "slide001_core001", values)
    assert grades(made(tree)) == {(0, 0): 3, (1, 0): 3, (3, 0): 3, (4, 0): 3}
    assert set(grades(made(tree, purity=0.6))) == {(3, 0), (4, 0)}


def test_glass_is_no_tissue(tree: Path) -> None:
    write_core(tree, "slide001_core001", glass=(0, 3))
    assert set(grades(made(tree))) == {(2, 0), (1, 1), (4, 1)}
    assert set(grades(made(tree, tissue=0.0))) == set(ALONE)


@pytest.mark.parametrize("fold", range(5))
def test_no_slide_is_in_two_splits(tree: Path, fold: int) -> None:
    data = made(tree, fold=fold)
    where: dict[int, set[str | None]] = {}
    for record in data.records():
        assert data.info.attributes["slide"][record.attributes["slide"]] == record.id[:8]
        where.setdefault(record.attributes["slide"], set()).add(record.split)
    assert all(len(splits) == 1 for splits in where.values())
    assert [where[slide] == {"test"} for slide in range(6)] == [slide % 5 == fold for slide in range(6)]
    assert [where[slide] == {"val"} for slide in range(6)] == [slide % 5 == (fold + 1) % 5 for slide in range(6)]


def test_every_slide_is_tested_once(tree: Path) -> None:
    tested = [r.id for fold in range(5) for r in made(tree, fold=fold).records() if r.split == "test"]
    assert sorted(tested) == sorted(r.id for r in made(tree).records())


def test_maps_on_the_list_are_not_used(tree: Path) -> None:
    write_map(tree, 2, "slide001_core001", plan(["43450", "55113"]))
    listed = tree / "list.json"
    # The folders are called like this in the public list, and like those of the challenge elsewhere.
    listed.write_text(json.dumps({"slide001_core001.jpg": ["Remaps2_T"], "slide002_core001.jpg": ["Maps1_T"]}))
    data = made(tree, exclude=str(listed))
    assert grades(data) == ALONE
    assert grades(data, "slide002_core001") == {}


@pytest.mark.parametrize("text", ["", "[]", '{"slide001_core001.jpg": ["Maps7_T"]}', '{"a.jpg": []}', '{"a": 1}'])
def test_a_damaged_list_is_named(tree: Path, text: str) -> None:
    (tree / "list.json").write_text(text)
    with pytest.raises(DataError, match=r"list\.json"):
        made(tree, exclude=str(tree / "list.json")).prepare()


def test_images_without_maps_and_maps_without_images_are_passed_over(tree: Path) -> None:
    before = made(tree).records()
    write_core(tree, "slide001_core099")
    write_map(tree, 2, "slide001_core077", plan(["33333", "33333"]))
    assert made(tree).records() == before


def test_cores_are_cut_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    data = made(tree)
    data.prepare(lambda done, total, words: told.append((done, total)))
    assert told == [(i, 6) for i in range(6)]
    monkeypatch.setattr(dataset, "cut", lambda *_: pytest.fail("a core was cut again"))
    again = made(tree, fold=2)
    assert [r.id for r in again.records()] == [r.id for r in data.records()]
    assert (again.image(0) == data.image(0)).all()


def test_another_rule_or_map_is_cut_anew(tree: Path) -> None:
    made(tree).prepare()
    assert len(Gleason2019(str(tree), patch=2 * SIDE, purity=0.2).records()) == 6 * 2
    write_map(tree, 1, "slide001_core001", plan(["33333", "33333"]))
    assert len(grades(made(tree))) == 10


def test_missing_files_are_named(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DataError, match=r"Train Imgs.*--data DIR"):
        made(tmp_path_factory.mktemp("empty")).prepare()
    (tree / "Maps6_T").rmdir()
    with pytest.raises(DataError, match="Maps6_T"):
        made(tree).prepare()


def test_too_few_slides_for_the_folds(tree: Path) -> None:
    for slide in (5, 6):
        (tree / "Train Imgs" / f"slide00{slide}_core001.jpg").unlink()
    with pytest.raises(DataError, match="4 slides, and 5"):
        made(tree).prepare()


def test_images_that_are_no_cores_are_named(tree: Path) -> None:
    (tree / "Train Imgs" / "slide001_core001.jpg").rename(tree / "Train Imgs" / "overview.jpg")
    with pytest.raises(DataError, match=r"overview\.jpg is not named like a core"):
        made(tree).prepare()


def test_damaged_files_are_named(tree: Path) -> None:
    path = tree / "Maps1_T" / "slide001_core001_classimg_nonconvex.png"
    content = path.read_bytes()
    path.write_bytes(content[:50])
    with pytest.raises(DataError, match=path.name):
        made(tree).prepare()
    Image.fromarray(plan(["31450", "55113"])[:-1]).save(path)
    with pytest.raises(DataError, match=f"{path.name} is not one 8-bit channel of 83x37"):
        made(tree).prepare()
    Image.fromarray(plan(["31450", "55113"])).convert("RGB").save(path)
    with pytest.raises(DataError, match=f"{path.name} is not one 8-bit channel"):
        made(tree).prepare()
    path.write_bytes(content)
    core = tree / "Train Imgs" / "slide001_core001.jpg"
    core.write_bytes(core.read_bytes()[:100])
    with pytest.raises(DataError, match=core.name):
        made(tree).prepare()


@pytest.mark.parametrize("wrong", [{"patch": 8}, {"purity": 0}, {"purity": 1.1}, {"tissue": -1}, {"fold": 5}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="gleason2019"):
        Gleason2019(**wrong)


def test_pickles(tree: Path) -> None:
    data = made(tree)
    data.prepare()
    again = pickle.loads(pickle.dumps(data))
    assert again.records() == data.records()
    assert (again.image(3) == data.image(3)).all()
