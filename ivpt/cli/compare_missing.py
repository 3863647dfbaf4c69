"""Numbers that a comparison has not got: how to have them, or why they are not to be had."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from ivpt.analysis.comparison import Comparison
from ivpt.cli.sheet import DASH

_NAMED = 3
"""Up to so many metrics are named in the command; more are computed with all the others."""


def missing_notes(found: Comparison) -> Iterator[str]:
    """Per run file: the command that computes what is not stored, then what these images cannot give, and why."""
    split = found.rows[0].runs[0].split
    for path in dict.fromkeys(path for cells in found.cells for cell in cells for path in cell.missing):
        heads: dict[str, str] = {}
        refused: dict[str, list[str]] = {}
        for k, column in enumerate(found.columns):
            if not any(path in cells[k].missing for cells in found.cells):
                continue
            why = why_not(path, column.metric, split)
            if why:
                refused.setdefault(why, []).append(column.head)
            else:
                heads.setdefault(column.metric, column.head)
        if heads:
            names = ", ".join(heads.values())
            yield f"{DASH} not stored in {path}: {names}; compute with: {_command(path, heads, split)}"
        for why, others in refused.items():
            yield f"{DASH} {', '.join(others)} cannot be computed for {path}: {why}"


def why_not(path: Path, metric: str, split: str) -> str:
    """Why ``ivpt evaluate`` would refuse a metric on a run; empty where it would begin.

    Where the run file says that there are part masks, they are believed to be there: the data set is not opened.
    """
    import numpy as np

    from ivpt.cli.evaluate import make_metrics
    from ivpt.errors import IvptError
    from ivpt.evaluation.needs import Annotations
    from ivpt.metrics.evidence import RunEvidence
    from ivpt.runfile.reader import RunFile

    try:
        metrics, _ = make_metrics((metric,), {}, split)
        with RunFile(path) as run:
            evidence = RunEvidence(run)
            annotations = Annotations(run, split, lambda index: np.zeros((1, 1), np.uint8), evidence)
            missing = annotations.missing(metrics[metric])
            if missing:
                return f"its images have no {' and no '.join(missing)}."
            metrics[metric].views(evidence)
    except IvptError as error:
        return error.message
    return ""


def _command(path: Path, metrics: dict[str, str], split: str) -> str:
    named = [f"--metric {shlex.quote(name)}" for name in metrics] if len(metrics) <= _NAMED else []
    return " ".join(["ivpt evaluate", shlex.quote(str(path)), *named, *([] if split == "test" else ["--split", split])])
