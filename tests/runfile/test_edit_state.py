from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.errors import RunFileError
from ivpt.runfile.concept import Concept
from ivpt.runfile.edit_state import EditState, replay, to_redo, to_undo, undone_edits
from ivpt.runfile.edits import Edit

BEAK, WING = Concept("L6", 3), Concept("coarse", 1)


def edit(what: str, who: str = "Ada", **arguments: Any) -> Edit:
    return Edit("2026-01-01", who, what, arguments)


def test_an_empty_log_is_nothing() -> None:
    assert replay([]) == EditState()


def test_each_kind_does_what_it_says() -> None:
    state = replay(
        [
            edit("name", concept="L6:3", name="bill"),
            edit("name", concept="L6:3", name="beak"),
            edit("name", concept="coarse:1", name="wing"),
            edit("name", concept="coarse:1", name=""),
            edit("note", concept="coarse:1", note="both wings"),
            edit("drop", concept="coarse:1"),
            edit("drop", concept="L6:3"),
            edit("drop", concept="L6:4"),
            edit("restore", concept="coarse:1"),
            edit("set", set="spurious", concepts=["L6:3", "L6:4"]),
            edit("set", set="other", concepts=[]),
            edit("forget", set="other"),
            edit("pruned", concepts=["L6:4"]),
        ]
    )
    assert state.names == {BEAK: "beak"}
    assert state.notes == {WING: "both wings"}
    assert state.drops == (BEAK,)
    assert state.sets == {"spurious": (BEAK, Concept("L6", 4))}
    assert replay([edit("drop", concept="L6:3"), edit("drops", concepts=["coarse:1"])]).drops == (WING,)


def test_an_undone_edit_is_left_out_wherever_it_stands() -> None:
    edits = [
        edit("name", concept="L6:3", name="first"),
        edit("name", concept="L6:3", name="second"),
        edit("name", "Bo", concept="coarse:1", name="Bo's"),
        edit("undo", edit=2),
    ]
    assert replay(edits).names == {BEAK: "first", WING: "Bo's"}
    assert replay([*edits, edit("redo", edit=2)]).names == {BEAK: "second", WING: "Bo's"}
    assert undone_edits(edits) == {2}


def test_undo_takes_ones_own_last_edit_and_redo_brings_it_back() -> None:
    edits = [edit("drop", concept="L6:3"), edit("drop", concept="L6:4"), edit("drop", "Bo", concept="coarse:1")]
    assert to_undo(edits, "Ada") == 2 and to_undo(edits, "Bo") == 3 and to_undo(edits, "Cy") is None
    edits += [edit("undo", edit=2), edit("undo", edit=1)]
    assert to_undo(edits, "Ada") is None
    assert to_redo(edits, "Ada") == 1 and to_redo(edits, "Bo") is None
    edits += [edit("redo", edit=1)]
    assert to_redo(edits, "Ada") == 2
    edits += [edit("name", "Bo", concept="L6:3", name="x")]
    assert to_redo(edits, "Ada") == 2, "what others do takes no redo away"
    edits += [edit("name", concept="L6:3", name="y")]
    assert to_redo(edits, "Ada") is None
    assert to_undo(edits, "Ada", first=9) is None, "what was saved inside the run stays"


@pytest.mark.parametrize(
    "bad",
    [
        edit("name", concept="beak", name="x"),
        edit("name", concept="L6:3"),
        edit("name", concept="L6:3", name=4),
        edit("drops", concepts="L6:3"),
        edit("drops", concepts=[3]),
        edit("undo", edit=2),
        edit("undo", edit=0),
        edit("undo", edit=True),
        edit("redo"),
        edit("paint", concept="L6:3"),
    ],
)
def test_what_cannot_be_replayed_is_named_by_its_number(bad: Edit) -> None:
    with pytest.raises(RunFileError, match="Edit 2"):
        replay([edit("drop", concept="L6:3"), bad])


def test_an_undo_is_not_undone() -> None:
    with pytest.raises(RunFileError, match="Edit 3 takes back edit 2"):
        replay([edit("drop", concept="L6:3"), edit("undo", edit=1), edit("undo", edit=2)])


STEPS = st.lists(st.sampled_from(["drop", "restore", "name", "undo", "redo"]), max_size=30)


@given(STEPS, st.lists(st.sampled_from(["Ada", "Bo"]), min_size=30, max_size=30))
def test_undo_and_redo_are_what_a_stack_of_states_does_for_one_person(steps: list[str], people: list[str]) -> None:
    """Against the obvious model: each person's edits kept in a list, undone ones on a stack."""
    edits: list[Edit] = []
    done: dict[str, list[int]] = {"Ada": [], "Bo": []}
    undone: dict[str, list[int]] = {"Ada": [], "Bo": []}
    for number, (step, who) in enumerate(zip(steps, people, strict=False)):
        if step == "undo":
            target = to_undo(edits, who)
            assert target == (max(done[who]) if done[who] else None)
            if target is not None:
                done[who].remove(target)
                undone[who].append(target)
                edits.append(edit("undo", who, edit=target))
        elif step == "redo":
            target = to_redo(edits, who)
            assert target == (undone[who][-1] if undone[who] else None)
            if target is not None:
                done[who].append(undone[who].pop())
                edits.append(edit("redo", who, edit=target))
        else:
            arguments = {"concept": f"L6:{number % 3 + 1}"} | ({"name": str(number)} if step == "name" else {})
            edits.append(edit(step, who, **arguments))
            done[who].append(len(edits))
            undone[who] = []
    kept = sorted(done["Ada"] + done["Bo"])
    assert replay(edits) == replay([edits[number - 1] for number in kept])
