"""A metric's result as the run file and ``--json`` hold it."""

from typing import Any

import ivpt
from ivpt.interfaces.metric import MetricResult
from ivpt.runfile.replicates import Replicates
from ivpt.runfile.writer import plain


def as_entry(result: MetricResult, name: str, split: str) -> dict[str, Any]:
    """Plain values; the headline stands at the top, where every metric of a run file has its value.

    Args:
        result: of the metric.
        name: its registered name.
        split: on whose images it was computed.
    """
    figures = {
        figure: {"value": found.value, "interval": found.interval, **({"why": found.why} if found.why else {})}
        for figure, found in result.figures.items()
    }
    headline = next(iter(figures), None)
    entry = {
        "metric": name,
        "split": split,
        "value": None if headline is None else figures[headline]["value"],
        "interval": None if headline is None else figures[headline]["interval"],
        "headline": headline,
        "unit": result.unit,
        "higher_is_better": result.higher_is_better,
        "layer": result.layer,
        "images": result.images,
        "figures": figures,
        "per_concept": result.per_concept,
        "per_class": result.per_class,
        "parameters": result.parameters,
        "ivpt": ivpt.__version__,
    }
    converted: dict[str, Any] = plain(entry)
    return converted


def replicates_of(result: MetricResult) -> Replicates | None:
    """The headline's replicates with the images they were drawn from; ``None`` where the metric does not give both."""
    headline = next(iter(result.figures.values()), None)
    if headline is None or headline.value is None or headline.replicates is None or result.judged is None:
        return None
    return Replicates(headline.replicates, result.judged)
