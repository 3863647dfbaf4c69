"""The process in which plugins are imported to be looked at: whatever they do, they do it to this process.

Questions come in on stdin, one JSON object a line, answers go out on what was stdout. The plugin sees neither.
"""

import json
import os
import sys
from typing import Any

from ivpt.errors import IvptError
from ivpt.interfaces.backbone import Backbone
from ivpt.interfaces.dataset import Dataset
from ivpt.interfaces.described import first_line
from ivpt.interfaces.metric import Metric
from ivpt.registry import REGISTRIES, Registry, Status, first_words


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Check one plugin, and describe it where that is wanted.

    Args:
        question: ``listed`` as in a :class:`~ivpt.registry.Status`, and ``describe``.
    """
    listed = Status(**question["listed"])
    (registry,) = [registry for registry in REGISTRIES if registry.kind == listed.kind]
    found = registry.check(listed)
    told: dict[str, Any] = {"status": vars(found)}
    if question["describe"] and found.state == "ok":
        try:
            told["facts"] = _facts(registry, registry.load(f"{listed.name}@{listed.distribution}"))
        except IvptError as error:
            told["facts"] = {"note": error.message}
        except Exception as error:
            told["facts"] = {"note": f"{type(error).__name__}: {first_words(error)}."}
    return told


def _facts(registry: Registry[Any], plugin: type[Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "summary": getattr(plugin, "summary", "") or first_line(plugin),
        "options": [
            {
                "name": option.name,
                "type": _words_of(option.annotation),
                "default": None if option.required else _plain(option.default),
                "required": option.required,
                "help": option.help,
            }
            for option in registry.options(plugin)
        ],
    }
    if issubclass(plugin, Metric):
        return facts | {"needs": sorted(plugin.needs), "uses": sorted(plugin.uses), "needs_model": plugin.needs_probe}
    if any(option["required"] for option in facts["options"]):
        return facts
    made = plugin()
    if isinstance(made, Backbone):
        published = made.published
        facts["image_size"] = made.default_image_size
        facts["weights"] = None if published is None else {"name": published.name, "present": published.present}
    if isinstance(made, Dataset):
        facts |= _files(made)
    return facts


def _files(made: Dataset) -> dict[str, Any]:
    from ivpt.data.places import find, missing

    source = made.source
    facts: dict[str, Any] = {"source": None, "files": "none needed"}
    if source is not None:
        absent = [place.path.partition("|")[0] for place in missing(source)]
        there = source.root is not None and source.root.exists() and not absent
        facts["source"] = {
            "root": None if source.root is None else str(source.root),
            "page": source.page,
            "terms": source.terms,
            "missing": absent,
            "optional": [p.option for p in source.layout if p.option and source.root and find(source.root, p)],
        }
        facts["files"] = "present" if there else "missing"
    try:
        info = made.info
    except IvptError as error:
        facts["files"] = "missing" if source is None else facts["files"]
        # What is missing is told already; classes and licence then wait for the files.
        return facts if facts["files"] == "missing" and source is not None else facts | {"note": error.message}
    return facts | {
        "classes": len(info.classes),
        "parts": len(info.parts),
        "keypoints": len(info.keypoints),
        "attributes": sorted(info.attributes),
        "licence": info.licence,
        "citation": info.citation,
        "homepage": info.homepage,
    }


def _words_of(kind: Any) -> str:
    name = kind.__name__ if isinstance(kind, type) else str(kind)
    return name.replace("typing.", "").replace("pathlib.", "").replace("collections.abc.", "")


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def main() -> None:
    """Answer until there are no more questions."""
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    own = os.getpid()
    # A plugin that reads or prints, even from C, gets nothing and disturbs nothing.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdin = sys.stdout = sys.stderr = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115 -- for the process's life
    for line in questions:
        told = answer(json.loads(line))
        if os.getpid() != own:
            os._exit(0)  # a plugin forked: only the process that was asked answers
        answers.write(json.dumps(told) + "\n")
        answers.flush()
    os._exit(0)  # what plugins have registered to be done at exit is not waited for


if __name__ == "__main__":
    main()
