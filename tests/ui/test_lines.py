"""Lines of the screens, made for the narrowest panels there are in 80 columns: what they say, and that it fits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.content import Content

from ivpt.runfile.reader import RunFile
from ivpt.ui.screens.answer_lines import worst_groups
from ivpt.ui.screens.class_lines import importance_lines, list_lines, mistakes_lines
from ivpt.ui.screens.compare_lines import side_lines
from ivpt.ui.screens.concept_lines import list_lines as concept_lines
from ivpt.ui.screens.concept_lines import rank_lines
from ivpt.ui.screens.confusion_lines import matrix_lines
from ivpt.ui.screens.difference_lines import difference_lines
from ivpt.ui.screens.overview import data_lines, layer_lines, warning_lines
from ivpt.ui.session import Session
from ivpt.ui.widgets.sheet import cut_off
from tests.synthetic import write_synthetic_run
from tests.ui.filling import fill

NARROW, WIDE = 34, 90


def texts(lines: list[Content]) -> list[str]:
    return [line.plain for line in lines]


@pytest.fixture
def unmapped(tmp_path: Path) -> Iterator[Session]:
    """One training image: no maps, nothing judged."""
    with RunFile(write_synthetic_run(tmp_path / "poor.h5", images=1, classes=1)) as run:
        made = Session(run)
        fill(made)
        yield made


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_heads_of_lists_fit(session: Session, width: int) -> None:
    session.classes.compare_with(1)
    fill(session)
    for make in (list_lines, importance_lines, concept_lines, difference_lines):
        lines = texts(make(session, width, 20))
        assert "…" not in lines[0] and all(Content(line).cell_length <= width for line in lines), make


def test_columns_of_which_nothing_is_known_take_no_room(session: Session, unmapped: Session) -> None:
    assert (
        "part" in texts(concept_lines(session, WIDE, 20))[0] and "flags" in texts(concept_lines(session, WIDE, 20))[0]
    )
    head = texts(concept_lines(unmapped, WIDE, 20))[0]
    assert "part" not in head and "flags" not in head and "cons." not in head and "area" in head


@pytest.mark.parametrize(("width", "across"), [(38, 2), (48, 3), (90, 3)])
def test_what_stands_over_a_region_is_about_it(session: Session, width: int, across: int) -> None:
    gallery = session.concepts.gallery
    assert gallery is not None
    (line,) = texts(rank_lines(session, "strongest", 0, across, width, 1))
    room = width // across
    assert line.startswith("strongest ") and len(line) <= width
    head, below = texts(rank_lines(session, "strongest", 0, across, width, 2))
    assert head == "strongest" and below.startswith(session.class_name(gallery.rows["strongest"][0].label)[: room - 6])
    for n, found in enumerate(gallery.rows["strongest"][:across]):
        words = line[n * room : (n + 1) * room].removeprefix("strongest ").strip()
        assert words.endswith(f"{found.area:.0%}")
        name = words.removesuffix(f"{found.area:.0%}").strip().removesuffix("…")
        assert session.class_name(found.label).startswith(name)


def test_two_classes_say_which_side_is_whose(session: Session) -> None:
    session.classes.compare_with(1)
    fill(session)
    assert texts(difference_lines(session, WIDE, 40))[0].split("  ")[0] == "← more in creature 1"
    short = texts(difference_lines(session, 28, 40))[0]
    assert short.startswith("← creature 1 ") and short.endswith(" creature 0 →")
    low = texts(difference_lines(session, NARROW, 20))
    assert (
        "" not in low
        and len(low) <= 20
        and all(any(line.startswith(layer.key) for line in low) for layer in session.layers)
    )


def test_names_of_facts_do_not_touch_what_they_say(session: Session) -> None:
    lines = texts(data_lines(session, NARROW))
    assert "part masks 6 parts" in lines and f"classes    {len(session.class_names)}" in lines


def test_what_is_not_there_is_not_called_faultless(session: Session, unmapped: Session) -> None:
    assert texts(mistakes_lines(unmapped, NARROW, 8)) == ["no predictions of test images stored"]
    assert all("no maps" in line for line in texts(layer_lines(unmapped, NARROW)))
    assert any("No maps are stored" in line for line in texts(warning_lines(unmapped, NARROW)))
    right = [c for c in range(3) if not any(c in pair[:2] for pair in session.classes.confusions())]
    for c in right:
        session.classes.to(c)
        assert texts(mistakes_lines(session, NARROW, 8)) == ["no mistakes among the test images"]


def test_words_that_are_cut_off_leave_an_ellipsis() -> None:
    cut = {"abcdef": "abc…", "abc   ": "abc ", "abcd  ": "abcd", "abc": "abc", "鳥鳥鳥": "鳥 …"}
    assert {text: cut_off(Content(text), 4).plain for text in cut} == cut


def test_names_of_images_stand_over_them_or_not_at_all() -> None:
    (line,) = side_lines("a", "concept 8", ("test/13/0002", "test/02/0014", "test/13/0003"), 90, 1)
    assert line.plain.startswith(" A  concept 8  test/13/0002") and line.plain[30:42] == "test/02/0014"
    (line,) = side_lines("b", "concept 8 long name of a beak", ("test/13/0002",) * 3, 36, 1)
    assert line.plain == " B  concept 8 long name of a beak"


def worst(name: str, value: str, images: int) -> dict[str, object]:
    return {"class": name, "value": value, "accuracy": 0.75, "images": images}


def test_the_worst_groups_are_named_with_their_images() -> None:
    one, two = worst("Dusk Kestrel", "sky", 4), worst("Ember Shrike", "meadow", 1)
    assert worst_groups(one, two, WIDE) == [
        "before: Dusk Kestrel × sky, 4 images",
        "after: Ember Shrike × meadow, 1 image",
    ]
    assert worst_groups(one, one, WIDE) == ["both: Dusk Kestrel × sky, 4 images"]
    assert worst_groups(one, two, 42, shares=True) == [
        "worst 75.0%: Dusk Kestrel × sky, 4 images",
        "after 75.0%: Ember Shrike × mead…, 1 image",
    ]
    for line in (*worst_groups(one, two, 30), *worst_groups(one, one, 40)):
        assert len(line) <= 40 and "image" in line


@pytest.mark.parametrize("width", [24, NARROW, WIDE])
@pytest.mark.parametrize("height", [5, 8, 12, 20, 30, 36])
def test_what_the_matrix_leaves_out_is_counted(tmp_path: Path, width: int, height: int) -> None:
    with RunFile(write_synthetic_run(tmp_path / "many.h5", images=120, classes=20)) as run:
        session = Session(run)
        fill(session)
        session.classes.shown = "confusion"
        fill(session)
        matrix = session.classes.matrix
        assert matrix is not None and len(session.classes.confusions()) > 5
        many = len(matrix.classes)
        for pair in (0, 3, 5):
            session.classes.to_pair(pair)
            true, said, count = session.classes.confusions()[pair]
            lines = texts(matrix_lines(session, width, height))
            assert len(lines) <= max(height, 4), lines
            head = next(n for n, line in enumerate(lines) if line.replace(" ", "").isdigit())
            numbers = [int(word) for word in lines[head].split()]
            rows = lines[head + 1 :]
            assert said in numbers and any(row.startswith(f"{true} ") for row in rows)
            told = [line for line in lines[:head] if " of " in line and "more" in line]
            assert any(f"{len(numbers)} of {many} columns" in line for line in told) == (len(numbers) < many)
            assert any(f"{len(rows)} of {many} rows" in line for line in told) == (len(rows) < many)
            (row,) = (row for row in rows if row.startswith(f"{true} "))
            assert str(count) in row
            if abs(matrix.classes.tolist().index(true) - matrix.classes.tolist().index(said)) < len(numbers):
                assert true in numbers, "what was right is seen beside it"
