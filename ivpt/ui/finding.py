"""Finding images and classes by part of their names."""

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
    """Something that answers to what was typed: ``kind`` is image or class."""

    kind: str
    index: int
    name: str


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
