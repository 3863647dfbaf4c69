"""The parts of the session: lists of images, concepts, classes, evidence and drawing, without a terminal."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.runfile.index import INDEX, RANKS
from ivpt.runfile.reader import RunFile
from ivpt.ui.finding import find_concepts
from ivpt.ui.parts.images import CONFUSED, MISTAKES, OF_CLASS
from ivpt.ui.parts.lists import Numbers
from ivpt.ui.session import Session
from tests.synthetic import write_synthetic_run
from tests.ui.filling import fill


@pytest.fixture
def unindexed(run_path: Path, tmp_path: Path) -> Iterator[Session]:
    """The same run without its index, as written by earlier versions."""
    path = tmp_path / "old.h5"
    path.write_bytes(run_path.read_bytes())
    with h5py.File(path, "r+") as file:
        del file[INDEX]
    with RunFile(path) as run:
        yield Session(run)


# images


def test_numbers_step_as_lists_of_the_index_do(run: RunFile, session: Session) -> None:
    index = session.summary.index
    assert index is not None
    stored, made = index.mistakes(), Numbers(np.asarray(index.mistakes().all()))
    for image in range(-1, run.num_images + 1):
        assert made.find(image) == stored.find(image) and (image in made) == (image in stored)
        for by in (-2, -1, 1, 2):
            assert made.step(image, by) == stored.step(image, by), (image, by)


def test_without_an_index_the_same_images_are_gone_through(session: Session, unindexed: Session) -> None:
    assert unindexed.summary.index is None
    filters = [("all",), ("train",), ("val",), ("test",), (MISTAKES,), (OF_CLASS, 1), (CONFUSED, "test", 0, 1)]
    for filter in filters:
        old, new = unindexed.images.of(filter), session.images.of(filter)
        assert [old[k] for k in range(len(old))] == [new[k] for k in range(len(new))], filter
    with pytest.raises(ValueError, match="no choice"):
        session.images.of(("nonsense",))


def test_an_index_is_made_where_there_is_none(session: Session, unindexed: Session) -> None:
    wish = unindexed.wish("summary.index")
    assert wish is not None and unindexed.wish("summary.facts") is None, "facts wait for the index"
    shares: list[float] = []
    assert unindexed.take("summary.index", wish, unindexed.read("summary.index", wish, shares.append))
    assert shares and shares == sorted(shares) and shares[-1] <= 1
    fill(unindexed)
    assert unindexed.summary.facts is not None and session.summary.facts is not None
    assert unindexed.summary.warnings == session.summary.warnings
    assert unindexed.summary.facts.splits == session.summary.facts.splits
    assert session.wish("summary.index") is None, "a stored one is not made again"


def test_an_index_in_memory_does_no_harm_at_the_end_of_the_program(unindexed: Session) -> None:
    """HDF5 tidies up when the interpreter has gone; what it needs then must not be Python's."""
    program = (
        "import sys; from ivpt.runfile.index import compute_index; from ivpt.runfile.reader import RunFile;"
        "index = compute_index(RunFile(sys.argv[1])); print(len(index.mapped()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(unindexed.run.path)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, str(len(unindexed.run.map_images)))


def test_images_of_a_confusion(session: Session, run: RunFile) -> None:
    classes = session.classes
    classes.shown = "confusion"
    true, said, count = classes.confusions()[0]
    assert classes.open_images()
    order = session.images.order
    own = [order[k] for k in range(len(order))]
    wrong = (run.labels == true) & (run.predictions == said) & (run.splits == 2)
    assert own == np.flatnonzero(wrong).tolist() and len(own) == count
    assert session.view.image in own and session.class_name(said) in session.images.words()
    assert session.images.next_filter() and session.view.filter == ("all",)


# classes


def test_confusions_are_those_of_the_predictions(session: Session, run: RunFile) -> None:
    for split, name in ((2, "test"), (1, "val")):
        session.classes.split = name
        fill(session)
        wrong = (run.splits == split) & (run.predictions >= 0) & (run.predictions != run.labels)
        counted: dict[tuple[int, int], int] = {}
        for i in np.flatnonzero(wrong):
            pair = int(run.labels[i]), int(run.predictions[i])
            counted[pair] = counted.get(pair, 0) + 1
        found = session.classes.confusions()
        assert {(t, p): n for t, p, n in found} == counted
        assert [n for *_, n in found] == sorted(counted.values(), reverse=True)


def test_classes_are_walked_sorted_and_compared(session: Session) -> None:
    classes = session.classes
    assert [row.c for row in classes.rows()] == [0, 1, 2]
    assert classes.next() and classes.next() and not classes.next() and classes.at == 2
    classes.page_up()
    assert classes.at == 0
    classes.sort = "accuracy"
    values = [row.accuracy.value for row in classes.rows() if row.accuracy]
    assert values == sorted(values)
    assert classes.compare_with(2) and classes.compared == 2 and classes.shown == "difference"
    fill(session)
    found = classes.differences.value
    assert found is not None and {d.key for d in found} == {layer.key for layer in session.layers}
    assert classes.swap() and (classes.at, classes.compared) == (2, 0)
    assert not classes.compare_with(2) and not classes.to(99)


def test_examples_are_images_of_the_class_with_maps(session: Session, run: RunFile) -> None:
    for c in range(3):
        session.classes.to(c)
        fill(session)
        examples = session.classes.examples.value
        own = [i for i in sorted(run.map_images.tolist()) if run.labels[i] == c]
        assert examples is not None and [e.image for e in examples] == [own[0], own[(len(own) - 1) // 2], own[-1]]
        assert all((e.regions == run.regions("coarse", e.image)).all() for e in examples)


def test_a_run_of_one_class_has_nothing_to_compare(tmp_path: Path) -> None:
    with RunFile(write_synthetic_run(tmp_path / "one.h5", images=12, classes=1, coarse=1)) as run:
        session = Session(run)
        session.images.start()
        fill(session)
        assert session.classes.compared is None and not session.classes.swap()
        assert session.evidence.rival == -1


# concepts


def test_the_list_can_be_filtered(session: Session) -> None:
    concepts = session.concepts
    session.choose_layer(session.layers[0].key)
    everything = concepts.rows()
    concepts.shown = "flagged"
    flagged = concepts.rows()
    concepts.shown = "not flagged"
    assert {c.channel for c in flagged} | {c.channel for c in concepts.rows()} == {c.channel for c in everything}
    assert any(flag.kind == "silent" for c in flagged for flag in c.flags)
    concepts.shown = "all"
    seen = set()
    for _ in range(6):
        concepts.next_shown()
        seen.add(concepts.shown)
        assert concepts.rows() or concepts.shown == "all"
    assert "named" not in seen, "nobody has named anything"


def test_walking_from_fine_to_coarse_and_back(session: Session) -> None:
    session.choose_concept(session.layers[0].key, 1)
    keys = [layer.key for layer in session.layers]
    visited = [session.view.layer]
    for _ in keys:
        fill(session)
        if not session.concepts.to_parent():
            break
        visited.append(session.view.layer)
    assert visited == keys
    fill(session)
    detail = session.concepts.detail
    assert detail is not None and detail.key == "coarse" and detail.children and not detail.parents
    at = session.view
    assert session.concepts.to_child() and session.view.layer != "coarse"
    assert session.back() and session.view == at


def test_regions_of_one_rank_or_of_all(session: Session) -> None:
    concepts = session.concepts
    seen = [concepts.ranks]
    for _ in range(4):
        concepts.next_ranks()
        seen.append(concepts.ranks)
    assert seen == [RANKS, ("strongest",), ("median",), ("weakest",), RANKS]


def test_concepts_are_found_by_number_and_name() -> None:
    labels = [("L6", 1, "L6:1"), ("L6", 12, "beak (L6:12)"), ("coarse", 1, "coarse:1")]
    assert [(h.key, h.index) for h in find_concepts(labels, "l6:1")] == [("L6", 1), ("L6", 12)]
    assert [(h.key, h.index) for h in find_concepts(labels, "BEA")] == [("L6", 12)]
    assert find_concepts(labels, " ") == []


# evidence and drawing


def test_a_contrast_adds_up_to_the_difference_of_logits(session: Session, run: RunFile) -> None:
    evidence, page = session.evidence, session.images.page
    assert page is not None
    assert evidence.explain(0) and evidence.compare_with(2) and evidence.contrast
    own, other = evidence.contributions(0), evidence.contributions(2)
    assert own is not None and other is not None and (evidence.explained, evidence.rival) == (0, 2)
    logits = run.scores(page.index).mean(axis=0)
    assert (own - other).sum() == pytest.approx(logits[0] - logits[2], abs=1e-5)
    assert evidence.toggle_contrast() and not evidence.contrast


def test_attention_is_read_when_it_is_asked_for(session: Session, run: RunFile) -> None:
    assert session.wish("evidence.attention") is None
    session.overlay.toggle_heat()
    at = session.view.concept
    assert at == session.evidence.present()[0].channel, "the largest concept is chosen when none is"
    fill(session)
    attention = session.evidence.attentions.value
    assert attention is not None and at is not None
    np.testing.assert_array_equal(attention, run.attention(session.view.layer, session.view.image)[at])


def test_zoom_and_pan_stay_inside_the_picture(session: Session) -> None:
    overlay = session.overlay
    assert overlay.window == (0, 0, 1, 1) and not overlay.left() and not overlay.farther()
    while overlay.nearer():
        pass
    for step in (overlay.left, overlay.up, overlay.right, overlay.down):
        while step():
            left, top, right, bottom = overlay.window
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    assert overlay.window == (1 - 1 / 8, 1 - 1 / 8, 1, 1)
    overlay.farther()
    assert max(overlay.window) <= 1
    assert overlay.whole() and overlay.window == (0, 0, 1, 1)
