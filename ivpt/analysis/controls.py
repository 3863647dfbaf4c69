"""What a metric's headline is to be held against: what maps or orders that know nothing reach in the same run."""

import re

from ivpt.analysis.scored import ScoredRun

_CONTROL = re.compile(r"(control|chance)\b|.*, control: ")


def own_controls(run: ScoredRun, metric: str) -> list[str]:
    """Names of the figures that are controls of a metric's headline, by their names.

    A control is called ``control…`` or ``chance…``, and names behind a colon the figure it is a control of, where that
    is not the headline of a metric with one kind of control: ``control, random order: insertion``. The first of several
    that name the headline is its own; the others are of variants.
    """
    figures = run.figures(metric)
    named = [name for name in figures if _CONTROL.match(name)]
    about = {name: name.rpartition(": ")[2] if ": " in name else "" for name in named}
    headline = run.entries.get(metric, {}).get("headline")
    own = [name for name in named if about[name] == headline][:1]
    if own:
        return own
    general = [name for name in named if about[name] not in figures]
    # "to coarse, control: …" before "to L7, control: …": the headline is the first target's
    return [name for name in general if name.partition("control")[0] == general[0].partition("control")[0]]


def best_control(run: ScoredRun, metric: str) -> tuple[str, float] | None:
    """Name and value of the control that comes nearest to, or beyond, a good score; ``None`` without one.

    Where the headline is better when low, that is the lowest.
    """
    headline = run.number(metric)
    if headline is None or headline.value is None:
        return None
    found = [
        (name, number.value)
        for name in own_controls(run, metric)
        if (number := run.number(metric, name)) is not None and number.value is not None
    ]
    if not found:
        return None
    return (min if headline.higher_is_better is False else max)(found, key=lambda each: each[1])


__all__ = ["best_control", "own_controls"]
