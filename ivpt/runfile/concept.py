"""One concept of a run by layer and number, as people write it: ``L22:5``, ``coarse:2``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivpt.errors import ConfigError
from ivpt.runfile.schema import LayerInfo

_WRITTEN = re.compile(r"(L\d+|coarse):(\d+)")


@dataclass(frozen=True, order=True)
class Concept:
    """A channel of a layer.

    Attributes:
        layer: key of the layer, ``L22`` or ``coarse``.
        number: of the channel; in the coarse set channel k is coarse concept k, whose scores are row k - 1.
    """

    layer: str
    number: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.number}"


def parse_concept(words: str) -> Concept:
    """Read ``L22:5`` or ``coarse:2``.

    Raises:
        ConfigError: it is written otherwise.
    """
    found = _WRITTEN.fullmatch(words.strip())
    if found is None:
        raise ConfigError(f"{words!r} names no concept.", "Write LAYER:NUMBER, for example L6:3 or coarse:2.")
    return Concept(found[1], int(found[2]))


def check_concept(layers: Sequence[LayerInfo], concept: Concept) -> LayerInfo:
    """The layer of a concept that a run has.

    Raises:
        ConfigError: there is no such layer, no such number, or it is background.
    """
    layer = next((layer for layer in layers if layer.key == concept.layer), None)
    if layer is None:
        raise ConfigError(
            f"The run has no layer {concept.layer!r}.", f"It has {', '.join(layer.key for layer in layers)}."
        )
    if concept.number == layer.background:
        raise ConfigError(
            f"{concept} is the background of {layer.key}, which is no concept.",
            f"Concepts of {layer.key} are {_numbers(layer.foreground)}.",
        )
    if concept.number not in layer.foreground:
        raise ConfigError(
            f"{layer.key} has no prototype {concept.number}.", f"Its concepts are {_numbers(layer.foreground)}."
        )
    return layer


def check_removable(layers: Sequence[LayerInfo], concepts: Iterable[Concept]) -> dict[str, tuple[int, ...]]:
    """What is to be removed, by layer, each ascending and once.

    Raises:
        ConfigError: nothing is named; one is background, not there or removed already; a layer would have none left.
    """
    wanted: dict[str, set[int]] = {}
    for concept in concepts:
        layer = check_concept(layers, concept)
        if concept.number in layer.removed:
            raise ConfigError(f"{concept} has been removed from this run already.", "Leave it out.")
        wanted.setdefault(concept.layer, set()).add(concept.number)
    if not wanted:
        raise ConfigError("No prototype to remove was named.", "Name one, for example --drop coarse:2.")
    for layer in layers:
        if not set(layer.present) - wanted.get(layer.key, set()):
            raise ConfigError(f"Nothing of {layer.key} would be left.", f"Keep at least one of {_list(layer.present)}.")
    return {layer.key: tuple(sorted(wanted[layer.key])) for layer in layers if layer.key in wanted}


def _numbers(channels: Sequence[int]) -> str:
    return f"{channels[0]} to {channels[-1]}" if len(channels) > 2 else _list(channels)


def _list(channels: Sequence[int]) -> str:
    return ", ".join(map(str, channels)) or "none"
