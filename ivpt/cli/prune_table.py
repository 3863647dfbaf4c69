"""What a pruning changed, as tables and sentences for a terminal."""

import shlex
from collections.abc import Iterator
from typing import Any

from ivpt.cli.sheet import DASH, Sheet, drawn
from ivpt.ui.text import counted

CLASSES = 10
"""How many classes that changed are listed."""


def shown(report: dict[str, Any]) -> str:
    """A report of ``ivpt prune`` in words."""
    sheets = [sheet for sheet in (splits(report), groups(report), classes(report)) if sheet is not None]
    return drawn(sheets, [*_sentences(report)])


def splits(report: dict[str, Any]) -> Sheet | None:
    """Accuracy before and after with 95 % intervals, and how many predictions changed."""
    rows = tuple(
        (
            (f"{split} ({found['images']:,})",),
            _accuracy(found["before"]),
            _accuracy(found["after"]),
            (f"{found['flipped']:,}",),
            (f"{found['lost']:,}",),
            (f"{found['won']:,}",),
        )
        for split, found in report["splits"].items()
    )
    what = "without the evidence" if report["kind"] == "evidence" else "without the prototypes"
    if report.get("refit") is not None:
        what += ", new head"
    return (
        Sheet(("accuracy [%]", "before", what, "changed", "right to wrong", "wrong to right"), rows) if rows else None
    )


def groups(report: dict[str, Any]) -> Sheet | None:
    """The worst pair of class and attribute value of each split, with the number of images it rests on."""
    rows = []
    for split, found in report["splits"].items():
        for name, pair in found["worst_groups"].items():
            cells = (
                (
                    *_accuracy(pair[when]),
                    f"{pair[when]['class']}, {pair[when]['value']}",
                    counted(pair[when]["images"], "image"),
                )
                for when in ("before", "after")
            )
            rows.append(((f"{split}, {name}",), *cells))
    return Sheet(("worst group [%]", "before", "after"), tuple(rows)) if rows else None


def classes(report: dict[str, Any]) -> Sheet | None:
    """Test classes whose number of recognised images changed, the largest change first."""
    found = report["splits"].get("test")
    changed = [entry for entry in found["per_class"] if entry["before"] != entry["after"]] if found else []
    if not changed:
        return None
    changed.sort(key=lambda entry: -abs(entry["after"] - entry["before"]))
    rows = [
        ((entry["class"],), (str(entry["images"]),), (str(entry["before"]),), (str(entry["after"]),))
        for entry in changed[:CLASSES]
    ]
    if len(changed) > CLASSES:
        rows.append(((f"and {len(changed) - CLASSES} more",), ("",), ("",), ("",)))
    return Sheet(("test images recognised", "of", "before", "after"), tuple(rows))


def _sentences(report: dict[str, Any]) -> Iterator[str]:
    for concept, fed in report.get("feeds", {}).items():
        if fed["concept"] is None:
            yield f"{concept} has no class scores, and feeds no coarse concept."
        else:
            yield (
                f"{concept} has no class scores; it feeds {fed['concept']} in {fed['share']:.0%} of the "
                f"{fed['images']:,} images in which it has a region."
            )
    refit = report.get("refit")
    if refit is not None:
        yield (
            f"The head was fitted anew: {refit['loss']}, {refit['optimiser']}, rate {refit['rate']:g}, "
            f"{refit['epochs']} epochs over the features of {refit['images']:,} training images; val chose epoch "
            f"{refit['kept']} "
            f"({refit['val_before']:.1%} of val before the fit, {refit['val_after']:.1%} after)."
        )
    if report["kind"] == "evidence":
        if report["splits"]:
            yield "Maps and prompts are as they were. What the model does without the prototypes: leave --evidence out."
        return
    run, out = shlex.quote(report["run"]), shlex.quote(report["out"])
    yield f"Written: {report['out']} (metrics but accuracy are not taken over: ivpt evaluate {out})."
    yield f"Next: ivpt explore {out}, or ivpt compare {run} {out} --metric accuracy"


def _accuracy(found: dict[str, Any]) -> tuple[str, ...]:
    if found["accuracy"] is None:
        return (DASH,)
    low, high = found["interval"]
    return (f"{100 * found['accuracy']:.1f}", f"({100 * low:.1f} to {100 * high:.1f})")
