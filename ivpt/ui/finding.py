"""Finding images and classes by part of their names."""

from collections.abc import Iterable
from dataclasses import dataclass

from ivpt.runfile.reader import RunFile
from ivpt.ui.text import plain

MOST = 50
"""Hits shown."""


@dataclass(frozen=True)
class Names:
    """Ids of all images, harmless, with their lower-case form for comparison."""

    ids: tuple[str, ...]
    folded: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """Something that answers to what was typed.

    Attributes:
        kind: image, class or concept.
        index: position in the image table, class, or channel.
        name: harmless.
        key: layer of a concept.
    """

    kind: str
    index: int
    name: str
    key: str = ""


def read_names(run: RunFile) -> Names:
    """Read the ids of all images; takes time in proportion to their number, so it belongs in a worker."""
    ids = tuple(plain(name) for name in run.ids())
    return Names(ids, tuple(name.casefold() for name in ids))


def find_classes(classes: tuple[str, ...], typed: str) -> list[Hit]:
    """Classes whose names hold what was typed; those that start with it come first."""
    part = typed.strip().casefold()
    hits = [Hit("class", c, name) for c, name in enumerate(classes) if part in name.casefold()]
    return sorted(hits, key=lambda hit: not hit.name.casefold().startswith(part))[:MOST]


def find_images(names: Names | None, typed: str) -> list[Hit]:
    """Images whose ids hold what was typed; ``#12`` or a bare number also finds the image of that position."""
    part = typed.strip().casefold()
    if names is None or not part:
        return []
    hits = []
    position = part.removeprefix("#")
    if position.isdecimal() and len(position) < 10 and int(position) < len(names.ids):
        hits.append(Hit("image", int(position), names.ids[int(position)]))
    for index, name in enumerate(names.folded):
        if len(hits) >= MOST:
            break
        if part in name and not (hits and hits[0].index == index):
            hits.append(Hit("image", index, names.ids[index]))
    return hits


def find_concepts(labels: Iterable[tuple[str, int, str]], typed: str) -> list[Hit]:
    """Concepts whose label, ``beak (L6:3)`` or ``L6:3``, holds what was typed.

    Args:
        labels: layer, channel and label of each.
        typed: part of a label.
    """
    part = typed.strip().casefold()
    found = [Hit("concept", k, label, key) for key, k, label in labels if part and part in label.casefold()]
    return sorted(found, key=lambda hit: not hit.name.casefold().startswith(part))[:MOST]
