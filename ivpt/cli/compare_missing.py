"""Numbers that a comparison has not got: how to have them, or why they are not to be had."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from ivpt.analysis.comparison import Comparison
from ivpt.cli.sheet import DASH

_NAMED = 3
"""Up to so many metrics are named in the command; more are computed with all the others."""


def missing_notes(found: Comparison) -> Iterator[str]:
    """Per run file: the command that computes what is not stored, then what these images cannot give, and why."""
    split = found.rows[0].runs[0].split
    for path in dict.fromkeys(path for cells in found.cells for cell in cells for path in cell.missing):
        columns = [c for k, c in enumerate(found.columns) if any(path in cells[k].missing for cells in found.cells)]
        refusals = refused(path, [column.metric for column in columns], split)
        heads: dict[str, str] = {}
        others: dict[str, list[str]] = {}
        for column in columns:
            if why := refusals.get(column.metric):
                others.setdefault(why, []).append(column.head)
            else:
                heads.setdefault(column.metric, column.head)
        if heads:
            names = ", ".join(heads.values())
            yield f"{DASH} not stored in {path}: {names}; compute with: {_command(path, heads, split)}"
        for why, named in others.items():
            yield f"{DASH} {', '.join(named)} cannot be computed for {path}: {why}"


def refused(path: Path, metrics: Iterable[str], split: str) -> dict[str, str]:
    """The metrics that ``ivpt evaluate`` would refuse on a run, and why; the others it would begin.

    Where the run file says that there are part masks, they are believed to be there: the data set is not opened.

    Raises:
        RunFileError: the run file cannot be opened.
    """
    import numpy as np

    from ivpt.cli.evaluate import make_metrics
    from ivpt.errors import IvptError
    from ivpt.evaluation.needs import Annotations
    from ivpt.metrics.evidence import RunEvidence
    from ivpt.runfile.reader import RunFile

    found = {}
    with RunFile(path) as run:
        evidence = RunEvidence(run)
        annotations = Annotations(run, split, lambda index: np.zeros((1, 1), np.uint8), evidence)
        for name in dict.fromkeys(metrics):
            try:
                metric = make_metrics((name,), {}, split)[0][name]
                missing = annotations.missing(metric)
                if missing:
                    found[name] = f"its images have no {' and no '.join(missing)}."
                else:
                    metric.views(evidence)
            except IvptError as error:
                found[name] = error.message
    return found


def _command(path: Path, metrics: dict[str, str], split: str) -> str:
    named = [f"--metric {shlex.quote(name)}" for name in metrics] if len(metrics) <= _NAMED else []
    return " ".join(["ivpt evaluate", shlex.quote(str(path)), *named, *([] if split == "test" else ["--split", split])])
