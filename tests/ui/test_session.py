"""The explorer without a terminal."""

from pathlib import Path

import numpy as np
import pytest

from ivpt.errors import RunFileError
from ivpt.runfile.index import RANKS, RunIndex, stored_index
from ivpt.runfile.reader import RunFile
from ivpt.ui.actions import ACTIONS, SCREENS, on_screen
from ivpt.ui.card import read_card
from ivpt.ui.finding import find_classes, find_images, read_names
from ivpt.ui.parts.summary import read_facts
from ivpt.ui.reading import read_gallery, read_page
from ivpt.ui.session import TRUE, Session
from tests.synthetic import write_synthetic_run
from tests.ui.filling import fill


def index_of(run: RunFile) -> RunIndex:
    """The index that the file holds."""
    index = stored_index(run)
    assert index is not None
    return index


def test_images_go_through_those_with_maps(session: Session, run: RunFile) -> None:
    seen = [session.view.image]
    while session.images.next():
        seen.append(session.view.image)
    assert seen == sorted(run.map_images.tolist())
    assert session.images.position == (len(seen), len(seen))
    assert not session.images.next()
    assert session.images.first() and session.view.image == seen[0]
    assert not session.images.previous()


def test_mistakes_are_mistakes(session: Session, run: RunFile) -> None:
    session.images.first()
    found = [session.view.image] if run.predictions[session.view.image] != run.labels[session.view.image] else []
    while session.images.next_mistake():
        found.append(session.view.image)
    seen = run.predictions >= 0
    assert found == np.flatnonzero(seen & (run.predictions != run.labels)).tolist()
    assert found, "the synthetic run has mistakes"
    while session.images.previous_mistake():
        pass
    assert session.view.image == found[0]


def test_filters_leave_out_empty_choices_and_move_to_their_first_image(session: Session, run: RunFile) -> None:
    names = []
    for _ in range(6):
        session.images.next_filter()
        names.append(session.view.filter)
        assert session.view.image in session.images.order
    assert {("all",), ("val",), ("test",), ("train",), ("mistakes",)} == set(names)
    assert session.images.choose(("val",))
    assert run.splits[session.view.image] == 1


def test_next_of_class_stays_in_class_and_goes_around(session: Session, run: RunFile) -> None:
    label = run.labels[session.view.image]
    seen = {session.view.image}
    for _ in range(run.num_images):
        session.images.next_of_class()
        assert run.labels[session.view.image] == label
        seen.add(session.view.image)
    assert seen == {i for i in run.map_images.tolist() if run.labels[i] == label}


def test_contributions_add_up_to_the_logits(session: Session, run: RunFile) -> None:
    page = session.images.page
    assert page is not None
    logits = run.scores(page.index).mean(axis=0)
    for c in range(len(run.classes)):
        own = session.evidence.contributions(c)
        assert own is not None and own.sum() == pytest.approx(logits[c], abs=1e-5)
    total = sum(session.evidence.probability(c) or 0 for c in range(len(run.classes)))
    assert total == pytest.approx(1)
    assert session.evidence.explained == page.prediction == int(logits.argmax())


def test_explained_and_rival(session: Session, run: RunFile) -> None:
    session.images.first()
    session.images.next_mistake()
    fill(session, "images.page")
    page = session.images.page
    assert page is not None and page.wrong
    assert (session.evidence.explained, session.evidence.rival) == (page.prediction, page.label)
    session.evidence.next_explained()
    assert session.view.explain == TRUE and session.evidence.explained == page.label
    assert session.evidence.rival == page.prediction
    assert session.evidence.explain(2) and session.evidence.explained == 2
    assert not session.evidence.explain(99)


def test_present_concepts_are_those_of_the_region_map(session: Session, run: RunFile) -> None:
    regions = run.regions(session.view.layer, session.view.image)
    present = session.evidence.present()
    assert {p.channel for p in present} == set(np.unique(regions).tolist()) - {0}
    assert [p.area for p in present] == sorted((p.area for p in present), reverse=True)
    for p in present:
        assert p.area == pytest.approx((regions == p.channel).mean())
    session.evidence.next_present()
    assert session.view.concept == present[0].channel
    session.evidence.next_present()
    session.evidence.previous_present()
    assert session.view.concept == present[0].channel
    assert session.no_concept() and session.view.concept is None


