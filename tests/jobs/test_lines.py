import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivpt.jobs.lines import Failed, Finished, LineWriter, Noted, Progressed, parse_line


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_said_is_what_is_heard() -> None:
    clock, lines = Clock(), []
    writer = LineWriter(lines.append, clock)
    writer.progress(0, 10, "looking")
    clock.now = 2.0
    writer.progress(4, 10, "looking")
    writer.note("ü\n{")
    writer.result({"a": [1]})
    writer.error("no", "try", 7)
    assert all("\n" not in line for line in lines)
    assert [parse_line(line) for line in lines] == [
        Progressed("looking", 0, 10, None),
        Progressed("looking", 4, 10, 3.0),
        Noted("ü\n{"),
        Finished({"a": [1]}),
        Failed("no", "try", 7),
    ]


def test_lines_come_not_too_often_but_first_and_last_always() -> None:
    clock, lines = Clock(), []
    writer = LineWriter(lines.append, clock)
    for done in range(1, 101):
        clock.now += 0.01
        writer.progress(done, 100, "a")
    writer.progress(1, 2, "b")
    said = [(entry["stage"], entry["done"]) for entry in map(json.loads, lines)]
    assert said[0] == ("a", 1) and said[-2:] == [("a", 100), ("b", 1)]
    assert len(said) <= 13


@pytest.mark.parametrize("line", ["", "words", "{}", "[]", "3", '{"event": "x"}', '{"event": "progress"}', "null"])
def test_other_words_are_none(line: str) -> None:
    assert parse_line(line) is None


@given(st.text(max_size=80))
def test_any_text_is_an_event_or_none(text: str) -> None:
    parse_line(text)
