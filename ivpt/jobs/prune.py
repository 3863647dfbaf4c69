"""Removing prototypes from the model as a job, for the explorer: ``start_pruning(...)`` returns a :class:`~.job.Job`.

The report of its :class:`~.lines.Finished` event is what ``ivpt prune --json`` prints:

```
{"schema": 1, "kind": "model", "run": "runs/x.h5", "out": "runs/x-pruned.h5", "dropped": ["L22:5", "coarse:2"],
 "removed": {"L22": [5], "coarse": [2]},            # all that are gone, those of earlier prunings included
 "splits": {"val": {...}, "test": {
    "images": 200, "before": {"accuracy": 0.91, "interval": [0.86, 0.94], "correct": 182}, "after": {...},
    "flipped": 7, "lost": 4, "won": 2,
    "worst_groups": {"habitat": {"before": {"class", "value", "accuracy", "interval", "correct", "images"}, "after"}},
    "per_class": [{"class": "gull", "images": 20, "before": 19, "after": 17}, ...],
    "flips": [{"image": 12, "id": "a/1.png", "label": "gull", "before": "gull", "after": "tern"}, ...]}},
 "refit": null,                                      # or the settings and figures of the head's re-fit
 "seconds": 12.3}
```

Accuracies are shares in [0, 1]; null without images.
"""

from collections.abc import Iterable
from pathlib import Path

from ivpt.jobs.job import Job
from ivpt.runfile.concept import Concept


def start_pruning(
    run: Path,
    concepts: Iterable[Concept],
    out: Path,
    *,
    refit_head: bool = False,
    overwrite: bool = False,
    who: str = "",
    why: str = "",
    device: str | None = None,
) -> Job:
    """Start ``ivpt prune`` in a process of its own; returns at once, and whatever is wrong comes as an event.

    Args:
        run: path of the run.
        concepts: to remove; prototypes of any layer.
        out: path of the pruned run; it appears when the job is finished, whole.
        refit_head: fit the head anew on the training images.
        overwrite: ``out`` may exist.
        who: stored in the result's history; default: the user of this machine.
        why: stored beside it.
        device: default: the run's.

    Raises:
        OSError: no process can be started.
    """
    words = ["prune", str(run.absolute()), "--out", str(out.absolute()), "--progress-json"]
    for concept in concepts:
        words += ["--drop", str(concept)]
    words += ["--refit-head"] * refit_head + ["--overwrite"] * overwrite
    for option, value in (("--who", who), ("--why", why), ("--device", device)):
        words += [f"{option}={value}"] if value else []
    return Job(words, leftovers_of=out)


__all__ = ["start_pruning"]