def test_layers_go_around_and_let_the_concept_go(session: Session) -> None:
    session.choose_concept(session.view.layer, 1)
    keys = [layer.key for layer in session.layers]
    start = session.view.layer
    for _ in keys:
        assert session.next_layer() and session.view.concept is None
    assert session.view.layer == start
    session.next_layer()
    session.previous_layer()
    assert session.view.layer == start
    assert not session.choose_layer("L99")
    assert not session.choose_concept(start, 0), "the background is no concept"


def test_the_list_of_concepts_sorts(session: Session) -> None:
    session.choose_layer("coarse")
    numbers = [c.channel for c in session.concepts.rows()]
    assert numbers == [1, 2, 3, 4]
    session.concepts.next_sort()
    areas = [c.area for c in session.concepts.rows()]
    assert areas == sorted(areas, reverse=True)
    assert session.concepts.sort_by("importance")
    values = [c.importance or 0 for c in session.concepts.rows()]
    assert values == sorted(values, reverse=True)
    session.evidence.explain(1)
    own = [session.concepts.adds(c) for c in session.concepts.rows()]
    assert own != values and own == sorted(own, reverse=True)
    assert sorted(own) == pytest.approx(sorted(session.run.importance()[1].tolist()))


def test_what_is_no_longer_wanted_is_not_shown(session: Session) -> None:
    first = session.images.page
    session.images.next()
    wish = session.wish("images.page")
    assert wish is not None
    found = session.read("images.page", wish)
    session.images.next()
    assert not session.take("images.page", wish, found)
    assert session.images.page is first
    session.images.previous()
    assert session.wish("images.page") is None, "it was kept"
    assert session.images.page is found


def test_facts_agree_with_the_maps(run: RunFile) -> None:
    facts = read_facts(run, index_of(run))
    images = run.map_images.tolist()
    for key, rows in facts.concepts.items():
        maps = np.stack([run.regions(key, i) for i in images])
        for row in rows:
            assert row.area == pytest.approx((maps == row.channel).mean(), abs=1e-4)
            assert row.share == pytest.approx((maps == row.channel).any((1, 2)).mean())
    for k, split in enumerate(facts.splits):
        chosen = (run.splits == k) & (run.predictions >= 0)
        assert split.images == int((run.splits == k).sum()) and split.judged == int(chosen.sum())
        if split.judged:
            assert split.accuracy.value == pytest.approx((run.predictions == run.labels)[chosen].mean())


def test_gallery_shows_strong_middling_and_weak_regions(run: RunFile) -> None:
    key = run.layers[-2].key
    gallery = read_gallery(run, index_of(run), key, 1, each=2)
    masses = run.strengths(key)[:, 1] * run.areas(key)[:, 1]
    rows = {int(image): row for row, image in enumerate(run.map_images)}
    strength = [masses[rows[gallery.rows[rank][0].image]] for rank in RANKS]
    assert strength == sorted(strength, reverse=True)
    assert strength[0] == pytest.approx(masses.max()) and strength[2] == pytest.approx(masses[masses > 0].min())
    images = [c.image for rank in RANKS for c in gallery.rows[rank]]
    assert len(set(images)) == len(images)
    for cutting in gallery.rows["strongest"]:
        assert (cutting.regions == 1).any()
        assert cutting.area == pytest.approx((run.regions(key, cutting.image) == 1).mean())
        assert cutting.label == run.labels[cutting.image]


def test_a_concept_that_never_fires_has_an_empty_gallery(run: RunFile) -> None:
    gallery = read_gallery(run, index_of(run), run.layers[0].key, 16)
    assert gallery.firing == 0 and not any(gallery.rows.values())


