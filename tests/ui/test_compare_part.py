"""Two runs side by side, without a terminal."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import LayerInfo
from ivpt.ui.comparing import paired
from ivpt.ui.parts.compare import IMPORTANCE, PICTURES, PREDICTIONS, Compare, Row
from ivpt.ui.session import Session
from tests.synthetic import write_synthetic_run
from tests.ui.reading import read


@pytest.fixture
def session(run_path: Path) -> Iterator[Session]:
    made = Session(RunFile(run_path))
    yield made
    made.run.close()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_synthetic_run(tmp_path / "other.h5", images=40, seed=9, layers=(17, 14, 9, 8))


def firing(run: RunFile, layer: LayerInfo) -> list[int]:
    """Concepts that have a region in an image with maps; the others are neither there nor gone."""
    return [k for k in layer.foreground if any((run.regions(layer.key, int(i)) == k).any() for i in run.map_images)]


def taken(rows: tuple[Row, ...], row: Row, compare: Compare) -> bool:
    """Whether everything that is like a concept without a match has been matched with something else."""
    matching = compare.matching.value
    assert matching is not None
    if row.first is not None:
        like = [k for k in range(1, matching.overlap.shape[1]) if matching.overlap[row.first, k] >= 0.25]
        return set(like) <= {r.second for r in rows if r.kind == "match"}
    like = [k for k in range(1, matching.overlap.shape[0]) if matching.overlap[k, row.second] >= 0.25]
    return set(like) <= {r.first for r in rows if r.kind == "match"}


def test_nothing_is_read_without_a_second_run(session: Session) -> None:
    compare = session.part(Compare)
    assert all(session.wish(f"compare.{name}") is None for name in compare.readings)
    assert compare.rows == () and compare.chosen is None and not compare.next_row()


def test_every_concept_of_both_is_in_the_list_once(session: Session, other: Path) -> None:
    compare = session.part(Compare)
    assert compare.beside(other) and not compare.beside(other)
    read(session, "compare.other", "edits.edited")
    for layer in session.layers:
        session.choose_layer(layer.key)
        read(session, "compare.matching")
        opened = compare.other.value
        assert opened is not None
        rows, theirs = compare.rows, paired(session.run, opened.run, layer.key)
        assert sorted(r.first for r in rows if r.first is not None) == firing(session.run, layer)
        assert sorted(r.second for r in rows if r.second is not None) == firing(opened.run, theirs)
        kinds = [("match", "vanished", "appeared").index(r.kind) for r in rows]
        assert kinds == sorted(kinds)
        for row in rows:
            assert row.kind == "match" or row.overlap is None or row.overlap < 0.25 or taken(rows, row, compare)
            assert (row.kind == "match") == (row.first is not None and row.second is not None)


def test_a_run_beside_itself_matches_everything_that_fires(session: Session) -> None:
    compare = session.part(Compare)
    compare.beside(session.run.path)
    read(session, "compare.other", "compare.matching")
    rows = compare.rows
    assert rows and all(r.kind == "match" and r.first == r.second for r in rows)
    assert [r.overlap for r in rows] == pytest.approx([1.0] * len(rows))


def test_importance_is_laid_side_by_side(session: Session, other: Path) -> None:
    compare = session.part(Compare)
    compare.beside(other)
    read(session, "compare.other", "compare.matching")
    assert session.wish("compare.importance") is None, "not asked for yet"
    compare.next_view()
    assert compare.view == IMPORTANCE and session.view.layer == "coarse"
    read(session, "compare.matching", "compare.importance")
    found, opened = compare.importance.value, compare.other.value
    assert found is not None and opened is not None
    own, theirs = session.run.importance(), opened.run.importance()
    for row in compare.rows:
        table = found.of(row.first, row.second)
        assert {name for name, *_ in table} == set(session.run.classes)
        for name, mine, yours in table:
            c, d = session.run.classes.index(name), opened.run.classes.index(name)
            expected = own[c, row.first - 1] if row.first is not None else np.nan
            assert mine == pytest.approx(float(expected), nan_ok=True)
            expected = theirs[d, row.second - 1] if row.second is not None else np.nan
            assert yours == pytest.approx(float(expected), nan_ok=True)
        gaps = [abs((0 if m != m else m) - (0 if y != y else y)) for _, m, y in table]
        assert gaps == sorted(gaps, reverse=True)


def test_rows_of_the_view_are_walked(session: Session, other: Path) -> None:
    compare = session.part(Compare)
    compare.beside(other)
    read(session, "compare.other", "compare.matching", "compare.examples")
    assert compare.view == PICTURES and compare.examples.value is not None
    assert compare.next_row() and compare.row == 1
    assert session.wish("compare.examples") is not None
    assert compare.choose_row(0) and compare.row == 0 and not compare.previous_row()
    compare.next_view()
    compare.next_view()
    assert compare.view == PREDICTIONS
    read(session, "compare.predictions")
    assert compare.changes and compare.next_row() and compare.change == 1 and compare.row == 0
    for _ in range(100):
        compare.next_row()
    assert compare.change == len(compare.changes) - 1


def test_a_second_run_that_cannot_be_read_is_refused(session: Session, tmp_path: Path) -> None:
    compare = session.part(Compare)
    compare.beside(tmp_path / "none.h5")
    wish = session.wish("compare.other")
    assert wish is not None and session.refuse("compare.other", wish, "There is no run file.")
    assert compare.other.trouble and compare.rows == () and session.wish("compare.matching") is None