def test_finding(run: RunFile) -> None:
    names = read_names(run)
    assert [hit.index for hit in find_images(names, "#7")][:1] == [7]
    assert {hit.name for hit in find_images(names, "CREATURE_01")} == {n for n in names.ids if "creature_01" in n}
    assert find_images(None, "x") == [] and find_images(names, "") == []
    assert [hit.name for hit in find_classes(("owl", "barn owl", "wren"), "OWL")] == ["owl", "barn owl"]


def test_training_images_have_a_page_without_maps(run: RunFile) -> None:
    index = int(np.flatnonzero(run.splits == 0)[0])
    page = read_page(run, index)
    assert page.regions == {} and page.scores is None and page.picture is not None and not page.wrong


def test_a_newer_version_keeps_what_is_chosen(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=24)
    with RunFile(path) as old:
        session = Session(old)
        session.images.start()
        fill(session)
        session.choose_layer("L6")
        session.choose_concept("L6", 3)
        view = session.view
        write_synthetic_run(path, images=30, epochs=9)
        assert old.is_stale()
        with RunFile(path) as new:
            assert session.adopt(new, read_card(new))
            assert session.view == view
            assert session.wish("images.page") is not None and session.wish("summary.facts") is not None
            fill(session)
            assert session.images.page is not None and session.run.num_images == 30
            session.choose(image=29)
        write_synthetic_run(path, images=6, layers=(8,))
        with RunFile(path) as smaller:
            assert session.adopt(smaller, read_card(smaller))
            assert session.view.image <= 5 and session.view.layer in {"L7", "coarse"} and session.view.concept is None


def test_results_for_an_older_version_are_dropped(run: RunFile) -> None:
    session = Session(run)
    wish = session.wish("summary.facts")
    assert wish is not None
    found = session.read("summary.facts", wish)
    session.adopt(run, session.card)
    assert not session.take("summary.facts", wish, found) and session.summary.facts is None
    assert not session.refuse("summary.facts", wish, "broken")


def test_a_run_without_anything_extra(tmp_path: Path) -> None:
    path = write_synthetic_run(
        tmp_path / "bare.h5",
        thumbnails=False,
        keypoints=False,
        part_masks=False,
        attributes=False,
        groups=False,
        epochs=0,
        weights="none",
    )
    with RunFile(path) as run:
        session = Session(run)
        session.images.start()
        fill(session)
        assert session.images.page is not None and session.images.page.picture is None and session.images.page.trouble
        assert session.evidence.present() and session.evidence.present()[0].group is None
        assert any("random weights" in line for line in session.card.cautions)


def test_an_empty_run(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "empty.h5", images=0)
    with RunFile(path) as run:
        session = Session(run)
        assert session.view.image == -1 and not session.images.start() and session.wish("images.page") is None
        fill(session, "summary.facts", "images.ids")
        for action in ACTIONS:
            if action.command:
                session.command(*action.command)
        assert session.images.position == (0, 0)


def test_every_session_action_is_a_command(session: Session) -> None:
    for action in ACTIONS:
        if action.command:
            assert session.command(*action.command) in (True, False), action.id


def test_back_and_forward_retrace_the_way(session: Session) -> None:
    start = session.view
    for _ in range(3):
        assert session.images.next()
    walked = session.view
    session.next_layer()
    session.choose_concept("L6", 2)
    there = session.view
    assert session.back() and session.back() and session.view == walked
    assert session.back() and session.view == start, "steps through images are undone at once"
    assert not session.back()
    assert sum(session.forward() for _ in range(9)) == 3 and session.view == there
    assert not session.forward()
    session.back()
    session.images.last()
    assert not session.forward(), "a new way forgets the old one"


def test_no_two_actions_of_a_screen_share_a_key() -> None:
    for screen in SCREENS:
        keys = [key for action in on_screen(screen) for key in action.keys]
        assert len(keys) == len(set(keys)), screen
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_a_run_without_layers_is_refused(run: RunFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(run), "layers", ())
    with pytest.raises(RunFileError, match="no layers"):
        Session(run)
